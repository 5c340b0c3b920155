"""Sessions agree with exchange_calendars' own answers at any time from 1995 to 2039."""

import exchange_calendars
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.sessions import Sessions

FIRST, LAST = (pd.Timestamp(text, tz="UTC").value // 10**9 for text in ("1995-01-03", "2039-12-01"))
SPRING, AUTUMN = (int(pd.Timestamp(text, tz="UTC").timestamp()) for text in ("2024-03-10 07:00", "2024-11-03 06:30"))
moments = st.integers(FIRST, LAST).map(lambda secs: secs * 10**9)
shared = Sessions()  # one object for all examples, so that its memory of the last day is put to the test


ANSWERS = exchange_calendars.get_calendar("XNYS", start="1994-06-01", end="2040-06-01").schedule


@given(moments)
@example(SPRING * 10**9)
@example(AUTUMN * 10**9)
def test_window_at_any_time_is_the_calendars_session_of_that_date(ts: int) -> None:
    day = pd.Timestamp(ts, tz="UTC").tz_convert("America/New_York").normalize().tz_localize(None)

    window = shared.window(ts)

    assert (window is not None) == (day in ANSWERS.index)
    if window:
        known = ANSWERS.loc[day]
        assert (window.open, window.close) == (known["open"].value, known["close"].value)


@given(moments)
def test_session_of_any_time_is_its_date_or_the_next(ts: int) -> None:
    day = pd.Timestamp(ts, tz="UTC").tz_convert("America/New_York").normalize().tz_localize(None)

    assert shared.session_of(ts) == ANSWERS.index[ANSWERS.index.searchsorted(day)].date()


@given(moments)
def test_entry_with_nothing_avoided_is_allowed_just_inside_the_last_session_to_open(ts: int) -> None:
    at = pd.Timestamp(ts, tz="UTC")
    latest = ANSWERS.iloc[ANSWERS["open"].searchsorted(at) - 1]  # the last session to open before

    allowed, _ = shared.entry_verdict(ts, 0, 0)

    assert allowed == (latest["open"] < at < latest["close"])


@given(moments, st.integers(0, 60), st.integers(0, 60), st.integers(0, 30))
def test_avoiding_more_minutes_never_allows_more(ts: int, first: int, last: int, more: int) -> None:
    if shared.entry_verdict(ts, first + more, last + more)[0]:
        assert shared.entry_verdict(ts, first, last)[0]
