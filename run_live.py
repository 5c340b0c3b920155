"""Trade the configured strategies through Interactive Brokers: ``uv run run_live.py``, paper unless armed."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from actors.journal_file import JournalError
from actors.reports import ReportError
from catalog.errors import CatalogError
from config.live_start import check, start
from config.loader import ConfigError, armed_account, load_settings
from config.state_dir import SecondInstance, StateError

EXIT_USAGE, EXIT_REFUSED, EXIT_BROKEN = 2, 3, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load, start; return the exit code."""
    args = _parse(argv)
    console = Console(highlight=False, soft_wrap=True)
    try:
        settings = load_settings(args.config, args.set)
        if args.command == "check":
            return check(settings, armed_account(), console, time.time_ns, is_dry_run=args.dry_run)
        return start(settings, armed_account(), args.state, console, time.time_ns, is_dry_run=args.dry_run)
    except (ConfigError, CatalogError) as error:
        return _refuse(error, EXIT_USAGE)
    except SecondInstance as error:
        return _refuse(error, EXIT_REFUSED)
    except (StateError, JournalError, ReportError) as error:
        return _refuse(error, EXIT_BROKEN)
    except KeyboardInterrupt:
        return _refuse("interrupted before the node started; nothing was sent", 0)


def _refuse(error: object, exit_code: int) -> int:
    print(f"run_live: {error}", file=sys.stderr)
    return exit_code


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config/default.toml)")
    common.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change a setting")
    common.add_argument("--dry-run", action="store_true", help="the broker's data, simulated fills, no order is sent")
    common.add_argument(
        "--state", type=Path, metavar="DIR", help="journal, log, lock (default: state/<mode>-<account>)"
    )
    parser = argparse.ArgumentParser(prog="run_live.py", description=__doc__, parents=[common])
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("run", parents=[common], help="trade until stopped (the default)")
    commands.add_parser("check", parents=[common], help="run the checks before a start, and nothing else")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
