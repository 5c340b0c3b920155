"""
Latency, memory and idle CPU of a live node, over TCP against the gateway of the tests.

Run: uv run python -m tests.benchmarks.latency [--orders N] [--idle-mins M]. Latency is the time from the bytes of a
5-second bar out of the gateway to the first bytes of the order that it causes in, by the gateway's log of frames.
"Ours" is run_live.py with all its components and its journal on disk, and once more with the journal in memory; "bare"
is a strategy without a thought on the same node and adapter, which sends the same entry with its stop. All are up at
the same time and take turns order by order, so that a drift of the machine's speed falls on all. Idle is the default
configuration in the first minutes of a session at the speed of the clock: three symbols are listened to, nothing is
bought yet. It needs Linux's /proc and /dev/shm.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from typing import ClassVar

from nautilus_trader.model import BarType, InstrumentId, OrderType
from nautilus_trader.trading import Strategy
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from actors.messages import Side
from catalog.nautilus_v2 import strategy_config
from config.live_node import make_node
from config.loader import load_settings
from strategies.orders import OrderMaker
from strategies.price_bar import PriceBar
from tests.gateway.gateway import Gateway
from tests.integration.live_rig import flat_market
from tests.integration.rig import AAPL, QUIET

ROOT = Path(__file__).parents[2]
ENTER, LEAVE, CYCLE = 1, 3, 4  # bars: the one that enters, a fill, the one that leaves, a fill
QUANTITY, TRIGGER = 100, Decimal(95)
FIRST_CYCLES = 10  # not counted: everything is called for the first time
REST_SECS = 0.05  # for a node to deal with a fill
START_SECS, ORDER_SECS, LOOK_SECS = 30.0, 10.0, 0.005
IDLE_AFTER_SECS = 20.0  # the start is not idle
MEMORY = "/dev/shm"  # noqa: S108 - a file system without a disk behind it
BAR, ORDER = "RealTimeBarTick", "PlaceOrderRequest"
LIVELY = ("risk.max_orders_per_min=1000", "risk.max_daily_loss_usd=1000000", 'trailing_stop.kind="percent"')


class InTurns:
    """A rule that says 1 at the first of four bars and -1 at the third."""

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)

    Config: ClassVar = Config
    bars_needed = 1

    def __init__(self, config: Config, tick_size: float) -> None:
        self._bars = 0

    def update(self, bar: PriceBar) -> int:
        self._bars += 1
        return (self._bars % CYCLE == ENTER) - (self._bars % CYCLE == LEAVE)


class Bare(Strategy):
    """Does on the same bars what the rule asks for, and looks at nothing."""

    def __new__(cls) -> "Bare":
        return super().__new__(cls)

    def __init__(self) -> None:
        super().__init__(strategy_config("Bare", "1", AAPL))
        self._bars = 0

    def on_start(self) -> None:
        instrument = self.cache.instrument(InstrumentId.from_str(AAPL))
        self._maker = OrderMaker(self, instrument)
        self.subscribe_quotes(instrument.id)
        self.subscribe_bars(BarType.from_str(f"{AAPL}-5-SECOND-LAST-EXTERNAL"))

    def on_bar(self, bar) -> None:
        self._bars += 1
        if self._bars % CYCLE == ENTER:
            self.submit_order_list(list(self._maker.entry_with_stop(Side.LONG, QUANTITY, TRIGGER, bar.ts_init)))
        elif self._bars % CYCLE == LEAVE:
            for order in self.cache.orders_open():
                if order.order_type == OrderType.STOP_MARKET:
                    self.cancel_order(order.client_order_id)
            self.submit_order(self._maker.exit(Side.LONG, QUANTITY, bar.ts_init))


def run_bare(port: int, folder: Path) -> None:
    """Run the bare strategy until it is stopped."""
    table = f'strategies=[{{kind="{__spec__.name}:InTurns", symbol="{AAPL}"}}]'
    node = make_node(load_settings(None, [table, f"ib.port={port}", 'account.id="DU1234567"'], {}), folder, None)
    node.add_strategy(Bare())
    node.run()


class Floor:
    """A gateway whose time stands, and the node that trades on it."""

    def __init__(self, gateway: Gateway, node: subprocess.Popen[bytes]) -> None:
        self._gateway = gateway
        self._node = node
        self._until(lambda: gateway.received()["RealTimeBarsRequest"] > 0, "a subscription of bars", START_SECS)
        time.sleep(1.0)  # the node adopts what it finds at the broker

    def take_turn(self) -> None:
        """Play one entry and one exit, each with its fill."""
        self._play_until_ordered(2)
        self._play_and_rest()
        self._play_until_ordered(1)
        self._play_and_rest()

    def latencies_ms(self) -> list[float]:
        """Return from each bar that entered to its first order, milliseconds."""
        found, bars, bar_ns = [], 0, 0
        for frame in self._gateway.frames(BAR, ORDER):
            if frame.kind == BAR:
                bars, bar_ns = bars + 1, frame.ts
            elif bar_ns and bars % CYCLE == ENTER:
                found.append((frame.ts - bar_ns) / 1e6)
                bar_ns = 0
        return found[FIRST_CYCLES:]

    def _play_until_ordered(self, count: int) -> None:
        wanted = self._gateway.received()[ORDER] + count
        self._gateway.do.step()
        time.sleep(REST_SECS)  # nobody asks the gateway anything while the order is on its way
        self._until(lambda: self._gateway.received()[ORDER] >= wanted, "an order", ORDER_SECS)

    def _play_and_rest(self) -> None:
        self._gateway.do.step()
        time.sleep(REST_SECS)

    def _until(self, is_so: Callable[[], bool], what: str, patience_secs: float) -> None:
        deadline = time.monotonic() + patience_secs
        while not is_so():
            if self._node.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"Expected {what}, was none in {patience_secs:.0f} s, or the node ended.")
            time.sleep(LOOK_SECS)


@contextmanager
def started(arguments: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a Python process, and end it."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
    with (folder / "terminal.txt").open("wb") as out:
        node = subprocess.Popen(  # noqa: S603 - our own scripts
            [sys.executable, *arguments], stdout=out, stderr=out, cwd=folder, env=environ | {"PYTHONPATH": str(ROOT)}
        )
    try:
        yield node
    except BaseException:
        print((folder / "terminal.txt").read_text(), file=sys.stderr)
        raise
    finally:
        node.terminate()
        node.wait(START_SECS)


def run_live(port: int, folder: Path, *settings: str) -> list[str]:
    """Return the arguments of our node."""
    options = [part for setting in (f"ib.port={port}", *settings) for part in ("--set", setting)]
    return [str(ROOT / "run_live.py"), "run", "--state", str(folder / "state"), *options]


def measure_latency(orders: int) -> dict[str, list[float]]:
    """Return the latencies of the nodes, milliseconds."""
    with ExitStack() as stack:
        floors = {
            "bare": _floor(stack, None, lambda port, folder: ["-m", __spec__.name, "--bare", str(port), str(folder)]),
            "ours, journal in memory": _floor(stack, MEMORY, _ours),
            "ours": _floor(stack, None, _ours),
        }
        for _ in range(FIRST_CYCLES + orders):
            for floor in floors.values():
                floor.take_turn()
        return {name: floor.latencies_ms() for name, floor in floors.items()}


def _floor(stack: ExitStack, where: str | None, arguments: Callable[[int, Path], list[str]]) -> Floor:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
    gateway = stack.enter_context(Gateway.start(flat_market(), speed=None))
    return Floor(gateway, stack.enter_context(started(arguments(gateway.port, folder), folder)))


def _ours(port: int, folder: Path) -> list[str]:
    table = f'strategies=[{{kind="{__spec__.name}:InTurns", symbol="{AAPL}"}}]'
    return run_live(port, folder, table, *QUIET, *LIVELY, 'bars.step="5-SECOND"')


def measure_idle(mins: float) -> dict[str, float]:
    """Return memory (MB) and CPU (%) of our node in so many minutes of listening to three symbols."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Gateway.start(speed=1.0, subscriptions=3) as gateway,
        started(run_live(gateway.port, Path(folder)), Path(folder)) as node,
    ):
        time.sleep(IDLE_AFTER_SECS)
        before, began = _cpu_secs(node.pid), time.monotonic()
        time.sleep(mins * 60)
        share = (_cpu_secs(node.pid) - before) / (time.monotonic() - began)
        return {"cpu": share * 100, **{row: _memory_mb(node.pid, row) for row in ("VmRSS", "VmHWM")}}


