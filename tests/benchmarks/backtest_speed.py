"""
Speed and memory of a backtest: the default configuration beside a do-nothing strategy on the same engine and data.

Run: uv run python -m tests.benchmarks.backtest_speed [--rounds N]. Every run is a process of its own; the kinds take
turns, so that a drift of the machine's speed falls on all of them; the ratios are taken round by round. "Signals" is
the default configuration with trading.enabled = false: rules, gate and decisions, but no orders.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from nautilus_trader.model import BarType, StrategyId
from nautilus_trader.trading import Strategy, StrategyConfig
from rich.console import Console
from rich.table import Table

from catalog.sample import STOCKS, sample_frame
from catalog.store import BarStore
from config.backtest.engine import make_engine
from config.backtest.record import Effort, peak_rss_mb
from config.backtest.run import Backtest
from config.loader import load_settings

KINDS = ("do-nothing", "signals", "ours")
REPEATS = 4  # of the sample's three months, one after the other: about a year of sessions


class DoNothing(Strategy):
    """Takes the bars of one symbol and does nothing with them."""

    def __new__(cls, bar_type: str, number: int) -> "DoNothing":
        return super().__new__(cls)

    def __init__(self, bar_type: str, number: int) -> None:
        super().__init__(StrategyConfig(strategy_id=StrategyId(f"DoNothing-{number}"), order_id_tag=str(number)))
        self._bar_type = BarType.from_str(bar_type)

    def on_start(self) -> None:
        self.subscribe_bars(self._bar_type)

    def on_bar(self, bar) -> None:
        pass


def build_catalog(path: Path, symbols: int) -> list[str]:
    """Write a year of made-up minutes for so many symbols: the sample's stocks under other names, repeated."""
    store, names = BarStore(path), []
    for number in range(symbols):
        stock = STOCKS[number % len(STOCKS)]
        names.append(stock.symbol if number < len(STOCKS) else f"X{number:02d}.NASDAQ")
        frame = sample_frame(stock.symbol)
        quarter_ns = 13 * 7 * 86_400 * 10**9
        for repeat in range(REPEATS):
            store.write(f"{names[-1]}-1-MINUTE-LAST-EXTERNAL", frame.assign(ts=frame["ts"] - repeat * quarter_ns))
    return names


def one_run(kind: str, catalog: Path, names: list[str], chunk_bars: int) -> dict[str, float]:
    """Run once in this process and return seconds, bars and memory."""
    began = time.perf_counter()
    overrides = [f"backtest.chunk_bars={chunk_bars}", f"trading.enabled={str(kind != 'signals').lower()}"]
    if len(names) != len(STOCKS):
        tables = ", ".join(f'{{kind="moving_average_cross", symbol="{name}"}}' for name in names)
        overrides.append(f"strategies=[{tables}]")
    run = Backtest(load_settings(None, overrides, {}), BarStore(catalog))
    if kind == "do-nothing":
        run.engine = make_engine(run.settings, run.instruments, run.fees)
        for number, bar_type in enumerate(run.bar_types.values()):
            run.engine.add_strategy(DoNothing(bar_type, number))
    effort = Effort()
    for span in run.data.spans(run.start, run.end, chunk_bars):
        run._run_span(span, effort)
    run.engine.end()
    assert not run.failures(), run.failures()
    wall = time.perf_counter() - began
    trades = len(run.components.ledger.round_trips.closed)
    return {"wall": wall, "engine": effort.engine_secs, "bars": effort.bars, "trades": trades, "rss": peak_rss_mb()}


def measure(kind: str, catalog: Path, names: list[str], chunk_bars: int) -> dict[str, float]:
    """Run once in a fresh process."""
    command = [sys.executable, "-m", __spec__.name, "--one", kind, str(catalog), ",".join(names), str(chunk_bars)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very module
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        kind, catalog, names, chunk_bars = args.one
        print(json.dumps(one_run(kind, Path(catalog), names.split(","), int(chunk_bars))))
        return
    table = Table("symbols", "chunk", "bars", "trades", "do-nothing bars/s", "signals", "all", "all, engine", "peak MB")
    for symbols in (1, 3, 10):
        with tempfile.TemporaryDirectory() as folder:
            names = build_catalog(Path(folder), symbols)
            for chunk_bars in (0, 25_000):
                rounds = [
                    [measure(kind, Path(folder), names, chunk_bars) for kind in KINDS] for _ in range(args.rounds)
                ]
                table.add_row(str(symbols), f"{chunk_bars:,}" if chunk_bars else "all", *figures(rounds))
    Console(width=100).print(table)
    print("signals, all: speed as a share of the do-nothing strategy's, whole process; engine: without loading.")


def figures(rounds: list[list[dict[str, float]]]) -> list[str]:
    """Return the medians over the rounds, as text."""
    everything = [ours for _, _, ours in rounds]
    return [
        f"{everything[0]['bars']:,}",
        f"{everything[0]['trades']:,}",
        f"{median(idle['bars'] / idle['wall'] for idle, _, _ in rounds):,.0f}",
        f"{median(idle['wall'] / signals['wall'] for idle, signals, _ in rounds):.2f}",
        f"{median(idle['wall'] / ours['wall'] for idle, _, ours in rounds):.2f}",
        f"{median(idle['engine'] / ours['engine'] for idle, _, ours in rounds):.2f}",
        f"{max(ours['rss'] for ours in everything):,.0f}",
    ]


if __name__ == "__main__":
    main()
