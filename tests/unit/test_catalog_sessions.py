"""Sessions against days known from the exchange's own notices."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from catalog.sessions import Sessions

NEW_YORK = ZoneInfo("America/New_York")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2014-06-09", "09:30", "16:00"),
        ("2013-07-03", "09:30", "13:00"),  # before Independence Day
        ("2014-11-28", "09:30", "13:00"),  # after Thanksgiving
        ("2024-12-24", "09:30", "13:00"),
        ("2024-03-08", "09:30", "16:00"),  # the last session before daylight saving
        ("2024-03-11", "09:30", "16:00"),
        ("1992-07-02", "09:30", "16:00"),
    ],
)
def test_window_on_a_known_day_has_the_exchanges_hours(day: str, opens: str, closes: str) -> None:
    window = Sessions().window(ns(f"{day} 11:11"))

    assert window is not None
    assert (window.open, window.close) == (ns(f"{day} {opens}"), ns(f"{day} {closes}"))


@pytest.mark.parametrize("day", ["2014-07-04", "2014-06-07", "2012-10-29", "2001-09-12", "2025-01-09"])
def test_window_without_a_session_is_none(day: str) -> None:
    assert Sessions().window(ns(f"{day} 11:00")) is None


@pytest.mark.parametrize(("day", "closes"), [("2014-06-09", "20:00"), ("2024-12-24", "17:00")])
def test_window_in_extended_hours_runs_from_four_to_eight_or_five(day: str, closes: str) -> None:
    window = Sessions(hours="extended").window(ns(f"{day} 11:00"))

    assert window is not None
    assert (window.open, window.close) == (ns(f"{day} 04:00"), ns(f"{day} {closes}"))


def test_window_holds_for_the_whole_exchange_day_and_no_longer() -> None:
    sessions = Sessions()
    first, last = ns("2014-06-09 00:00"), ns("2014-06-10 00:00") - 1

    found = [sessions.window(ts) for ts in (first, last, last + 1, first - 1)]

    assert [w and w.session for w in found] == [date(2014, 6, 9), date(2014, 6, 9), date(2014, 6, 10), None]


@pytest.mark.parametrize(
    ("at", "session"),
    [
        ("2014-06-09 03:00", "2014-06-09"),
        ("2014-06-09 21:00", "2014-06-09"),
        ("2014-07-04 12:00", "2014-07-07"),
        ("2019-12-31 23:59", "2019-12-31"),
        ("2029-12-31 23:59", "2029-12-31"),  # the end of a table of years
        ("2030-01-01 12:00", "2030-01-02"),
    ],
)
def test_session_of_a_time_is_its_date_or_the_next_session(at: str, session: str) -> None:
    assert Sessions().session_of(ns(at)) == date.fromisoformat(session)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2014-06-09 09:30", "session: 09:30 is not after the 09:30 open"),
        ("2014-06-09 09:35", "session: 09:35 is within the first 10 min after the 09:30 open"),
        ("2014-06-09 09:39:55", "session: 09:39:55 is within the first 10 min after the 09:30 open"),
        ("2014-06-09 09:40", ""),
        ("2014-06-09 15:49", ""),
        ("2014-06-09 15:50", "session: 15:50 is within the last 10 min before the 16:00 close"),
        ("2013-07-03 12:55", "session: 12:55 is within the last 10 min before the 13:00 close"),
        ("2014-06-09 16:00", "session: 16:00 is not before the 16:00 close"),
        ("2014-07-04 11:00", "session: 2014-07-04 is no XNYS session"),
    ],
)
def test_entry_verdict_names_the_rule_and_its_numbers(at: str, reason: str) -> None:
    assert Sessions().entry_verdict(ns(at), 10, 10) == (reason == "", reason)


@pytest.mark.parametrize(("at", "allowed"), [("09:30", False), ("09:31", True), ("15:59", True), ("16:00", False)])
def test_entry_verdict_with_nothing_avoided_still_refuses_open_and_close(at: str, allowed: bool) -> None:
    assert Sessions().entry_verdict(ns(f"2014-06-09 {at}"), 0, 0)[0] is allowed


@pytest.mark.parametrize("at", ["2014-07-04 11:00", "2014-06-09 03:00", "2014-06-09 16:00"])
def test_entry_verdict_at_any_hours_allows_always(at: str) -> None:
    assert Sessions(hours="any").entry_verdict(ns(at), 10, 10) == (True, "")


@pytest.mark.parametrize(
    ("at", "mins", "expected"),
    [
        ("2014-06-09 15:54", 5, False),
        ("2014-06-09 15:55", 5, True),
        ("2014-06-09 18:00", 5, True),
        ("2014-06-09 15:59", 0, False),
        ("2013-07-03 12:55", 5, True),
        ("2014-07-04 15:59", 5, False),
    ],
)
def test_flatten_time_counts_from_the_days_own_close(at: str, mins: int, expected: bool) -> None:
    assert Sessions().is_past_flatten_time(ns(at), mins) is expected


@pytest.mark.parametrize(
    ("day", "step_secs", "from_open", "first", "last", "count"),
    [
        ("2014-06-09", 60, False, "09:31", "16:00", 390),
        ("2013-07-03", 60, False, "09:31", "13:00", 210),
        ("2014-06-09", 5, False, "09:30:05", "16:00", 4680),
        ("2014-06-09", 3600, False, "10:00", "16:00", 7),
        ("2014-06-09", 3600, True, "10:30", "16:00", 7),
        ("2013-07-03", 3600, False, "10:00", "13:00", 4),
        ("2013-07-03", 86400, False, "13:00", "13:00", 1),
    ],
)
def test_bar_closes_end_on_the_clock_and_with_the_session(
    day: str, step_secs: int, from_open: bool, first: str, last: str, count: int
) -> None:
    sessions = Sessions()
    window = sessions.on(date.fromisoformat(day))
    assert window is not None

    closes = sessions.bar_closes(window, step_secs, from_open=from_open)

    assert (closes[0], closes[-1], len(closes)) == (ns(f"{day} {first}"), ns(f"{day} {last}"), count)
    assert closes.dtype == np.int64


def test_between_counts_both_ends_and_crosses_decades() -> None:
    found = Sessions().between(date(1989, 12, 29), date(1990, 1, 2))

    assert [window.session for window in found] == [date(1989, 12, 29), date(1990, 1, 2)]


@pytest.mark.parametrize(
    ("calendar", "hours", "message"),
    [
        ("XNYX", "regular", "Unknown exchange calendar 'XNYX'; expected one such as XNYS"),
        ("CMES", "regular", "sessions across midnight; expected one such as XNYS"),
        ("XLON", "extended", "Extended hours are known for XNYS only, was 'XLON'"),
        ("XNYS", "always", "Expected hours 'regular', 'extended' or 'any', was 'always'"),
    ],
)
def test_sessions_of_an_unusable_calendar_are_refused(calendar: str, hours: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sessions(calendar, hours)  # type: ignore[arg-type]
