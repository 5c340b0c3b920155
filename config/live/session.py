"""
A live session: the components of a configuration on a node, from the journal's past to the exit code.

The strategies and actors are those of a backtest; the actors added here watch the broker, write the journal and talk
to the operator.

"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from nautilus_trader.live import LiveNode

from actors.component import Watcher
from actors.journal.file import JournalError
from actors.journal.journal import Journal
from actors.journal.performance import NodeJournal
from actors.journal.reader import RunInfo
from actors.log.narrator import Narrator
from actors.loop.hang_watch import HangWatch
from actors.loop.helm import EXIT_DONE, Helm, StopRequest
from actors.loop.loop_watch import LoopWatch
from actors.loop.start_witness import StartWitness
from actors.loop.watchdog import Watchdog
from actors.messages import AlertRaised, LossBaselineSet
from catalog.instruments import make_equity
from catalog.nautilus_v2 import ENGINE
from catalog.sessions import NANOS_IN_SECOND, Sessions
from config.alerts.failed_start import StartAttempt
from config.alerts.last_run import crash_text, left_by
from config.alerts.sending import hang_teller, make_alerter, make_sender
from config.backtest.simulation import OrderFees
from config.components import Components, bar_types_of, build_components, fixed_plan, traded_symbols
from config.errors import ConfigError
from config.exit_codes import EXIT_BROKEN, EXIT_UNREACHABLE
from config.live.desk import OperatorDesk, operator_actors
from config.live.disowned import disowned
from config.live.engine_stderr import engine_stderr
from config.live.link import LiveLink
from config.live.node import make_node
from config.live.restart import Past, forgotten, recall
from config.live.state_dir import JOURNAL
from config.live_report.record import LiveMode
from config.loader import supervisor
from config.schema import Settings

DAY_NS = 24 * 3600 * NANOS_IN_SECOND


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose money is traded, and where this session keeps its state."""

    account: str
    cash_usd: Decimal  # the account's value at the start, as the broker says; of a dry run the simulated cash
    directory: Path
    is_dry_run: bool


