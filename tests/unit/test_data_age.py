"""The expected-bar clock: what is overdue, in a real session, before and after it, and in one ahead of the clock."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.link.data_age import BarClock
from catalog.sessions import Sessions

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
LIMIT_SECS = 160  # of minutes: two and a half, and ten seconds
SESSIONS = Sessions()
MONDAY, TUESDAY = (SESSIONS.on(date(2024, 10, day)) for day in (7, 8))
HALF_DAY = SESSIONS.on(date(2024, 11, 29))


def clock_of(started: int, step_secs: int = 60) -> BarClock:
    return BarClock(SESSIONS, step_secs, started)


def test_bars_that_come_are_never_stale():
    clock = clock_of(MONDAY.open)
    for minute in range(1, 391):
        ts = MONDAY.open + minute * MINUTE
        assert not clock.is_stale(ts)
        clock.arrived(ts, ts + SECOND // 10)


def test_a_bar_is_overdue_two_and_a_half_steps_and_ten_seconds_after_the_last():
    clock = clock_of(MONDAY.open)
    came = MONDAY.open + 5 * MINUTE
    clock.arrived(came, came)

    assert not clock.is_stale(came + LIMIT_SECS * SECOND)
    assert clock.is_stale(came + LIMIT_SECS * SECOND + 1)
    assert clock.late_ns(came + 200 * SECOND) == 200 * SECOND


def test_the_first_bar_of_a_session_counts_from_its_open():
    clock = clock_of(MONDAY.open - 3600 * SECOND)

    assert clock.late_ns(MONDAY.open - 1) == 0
    assert not clock.is_stale(MONDAY.open + LIMIT_SECS * SECOND)
    assert clock.is_stale(MONDAY.open + (LIMIT_SECS + 1) * SECOND)


def test_a_start_in_the_session_counts_from_the_start():
    started = MONDAY.open + 3600 * SECOND
    clock = clock_of(started)

    assert not clock.is_stale(started + LIMIT_SECS * SECOND)
    assert clock.is_stale(started + (LIMIT_SECS + 1) * SECOND)


@pytest.mark.parametrize("window", [MONDAY, HALF_DAY], ids=["full", "half"])
def test_nothing_is_due_after_the_close_nor_over_night(window):
    clock = clock_of(window.open)
    clock.arrived(window.close, window.close)

    assert clock.late_ns(window.close + LIMIT_SECS * 10 * SECOND) == 0
    assert clock.late_ns(window.close + 10 * 3600 * SECOND) == 0


def test_a_last_bar_that_never_came_is_forgotten_at_the_close():
    clock = clock_of(MONDAY.open)
    came = MONDAY.close - 30 * MINUTE
    clock.arrived(came, came)

    assert clock.is_stale(MONDAY.close - 1)
    assert clock.late_ns(MONDAY.close) == 0


def test_the_next_session_counts_from_its_own_open():
    clock = clock_of(MONDAY.open)
    clock.arrived(MONDAY.close, MONDAY.close)

    assert clock.late_ns(TUESDAY.open - 1) == 0
    assert clock.late_ns(TUESDAY.open + 30 * SECOND) == 30 * SECOND
    assert clock.is_stale(TUESDAY.open + (LIMIT_SECS + 1) * SECOND)


def test_a_session_ahead_of_the_clock_is_judged_by_its_own_bars():
    """Monday's session is played on Sunday: its bars come by the wall clock, a minute a second or not."""
    sunday = MONDAY.open - 24 * 3600 * SECOND
    clock = clock_of(sunday)
    assert not clock.is_stale(sunday + 3600 * SECOND)
    clock.arrived(MONDAY.open + 5 * MINUTE, sunday + 3600 * SECOND)

    assert not clock.is_stale(sunday + (3600 + LIMIT_SECS) * SECOND)
    assert clock.is_stale(sunday + (3601 + LIMIT_SECS) * SECOND)
    clock.arrived(MONDAY.close, sunday + 4000 * SECOND)
    assert clock.late_ns(sunday + 9000 * SECOND) == 0


def test_what_the_link_excuses_is_not_counted():
    clock = clock_of(MONDAY.open)
    came = MONDAY.open + 5 * MINUTE
    clock.arrived(came, came)
    clock.excuse(came + 300 * SECOND)

    assert not clock.is_stale(came + (300 + LIMIT_SECS) * SECOND)
    assert clock.is_stale(came + (301 + LIMIT_SECS) * SECOND)


def test_a_daily_bar_is_never_overdue_in_its_session():
    clock = clock_of(MONDAY.open, step_secs=86_400)

    assert not clock.is_stale(MONDAY.close - 1)


@given(st.integers(5, 3_600), st.integers(1, 390 * 60), st.integers(0, 390 * 60))
def test_staleness_needs_a_due_bar_and_more_than_the_limit(step_secs, came_secs, later_secs):
    clock = clock_of(MONDAY.open, step_secs)
    came = MONDAY.open + came_secs * SECOND
    clock.arrived(came, came)
    now = came + later_secs * SECOND
    is_due = came + step_secs * SECOND <= MONDAY.close and now < MONDAY.close
    is_late = later_secs > 2.5 * step_secs + 10

    if is_due:
        assert clock.is_stale(now) is is_late
    if not is_late:
        assert not clock.is_stale(now)
    if now >= MONDAY.close:
        assert clock.late_ns(now) == 0
