"""
The narrator: tells a person at the terminal of a live session what happens, and once a minute how things stand.

It changes nothing and protects nobody. When what it writes to is gone (a closed terminal, a broken pipe) it falls
silent for good; journal and log go on. It hears a message before those who act on it, so that the lines stand in the
order of cause and effect.

"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import Bar, BarType

from actors.bars.renewal import BarWatcher
from actors.log.line_writer import LineWriter
from actors.log.narration import Narration
from actors.log.printed_line import LineStamp
from actors.messages import (
    AccountView,
    HandlerFailed,
    LinkChanged,
    LinkState,
    LossBaselineSet,
    OrderFilled,
    OrderIntended,
    PositionReported,
    StopMoved,
    Topic,
)
from actors.report.records import EquityPoint
from actors.status.line import DayTally, Held, StatusFacts, status_line
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import Sessions

EARLY = 50  # priority on the bus: after the journal (100), before those who act (0)


class Narrator(BarWatcher):
    """
    Writes short lines in exchange time.

    Parameters
    ----------
    sessions : Sessions
        Its zone is the lines', its sessions are what the day P&L counts in.
    view : Callable[[], AccountView]
        Asked for equity and exposure.
    latest : Callable[[], EquityPoint | None]
        Asked for the latest mark of the account: at the first line of a session the closing one of the session before.
    write : Callable[[str], None]
        Prints one line; called on a thread of its own, so it must touch no component (T16).
    status_every_secs : int
        Seconds between two status lines.
    bar_types : dict[str, str]
        Symbol → bar type whose arrival tells how old the data is.
    max_daily_loss_usd : Decimal
        Shown beside the day P&L.

    """

    def __init__(
        self,
        sessions: Sessions,
        view: Callable[[], AccountView],
        latest: Callable[[], EquityPoint | None],
        write: Callable[[str], None],
        status_every_secs: int = 60,
        *,
        bar_types: dict[str, str],
        max_daily_loss_usd: Decimal,
    ) -> None:
        super().__init__()
        self._sessions = sessions
        self._view = view
        self._latest = latest
        self._lines = LineWriter(write)
        self._status_every = timedelta(seconds=status_every_secs)
        self._symbols = {BarType.from_str(text): symbol for symbol, text in bar_types.items()}
        self._max_daily_loss_usd = max_daily_loss_usd
        self._narration = Narration()
        self._day = DayTally()
        self._held: dict[str, Held] = {}
        self._bars_ns: dict[str, int] = {}  # when the last bar of a symbol arrived, by the clock
        self._link = LinkState.UP

    def restore(
        self,
        fills: Iterable[OrderFilled],
        intents: Iterable[OrderIntended] = (),
        numbered: Iterable[OrderIntended] = (),
    ) -> None:
        """Go on with what a journal holds: the round trips that are not over, and the orders told of lately."""
        self._narration.restore(fills, intents, numbered)

    def restore_day(self, session: date, baseline_usd: Decimal) -> None:
        """Go on where the journal says the day P&L of ``session`` began."""
        self._day.begin(session, baseline_usd)

    @contained_start
    def on_start(self) -> None:
        self._stamp = LineStamp(self._sessions.timezone, self.clock.timestamp_ns())
        self.subscribe_topic(Topic.DECISIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDERS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDER_STATES, self.on_message, EARLY)
        self.subscribe_topic(Topic.FILLS, self.on_message, EARLY)
        self.subscribe_topic(Topic.POSITIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.STOPS, self.on_message, EARLY)
        self.subscribe_topic(Topic.LOSS_LIMIT, self.on_message, EARLY)
        self.subscribe_topic(Topic.LINK, self.on_message, EARLY)
        self.subscribe_topic(Topic.DATA, self.on_message, EARLY)
        self.subscribe_topic(Topic.ALERTS, self.on_message, EARLY)
        self.subscribe_topic(Topic.FAILURES, self.on_message, EARLY)
        self.subscribe_topic(Topic.COMMANDS, self.on_message, EARLY)
        for bar_type in self._symbols:
            self.hear_bars(bar_type)
        self.clock.set_timer("narrator", self._status_every, callback=self.on_status)
        self._lines.open()

    @contained_start
    def on_stop(self) -> None:
        self._lines.close()

    @contained
    def on_message(self, message: object) -> None:
        """Keep what the status line needs, and print the message's line if it has one."""
        if isinstance(message, HandlerFailed) and message.component == self.name:
            return  # to tell of our own failure might fail again
        now_ns = self.clock.timestamp_ns()
        self._keep(message, now_ns)
        text = self._narration.tell(message, now_ns)
        if text is not None:
            self._print(message.ts, text)  # type: ignore[attr-defined]  # every message has its event time

    @contained
    def on_bar(self, bar: Bar) -> None:
        self._bars_ns[self._symbols[bar.bar_type]] = self.clock.timestamp_ns()

    @contained
    def on_status(self, event: TimeEvent) -> None:
        self._begin_day(event.ts_event)
        account = self._view()
        facts = StatusFacts(
            held=self._held,
            symbols=tuple(self._symbols.values()),
            exposure_usd=account.gross_exposure_usd,
            equity_usd=account.equity_usd,
            max_daily_loss_usd=self._max_daily_loss_usd,
            day=self._day,
            bar_ages_ns={symbol: event.ts_event - ns for symbol, ns in self._bars_ns.items()},
            link=self._link,
        )
        self._print(event.ts_event, status_line(facts))

    def _keep(self, message: object, now_ns: int) -> None:
        match message:
            case PositionReported(symbol=symbol, quantity=0):
                self._held.pop(symbol, None)
            case PositionReported(symbol=symbol, quantity=quantity, stop_trigger=trigger):
                self._held[symbol] = Held(quantity, trigger)
            case StopMoved(symbol=symbol, trigger=trigger) if symbol in self._held:
                # a raise is not reported with the position
                self._held[symbol] = Held(self._held[symbol].shares, trigger)
            case LinkChanged(state=state):
                self._link = state
            case LossBaselineSet(baseline_usd=baseline):
                self._begin_day(now_ns)
                self._day.baseline_usd = baseline
            case _:
                self._begin_day(now_ns)
                self._day.add(message)

    def _begin_day(self, now_ns: int) -> None:
        session = self._sessions.session_of(now_ns)
        if session != self._day.session:
            point = self._latest()
            self._day.begin(session, self._view().equity_usd if point is None else point.equity_usd)

    def _print(self, ts: int, text: str) -> None:
        self._lines.put(self._stamp.line(ts, text))