class LiveSession:
    """
    One run of a node.

    Parameters
    ----------
    settings : Settings
        The whole configuration, its account resolved.
    desk : Desk
        Account, cash and directory.
    now_ns : int
        The time of the start, UTC nanoseconds.
    write : Callable[[str], None]
        Prints a line to the operator.
    attempt : StartAttempt | None
        The start that this session is, where it is entered that it came up.

    Raises
    ------
    ConfigError
        If an alert target cannot be read, or what is held has no rule.
    JournalError
        If the journal cannot be opened.

    """

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        now_ns: int,
        write: Callable[[str], None],
        attempt: StartAttempt | None = None,
    ) -> None:
        self._attempt = attempt or StartAttempt(desk.directory)
        self.settings = settings
        self.desk = desk
        self.started_ns = now_ns
        self.mode: LiveMode = "dry-run" if desk.is_dry_run else settings.account.mode
        self.symbols = traded_symbols(settings)
        self.bar_types = bar_types_of(settings, is_live=True)
        self.sessions = Sessions(settings.session.calendar, settings.session.hours)
        self._sender = make_sender(settings.alerts, self._alert_title)
        self.store = NodeJournal(desk.directory / JOURNAL)
        self._crash = self._crash_told(now_ns)
        self.past = self._recall(now_ns)
        self._left_before = left_by(self.store)
        self.components = self._components(now_ns)  # may refuse a rule, and then no run began
        self.run_id = self.store.begin_run(
            RunInfo(now_ns, self.mode, desk.account, ENGINE, settings.fingerprint(), self.past.cash_usd)
        )
        if self.past.loss is None:  # of an exit before the first mark the next start must know where the day began
            self.store.write(LossBaselineSet(now_ns, self.sessions.session_of(now_ns), self.past.cash_usd), now_ns)
        self._request = StopRequest()
        self.helm = Helm(
            self._request,
            flattens_on_stop=settings.trading.on_stop == "flatten",
            ends_at_loss_limit=settings.risk.on_daily_loss == "shutdown",
        )
        if self._is_latched(now_ns):
            self.helm.end_at_loss_limit("the daily loss limit, hit before the restart")
        self._write = write
        self._hangs = HangWatch(hang_teller(settings.alerts, self._sender, write, self.sessions, now_ns))

    def run(self) -> int:
        """Run until a signal, the loss limit or a fault ends it; return the exit code."""
        link = LiveLink(
            self.settings, self.desk.directory, self.bar_types, self.sessions, is_dry_run=self.desk.is_dry_run
        )
        node = self._node(link.actors)
        try:
            with link.listening(), engine_stderr(self.desk.directory), self._request.overhears():
                # Left as it is before that, it would raise in the midst of some handler
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                node.run()
        except Exception as error:  # noqa: BLE001 - whatever the engine raises while it connects, reconciles or ends
            before = f"{self.helm.reason}; at its end" if self.helm.reason else "the node did not start"
            self.helm.exit_code, self.helm.reason = EXIT_UNREACHABLE, f"{before}: {error}"
        if not self.helm.reason and self._request.signals:  # while it started
            self.helm.exit_code, self.helm.reason = EXIT_DONE, self._request.reason
        elif not self.helm.reason:
            self.helm.exit_code, self.helm.reason = EXIT_BROKEN, "the engine stopped by itself; ballast.log says why"
        self._hangs.stop()  # of a loop that ended with an exception nobody else did
        self._attempt.ended(self.helm.exit_code, self.helm.reason)
        return self.helm.exit_code

    @property
    def is_stop_asked(self) -> bool:
        """Whether a signal or an operator asked for the end; its handlers stay when the node has ended."""
        return bool(self._request.signals)

    def left(self) -> list[str]:
        """Return what stays at the broker, of a node that never came up as the journal has it from before."""
        return self.helm.left() if self._attempt.has_started else [f"{self._left_before}, as the journal has it"]

    def close(self, ended_ns: int) -> None:
        """Write the end into the journal and close it; one that takes nothing keeps back neither alert nor report."""
        if not self.helm.reason:  # an exception is on its way to whoever started this
            self.helm.exit_code, self.helm.reason = EXIT_BROKEN, "the node was not built"
        try:
            self.store.end_run(self.run_id, ended_ns, self.helm.exit_code, self.helm.reason)
        except JournalError as error:
            self._write(f"the journal does not have this end: {error}")
        self.store.close()
        if self._sender is not None:
            self._sender.close()

    # -- Building -------------------------------------------------------------------------------

    def _crash_told(self, now_ns: int) -> list[AlertRaised]:
        text = "" if self.desk.is_dry_run else crash_text(self.store, now_ns)
        return [AlertRaised(now_ns, "restarted_after_crash", "warning", text)] if text else []

    def _recall(self, now_ns: int) -> Past:
        past = recall(self.store, self.symbols, self.desk.cash_usd)
        if self.desk.is_dry_run:
            return forgotten(past, self.desk.cash_usd)  # its positions ended with its process
        if problems := disowned(self.store, self.symbols):
            raise ConfigError(problems)
        for symbol in self.store.locks():
            self.store.unlock(symbol, now_ns)  # what the broker holds now decides anew
        adjustment = self.desk.cash_usd - past.cash_usd
        if past.open_fills or not adjustment or self.store.cash_usd() is None:
            return past
        self.store.adjust_cash(adjustment, now_ns, "flat at the start: the broker's account value")
        return recall(self.store, self.symbols, self.desk.cash_usd)  # the loss limit counts it in from now on

    def _components(self, now_ns: int) -> Components:
        past = self.past
        instruments = {symbol: make_equity(symbol) for symbol in self.symbols}
        parts = build_components(
            self.settings, instruments, past.cash_usd, hold_until_open=False, memories=past.memories
        )
        parts.ledger.restore(past.cash_usd, past.open_fills)
        if past.loss is not None:
            parts.guard.restore(past.loss, is_latched=self._is_latched(now_ns), ts=now_ns)
        return parts

    def _is_latched(self, now_ns: int) -> bool:
        loss = self.past.loss
        return loss is not None and loss.is_breached and loss.session >= self.sessions.session_of(now_ns)

    def _node(self, link: list[Watcher]) -> LiveNode:
        fees = None
        if self.desk.is_dry_run:
            fees = OrderFees(fixed_plan(self.settings))
        node = make_node(self.settings, self.desk.directory.resolve(), fees)
        for actor in (*self.components.actors, *link, *self._watch()):
            node.add_actor(actor)
        for strategy in self.components.strategies:
            node.add_strategy(strategy)
        return node

    def _watch(self) -> list[Watcher]:
        """Return the actors of a live session only; the journal hears first and stops last."""
        ledger = self.components.ledger
        narrator = Narrator(
            self.sessions,
            ledger.view,
            ledger.latest,
            self._write,
            bar_types=self.bar_types,
            max_daily_loss_usd=self.settings.risk.max_daily_loss_usd,
        )
        recent = self.store.intents(self.started_ns - DAY_NS, self.started_ns)
        narrator.restore(self.past.open_fills, self.past.open_intents, recent)
        if self.past.loss is not None:
            narrator.restore_day(self.past.loss.session, self.past.loss.baseline_usd)
        witness = StartWitness(self._crash, self._attempt.came_up)
        watch = [witness, LoopWatch(self._hangs), *self._watchdog()]
        desk = [narrator, *self._alerter(), *self._operator_desk(), *watch]
        return [self.helm, *desk, Journal(self.store, ledger.latest)]

    def _watchdog(self) -> list[Watcher]:
        told = supervisor()
        if told is None:
            return []
        return [Watchdog(told.address, told.patience_secs, lambda: self.helm.wants_restart)]

    def _operator_desk(self) -> list[Watcher]:
        loss = self.past.loss
        desk = OperatorDesk(
            directory=self.desk.directory.resolve(),
            journal=self.store,
            request=self._request,
            mode=self.mode,
            account=self.desk.account,
            started_ns=self.started_ns,
            bar_types=self.bar_types,
            baseline_usd=self.past.cash_usd if loss is None else loss.baseline_usd,
        )
        return operator_actors(desk, self.settings, self.components, self.sessions)

    @property
    def _alert_title(self) -> str:
        return f"Ballast {self.mode} {self.desk.account}"

    def _alerter(self) -> list[Watcher]:
        if self._sender is None:
            return []

        def ending() -> tuple[int, str]:
            return self.helm.exit_code, self.helm.reason

        view = self.components.ledger.view
        alerter = make_alerter(self.settings, self._alert_title, self.sessions, view, ending, self._sender)
        alerter.restore(self.past.open_fills)
        alerter.restore_failed_starts(self._attempt.failed_before())
        loss = self.past.loss
        if loss is not None:
            alerter.restore_day(loss.session, loss.baseline_usd)
        else:
            alerter.restore_day(self.sessions.session_of(self.started_ns), self.past.cash_usd)
        return [alerter]