def _cpu_secs(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system


def _memory_mb(pid: int, row: str) -> float:
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(rows[row].split()[0]) / 1024


def show_latency(found: dict[str, list[float]], console: Console) -> None:
    """Print the percentiles of each node, and as multiples of the bare one's."""
    points = {name: [quantiles(values, n=100)[point - 1] for point in (50, 95, 99)] for name, values in found.items()}
    table = Table("bar out to order in", "orders", "p50 ms", "p95 ms", "p99 ms", "times the bare one's")
    for name, values in points.items():
        ratios = [value / bare for value, bare in zip(values, points["bare"], strict=True)]
        figures = (f"{value:.2f}" for value in values)
        table.add_row(name, str(len(found[name])), *figures, " / ".join(f"{ratio:.1f}" for ratio in ratios))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--idle-mins", type=float, default=1.0)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        run_bare(int(args.bare[0]), Path(args.bare[1]))
        return
    console = Console(width=100)
    show_latency(measure_latency(args.orders), console)
    idle = measure_idle(args.idle_mins)
    console.print(
        f"idle, three symbols, {args.idle_mins:g} min: {idle['cpu']:.2f} % of a core, "
        f"{idle['VmRSS']:.0f} MB resident at the end, {idle['VmHWM']:.0f} MB at the peak"
    )


if __name__ == "__main__":
    main()
