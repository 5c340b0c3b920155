"""Trade the configured strategies through Interactive Brokers: ``uv run run_live.py``, paper unless armed."""

import signal
import sys
import time
from collections.abc import Sequence

from rich.console import Console

from actors.journal_file import JournalError
from catalog.errors import CatalogError
from config.errors import ConfigError
from config.live_commands import run_command
from config.live_parser import parse
from config.state_dir import NoState, SecondInstance, StateError

EXIT_USAGE, EXIT_REFUSED, EXIT_BROKEN = 2, 3, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do it, return the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until the node begins to run
    try:
        return run_command(parse(argv), console, time.time_ns, time.sleep)
    except (ConfigError, CatalogError, NoState) as error:
        return _refuse(error, EXIT_USAGE)
    except SecondInstance as error:
        return _refuse(error, EXIT_REFUSED)
    except (StateError, JournalError) as error:
        return _refuse(error, EXIT_BROKEN)
    except KeyboardInterrupt:
        return _refuse("interrupted before the node started; nothing was sent", 0)


def _refuse(error: object, exit_code: int) -> int:
    print(f"run_live: {error}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
