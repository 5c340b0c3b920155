"""Run the configured strategies on a catalog and report: ``uv run run_backtest.py``."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from actors.report.reports import ReportError, ensure_writable, summarise, write_report
from actors.report.terminal_summary import print_summary
from catalog.errors import CatalogError
from catalog.sessions import Sessions
from config.backtest.progress import failure_texts, run_with_progress
from config.backtest.range import BacktestError, parse_bound
from config.backtest.run import Backtest
from config.backtest.sample_catalog import open_catalog
from config.errors import ConfigError
from config.loader import load_settings


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load, build, run, report; return the exit code."""
    args = _parse(argv)
    try:
        return _run(args)
    except (ConfigError, CatalogError, BacktestError, ReportError) as error:
        print(f"run_backtest: {error}", file=sys.stderr)
        return 2


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run_backtest.py", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config/default.toml)")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="bars (default: catalog/data, or the sample)")
    parser.add_argument("--start", metavar="ISO", help="first day or time, exchange time unless it has an offset")
    parser.add_argument("--end", metavar="ISO", help="last day or time")
    parser.add_argument(
        "--report", type=_directory, metavar="DIR", help="where to write (default: reports/<timestamp>)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change a setting")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(argv)


def _directory(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("expected a directory, was nothing")
    return Path(text)


def _run(args: argparse.Namespace) -> int:
    interrupted: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, _frame: interrupted.append(number))
    try:
        return _report(args, Console(quiet=args.quiet), lambda: bool(interrupted))
    finally:
        signal.signal(signal.SIGINT, previous)


def _report(args: argparse.Namespace, console: Console, should_stop: Callable[[], bool]) -> int:
    settings = load_settings(args.config, args.set)
    sessions = Sessions(settings.session.calendar)
    start = None if args.start is None else parse_bound(args.start, sessions, is_end=False)
    end = None if args.end is None else parse_bound(args.end, sessions, is_end=True)
    directory = args.report or Path("reports") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    backtest = Backtest(settings, open_catalog(args.catalog, console), start, end)
    ensure_writable(directory)
    record = run_with_progress(backtest, console, should_stop)
    write_report(record, directory)
    print_summary(record, summarise(record), directory, console)
    for text in failure_texts(record):
        print(f"run_backtest: the run failed. {text}", file=sys.stderr)
    return 1 if record.errors else 0


if __name__ == "__main__":
    sys.exit(main())
