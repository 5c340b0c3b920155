"""What the vertical axis of a chart shows, by the very script of the page."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from actors.report import page

NODE = shutil.which("node")
SCRIPT = Path(page.__file__).with_name("page.js").read_text(encoding="utf-8")
PRICE = {"name": "Close", "x": [0, 10, 20], "y": [100, 102, 101]}
STOP = {"name": "Stop", "x": [2, 6, 15, None, 18, 19], "y": [95, 96, 96, None, 107, 107]}


def value_range(start: float, end: float) -> list[float]:
    functions = [
        re.search(rf"^function {name}\(.*?^}}", SCRIPT, re.MULTILINE | re.DOTALL) for name in ("extremes", "valueRange")
    ]
    code = "\n".join(found.group() for found in functions if found)
    call = f'console.log(JSON.stringify(valueRange({json.dumps({"data": [PRICE, STOP]})}, "y", {start}, {end})))'
    done = subprocess.run([str(NODE), "-e", f"{code}\n{call}"], capture_output=True, text=True, check=True)  # noqa: S603 - our own script
    return json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="runs the script of the page with node, which is not here")
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 20, (95, 107)),  # a long's stop below, a short's above
        (0, 3, (95, 100)),
        (9, 12, (96, 102)),  # the stop was set before what is in view, and holds
        (20, 21, (101, 101)),  # the stop is gone
    ],
)
def test_the_axis_reaches_to_the_stops_in_view(start, end, expected):
    low, high = expected
    air = 0.07 * (high - low or high)

    assert value_range(start, end) == pytest.approx([low - air, high + air])
