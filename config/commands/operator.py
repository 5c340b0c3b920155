"""
What an operator asks of a node: written into its journal, answered from there; no network port.

Without a node a halt is kept for the next start and a resume lifts it; the rest needs one and says so. A command that
no node takes within a few seconds is withdrawn, so that it is not carried out when nobody expects it any more.

"""

import os
import pwd
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from actors.journal.commands import Answer, CommandJournal
from actors.journal.file import problem
from actors.log.news import ticker
from actors.status.answers import EXIT_DONE, EXIT_NOT_YET, EXIT_REFUSED, halt_file_holds, lifted_text, loss_limit_holds
from actors.status.report import StatusReport
from config.commands.status import EXIT_NOT_RUNNING, read_status
from config.live.state_dir import HALT_FILE_NAME, JOURNAL, is_running

NANOS_IN_SECOND = 1_000_000_000
STARTED_AGAIN = " A node that ended so may be started again: stop its supervisor, or `halt`, which holds for that too."
LATCHES = {"halt", "resume"}  # which the journal itself keeps
LOOK_SECS = 0.05
PATIENCE_NS = 5 * NANOS_IN_SECOND  # for the node to take a command, and again for its answer
END_NS = 45 * NANOS_IN_SECOND  # for the node to end: 30 s to go flat, the rest to disconnect and report


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a command is given; ``clock`` is UTC nanoseconds, ``pause`` sleeps for seconds."""

    directory: Path
    console: Console
    clock: Callable[[], int]
    pause: Callable[[float], None]


def give(desk: Desk, kind: str, *, symbol: str = "", reason: str = "") -> int:
    """
    Give a command, print what happened, return the exit code.

    Raises
    ------
    JournalError
        If the journal cannot be written.

    """
    path = desk.directory / JOURNAL
    if not path.exists():  # the node would never look into a new one
        raise problem(path, "the journal of the node", "none; put it back, if it was moved")
    with CommandJournal(path, is_known_sound=True) as journal:
        halt = journal.operator_halt()
        number = journal.ask(kind, _who(), desk.clock(), symbol=symbol, reason=reason)
        runs = is_running(desk.directory)
        try:
            answer = _await_answer(desk, journal, number, kind) if runs else None
        except KeyboardInterrupt:
            answer = _interrupted(desk, journal, number, kind)
        if answer is None:
            answer = _without_node(desk, journal, kind, "" if halt is None else halt.detail)
            if not journal.withdraw(number, answer, desk.clock()):
                answer = _taken(desk, answer, kind)
                journal.answer(number, answer, desk.clock())
    desk.console.out(answer.text)
    if kind == "stop" and runs and answer.exit_code == EXIT_DONE:
        try:
            return _await_end(desk)
        except KeyboardInterrupt:
            desk.console.out("interrupted: the node goes on ending; `status` shows how far it is.")
            return EXIT_NOT_YET
    return answer.exit_code


def _who() -> str:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = f"user {os.getuid()}"  # without a name, as in a container
    with suppress(OSError):  # nobody logged in, as in a container
        login = os.getlogin()  # who stands behind sudo
        user = user if login == user else f"{login} as {user}"
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"


# -- With a node --------------------------------------------------------------------------------


def _await_answer(desk: Desk, journal: CommandJournal, number: int, kind: str) -> Answer | None:
    """Return the node's answer, or that there is none; None when it ended without a word."""
    given_up = Answer(EXIT_NOT_RUNNING, _given_up_text(kind))
    deadline_ns, is_taken = desk.clock() + PATIENCE_NS, False
    while (answer := journal.answer_of(number)) is None:
        if not is_running(desk.directory):
            return journal.answer_of(number)
        if desk.clock() > deadline_ns:
            if is_taken or journal.withdraw(number, given_up, desk.clock()):
                return given_up
            deadline_ns, is_taken = desk.clock() + PATIENCE_NS, True
        desk.pause(LOOK_SECS)
    return answer


