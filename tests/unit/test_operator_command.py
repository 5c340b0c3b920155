"""An operator's command when the node does not answer, or is not there; by a clock in the hand of the test."""

import errno
import fcntl
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from actors.journal.commands import Answer, CommandJournal
from actors.messages import LossBaselineSet, LossLimitHit
from config.commands.operator import PATIENCE_NS, Desk, give
from config.live.state_dir import JOURNAL, LOCK
from tests.unit.journal_builders import RUN, write

START = 1_795_372_800_000_000_000  # 2026-11-22 18:40:00 UTC


class Hand:
    """A clock that goes on by what is waited; at each look it does the next thing of a script."""

    def __init__(self, directory: Path, *script) -> None:
        self.now = START
        self.console = Console(soft_wrap=True, record=True, quiet=False, highlight=False)
        self._script = list(script)
        self.desk = Desk(directory, self.console, lambda: self.now, self.pause)

    def pause(self, secs: float) -> None:
        self.now += int(secs * 10**9)
        if self._script:
            self._script.pop(0)()

    def give(self, kind: str, **about: str) -> tuple[int, str]:
        with self.console.capture() as capture:
            code = give(self.desk, kind, **about)
        return code, capture.get()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with CommandJournal(tmp_path / JOURNAL) as journal:
        journal.begin_run(RUN)
    return tmp_path


@contextmanager
def lock_held(directory: Path):
    with (directory / LOCK).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def asked(state: Path) -> list[tuple]:
    with CommandJournal(state / JOURNAL) as journal:
        return journal._rows("SELECT kind, taken_ns IS NOT NULL, exit_code FROM operator_commands ORDER BY seq")


def test_a_command_that_no_node_takes_is_withdrawn(state):
    hand = Hand(state)
    with lock_held(state):
        code, text = hand.give("flatten")

    assert code == 4
    assert "the node did not answer flatten within 5 s: it is connecting, or hangs." in text
    assert PATIENCE_NS < hand.now - START < 1.1 * PATIENCE_NS
    assert asked(state) == [("flatten", 0, 4)]


def test_a_command_that_was_taken_gets_time_for_its_answer(state):
    node = CommandJournal(state / JOURNAL)

    def take():
        assert node.take(node.waiting()[0].number, START)

    def answer():
        node.answer(1, Answer(0, "flat"), START)

    waiting = [lambda: None] * 150  # beyond the patience for the taking
    with lock_held(state), node:
        assert Hand(state, take, *waiting, answer).give("flatten") == (0, "flat\n")


def test_a_node_that_ends_meanwhile_is_told_of(state):
    lock = (state / LOCK).open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    code, text = Hand(state, lambda: None, lock.close).give("stop")

    assert code == 4
    assert "no node runs: the last one was killed or crashed" in text
    assert "Nothing was sent. A node that ended so may be started again: stop its supervisor" in text
    assert "\nAt the broker, as last known: nothing of ours." in text
    assert asked(state) == [("stop", 0, 4)]


def test_a_halt_that_is_not_answered_holds_all_the_same(state):
    with lock_held(state):
        code, text = Hand(state).give("halt", reason="lunch")

    assert (code, "the halt is in the journal" in text) == (4, True)
    with CommandJournal(state / JOURNAL) as journal:
        assert journal.operator_halt().reason == "lunch"


def test_a_node_that_took_a_command_and_ended_may_have_sent_something(state):
    lock, node = (state / LOCK).open("a+"), CommandJournal(state / JOURNAL)
    fcntl.flock(lock, fcntl.LOCK_EX)

    def take_and_die():
        assert node.take(node.waiting()[0].number, START)
        lock.close()

    with node:
        code, text = Hand(state, take_and_die).give("flatten")
    assert code == 4
    assert "It had taken the flatten: what it sent, if anything, is at the broker; look there." in text
    assert "Nothing was sent" not in text
    assert asked(state) == [("flatten", 1, 4)]  # and no row is left without an answer


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupted_command_is_withdrawn(state):
    with lock_held(state):
        code, text = Hand(state, interrupt).give("flatten")
    assert (code, text) == (1, "interrupted: the flatten is withdrawn, no node had taken it.\n")
    assert asked(state) == [("flatten", 0, 1)]


def test_an_interrupted_command_that_was_taken_is_said_to_go_on(state):
    node = CommandJournal(state / JOURNAL)

    def take():
        assert node.take(node.waiting()[0].number, START)

    with lock_held(state), node:
        code, text = Hand(state, take, interrupt).give("flatten")
    assert (code, "the node has taken the flatten and goes on with it" in text) == (1, True)


def test_an_interrupted_halt_holds(state):
    with lock_held(state):
        code, text = Hand(state, interrupt).give("halt", reason="lunch")
    assert (code, "the halt is in the journal and holds" in text) == (1, True)
    with CommandJournal(state / JOURNAL) as journal:
        assert journal.operator_halt().reason == "lunch"


@pytest.mark.parametrize("ended_with", [0, 1, 5, None])
def test_a_stop_says_by_its_exit_code_whether_the_end_was_as_asked(state, ended_with):
    lock, node = (state / LOCK).open("a+"), CommandJournal(state / JOURNAL)
    fcntl.flock(lock, fcntl.LOCK_EX)

    def answer():
        node.take(node.waiting()[0].number, START)
        node.answer(1, Answer(0, "stopping"), START)

    def end():
        if ended_with is not None:
            node.end_run(1, START, ended_with, "not flat")
        lock.close()

    with node:
        code, text = Hand(state, answer, end).give("stop")
    assert (code, text.startswith("stopping\nno node runs")) == (int(ended_with != 0), True)


def nobody() -> str:
    raise OSError(errno.ENOTTY, "nobody is logged in")


def test_a_user_without_a_name_gives_commands_too(state, monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 54_321)
    monkeypatch.setattr("os.getlogin", nobody)
    Hand(state).give("halt", reason="lunch")
    with CommandJournal(state / JOURNAL) as journal:
        assert journal.operator_halt().given_by.startswith("user 54321@")


def test_who_gives_a_command_through_sudo_is_named_beside_whom_it_runs_as(state, monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 54_321)
    monkeypatch.setattr("os.getlogin", lambda: "anna")
    Hand(state).give("halt", reason="lunch")
    with CommandJournal(state / JOURNAL) as journal:
        assert journal.operator_halt().given_by.startswith("anna as user 54321@")


@pytest.mark.parametrize(
    ("session", "code"), [(date(2026, 11, 23), 3), (date(2026, 11, 22), 3), (date(2026, 11, 20), 0)]
)
def test_a_resume_without_a_node_knows_of_the_loss_limit_and_of_the_file(state, session, code):
    with CommandJournal(state / JOURNAL) as journal:
        write(journal, LossBaselineSet(1, session, Decimal(1000)))
        write(journal, LossLimitHit(2, session, Decimal(-300), Decimal(200), Decimal(1000)))
    found, text = Hand(state).give("resume")
    assert (found, f"hit in session {session}" in text) == (code, code == 3)

    (state / "HALT").touch()
    found, text = Hand(state).give("resume")
    assert (found, f"remove {state / 'HALT'}" in text) == (3, True)
