"""
The golden run: the default configuration on the sample, as readable lines.

A change of these lines is a decision, to be reviewed as one. Rewrite: uv run python -m tests.acceptance.golden
"""

import tempfile
from collections import Counter
from pathlib import Path

from actors.report.records import SessionRecord, Trade
from actors.report.reports import summarise
from catalog.sample import build_sample
from catalog.store import BarStore
from config.backtest.run import Backtest
from config.loader import load_settings

FILE = Path(__file__).with_name("golden.txt")
EFFORT = {"wall_secs", "engine_secs", "bars_per_sec", "peak_rss_mb"}  # of the machine, not of the run


def golden_lines() -> list[str]:
    """Run and return the lines."""
    with tempfile.TemporaryDirectory() as folder:
        build_sample(folder)
        run = Backtest(load_settings(None, [], {}), BarStore(folder))
        record = run.run()
        run.dispose()
    summary = summarise(record)
    lines = [f"{key}={value}" for key, value in summary.items() if key not in EFFORT]
    return [*lines, *_counts(record), *_trades(record.trades)]


def _counts(record: SessionRecord) -> list[str]:
    counted = {
        "decisions.action": Counter(str(decision.action) for decision in record.decisions),
        "orders.status": Counter(f"{order.role}.{order.status}" for order in record.orders),
        "trades.exit_reason": Counter(str(trade.exit_reason) for trade in record.trades),
        "trades.strategy": Counter(f"{trade.symbol}.{trade.strategy}" for trade in record.trades),
        "stops.moves": Counter(stop.symbol for stop in record.stops if stop.trigger is not None),
    }
    return [f"{name}.{key}={count[key]}" for name, count in counted.items() for key in sorted(count)]


def _trades(trades: list[Trade]) -> list[str]:
    chosen = [*trades[:3], *(trade for trade in trades if trade.exit_reason != "signal")][:10]
    return [
        f"trade={trade.symbol} {trade.side.name} {trade.quantity} @ {trade.entry_price} USD -> {trade.exit_price} USD "
        f"{trade.exit_reason} net {trade.net_pnl_usd:.2f} USD"
        for trade in chosen
    ]


if __name__ == "__main__":
    FILE.write_text("\n".join(golden_lines()) + "\n")
    print(f"Wrote {FILE}")
