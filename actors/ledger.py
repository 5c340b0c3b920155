"""
The ledger: our one account of cash, fees and marks, and of the trades made of the fills.

It watches a symbol's bars only while a position is held, and marks the account once per slice of bars, when every
watched symbol has closed it. A mark is published when it may decide something: the last one of a session (the next
session's baseline), the first one, and every new low of the session.

It does not protect from fills it is not told of: what the broker did elsewhere is not in it.

"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from nautilus_trader.model import Bar, BarType

from actors.account import Account
from actors.bars.renewal import BarWatcher
from actors.bars.slices import BarSlices
from actors.messages import AccountView, EntryEnded, EntryRequested, EquityMarked, MissedBar, OrderFilled, Topic
from actors.report.records import EquityLog, EquityPoint, RoundTrips
from catalog.instruments import is_off_session
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import Sessions

END_OF_TIME = 2**63


class Ledger(BarWatcher):
    """
    Keeps the account.

    Parameters
    ----------
    bar_types : dict[str, str]
        Symbol → bar type it is marked with.
    starting_cash_usd : Decimal
        Cash at the start.
    sessions : Sessions
        Tells to which session a mark belongs.
    entry_times_kept : int
        How many of the latest entries are remembered for the order rate.

    """

    def __init__(
        self, bar_types: dict[str, str], starting_cash_usd: Decimal, sessions: Sessions, entry_times_kept: int
    ) -> None:
        super().__init__()
        self.account = Account(starting_cash_usd)
        self.round_trips = RoundTrips()
        self._bar_types = {symbol: BarType.from_str(text) for symbol, text in bar_types.items()}
        self._symbols = {bar_type: symbol for symbol, bar_type in self._bar_types.items()}
        self._sessions = sessions
        self._entry_times_kept = entry_times_kept
        self._slices = BarSlices()
        self.equity = EquityLog()
        self._session: date | None = None
        self._low = Decimal(0)  # of the session's marks
        self._is_marked = True  # since the last fill
        self._last_fill_ts = 0
        self._is_stopping = False

    def view(self) -> AccountView:
        """Return what an entry decision may know of the account."""
        return self.account.view()

    def latest(self) -> EquityPoint | None:
        """Return the latest mark, None before the first."""
        return self.equity[-1] if len(self.equity) else None

    def restore(self, cash_usd: Decimal, fills: Sequence[OrderFilled]) -> None:
        """Go on with what a journal holds: the cash, and the fills of the round trips that are not over."""
        for fill in fills:
            self.account.fill(fill)
            self.round_trips.add_fill(fill)
            self._slices.watch(fill.symbol, fill.ts)
        self.account.cash_usd = cash_usd

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.FILLS, self.on_fill)
        self.listen(Topic.ENTRIES, self.on_entry)
        self.listen(Topic.MISSED_BARS, self.on_missed_bar)
        for symbol in self._slices.watched():
            self.hear_bars(self._bar_types[symbol])

    @contained_start
    def on_stop(self) -> None:
        self._is_stopping = True  # the last marks are for the record: a halt now would take the stops from what is held
        self._mark_overdue(END_OF_TIME)
        if not self._is_marked:
            self._mark(self._last_fill_ts)

    @contained
    def on_entry(self, message: object) -> None:
        match message:
            case EntryRequested(symbol=symbol, notional_usd=notional, ts=ts):
                self.account.entry_requested(symbol, notional, ts, self._entry_times_kept)
            case EntryEnded(symbol=symbol):
                self.account.entry_ended(symbol)

    @contained
    def on_fill(self, fill: OrderFilled) -> None:
        self._mark_overdue(fill.ts)  # a slice that ended before this fill must not see it
        self._is_marked, self._last_fill_ts = False, fill.ts
        self.account.fill(fill)
        self.round_trips.add_fill(fill)
        if not self._slices.is_watched(fill.symbol):
            self._slices.watch(fill.symbol, fill.ts)
            self.hear_bars(self._bar_types[fill.symbol])

    @contained
    def on_bar(self, bar: Bar) -> None:
        symbol = self._symbols[bar.bar_type]
        if self._slices.is_watched(symbol) and not is_off_session(bar, self._sessions):
            self._closed(symbol, bar.ts_init, float(bar.high), float(bar.low), bar.close.as_decimal())

    @contained
    def on_missed_bar(self, bar: MissedBar) -> None:
        if self._slices.is_watched(bar.symbol):
            self._closed(bar.symbol, bar.ts, float(bar.high), float(bar.low), bar.close, is_missed=True)

    def _closed(
        self, symbol: str, ts: int, high: float, low: float, close: Decimal, *, is_missed: bool = False
    ) -> None:
        self._mark_overdue(ts)
        if not self._slices.is_watched(symbol):
            return  # flat since before the slice that was overdue
        self.account.mark(symbol, close)
        self.round_trips.mark(symbol, ts, high, low, close)
        if self._slices.arrived(symbol, ts, is_missed=is_missed):
            self._mark(ts)

    def _mark_overdue(self, ts: int) -> None:
        overdue = self._slices.overdue(ts)
        if overdue:
            self._mark(overdue)

    def _mark(self, ts: int) -> None:
        self._is_marked = True
        account = self.account
        equity, exposure = account.worth()
        session = self._sessions.session_of(ts)
        if session != self._session:
            if self._session is not None:
                self._publish(self._session, self.equity[-1])
            self._session, self._low = session, equity
        self.equity.add(ts, equity, account.cash_usd, exposure)
        if equity <= self._low:
            self._low = equity
            self._publish(session, self.equity[-1])
        for symbol in self._slices.watched():
            if not account.is_open(symbol):
                self._slices.forget(symbol)
                self.ignore_bars(self._bar_types[symbol])

    def _publish(self, session: date, point: EquityPoint) -> None:
        if self._is_stopping:
            return
        message = EquityMarked(point.ts, session, point.equity_usd, point.cash_usd, point.gross_exposure_usd)
        self.publish_message(Topic.EQUITY, message)
