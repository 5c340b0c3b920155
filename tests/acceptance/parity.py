"""
The parity of live and backtest: one session, traded by a live node over TCP and by the backtest on the same bars.

``uv run python -m tests.acceptance.parity``: exit 0 when decisions, orders, stops, fills, exits and equity are equal,
1 when they differ or a side fails, 2 for a wrong argument.

"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from catalog.errors import CatalogError
from catalog.store import BarStore
from config.backtest.range import BacktestError
from config.components import traded_symbols
from config.loader import ConfigError
from config.schema import Settings
from tests.acceptance.parity_lines import Comparison, compare
from tests.acceptance.parity_sides import STEP, Case, Live, ParityError, load, run_backtest, run_live
from tests.gateway.gateway import soon
from tests.gateway.market import HISTORY_SESSIONS, Market

EXIT_EQUAL, EXIT_DIFFERENT, EXIT_USAGE = 0, 1, 2
DIFFERENCES_SHOWN = 6
# Where the two cannot be equal (docs/decisions/0004-fill-timing.md)
NO_BAR = "an entry that waits over one times out in a backtest, live it fills (unless entry_timeout_secs is longer)"
THIN = "there a backtest splits an order, the rest a tick worse"


def main(argv: Sequence[str] | None = None) -> int:
    """Play, compare, tell; return the exit code."""
    args = _parse(argv)
    console = Console(highlight=False, soft_wrap=True)
    try:
        settings = load(args.config, args.set)
        case = Case(_market(args, settings), args.config, args.set)
        with tempfile.TemporaryDirectory(prefix="parity-") as folder:
            return _judge(case, Path(folder), console)
    except (ConfigError, CatalogError, BacktestError) as error:
        return _refuse(error, EXIT_USAGE)
    except ParityError as error:
        return _refuse(error, EXIT_DIFFERENT)
    except KeyboardInterrupt:
        return _refuse("interrupted", EXIT_DIFFERENT)


def _refuse(error: object, exit_code: int) -> int:
    print(f"parity: {error}", file=sys.stderr)
    return exit_code


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.acceptance.parity",
        description="Trade one session live, over TCP, and in a backtest, and compare. "
        "Without --catalog its prices are made up.",
    )
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="take the prices of a day from this catalog")
    parser.add_argument("--day", type=_day, metavar="DATE", help="that day, such as 2026-07-01")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config/default.toml)")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change a setting")
    args = parser.parse_args(argv)
    if (args.catalog is None) != (args.day is None):
        parser.error("expected --catalog and --day together, or neither")
    return args


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date such as 2026-07-01, was {text!r}") from None


def _market(args: argparse.Namespace, settings: Settings) -> Market:
    symbols = traded_symbols(settings)
    history = max(HISTORY_SESSIONS, settings.bars.warmup_bars // 210 + 2)  # the shortest session has 210 minutes
    if args.catalog is None:
        return Market.demo(soon(), symbols, history)
    market = Market.of_day(BarStore(args.catalog), args.day, soon(), history)
    missing = sorted(set(symbols) - set(market.contracts))
    if missing:
        raise CatalogError(
            f"Expected {STEP} bars of {', '.join(missing)}, found those of {', '.join(market.contracts)}; "
            "import them, or trade others (--config, --set strategies=…)."
        )
    return market


def _judge(case: Case, folder: Path, console: Console) -> int:
    live = _run_live(case, folder, console)
    backtest = run_backtest(case, folder / "catalog", live.bars_seen)
    comparisons = compare(live.record, backtest, case.market.session.open)
    _tell(case, live, console)
    for comparison in comparisons:
        _show(comparison, console)
    is_equal = not any(comparison.differences for comparison in comparisons)
    console.print("Equal." if is_equal else "Different.")
    return EXIT_EQUAL if is_equal else EXIT_DIFFERENT


def _run_live(case: Case, folder: Path, console: Console) -> Live:
    columns = (
        TextColumn("Live"),
        BarColumn(),
        TextColumn("minute {task.completed}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("live", total=None)
        return run_live(case, folder / "state", lambda done, total: progress.update(task, completed=done, total=total))


def _tell(case: Case, live: Live, console: Console) -> None:
    session = case.market.session
    minutes = (session.close - session.open) // (60 * 10**9)
    console.print(f"Session {session.session}, {minutes} minutes, live over TCP and as a backtest (next open).")
    for symbol, seen in live.bars_seen.items():
        bars = case.bars_in_session(symbol)
        gaps = f", {minutes - bars} minutes without a bar: {NO_BAR}" if bars < minutes else ""
        largest = max((order.quantity for order in live.record.orders if order.symbol == symbol), default=0)
        thin = case.thin_bars(symbol, largest)
        thin_bars = f", {thin} bars too thin for {largest} shares: {THIN}" if thin else ""
        console.print(f"  {symbol}: {bars} bars after {seen - bars} of history{gaps}{thin_bars}")
    console.print(f"  the broker's book: {live.broker_equity_usd:,.2f} USD, {live.broker_cash_usd:,.2f} of it in cash")


def _show(comparison: Comparison, console: Console) -> None:
    different = comparison.differences
    verdict = f"{len(different)} lines differ" if different else "equal"
    console.print(
        f"{comparison.name:10} {len(comparison.live):5} live {len(comparison.backtest):5} backtest  {verdict}"
    )
    for line in different[:DIFFERENCES_SHOWN]:
        console.print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
