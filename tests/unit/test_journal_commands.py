"""The operator's commands in the journal: carried out once or not at all, and a halt that holds by itself."""

from pathlib import Path

import pytest

from actors.journal.commands import Answer, CommandJournal
from actors.journal.reader import JournalReader, OperatorHalt, Snapshot
from actors.messages import ExitReason, Halt
from tests.unit.journal_builders import RUN, write

DONE, LATE = Answer(0, "done"), Answer(4, "nobody took it")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite"
    with CommandJournal(path) as journal:
        journal.begin_run(RUN)
    return path


def test_a_command_is_taken_once_and_answered(path):
    with CommandJournal(path) as node, CommandJournal(path, is_known_sound=True) as operator:
        number = operator.ask("flatten", "anna@desk", 7, symbol="AAPL")
        [command] = node.waiting()
        assert (command.number, command.asked_ns, command.kind) == (number, 7, "flatten")
        assert (command.symbol, command.reason, command.given_by) == ("AAPL", "", "anna@desk")
        assert node.take(number, 8)
        assert not node.take(number, 9)
        assert node.waiting() == []
        assert operator.answer_of(number) is None
        node.answer(number, DONE, 10)
        assert operator.answer_of(number) == DONE


def test_what_was_taken_cannot_be_withdrawn_and_what_was_withdrawn_not_taken(path):
    with CommandJournal(path) as journal:
        taken, withdrawn = journal.ask("stop", "a", 1), journal.ask("flatten", "a", 2)
        assert journal.take(taken, 3)
        assert not journal.withdraw(taken, LATE, 4)
        assert journal.answer_of(taken) is None
        assert journal.withdraw(withdrawn, LATE, 5)
        assert not journal.take(withdrawn, 6)
        assert journal.waiting() == []
        assert journal.answer_of(withdrawn) == LATE


def test_a_halt_holds_from_the_asking_over_runs_until_a_resume(path):
    with CommandJournal(path) as journal:
        journal.ask("halt", "anna@desk", 5, reason="lunch")
        journal.ask("halt", "bob@desk", 6, reason="tea")
    with CommandJournal(path) as later:
        later.begin_run(RUN)
        assert later.operator_halt() == OperatorHalt(6, "bob@desk", "tea")
        later.ask("resume", "anna@desk", 8)
        assert later.operator_halt() is None  # all of them


def test_a_halt_of_the_loss_limit_is_no_operators(path):
    with CommandJournal(path) as journal:
        write(journal, Halt(1, None, ExitReason.LOSS_LIMIT, "limit"))
        assert journal.operator_halt() is None


def test_the_latest_snapshot_is_kept_and_read_by_others_while_writes_stay_synced(path):
    with CommandJournal(path) as journal, JournalReader(path) as reader:
        assert reader.snapshot() is None
        journal.put_snapshot("{}", 3)
        journal.put_snapshot('{"state": "trading"}', 4)
        assert reader.snapshot() == Snapshot(1, 4, '{"state": "trading"}')
        assert journal._rows("PRAGMA synchronous") == [(2,)]  # FULL again
        assert reader._rows("SELECT count(*) FROM snapshot") == [(1,)]
