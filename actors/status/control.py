"""
Control: carries out what an operator asks for, within a fifth of a second, and answers it.

Commands come by the journal, halts also by a file named HALT in the state directory; nothing listens on the network. An
operator's halt shuts the entries and nothing else: positions stay, with their stops. It is a latch in the journal (or
the file itself), so it holds over restarts, and whoever set it there. It needs a journal that can be read: while that
fails, HALT and the stop signals are what is left.

"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from nautilus_trader.common import TimeEvent

from actors.component import Watcher
from actors.journal.commands import Answer, CommandJournal, OperatorCommand
from actors.journal.file import JournalError
from actors.loop.helm import StopRequest
from actors.messages import (
    HALT_FILE,
    OPERATOR,
    AlertRaised,
    ExitReason,
    Flatten,
    Halt,
    HoldEntries,
    ReleaseEntries,
    Topic,
)
from actors.status.answers import (
    EXIT_NOT_YET,
    OnStop,
    chosen_symbols,
    flattened,
    halt_file_holds,
    halted,
    holdings_text,
    loss_limit_holds,
    not_flat_yet,
    reason_of,
    refusal_to_flatten,
    resumed,
    stopping,
)
from actors.status.desk_facts import SymbolFacts
from actors.status.pulse import DeskView
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import NANOS_IN_SECOND, Sessions

LOOK_EVERY = timedelta(milliseconds=200)
FLAT_NS = 3 * NANOS_IN_SECOND  # that a flatten may take before it is answered


@dataclass(frozen=True, slots=True)
class Closing:
    """A flatten that was begun and not answered."""

    command: OperatorCommand
    begun: Sequence[SymbolFacts]  # what was asked to leave, as it was held then
    deadline_ns: int


class Control(Watcher):
    """
    Carries out the operator's commands.

    Parameters
    ----------
    journal : CommandJournal
        Where they come from; closed by its owner.
    halt_file : Path
        Halts while it is there; what stands in it is the reason.
    view : DeskView
        Asked for what is held and what forbids entries.
    sessions : Sessions
        Tells whether the daily loss limit still holds.
    request : StopRequest
        The helm's: how the session is ended.
    on_stop : 'keep_stops' | 'flatten'
        ``trading.on_stop``, for the answer.

    """

    def __init__(
        self,
        journal: CommandJournal,
        halt_file: Path,
        view: DeskView,
        sessions: Sessions,
        request: StopRequest,
        on_stop: OnStop,
    ) -> None:
        super().__init__()
        self._journal = journal
        self._file = halt_file
        self._view = view
        self._sessions = sessions
        self._request = request
        self._on_stop = on_stop
        self._halts: dict[str, str] = {}  # source → who and why
        self._loss_halt: Halt | None = None
        self._untold: list[str] = []  # halts: at a start nobody has yet taken up what is held
        self._closing: list[Closing] = []
        self._stale: set[int] | None = None  # commands that waited before this node listened; None = not yet known

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.COMMANDS, self.on_command)
        self.once_started(self.on_started)

    @contained
    def on_started(self, event: TimeEvent) -> None:
        """Halt at once where a halt is kept; tell of it at the next look, when the owners hold what they held."""
        self.clock.set_timer("control", LOOK_EVERY, callback=self.on_look)
        self.on_look(event)

    @contained
    def on_command(self, command: object) -> None:
        if isinstance(command, Halt):
            self._loss_halt = command

    @contained
    def on_look(self, event: TimeEvent) -> None:
        self._tell_halts(event.ts_event)
        self._look_at_file(event.ts_event)
        try:
            self._look_at_journal(event.ts_event)
        except JournalError:
            return  # the journal's actor tells, and holds the entries

    # -- Halts ----------------------------------------------------------------------------------

    def _look_at_file(self, now_ns: int) -> None:
        is_there = self._file.exists()
        if is_there and HALT_FILE not in self._halts:
            self._hold(HALT_FILE, f"by {_said_by(self._file)}", now_ns)
        elif not is_there:
            self._release(HALT_FILE, now_ns)

    def _look_at_journal(self, now_ns: int) -> None:
        waiting = self._journal.waiting()
        if self._stale is None:  # told by their order, for a clock may be set back
            self._stale = {command.number for command in waiting}
        for command in waiting:
            if self._journal.take(command.number, now_ns):
                self._carry_out(command, now_ns)
        halt = self._journal.operator_halt()  # also one whose asker did not wait for the answer
        if halt is None:
            self._release(OPERATOR, now_ns)
        elif self._halts.get(OPERATOR) != halt.detail:
            self._hold(OPERATOR, halt.detail, now_ns)
        self._answer_closings(now_ns)

    def _hold(self, source: str, detail: str, now_ns: int) -> None:
        self._halts[source] = detail
        ts = self._event_time(now_ns)
        self.publish_message(Topic.COMMANDS, HoldEntries(ts, source, detail))
        self._untold.append(detail)

    def _tell_halts(self, now_ns: int) -> None:
        untold, self._untold = self._untold, []
        for detail in untold:
            text = f"halted {detail}. No entries until resumed. {holdings_text(self._symbols(now_ns))}"
            alert = AlertRaised(self._event_time(now_ns), "operator_halt", "warning", text)
            self.publish_message(Topic.ALERTS, alert)

    def _release(self, source: str, now_ns: int) -> str:
        """Lift a halt; return which it was, "" if it was none."""
        detail = self._halts.pop(source, "")
        if detail:
            self._tell_halts(now_ns)
            ts = self._event_time(now_ns)
            self.publish_message(Topic.COMMANDS, ReleaseEntries(ts, source))
            text = f"resumed: the halt {detail} is lifted"
            self.publish_message(Topic.ALERTS, AlertRaised(ts, "operator_resume", "info", text))
        return detail

    def _halts_left(self, ts: int) -> list[str]:
        left = [halt_file_holds(self._file, self._halts[HALT_FILE])] if HALT_FILE in self._halts else []
        halt = self._loss_halt
        if halt is not None and halt.session in (None, self._sessions.session_of(ts)):
            left.append(loss_limit_holds(halt.detail))
        return left

    # -- Commands -------------------------------------------------------------------------------

    def _carry_out(self, command: OperatorCommand, now_ns: int) -> None:
        match command.kind:
            case "halt":
                self._halt(command, now_ns)
            case "resume":
                self._resume(command, now_ns)
            case _ if self._stale and command.number in self._stale:
                text = f"{command.kind} was not carried out: it was asked for before this node ran. Give it again."
                self._answer(command, Answer(EXIT_NOT_YET, text))
            case "flatten":
                self._flatten(command, now_ns)
            case "stop":
                self._answer(command, stopping(self._on_stop, self._symbols(now_ns)))
                self._request.ask(f"stopped by {command.given_by}")

    def _halt(self, command: OperatorCommand, now_ns: int) -> None:
        detail = f"by {command.given_by}: {command.reason}"
        if self._halts.get(OPERATOR) != detail:
            self._hold(OPERATOR, detail, now_ns)
        self._answer(command, halted(detail, self._symbols(now_ns)))

    def _resume(self, command: OperatorCommand, now_ns: int) -> None:
        was_halted = self._release(OPERATOR, now_ns)
        symbols = self._symbols(now_ns)
        self._answer(command, resumed(was_halted, self._halts_left(self._event_time(now_ns)), symbols))

    def _flatten(self, command: OperatorCommand, now_ns: int) -> None:
        symbols = self._symbols(now_ns)
        refusal = refusal_to_flatten(command.symbol, symbols)
        if refusal is not None:
            self._answer(command, refusal)
            return
        chosen = [facts for facts in chosen_symbols(command.symbol, symbols) if not (facts.is_flat or facts.lock)]
        self._closing.append(Closing(command, chosen, now_ns + FLAT_NS))
        ts, detail = self._event_time(now_ns), f"asked by {command.given_by}"
        for facts in chosen:
            self.publish_message(Topic.COMMANDS, Flatten(ts, ExitReason.OPERATOR, detail, facts.symbol))

    def _answer_closings(self, now_ns: int) -> None:
        for closing in tuple(self._closing):
            chosen = chosen_symbols(closing.command.symbol, self._symbols(now_ns))
            answer = flattened(closing.begun, chosen)
            if answer is None and now_ns >= closing.deadline_ns:
                answer = not_flat_yet(chosen)
            if answer is not None:
                self._closing.remove(closing)
                self._answer(closing.command, answer)

    def _answer(self, command: OperatorCommand, answer: Answer) -> None:
        # At the clock's time, not the timer's: a status that was written meanwhile does not know of it
        self._journal.answer(command.number, answer, self.clock.timestamp_ns())

    def _symbols(self, now_ns: int) -> Sequence[SymbolFacts]:
        return self._view.symbols(self._event_time(now_ns))

    def _event_time(self, now_ns: int) -> int:
        """Return the time by the bars: of a session that is replayed ahead of the clock, or the clock's."""
        return max([now_ns, *(facts.last_bar_ts for facts in self._view.symbols(now_ns))])


def _said_by(file: Path) -> str:
    """Return whose HALT file it is and what stands in it."""
    try:
        owner = file.owner()
    except (OSError, KeyError):
        owner = "somebody"
    try:
        reason = reason_of(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        reason = ""
    return f"{owner}, file {file.name}: {reason or 'no reason given'}"
