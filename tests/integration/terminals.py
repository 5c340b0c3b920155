"""``run_live.py`` with a person at its terminal: a pseudo-terminal of the system."""

import os
import pty
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def exit_code_at_a_terminal(state: Path, *options: str) -> int:
    """Run it on a terminal until it ends; return its exit code."""
    words = [sys.executable, str(ROOT / "run_live.py"), "run", "--state", str(state / "at-a-terminal"), *options]
    child, line = pty.fork()
    if child == 0:
        os.execv(sys.executable, words)  # noqa: S606 - our own script
    try:
        while os.read(line, 4096):
            pass
    except OSError:
        pass  # the other end is closed: Linux says so with an error
    finally:
        os.close(line)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
