"""The loss limit as a latch: whatever equity does, a breach lasts to the end of its session."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from actors.loss_limits import DailyLossLimit

START = Decimal(10_000)
equities = st.decimals(min_value=8_000, max_value=12_000, places=2)
no_number = st.sampled_from([Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
# Days to move on, equity: a few marks in a session, now and then the next one.
marks = st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 3]), equities | no_number), max_size=40)
limits = st.decimals(min_value=100, max_value=2_000, places=0)


def run(limit_usd, moves):
    limit = DailyLossLimit(limit_usd, START)
    session = date(2024, 3, 11)
    for days, equity in moves:
        session += timedelta(days=days)
        yield session, equity, limit.mark(session, equity)


@given(limit_usd=limits, moves=marks)
def test_breach_law_8_never_ends_within_its_session(limit_usd, moves):
    states = [state for _, _, state in run(limit_usd, moves)]

    for _, same_session in groupby(states, key=lambda state: state.session):
        flags = [state.is_breached for state in same_session]
        assert flags == sorted(flags)


@given(limit_usd=limits, moves=marks)
def test_breach_is_new_exactly_once_a_session(limit_usd, moves):
    states = [state for _, _, state in run(limit_usd, moves)]

    for _, same_session in groupby(states, key=lambda state: state.session):
        group = list(same_session)
        assert sum(state.is_new_breach for state in group) == group[-1].is_breached


@given(limit_usd=limits, moves=marks)
def test_breach_happens_exactly_when_a_valid_mark_lost_the_limit(limit_usd, moves):
    """Against a plain recount: group the valid marks by session, compare each with the last one before."""
    valid = [(session, equity, state) for session, equity, state in run(limit_usd, moves) if equity.is_finite()]
    baseline = START
    for _, same_session in groupby(valid, key=lambda mark: mark[0]):
        group = list(same_session)
        for seen, (_, _, state) in enumerate(group, start=1):
            lowest = min(equity for _, equity, _ in group[:seen])
            assert state.baseline_usd == baseline
            assert state.is_breached == (baseline - lowest >= limit_usd)
        baseline = group[-1][1]


@given(limit_usd=limits, moves=marks, bad=no_number, at=st.integers(0, 40))
def test_marks_that_are_no_number_change_nothing(limit_usd, moves, bad, at):
    spoiled = [*moves[:at], (0, bad), *moves[at:]]

    states = [state for _, equity, state in run(limit_usd, moves) if equity.is_finite()]
    others = [state for _, equity, state in run(limit_usd, spoiled) if equity.is_finite()]

    assert others == states
