"""
The alerter: tells a person who is not at the terminal what happens, by the targets of the environment.

It changes nothing and protects nobody: who gets no alert knows nothing. A target that dies is told to the others, to
journal and terminal; when all are dead only these two know. It ends with its process, so ``kill -9`` is not told.

"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from nautilus_trader.common import TimeEvent

from actors.alerts.day import AlertDay, holdings
from actors.alerts.executions import Executions
from actors.alerts.rules import MINUTE_NS, AlertPolicy, AlertRules
from actors.alerts.sender import Outgoing
from actors.component import Watcher
from actors.log.news import news
from actors.log.printed_line import LineStamp
from actors.messages import (
    AccountView,
    AlertRaised,
    Flatten,
    Halt,
    HandlerFailed,
    OrderFilled,
    PositionReported,
    StopMoved,
    Topic,
)
from actors.status.line import Held
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import Sessions

EARLY = 50  # priority on the bus: after the journal (100), before those who act (0)
LOOK_EVERY = timedelta(seconds=1)  # at the targets, at what is held back, at the end of the session
MAX_CHARACTERS = 1_000  # of an alert; more than a terminal's line, for no terminal is at hand
SETTLE_NS = MINUTE_NS  # after the close, for the last bar to arrive


class Outbox(Protocol):
    """Where alerts go; neither waits nor raises."""

    def open(self) -> None: ...
    def put(self, alert: Outgoing) -> None: ...
    def changes(self) -> list[tuple[str, str]]: ...
    def finish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AlerterSetup:
    """What the run is called, what is sent, and when the daily loss limit is near."""

    run: str  # "paper DU1234567: AAPL.NASDAQ, MSFT.NASDAQ"
    policy: AlertPolicy
    max_daily_loss_usd: Decimal
    loss_near_pct: int


class Alerter(Watcher):
    """
    Sends what is chosen of the alerts of others and of its own.

    Parameters
    ----------
    setup : AlerterSetup
        Names and choices.
    sessions : Sessions
        Its zone is the lines', its sessions are what the day P&L counts in.
    view : Callable[[], AccountView]
        Asked for the equity.
    ending : Callable[[], tuple[int, str]]
        Asked at the end for the exit code and the reason, "" when nobody knows one.
    outbox : Outbox
        Takes what is sent; closed by its owner once the node has ended.

    """

    def __init__(
        self,
        setup: AlerterSetup,
        sessions: Sessions,
        view: Callable[[], AccountView],
        ending: Callable[[], tuple[int, str]],
        outbox: Outbox,
    ) -> None:
        super().__init__()
        self._run = setup.run
        self._sessions = sessions
        self._view = view
        self._ending = ending
        self._outbox = outbox
        self._rules = AlertRules(setup.policy)
        self._executions = Executions()
        self._day = AlertDay(setup.max_daily_loss_usd, setup.loss_near_pct)
        self._held: dict[str, Held] = {}
        self._failed_starts = ""
        self._started_ns = 0
        self._summed: date | None = None  # the session whose end was told, or was over at the start

    def restore(self, fills: Iterable[OrderFilled]) -> None:
        """Go on with what a journal holds: the fills of the round trips that are not over."""
        fills = list(fills)
        self._executions.restore(fills)
        self._day.restore(fills)

    def restore_day(self, session: date, baseline_usd: Decimal) -> None:
        """Go on where the journal says the day P&L of ``session`` began."""
        self._day.begin(session, baseline_usd)

    def restore_failed_starts(self, text: str) -> None:
        """Go on where starts had failed, "" when none was told: that this one did not is told in any case."""
        self._failed_starts = f"; {text}" if text else ""
        if text:
            self._rules.told_before("start_failed")

    @contained_start
    def on_start(self) -> None:
        self._started_ns = self.clock.timestamp_ns()
        self._stamp = LineStamp(self._sessions.timezone, self._started_ns, MAX_CHARACTERS)
        self._summed = self._over(self._started_ns)
        self.subscribe_topic(Topic.DECISIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDERS, self.on_message, EARLY)
        self.subscribe_topic(Topic.FILLS, self.on_message, EARLY)
        self.subscribe_topic(Topic.POSITIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.STOPS, self.on_message, EARLY)
        self.subscribe_topic(Topic.EQUITY, self.on_message, EARLY)
        self.subscribe_topic(Topic.LOSS_LIMIT, self.on_message, EARLY)
        self.subscribe_topic(Topic.ALERTS, self.on_message, EARLY)
        self.subscribe_topic(Topic.FAILURES, self.on_message, EARLY)
        self.subscribe_topic(Topic.COMMANDS, self.on_message, EARLY)
        self.clock.set_timer("alerter", LOOK_EVERY, callback=self.on_look)
        self._outbox.open()
        text = f"{self._run} started{self._failed_starts}"
        self._send(AlertRaised(self._started_ns, "started", "info", text), self._started_ns)

    @contained_start
    def on_stop(self) -> None:
        now_ns = self.clock.timestamp_ns()
        exit_code, reason = self._ending()
        self._begin_day(now_ns)
        how = f"{reason or 'NautilusTrader stopped by itself; ballast.log says why'} (exit {exit_code})"
        text = f"{self._run} ended: {how}; {self._day.figures(self._view().equity_usd)}; {holdings(self._held)}"
        if reason and not exit_code:
            self._send(AlertRaised(now_ns, "stopped", "info", text), now_ns)
        else:
            self._send(AlertRaised(now_ns, "stopped_early", "warning", text), now_ns)
        self._put(self._rules.held_back(now_ns, is_last=True))
        self._outbox.finish()

    @contained
    def on_message(self, message: object) -> None:
        """Keep what the summaries need, and send the message's alerts if it has any."""
        if isinstance(message, HandlerFailed) and message.component == self.name:
            return  # to tell of our own failure might fail again
        now_ns = self.clock.timestamp_ns()
        self._begin_day(now_ns)
        self._keep(message)
        for alert in (self._executions.alert(message), self._day.took(message), _told(message)):
            if alert is not None:
                self._send(alert, now_ns)

    @contained
    def on_look(self, event: TimeEvent) -> None:
        now_ns = event.ts_event
        for name, problem in self._outbox.changes():
            self._tell_channel(name, problem, now_ns)
        self._put(self._rules.held_back(now_ns))
        over = self._over(now_ns)
        if over not in (None, self._summed):
            self._begin_day(now_ns)
            self._summed = over
            self._send(self._day.summary(now_ns, self._view().equity_usd, self._held, self._since(now_ns)), now_ns)

    def _tell_channel(self, name: str, problem: str, ts: int) -> None:
        """Tell of a target on the bus, and so journal, terminal and ourselves."""
        alert = AlertRaised(ts, "alert_channel_back", "info", f"{name} takes alerts again")
        if problem:
            alert = AlertRaised(ts, "alert_channel", "warning", f"{name} takes no alerts: {problem}")
        self.publish_message(Topic.ALERTS, alert)

    def _keep(self, message: object) -> None:
        match message:
            case PositionReported(symbol=symbol, quantity=0):
                self._held.pop(symbol, None)
            case PositionReported(symbol=symbol, quantity=quantity, stop_trigger=trigger):
                self._held[symbol] = Held(quantity, trigger)
            case StopMoved(symbol=symbol, trigger=trigger) if symbol in self._held:
                self._held[symbol] = Held(self._held[symbol].shares, trigger)

    def _begin_day(self, now_ns: int) -> None:
        session = self._sessions.session_of(now_ns)
        if session != self._day.tally.session:
            self._day.begin(session, self._view().equity_usd)

    def _over(self, now_ns: int) -> date | None:
        """Return the session of today once it is over."""
        window = self._sessions.window(now_ns)
        return window.session if window is not None and now_ns >= window.close + SETTLE_NS else None

    def _since(self, now_ns: int) -> str:
        window = self._sessions.window(now_ns)
        if window is None or self._started_ns <= window.open:
            return ""
        return f"; counted since the start at {self._sessions.local(self._started_ns):%H:%M}"

    def _send(self, alert: AlertRaised, now_ns: int) -> None:
        self._put(self._rules.admit(alert, now_ns))

    def _put(self, alert: AlertRaised | None) -> None:
        if alert is not None:
            self._outbox.put(Outgoing.of(alert, self._stamp))


def _told(message: object) -> AlertRaised | None:
    match message:
        case AlertRaised():
            return message
        case Halt(ts=ts):
            return AlertRaised(ts, "halt", "warning", news(message) or "")
        case Flatten(ts=ts, symbol=symbol):
            return AlertRaised(ts, "flatten", "warning", news(message) or "", symbol)
        case HandlerFailed(ts=ts):
            return AlertRaised(ts, "handler_failed", "warning", news(message) or "")
    return None
