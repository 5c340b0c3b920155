"""Who allows no entries: a halt above a hold, the operator above the loss limit, a halt of a session while it lasts."""

from datetime import UTC, datetime

import pytest

from actors.messages import HALT_FILE, OPERATOR, ExitReason, Halt, HoldEntries
from catalog.sessions import Sessions
from strategies.entry_holds import MAX_FAILURES, EntryHolds

SESSIONS = Sessions()
MONDAY, TUESDAY = (int(datetime(2024, 10, day, 15, tzinfo=UTC).timestamp()) * 10**9 for day in (7, 8))


@pytest.fixture
def holds():
    return EntryHolds(SESSIONS)


def loss(ts, detail="daily loss"):
    return Halt(ts, SESSIONS.session_of(ts), ExitReason.LOSS_LIMIT, detail)


def test_at_first_nothing_stands_against_an_entry(holds):
    assert (holds.halted(MONDAY), holds.held(), list(holds.halts)) == ("", "", [])


def test_a_hold_is_told_with_its_source_the_oldest_first_until_it_is_released(holds):
    holds.hold(HoldEntries(1, "link", "no answer"))
    holds.hold(HoldEntries(2, "data", "no bar"))
    holds.hold(HoldEntries(3, "link", "no answer for 9 s"))
    assert (holds.held(), holds.halted(MONDAY)) == ("link: no answer for 9 s", "")
    holds.release("link")
    assert holds.held() == "data: no bar"
    holds.release("data")
    holds.release("data")
    assert holds.held() == ""


def test_a_halt_of_a_session_ends_with_it_and_one_of_none_does_not(holds):
    holds.halt(loss(MONDAY))
    assert (holds.halted(MONDAY), holds.halted(TUESDAY)) == ("daily loss", "")
    holds.halt(loss(TUESDAY, "again"))
    assert (holds.halted(MONDAY), holds.halted(TUESDAY)) == ("", "again")
    holds.halt(Halt(MONDAY, None, ExitReason.OPERATOR, "for good"))
    assert (holds.halted(MONDAY), len(list(holds.halts))) == ("for good", 2)


@pytest.mark.parametrize("source", [OPERATOR, HALT_FILE])
def test_an_operators_word_is_a_halt_and_comes_first(holds, source):
    holds.halt(loss(MONDAY))
    holds.hold(HoldEntries(1, source, "by anna: lunch"))
    assert holds.halted(MONDAY) == "by anna: lunch"
    holds.release(source)
    assert holds.halted(MONDAY) == "daily loss"


def test_too_many_failures_halt_for_the_rest_of_the_run(holds):
    for _ in range(MAX_FAILURES - 1):
        holds.failed()
    assert holds.halted(MONDAY) == ""
    holds.failed()
    holds.failed()
    assert holds.halted(TUESDAY) == "4 exceptions in handlers >= 3"
