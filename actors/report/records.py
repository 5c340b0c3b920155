"""
What a report is made of: the plain record of a session, and the round trips built from its fills.

Times are UTC nanoseconds since the epoch, money is ``Decimal`` USD, quantities are shares; the engine is unknown here.

"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import numpy.typing as npt

from actors.messages import (
    AlertRaised,
    ExitReason,
    FailurePlace,
    HandlerFailed,
    OrderFilled,
    OrderIntended,
    OrderRole,
    Side,
    SignalDecided,
)
from actors.performance.measures import Histograms

if TYPE_CHECKING:
    import pandas as pd

_PARTS_IN_USD = 10_000  # whole shares at prices of at most four decimals


@dataclass(frozen=True, slots=True)
class Trade:
    """
    A round trip from flat to flat (a row of ``trades.csv``), or one still open at the end.

    ``quantity`` is every share entered. ``mae_usd`` (<= 0) and ``mfe_usd`` (>= 0) are the worst and the best profit of
    the whole position before commissions, seen at its fills and at the highs and lows of the bars that closed while it
    was open; of the bar in which it ended only the fill counts. An open trade has no ``exit_time``, and its
    ``exit_price`` and profit value what is still held at the last closed bar.

    """

    symbol: str
    strategy: str  # the rule that opened
    side: Side
    quantity: int
    entry_time: int
    entry_price: Decimal  # average over the entry's fills
    exit_time: int | None
    exit_price: Decimal | None  # average over the exit's fills
    exit_reason: ExitReason
    gross_pnl_usd: Decimal
    commission_usd: Decimal
    net_pnl_usd: Decimal
    mae_usd: Decimal
    mfe_usd: Decimal

    @property
    def is_open(self) -> bool:
        return self.exit_time is None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as it ended (a row of ``orders.csv``)."""

    client_order_id: str
    symbol: str
    strategy: str
    decision_id: str
    role: OrderRole
    side: str  # BUY or SELL
    order_type: str
    quantity: int
    filled: int
    trigger_price: Decimal | None
    time_in_force: str
    status: str
    average_price: Decimal | None
    created: int
    last_event: int
    reason: str

    @classmethod
    def of(cls, intent: OrderIntended) -> "OrderRecord":
        """Return the record of an order that was meant and of which nothing more is known."""
        is_stop = intent.role is OrderRole.STOP
        return cls(
            client_order_id=intent.client_order_id,
            symbol=intent.symbol,
            strategy=intent.strategy,
            decision_id=intent.decision_id,
            role=intent.role,
            side="BUY" if intent.side is Side.LONG else "SELL",
            order_type="STOP_MARKET" if is_stop else "MARKET",
            quantity=intent.quantity,
            filled=0,
            trigger_price=intent.trigger,
            time_in_force="GTC" if is_stop else "DAY",
            status="NOT_SENT",
            average_price=None,
            created=intent.ts,
            last_event=intent.ts,
            reason="",
        )


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account marked at the last closed bars (a row of ``equity.csv``)."""

    ts: int
    equity_usd: Decimal
    cash_usd: Decimal
    gross_exposure_usd: Decimal


class EquityLog(Sequence[EquityPoint]):
    """Equity points in 32 bytes each, exact to a hundredth of a cent: a run over years has a million of them."""

    def __init__(self) -> None:
        self._times = array("q")
        self._amounts = array("q")  # equity, cash, exposure of each point

    def add(self, ts: int, *amounts_usd: Decimal) -> None:
        """Append a point: equity, cash and gross exposure in USD; one of the same moment is replaced."""
        if self._times and self._times[-1] == ts:
            del self._times[-1], self._amounts[-3:]
        self._times.append(ts)
        self._amounts.extend([int(amount * _PARTS_IN_USD) for amount in amounts_usd])

    def __len__(self) -> int:
        return len(self._times)

    @overload
    def __getitem__(self, index: int) -> EquityPoint: ...
    @overload
    def __getitem__(self, index: slice) -> list[EquityPoint]: ...
    def __getitem__(self, index: int | slice) -> EquityPoint | list[EquityPoint]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        return EquityPoint(
            self._times[number], *(Decimal(part) / _PARTS_IN_USD for part in self._amounts[3 * number : 3 * number + 3])
        )


@dataclass(frozen=True, slots=True)
class StopPoint:
    """Where the protective stop of a symbol rests from ``ts`` on; ``trigger`` None = none rests."""

    ts: int
    symbol: str
    trigger: Decimal | None


@dataclass(frozen=True, slots=True)
class DataNote:
    """Something odd about the bars: ``synthetic`` ones are made up, over an ``error`` the result is wrong."""

    severity: Literal["synthetic", "error", "note"]
    text: str


@dataclass(frozen=True, slots=True)
class LiveOrigin:
    """Where the record of a live session comes from; a backtest has none."""

    account: str  # shortened
    starts: int  # of the program, in the session or on into it
    killed: int  # of those before the last one: how often it did not end in order
    carried: int  # round trips that were under way when the session began
    performance: Histograms = field(default_factory=dict)  # of all its runs


@dataclass(slots=True)
class SessionRecord:
    """Everything a report says about one run; filled while it runs."""

    mode: str
    engine: str  # name and version
    config_sha256: str
    config_text: str  # secrets masked; shown on the page as it is
    starting_equity_usd: Decimal
    start: int
    end: int
    symbols: list[str]
    bars: int = 0
    bar_closes: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # each time once, in order
    sessions: list[date] = field(default_factory=list)  # of the exchange, from the first bar to the last
    decisions: list[SignalDecided] = field(default_factory=list)  # one for every non-zero signal
    orders: list[OrderRecord] = field(default_factory=list)
    fills: list[OrderFilled] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)  # closed ones, then those open at the end
    equity: Sequence[EquityPoint] = field(default_factory=list)  # in order of time
    stops: list[StopPoint] = field(default_factory=list)  # in order of time
    loss_limit_halts: int = 0
    errors: list[HandlerFailed | str] = field(default_factory=list)
    more_errors: "Mapping[FailurePlace, int]" = field(default_factory=dict)  # counted, not kept
    bars_left: int = 0  # not run, because of the errors
    alerts: list[AlertRaised] = field(default_factory=list)
    data_notes: list[DataNote] = field(default_factory=list)
    was_interrupted: bool = False
    wall_secs: float = 0.0
    engine_secs: float = 0.0
    peak_rss_mb: float = 0.0
    # By symbol: ts (close of the bar), open, high, low, close. May load on access: ask for one symbol at a time
    price_series: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    live: LiveOrigin | None = None

    @property
    def error_count(self) -> int:
        """How many errors there were, kept or not."""
        return len(self.errors) + sum(self.more_errors.values())


class RoundTrips:
    """
    Builds trades from fills and closed bars, both given in order of time.

    Averages, commissions and excursions run over all fills of a round trip, partial ones included. A fill that goes
    through zero ends one trade and opens the next; its commission is shared by quantity.

    """

    def __init__(self) -> None:
        self.closed: list[Trade] = []
        self._open: dict[str, _RoundTrip] = {}
        self._marks: dict[str, Decimal | float] = {}

    def add_fill(self, fill: OrderFilled) -> Trade | None:
        """Take in a fill; return the trade that it ended, if any."""
        self._marks[fill.symbol] = fill.last_close
        trip = self._open.get(fill.symbol)
        if trip is None or trip.side == fill.side:
            self._enter(fill, fill.quantity, fill.commission_usd)
            return None
        closing = min(fill.quantity, trip.shares)
        commission = fill.commission_usd * closing / fill.quantity
        trip.leave(fill, closing, commission)
        if trip.shares:
            return None
        del self._open[fill.symbol]
        self.closed.append(trip.trade(fill.price, fill.ts, trip.exit_reason))
        if fill.quantity > closing:
            self._enter(fill, fill.quantity - closing, fill.commission_usd - commission)
        return self.closed[-1]

    def mark(self, symbol: str, ts: int, high: Decimal | float, low: Decimal | float, close: Decimal | float) -> None:
        """Take in a closed bar; one that closed at or before the entry moves the mark, not the excursions."""
        self._marks[symbol] = close
        trip = self._open.get(symbol)
        if trip is not None and ts > trip.entry_time:
            trip.widen(high, low)

    def open_trades(self) -> list[Trade]:
        """Return the positions still open, valued at the last closed bar."""
        return [trip.trade(_decimal(self._marks[symbol]), None, ExitReason.OPEN) for symbol, trip in self._open.items()]

    def _enter(self, fill: OrderFilled, quantity: int, commission: Decimal) -> None:
        trip = self._open.get(fill.symbol)
        if trip is None:
            trip = _RoundTrip(fill.symbol, fill.strategy, fill.side, fill.ts)
            self._open[fill.symbol] = trip
        trip.enter(fill.price, quantity, commission)


@dataclass(slots=True)
class _RoundTrip:
    symbol: str
    strategy: str
    side: Side
    entry_time: int
    entered: int = 0
    left: int = 0
    entry_value: Decimal = Decimal(0)
    exit_value: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    exit_reason: ExitReason = ExitReason.SIGNAL
    worst: Decimal = Decimal(0)
    best: Decimal = Decimal(0)
    # Extreme prices since the last fill: valued only when the quantity changes, a bar costs two comparisons.
    high: Decimal | float | None = None
    low: Decimal | float | None = None

    @property
    def shares(self) -> int:
        return self.entered - self.left

    @property
    def entry_price(self) -> Decimal:
        return self.entry_value / self.entered

    def enter(self, price: Decimal, quantity: int, commission: Decimal) -> None:
        self._value_extremes()
        self.entered += quantity
        self.entry_value += price * quantity
        self.commission += commission
        self._observe(price)

    def leave(self, fill: OrderFilled, quantity: int, commission: Decimal) -> None:
        self._value_extremes()
        self.left += quantity
        self.exit_value += fill.price * quantity
        self.commission += commission
        self.exit_reason = fill.exit_reason or self.exit_reason
        self._observe(fill.price)

    def widen(self, high: Decimal | float, low: Decimal | float) -> None:
        if self.high is None or high > self.high:
            self.high = high
        if self.low is None or low < self.low:
            self.low = low

    def trade(self, price: Decimal, exit_time: int | None, reason: ExitReason) -> Trade:
        self._value_extremes()
        self._observe(price)
        gross = self._profit(price)
        return Trade(
            symbol=self.symbol,
            strategy=self.strategy,
            side=self.side,
            quantity=self.entered,
            entry_time=self.entry_time,
            entry_price=self.entry_price,
            exit_time=exit_time,
            exit_price=(self.exit_value + price * self.shares) / self.entered,
            exit_reason=reason,
            gross_pnl_usd=gross,
            commission_usd=self.commission,
            net_pnl_usd=gross - self.commission,
            mae_usd=self.worst,
            mfe_usd=self.best,
        )

    def _profit(self, price: Decimal) -> Decimal:
        return self.side * (self.exit_value + price * self.shares - self.entry_value)

    def _observe(self, price: Decimal) -> None:
        profit = self._profit(price)
        self.worst = min(self.worst, profit)
        self.best = max(self.best, profit)

    def _value_extremes(self) -> None:
        if self.high is not None and self.low is not None:
            self._observe(_decimal(self.high))
            self._observe(_decimal(self.low))
        self.high = self.low = None


def _decimal(price: Decimal | float) -> Decimal:
    return price if isinstance(price, Decimal) else Decimal(str(price))
