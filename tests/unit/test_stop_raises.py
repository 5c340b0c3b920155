"""A raise of the stop leaves only after the decision on its bar: an exit decided there does not wait for it."""

from decimal import Decimal

import pytest

from actors.messages import RaiseStop
from strategies.stop_raises import StopRaises

EARLIER, BAR, LATER = 60, 120, 180


@pytest.fixture
def sent():
    return []


@pytest.fixture
def raises(sent):
    return StopRaises(lambda trigger, market: sent.append((trigger, market)))


def raise_at(ts: int, trigger: int = 95) -> RaiseStop:
    return RaiseStop(ts, "AAPL.NASDAQ", Decimal(trigger), Decimal(100))


def test_a_raise_waits_until_its_bar_is_decided_on(raises, sent):
    raises.asked(raise_at(BAR), decided_ts=EARLIER)
    assert sent == []
    raises.decided(BAR)
    assert sent == [(Decimal(95), Decimal(100))]
    raises.decided(BAR)
    assert len(sent) == 1


@pytest.mark.parametrize("decided_ts", [BAR, LATER])
def test_a_raise_of_a_bar_that_was_decided_on_leaves_at_once(raises, sent, decided_ts):
    raises.asked(raise_at(BAR), decided_ts)
    assert len(sent) == 1


def test_a_raise_whose_bar_was_never_decided_on_is_forgotten(raises, sent):
    raises.asked(raise_at(BAR), decided_ts=EARLIER)
    raises.decided(LATER)
    assert sent == []


def test_of_two_raises_the_later_one_counts(raises, sent):
    raises.asked(raise_at(BAR, 95), decided_ts=EARLIER)
    raises.asked(raise_at(BAR, 96), decided_ts=EARLIER)
    raises.decided(BAR)
    assert sent == [(Decimal(96), Decimal(100))]
