"""An operator at a second terminal: the commands of ``run_live.py`` in processes of their own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.integration.live_rig import LOOK_SECS, ROOT, Floor


class Operator:
    """Gives commands to the node of a state directory."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def begin(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "run_live.py"), *words, "--state", str(self._state)]
        environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
        return subprocess.Popen(  # noqa: S603 - our own script
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
        )

    def __call__(self, *words: str) -> tuple[int, str]:
        """Give a command; return its exit code and its words."""
        with self.begin(*words) as process:
            text, _ = process.communicate(timeout=180)
        return process.returncode, text

    def while_prices_come(self, day: Floor, *words: str) -> tuple[int, str]:
        """Give a command that needs fills; a price comes whenever an order waits for one, however slow all else is."""
        with self.begin(*words) as process:
            while process.poll() is None:
                if any(order["type"] == "MKT" for order in day.working()):
                    day.prints()
                time.sleep(LOOK_SECS)
            text = process.stdout.read() if process.stdout else ""
        return process.returncode, text

    def status(self) -> dict[str, Any]:
        """Return the status as a program reads it, with the exit code."""
        code, text = self("status", "--json")
        return json.loads(text) | {"exit_code": code}
