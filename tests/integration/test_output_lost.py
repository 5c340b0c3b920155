"""A program whose output goes nowhere, or that is interrupted while it is still loading: a line, no traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.journal.commands import CommandJournal
from config.live.state_dir import JOURNAL
from tests.unit.journal_builders import RUN

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["halt", "--reason", "night"], ["check"]])
def test_output_that_cannot_be_written_is_one_line(tmp_path, words):
    with CommandJournal(tmp_path / JOURNAL) as journal:
        journal.begin_run(RUN)
    command = [sys.executable, str(ROOT / "run_live.py"), *words, "--state", str(tmp_path)]
    with FULL.open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own script

    assert done.returncode == 1, done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("run_live: the output cannot be written: No space left on device")
    if words[0] == "halt":
        with CommandJournal(tmp_path / JOURNAL) as journal:
            assert journal.operator_halt() is not None  # it holds all the same


def test_ctrl_c_while_the_program_loads_is_one_line(tmp_path):
    """The module it loads first is one that is interrupted as it is read."""
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text(f"import os\nos.kill(os.getpid(), {int(signal.SIGINT)})\n")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import run_live; sys.exit(run_live.main())"
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "run_live: interrupted before the node started; nothing was sent\n"
