"""Do the books agree: what a difference between the broker, the owner and the engine calls for, and when."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.link.book_rules import LASTING_NS, RECENT_NS, BookRules, Counts, Verdict
from tests.integration.rig import SIDES

SECOND = 1_000_000_000
EVERY = 5 * SECOND  # as often as the ear asks


def counts(broker, owner: int, engine: int) -> Counts:
    return Counts(Decimal(str(broker)), owner, engine)


def verdicts(rules: BookRules, *told: Counts, is_working: bool = False, changed_ns: int = 0) -> list[Verdict]:
    return [
        rules.compare(each, number * EVERY + 100 * SECOND, LASTING_NS, is_working=is_working, changed_ns=changed_ns)
        for number, each in enumerate(told)
    ]


@SIDES
def test_books_that_agree_agree_at_once(side):
    assert verdicts(BookRules(), counts(0, 0, 0), counts(100 * side, 100 * side, 100 * side)) == [Verdict.AGREE] * 2


@SIDES
@pytest.mark.parametrize("broker", [150, 0, -100])
def test_what_somebody_else_did_locks_once_it_has_lasted(side, broker):
    """The engine has taken the stranger's trade in, the owner knows nothing of it (T17)."""
    found = counts(broker * side, 100 * side, broker * side)

    assert verdicts(BookRules(), found, found, found) == [Verdict.WAIT, Verdict.WAIT, Verdict.LOCK]


@SIDES
def test_an_engine_that_does_not_follow_the_broker_needs_a_restart(side):
    found = counts(0, 100 * side, 100 * side)

    assert verdicts(BookRules(), found, found, found) == [Verdict.WAIT, Verdict.WAIT, Verdict.RESTART]


@SIDES
def test_a_fraction_of_a_share_locks_for_no_restart_would_help(side):
    found = counts(0.5 * side, 0, 0)

    assert verdicts(BookRules(), found, found, found)[-1] is Verdict.LOCK


def test_a_difference_that_ends_begins_anew():
    rules = BookRules()
    other, same = counts(5, 0, 5), counts(0, 0, 0)

    assert Verdict.LOCK not in verdicts(rules, other, other, same, other, other)


def test_while_an_order_works_only_the_very_same_difference_lasts():
    filling = [counts(number, 0, 0) for number in range(1, 20)]
    late = [counts(5, 0, 0)] * 5

    assert verdicts(BookRules(), *filling, is_working=True) == [Verdict.WAIT] * 19
    assert verdicts(BookRules(), *late, is_working=True) == [Verdict.WAIT] * 2 + [Verdict.RESTART] * 3
    rules = BookRules()  # nor is the short patience after an outage enough
    told = [rules.compare(late[0], now * SECOND, 3 * SECOND, is_working=True, changed_ns=0) for now in (100, 109, 110)]
    assert told == [Verdict.WAIT, Verdict.WAIT, Verdict.RESTART]


def test_nothing_is_said_while_the_books_changed_just_now():
    other = counts(5, 0, 0)
    rules = BookRules()
    for number in range(9):
        now = (number + 1) * EVERY
        told = rules.compare(other, now, LASTING_NS, is_working=False, changed_ns=now - RECENT_NS + 1)
        assert told is Verdict.WAIT
        assert rules.difference is None


def test_an_outage_does_not_count():
    rules = BookRules()
    other = counts(5, 0, 5)
    verdicts(rules, other, other)
    rules.forget()

    assert rules.compare(other, 200 * SECOND, LASTING_NS, is_working=False, changed_ns=0) is Verdict.WAIT


def test_the_words_have_the_numbers_that_differ():
    assert str(counts(7, -3, 2)) == "the broker holds 7, our books -3, NautilusTrader's 2"
    assert str(counts(54, 44, 44)) == "the broker holds 54, our books 44"


NUMBERS = st.integers(-2, 2)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.integers(1, 15)), max_size=30))
def test_nothing_is_locked_or_restarted_before_a_difference_has_lasted(steps):
    rules, now, since, before = BookRules(), 1_000 * SECOND, None, None
    for broker, owner, engine, is_working, secs in steps:
        now += secs * SECOND
        verdict = rules.compare(counts(broker, owner, engine), now, LASTING_NS, is_working=is_working, changed_ns=0)
        is_same = broker == owner == engine
        is_new = is_working and (broker, owner, engine) != before
        since, before = None if is_same else now if is_new else since or now, (broker, owner, engine)
        assert (verdict is Verdict.AGREE) is is_same
        assert (verdict in (Verdict.LOCK, Verdict.RESTART)) is (since is not None and now - since >= LASTING_NS)
        if verdict is Verdict.RESTART:
            assert broker != engine
