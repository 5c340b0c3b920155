"""What a catalog lacks, cut into requests: whole days in fives, the day that goes on, hours of seconds."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.download_plan import SESSIONS_AT_ONCE, SETTLE_NS, DownloadPlan, check_step
from catalog.errors import CatalogError
from catalog.sessions import NANOS_IN_MINUTE, NANOS_IN_SECOND, Sessions

SESSIONS = Sessions()
WEEKS = SESSIONS.between(date(2026, 11, 16), date(2026, 11, 27))  # with a holiday and a half day
LONG_AFTER = WEEKS[-1].close + 24 * 60 * NANOS_IN_MINUTE
NONE = np.empty(0, dtype=np.int64)


def plan(step_secs: int = 60, now_ns: int = LONG_AFTER) -> DownloadPlan:
    return DownloadPlan(WEEKS, step_secs, SESSIONS, now_ns)


def minutes(*windows) -> np.ndarray:
    return np.concatenate([NONE, *(SESSIONS.bar_closes(window, 60) for window in windows)])


def days(pieces) -> list[list[int]]:
    return [[window.session.day for window in piece.windows] for piece in pieces]


def test_empty_catalog_is_filled_five_sessions_at_a_time() -> None:
    pieces = plan().pieces(NONE, {})

    assert days(pieces) == [[16, 17, 18, 19, 20], [23, 24, 25, 27]]
    assert [piece.duration for piece in pieces] == ["5 D", "4 D"]
    assert [(piece.start, piece.end) for piece in pieces] == [
        (WEEKS[0].open, WEEKS[4].close),
        (WEEKS[5].open, WEEKS[8].close),
    ]


def test_days_that_are_there_are_not_asked_for_and_cut_a_run() -> None:
    assert days(plan().pieces(minutes(WEEKS[2], WEEKS[8]), {})) == [[16, 17], [19, 20, 23, 24, 25]]
    assert plan().pieces(minutes(*WEEKS), {}) == []


def test_day_that_lacks_a_bar_is_asked_for_unless_it_was_fetched_so() -> None:
    held = np.delete(minutes(*WEEKS), 100)

    assert days(plan().pieces(held, {})) == [[16]]
    assert plan().pieces(held, {WEEKS[0].session: 389}) == []
    assert days(plan().pieces(np.delete(held, 200), {WEEKS[0].session: 389})) == [[16]]


def test_day_fetched_without_a_bar_is_asked_for_again() -> None:
    assert days(plan().pieces(minutes(*WEEKS[1:]), {WEEKS[0].session: 0})) == [[16]]


def test_day_that_goes_on_is_asked_for_alone_up_to_its_last_closed_bar() -> None:
    now = WEEKS[2].open + 61 * NANOS_IN_MINUTE + 30 * NANOS_IN_SECOND
    running = plan(now_ns=now)
    pieces = running.pieces(NONE, {})

    assert days(pieces) == [[16, 17], [18]]
    assert (pieces[1].end - WEEKS[2].open, pieces[1].duration) == (61 * NANOS_IN_MINUTE, "3660 S")
    assert [running.is_over(window) for window in running.windows] == [True, True, False]


def test_day_that_goes_on_is_not_asked_for_when_all_closed_bars_are_there_and_is_completed_later() -> None:
    now = WEEKS[2].open + 61 * NANOS_IN_MINUTE + 30 * NANOS_IN_SECOND
    held = minutes(*WEEKS[:3])[: 2 * 390 + 61]

    assert plan(now_ns=now).pieces(held, {}) == []
    assert days(plan(now_ns=now + NANOS_IN_MINUTE).pieces(held, {})) == [[18]]
    assert days(plan().pieces(held, {}))[0] == [18, 19, 20, 23, 24]


def test_bar_is_left_until_its_trades_have_settled() -> None:
    close = WEEKS[0].open + 5 * NANOS_IN_MINUTE

    assert plan(now_ns=close + SETTLE_NS - 1).pieces(NONE, {})[0].end == close - NANOS_IN_MINUTE
    assert plan(now_ns=close + SETTLE_NS).pieces(NONE, {})[0].end == close
    assert plan(now_ns=WEEKS[0].open + NANOS_IN_MINUTE).windows == []


def test_seconds_are_asked_for_by_the_hour_and_only_where_some_are_missing() -> None:
    pieces = plan(step_secs=5, now_ns=WEEKS[0].close + SETTLE_NS).pieces(NONE, {})

    assert [piece.duration for piece in pieces] == ["3600 S"] * 6 + ["1800 S"]
    held = SESSIONS.bar_closes(WEEKS[0], 5)[:1_500]
    rest = plan(step_secs=5, now_ns=WEEKS[0].close + SETTLE_NS).pieces(held, {})
    assert rest == pieces[2:]


def test_hourly_bar_of_the_open_closes_on_the_clock() -> None:
    window = WEEKS[0]
    opens = np.array([window.open, window.open + 30 * NANOS_IN_MINUTE, window.close], dtype=np.int64)

    closes = plan(step_secs=3_600).closes(opens)

    assert ((closes[:2] - window.open) // NANOS_IN_MINUTE).tolist() == [30, 90]
    assert closes[2] == 0


@pytest.mark.parametrize(("step", "secs"), [("10-SECOND", 10), ("4-MINUTE", 240), ("2-HOUR", 7_200), ("1-DAY", 86_400)])
def test_length_that_ib_does_not_have_is_told_with_those_it_has(step: str, secs: int) -> None:
    with pytest.raises(CatalogError, match=f"or 1-HOUR.*, was '{step}'"):
        check_step(step, secs)


@settings(max_examples=60)
@given(st.sets(st.integers(0, 8)), st.sets(st.integers(0, 3_500)), st.integers(0, 12 * 24 * 60))
def test_pieces_hold_exactly_what_is_missing(whole_days, lost, minutes_on) -> None:
    now = WEEKS[0].open + minutes_on * NANOS_IN_MINUTE
    held = minutes(*(WEEKS[day] for day in sorted(whole_days)))
    held = np.delete(held, [each for each in lost if each < len(held)])
    held = held[held <= now]
    pieces = plan(now_ns=now).pieces(held, {})

    expected = minutes(*WEEKS)
    missing = np.setdiff1d(expected[expected <= now - SETTLE_NS], held)
    asked = [expected[(piece.start < expected) & (expected <= piece.end)] for piece in pieces]
    flat = np.concatenate([NONE, *asked])
    assert np.isin(missing, flat).all()
    assert len(np.unique(flat)) == len(flat)  # nothing is asked for twice
    assert all(len(piece.windows) <= SESSIONS_AT_ONCE for piece in pieces)
    for piece in pieces:
        for window in piece.windows:
            assert ((window.open < missing) & (missing <= window.close)).any()
