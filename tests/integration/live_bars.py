"""A rule that writes down the bars it is shown, and a market of the present: whose session opens when a test says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from catalog.sessions import Sessions, SessionWindow
from strategies.price_bar import PriceBar
from tests.gateway.market import Market
from tests.gateway.model import MarketBar
from tests.integration.rig import AAPL, MINUTE_NS

NANOS_IN_SECOND = 1_000_000_000


class Noted:
    """A rule that writes each bar into a file, and says 1 at each that closes after a time."""

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        file: str
        up_after: int = 2**62  # UTC nanoseconds

    Config: ClassVar = Config
    bars_needed = 1

    def __init__(self, config: Config, tick_size: float) -> None:
        self._config = config

    def update(self, bar: PriceBar) -> int:
        with Path(self._config.file).open("a") as file:
            file.write(f"{bar.ts} {bar.close:.2f}\n")
        return int(bar.ts > self._config.up_after)


def noted(file: Path, **settings: float) -> str:
    """Return a [[strategies]] table of the rule on AAPL."""
    more = "".join(f", {key} = {value}" for key, value in settings.items())
    return f'{{kind = "{__name__}:Noted", symbol = "{AAPL}", file = "{file}"{more}}}'


def bars_in(file: Path) -> list[tuple[int, str]]:
    """Return close time and price of each bar that the rule saw, in the order in which it saw them."""
    if not file.exists():
        return []
    return [(int(ts), close) for ts, close in (line.split() for line in file.read_text().splitlines())]


class OneSession(Sessions):
    """Knows one stretch of time that is a session, on any day and at any hour."""

    __slots__ = ("_only",)

    def __init__(self, only: SessionWindow) -> None:
        super().__init__()
        self._only = only

    def between(self, first: date, last: date) -> list[SessionWindow]:
        return [self._only]


def present_market(open_ns: int, history_mins: int = 10, session_mins: int = 10) -> Market:
    """Return minutes of AAPL that rise without a rest, before and after ``open_ns``, on whatever day that is."""
    minutes = [_rising_minute(open_ns, number) for number in range(1 - history_mins, session_mins + 1)]
    day = datetime.fromtimestamp(open_ns // NANOS_IN_SECOND, UTC).date()
    session = SessionWindow(day, open_ns, minutes[-1].ts)
    market = Market(session, {AAPL: minutes})
    market._sessions = OneSession(replace(session, open=open_ns - history_mins * MINUTE_NS))
    return market


def _rising_minute(open_ns: int, number: int) -> MarketBar:
    low, high = Decimal(100 + number - 1), Decimal(100 + number)
    return MarketBar(AAPL, 60, open_ns + number * MINUTE_NS, low, high, low, high, 12_000)
