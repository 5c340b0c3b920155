"""``run_live.py`` from the words on its command line to its exit code: what may fail on the way is told in a line."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper

from rich.console import Console

from config.commands.dispatch import run_command
from config.commands.parser import parse
from config.exit_codes import EXIT_BROKEN, REFUSALS, exit_code_of

STDOUT = 1
OUTPUT_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def run_from_terminal(argv: Sequence[str] | None, clock: Callable[[], int], pause: Callable[[float], None]) -> int:
    """
    Parse, do it, return the exit code; ``clock`` is UTC nanoseconds, ``pause`` sleeps for seconds.

    Raises
    ------
    KeyboardInterrupt
        By Ctrl-C or SIGTERM, until a node runs.

    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign must not end who speaks to it
    console = Console(highlight=False, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until the node begins to run
    try:
        return run_command(parse(argv), console, clock, pause)
    except REFUSALS as error:
        return refuse(error, exit_code_of(error))
    except OSError as error:
        if error.filename is not None or error.errno not in OUTPUT_FULL:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)  # else the interpreter fails again with what is left
        return refuse(f"the output cannot be written: {error.strerror}; `status` tells what was done", EXIT_BROKEN)


def refuse(error: object, exit_code: int) -> int:
    """Tell what ended the program; return its exit code."""
    print(f"run_live: {error}", file=sys.stderr)
    return exit_code
