"""Law 8 as a rule: the daily loss limit holds, and stays held."""

from datetime import date
from decimal import Decimal

import pytest

from actors.loss_limits import DailyLossLimit

MONDAY, TUESDAY, WEDNESDAY = date(2024, 3, 11), date(2024, 3, 12), date(2024, 3, 13)
NO_NUMBER = [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")]


def make_limit() -> DailyLossLimit:
    return DailyLossLimit(limit_usd=Decimal(1_000), starting_equity_usd=Decimal(100_000))


def test_mark_inside_the_limit_tells_the_day():
    state = make_limit().mark(MONDAY, Decimal(99750))

    assert (state.session, state.baseline_usd, state.day_pnl_usd) == (MONDAY, 100_000, -250)
    assert (state.is_breached, state.is_new_breach, state.is_known) == (False, False, True)


@pytest.mark.parametrize(("equity", "is_breached"), [("99000.01", False), ("99000", True), ("98000", True)])
def test_mark_at_the_limit_breaches(equity, is_breached):
    assert make_limit().mark(MONDAY, Decimal(equity)).is_breached is is_breached


def test_breach_is_new_once_and_latched_though_equity_recovers():
    limit = make_limit()

    states = [limit.mark(MONDAY, Decimal(equity)) for equity in (98_900, 98_000, 105_000)]

    assert [state.is_breached for state in states] == [True, True, True]
    assert [state.is_new_breach for state in states] == [True, False, False]


def test_breach_ends_with_the_next_session_and_the_limit_counts_from_its_close():
    limit = make_limit()
    limit.mark(MONDAY, Decimal(98_900))
    limit.mark(MONDAY, Decimal(98_800))

    state = limit.mark(TUESDAY, Decimal(98_000))

    assert (state.is_breached, state.baseline_usd, state.day_pnl_usd) == (False, 98_800, -800)
    assert limit.mark(TUESDAY, Decimal(97_800)).is_new_breach


def test_overnight_gap_counts():
    limit = make_limit()
    limit.mark(MONDAY, Decimal(101_000))

    state = limit.mark(TUESDAY, Decimal(99_900))  # under the start of Monday, but 1 100 under its close

    assert state.is_new_breach
    assert state.day_pnl_usd == -1_100


@pytest.mark.parametrize("equity", NO_NUMBER)
def test_unknown_equity_keeps_latch_baseline_and_session(equity):
    limit = make_limit()
    limit.mark(MONDAY, Decimal(98_000))

    unknown = limit.mark(TUESDAY, equity)
    assert (unknown.is_known, unknown.is_breached, unknown.is_new_breach) == (False, True, False)
    assert (unknown.session, unknown.day_pnl_usd) == (MONDAY, -2_000)

    known = limit.mark(TUESDAY, Decimal(97_500))
    assert (known.is_known, known.is_breached, known.baseline_usd) == (True, False, 98_000)


@pytest.mark.parametrize("equity", NO_NUMBER)
def test_unknown_equity_within_a_day_is_not_the_next_baseline(equity):
    limit = make_limit()
    limit.mark(MONDAY, Decimal(100_500))
    limit.mark(MONDAY, equity)

    assert limit.mark(TUESDAY, Decimal(100_000)).baseline_usd == 100_500


def test_first_mark_unknown_has_the_starting_equity_as_baseline():
    state = make_limit().mark(MONDAY, Decimal("NaN"))

    assert (state.is_known, state.session, state.baseline_usd, state.day_pnl_usd) == (False, MONDAY, 100_000, 0)


def test_session_going_backwards_is_refused():
    limit = make_limit()
    limit.mark(TUESDAY, Decimal(100_000))

    with pytest.raises(ValueError, match="expected a session from 2024-03-12 on, was 2024-03-11"):
        limit.mark(MONDAY, Decimal(100_000))


@pytest.mark.parametrize("limit_usd", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_limit_not_above_zero_is_refused(limit_usd):
    with pytest.raises(ValueError, match=f"expected USD above 0, was {limit_usd}; set risk.max_daily_loss_usd"):
        DailyLossLimit(limit_usd, Decimal(100_000))


def test_starting_equity_unknown_is_refused():
    with pytest.raises(ValueError, match="expected a finite starting equity in USD, was NaN"):
        DailyLossLimit(Decimal(1_000), Decimal("NaN"))
