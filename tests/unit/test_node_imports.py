"""What a live node does not import: it would only take memory. In a process of its own, for imports are for ever."""

import subprocess
import sys

SCRIPT = """
import sys, tempfile
from pathlib import Path
from config.live.node import make_node
from config.loader import load_settings

make_node(load_settings(None, ['account.id="DU1234567"'], {}), Path(tempfile.mkdtemp()), None)
print(*(name for name in sys.modules if name.partition(".")[0] in ("plotly", "narwhals", "apprise")))
import plotly.offline
print(len(plotly.offline.get_plotlyjs()) > 10**6)
"""


def test_a_node_is_built_without_charts_and_the_report_has_them_later():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines() == ["", "True"]