def _interrupted(desk: Desk, journal: CommandJournal, number: int, kind: str) -> Answer:
    text = f"interrupted: the {kind} is withdrawn, no node had taken it."
    if kind in LATCHES:
        text = f"interrupted: the {kind} is in the journal and holds; look at `status`."
    withdrawn = Answer(EXIT_NOT_YET, text)
    if kind in LATCHES or journal.withdraw(number, withdrawn, desk.clock()):
        return withdrawn
    return Answer(EXIT_NOT_YET, f"interrupted: the node has taken the {kind} and goes on with it; look at `status`.")


def _taken(desk: Desk, without_node: Answer, kind: str) -> Answer:
    """Return what is known when a node took a command and ended without a word of it."""
    if kind in LATCHES:
        return without_node  # the journal has it, with or without the node
    report = read_status(desk.directory, desk.clock())
    text = f"{report.detail}. It had taken the {kind}: what it sent, if anything, is at the broker; look there."
    return Answer(EXIT_NOT_RUNNING, f"{text}\n{last_known(report)}")


def _given_up_text(kind: str) -> str:
    secs = PATIENCE_NS // NANOS_IN_SECOND
    if kind in LATCHES:
        return f"the {kind} is in the journal, but the node did not answer within {secs} s; look at `status`."
    return (
        f"the node did not answer {kind} within {secs} s: it is connecting, or hangs. Look at `status` and at the "
        "broker; a process that hangs can be killed, its stops rest at the broker."
    )


def _await_end(desk: Desk) -> int:
    """Wait until the node has ended, and print how."""
    deadline_ns = desk.clock() + END_NS
    while is_running(desk.directory):
        if desk.clock() > deadline_ns:
            desk.console.out(f"it still runs after {END_NS // NANOS_IN_SECOND} s; `status` shows how far it is.")
            return EXIT_NOT_YET
        desk.pause(LOOK_SECS)
    report = read_status(desk.directory, desk.clock())
    desk.console.out(report.detail)
    return EXIT_DONE if report.node.exit_code == EXIT_DONE else EXIT_NOT_YET


# -- Without a node -----------------------------------------------------------------------------


def _without_node(desk: Desk, journal: CommandJournal, kind: str, was_halted: str) -> Answer:
    report = read_status(desk.directory, desk.clock())
    match kind:
        case "halt":
            halt = journal.operator_halt()
            by = "" if halt is None else halt.detail
            return Answer(EXIT_DONE, f"{report.detail}. The next one starts halted {by}.\n{last_known(report)}")
        case "resume":
            return _resumed(report.detail, was_halted, _halts_left(desk, journal))
    again = STARTED_AGAIN if kind == "stop" and report.node.exit_code != EXIT_DONE else ""
    return Answer(EXIT_NOT_RUNNING, f"{report.detail}. Nothing was sent.{again}\n{last_known(report)}")


def _resumed(since: str, was_halted: str, left: list[str]) -> Answer:
    if left:
        return Answer(EXIT_REFUSED, f"{since}.\n{lifted_text(was_halted)} Still no entries: {'; '.join(left)}.")
    return Answer(EXIT_DONE, f"{since}.\n{lifted_text(was_halted)} The next start is not halted.")


def _halts_left(desk: Desk, journal: CommandJournal) -> list[str]:
    left, file, loss = [], desk.directory / HALT_FILE_NAME, journal.loss_latch()
    if file.exists():
        left.append(halt_file_holds(file, "by the file"))
    today = datetime.fromtimestamp(desk.clock() // NANOS_IN_SECOND, UTC).date()
    if loss is not None and loss.is_breached and loss.session >= today:
        left.append(loss_limit_holds(f"hit in session {loss.session}"))
    return left


def last_known(report: StatusReport) -> str:
    """Return what the node last said of positions and their stops."""
    held = [
        f"{ticker(one.symbol)} {one.side} {one.quantity} "
        f"({'NO STOP' if one.stop_trigger is None else f'stop {one.stop_trigger:.2f}'})"
        for one in report.positions
    ]
    return f"At the broker, as last known: {', '.join(held) if held else 'nothing of ours'}."
