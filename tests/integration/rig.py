"""A small catalog with a chosen path, a rule that says what it is told to, and a run over both."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, BarType
from pydantic import BaseModel, ConfigDict

from actors.messages import Side, Topic
from actors.report.records import SessionRecord
from catalog.instruments import make_equity
from catalog.sessions import Sessions
from catalog.store import BarStore
from config.backtest.run import Backtest
from config.components import build_components
from config.loader import load_settings
from strategies.entry_plan import StrategySetup
from strategies.price_bar import PriceBar

AAPL, MSFT = "AAPL.NASDAQ", "MSFT.NASDAQ"
MINUTE_NS = 60 * 10**9
SIDES = pytest.mark.parametrize("side", list(Side))
MONDAY = "2024-10-07"  # with the four days after it a plain week of XNYS


class Scripted:
    """A rule that says what its settings say, by the number of the bar (1 = the first)."""

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        up: tuple[int, ...] = ()
        down: tuple[int, ...] = ()
        fail: tuple[int, ...] = ()

    Config: ClassVar = Config
    bars_needed = 1

    def __init__(self, config: Config, tick_size: float) -> None:
        self._config = config
        self._bar = 0

    def update(self, bar: PriceBar) -> int:
        self._bar += 1
        if self._bar in self._config.fail:
            raise ZeroDivisionError("a bug in a rule")
        return (self._bar in self._config.up) - (self._bar in self._config.down)


def scripted(
    symbol: str = "AAPL.NASDAQ",
    *,
    up: Sequence[int] = (),
    down: Sequence[int] = (),
    fail: Sequence[int] = (),
    short: bool = False,
) -> str:
    """Return a [[strategies]] table of the scripted rule, as TOML."""
    common = f'kind = "{__name__}:Scripted", symbol = "{symbol}", allow_short = {str(short).lower()}'
    return f"{{{common}, up = {list(up)}, down = {list(down)}, fail = {list(fail)}}}"


def session_bars(
    closes: Sequence[float], day: str = MONDAY, first_minute: int = 1, spread: float = 0.05
) -> pd.DataFrame:
    """Return minutes from the open of a day: each opens at the close before it, high and low ``spread`` beyond."""
    window = Sessions().on(pd.Timestamp(day).date())
    assert window is not None
    close = np.round(np.asarray(closes, dtype=float), 2)
    open_ = np.append(close[0], close[:-1])
    return pd.DataFrame(
        {
            "ts": window.open + np.arange(1, len(close) + 1, dtype=np.int64) * MINUTE_NS,
            "open": open_,
            "high": np.round(np.maximum(open_, close) + spread, 2),
            "low": np.round(np.minimum(open_, close) - spread, 2),
            "close": close,
            "volume": 100_000.0,
        }
    )


def store_of(path: Path, **frames: pd.DataFrame | list[pd.DataFrame]) -> BarStore:
    """Write frames by ticker (all .NASDAQ) and return the catalog."""
    store = BarStore(path)
    for ticker, parts in frames.items():
        frame = pd.concat(parts) if isinstance(parts, list) else parts
        store.write(f"{ticker}.NASDAQ-1-MINUTE-LAST-EXTERNAL", frame)
    return store


QUIET = (
    "bars.warmup_bars=0",
    "session.avoid_first_mins=0",
    "session.avoid_last_mins=0",
    'trailing_stop.kind="none"',
)


def build(
    store: BarStore, tables: Sequence[str], overrides: Sequence[str] = (), onlookers: Sequence[DataActor] = ()
) -> Backtest:
    """Return a run of the tables: no warm-up, no avoided minutes, no trailing stop unless overridden."""
    settings = load_settings(None, [f"strategies=[{', '.join(tables)}]", *QUIET, *overrides], {})
    return Backtest(settings, store, onlookers=onlookers)


def run(
    store: BarStore, tables: Sequence[str], overrides: Sequence[str] = (), onlookers: Sequence[DataActor] = ()
) -> SessionRecord:
    """Run the tables and return the record."""
    backtest = build(store, tables, overrides, onlookers)
    record = backtest.run()
    backtest.dispose()
    return record


class Onlooker(DataActor):
    """Calls a function after each bar of a symbol, once the components have seen it."""

    def __new__(cls, *_args: object, **_kwargs: object) -> "Onlooker":
        return super().__new__(cls)

    def __init__(self, script: dict[int, object], symbol: str = "AAPL.NASDAQ", name: str = "Onlooker") -> None:
        super().__init__(DataActorConfig(actor_id=ActorId(name)))
        self._script = script
        self._bar_type = BarType.from_str(f"{symbol}-1-MINUTE-LAST-EXTERNAL")
        self._bar = 0
        self.errors: list[Exception] = []

    def on_start(self) -> None:
        self.subscribe_bars(self._bar_type)

    def on_bar(self, bar) -> None:
        self._bar += 1
        action = self._script.get(self._bar)
        try:
            if action is not None:
                action(self, bar)
        except Exception as error:  # noqa: BLE001 - Nautilus would only log it: a test looks at `errors`
            self.errors.append(error)


def setup_of(overrides) -> StrategySetup:
    settings = load_settings(None, [f"strategies=[{scripted(short=True)}]", *overrides], {})
    parts = build_components(settings, {AAPL: make_equity(AAPL)}, Decimal(100_000), hold_until_open=False)
    return parts.strategies[0].setup


def opening(side: Side, *at: int, closing: tuple[int, ...] = (), symbol: str = AAPL) -> str:
    up, down = (at, closing) if side is Side.LONG else (closing, at)
    return scripted(symbol, up=up, down=down, short=side is Side.SHORT)


def at(bar: int, message: Callable[[int], object], topic: Topic = Topic.COMMANDS) -> Onlooker:
    return Onlooker({bar: lambda actor, b: actor.publish_message(topic, message(b.ts_init))})
