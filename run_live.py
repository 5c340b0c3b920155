"""Trade the configured strategies through Interactive Brokers: ``uv run run_live.py``, paper unless armed."""

import signal
import sys
import time
from collections.abc import Sequence
from io import TextIOWrapper

from rich.console import Console

from config.commands.dispatch import run_command
from config.commands.parser import parse
from config.exit_codes import REFUSALS, exit_code_of


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do it, return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign must not end who speaks to it
    console = Console(highlight=False, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until the node begins to run
    try:
        return run_command(parse(argv), console, time.time_ns, time.sleep)
    except REFUSALS as error:
        return _refuse(error, exit_code_of(error))
    except KeyboardInterrupt:
        return _refuse("interrupted before the node started; nothing was sent", 0)


def _refuse(error: object, exit_code: int) -> int:
    print(f"run_live: {error}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
