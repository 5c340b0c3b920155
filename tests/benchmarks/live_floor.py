"""
Our node and a bare one in processes of their own, each on a gateway in this one, for the benchmark of live trading.

"Bare" is a strategy without a thought on the same node and adapter, which sends the same entry with its stop.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from nautilus_trader.model import BarType, InstrumentId, OrderType
from nautilus_trader.trading import Strategy
from pydantic import BaseModel, ConfigDict

from actors.messages import Side
from catalog.nautilus_v2 import strategy_config
from config.live.node import make_node
from config.loader import load_settings
from strategies.orders import OrderMaker
from strategies.price_bar import PriceBar
from tests.gateway.gateway import Gateway
from tests.integration.rig import AAPL, QUIET

ROOT = Path(__file__).parents[2]
ENTER, LEAVE, CYCLE = 1, 3, 4  # bars: the one that enters, a fill, the one that leaves, a fill
QUANTITY, TRIGGER = 100, Decimal(95)
FIRST_CYCLES = 10  # not counted: everything is called for the first time
REST_SECS = 0.05  # for a node to deal with a fill
START_SECS, ORDER_SECS, LOOK_SECS = 30.0, 10.0, 0.005
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


def in_turns(*symbols: str) -> str:
    """Return the setting that trades so."""
    tables = (f'{{kind="{__name__}:InTurns", symbol="{symbol}"}}' for symbol in symbols)
    return f"strategies=[{', '.join(tables)}]"


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
    settings = load_settings(None, [in_turns(AAPL), f"ib.port={port}", 'account.id="DU1234567"'], {})
    node = make_node(settings, folder, None)
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
def started(arguments: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a Python process, and end it."""
    with (folder / "terminal.txt").open("wb") as out:
        node = subprocess.Popen(  # noqa: S603 - our own scripts
            [sys.executable, *arguments], stdout=out, stderr=out, cwd=folder, env=_environ()
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


def run_lively(port: int, folder: Path, *settings: str) -> list[str]:
    """Return the arguments of our node when it trades in turns on bars of 5 seconds."""
    return run_live(port, folder, *QUIET, *LIVELY, 'bars.step="5-SECOND"', *settings)


def measured(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the node of a folder measured of itself, by ``run_live.py status --json``."""
    command = [sys.executable, str(ROOT / "run_live.py"), "status", "--json", "--state", str(folder / "state")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=_environ())  # noqa: S603
    status = json.loads(said.stdout)
    return status["latencies_ms"] | status["load"]


def _environ() -> dict[str, str]:
    environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
    return environ | {"PYTHONPATH": str(ROOT)}
