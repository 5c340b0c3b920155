"""Times as people write them, and the bar closes they mean."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from catalog.sessions import Sessions
from catalog.timestamps import NO_TIME, OUTSIDE, explain_time, load_timezone, parse_times, to_bar_closes

NEW_YORK = ZoneInfo("America/New_York")
NINE_THIRTY = pd.Timestamp("2014-06-09 13:30", tz="UTC").value


def ns(text: str) -> int:
    return pd.Timestamp(text, tz=NEW_YORK).value


@pytest.mark.parametrize(
    "text",
    [
        "2014-06-09T09:30:00-04:00",
        "2014-06-09T13:30:00Z",
        "2014-06-09 15:30:00+0200",
        "2014-06-09T13:30+00",
        "2014-06-09 09:30",
        "2014-06-09T09:30:00.000",
        " 20140609 09:30:00 ",
        "20140609093000",
        "06/09/2014 09:30",
        "1402320600",
        "1402320600000",
        "1402320600000000",
        "1402320600000000000",
    ],
)
def test_time_in_any_usual_form_is_the_same_moment(text: str) -> None:
    assert parse_times(pd.Series([text]), NEW_YORK).tolist() == [NINE_THIRTY]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([pd.Timestamp("2014-06-09 09:30")]),
        pd.Series([pd.Timestamp("2014-06-09 13:30", tz="UTC")]),
        pd.Series([1402320600]),
    ],
)
def test_time_in_a_typed_column_is_the_same_moment(values: pd.Series) -> None:
    assert parse_times(values, NEW_YORK).tolist() == [NINE_THIRTY]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2014-13-09 09:30",
        "2014-06-09 25:30",
        "9999-01-01",
        "1950-11-06 10:30",
        "1969-12-31T23:59:59Z",
        "1969-12-31 18:00",
        "9999999999",
        "7999999999999999999",
        "nan",
        "2024-03-10 02:30",  # skipped
        "2024-11-03 01:30",  # twice
    ],
)
def test_time_that_is_no_one_moment_is_marked(text: str) -> None:
    assert parse_times(pd.Series([text, "1402320600"]), NEW_YORK).tolist() == [NO_TIME, NINE_THIRTY]


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (" ", "the time is missing"),
        (None, "the time is missing"),
        ("soon", "'soon' is not understood; expected such as 2014-06-09 09:30"),
        ("10/04/2013 9:31:00 AM", "is not understood; expected such as 2014-06-09 09:30 (24 hours"),
        ("9999999999", "is not understood"),
        ("9999-01-01", "'9999-01-01' is out of range; expected 1970 to 2199"),
        ("1950-11-06T10:30:00Z", "is out of range"),
        ("11/06/1950 10:30", "is out of range"),
        (pd.Timestamp("1950-11-06"), "is out of range"),
        ("2024-03-10 02:30", "is not one moment in America/New_York: daylight saving skips or repeats it"),
        (pd.Timestamp("2024-11-03 01:30"), "daylight saving"),
    ],
)
def test_time_that_is_no_one_moment_is_explained(time: object, reason: str) -> None:
    assert reason in explain_time(time, NEW_YORK)


def test_time_at_the_start_of_1970_counts_where_utc_has_begun() -> None:
    text = pd.Series(["1970-01-01 00:00"])

    assert parse_times(text, NEW_YORK).tolist() == [5 * 3600 * 10**9]
    assert parse_times(text, ZoneInfo("Asia/Tokyo")).tolist() == [NO_TIME]


def test_times_of_mixed_forms_keep_their_places() -> None:
    mixed = pd.Series(["06/09/2014 09:30", "x", "1402320600", "2014-06-09", "2014-06-09T13:30:00Z"])

    midnight = ns("2014-06-09")
    assert parse_times(mixed, NEW_YORK).tolist() == [NINE_THIRTY, NO_TIME, NINE_THIRTY, midnight, NINE_THIRTY]


@pytest.mark.parametrize("name", ["Mars", "", "../etc", "New York"])
def test_time_zone_that_is_unknown_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"Unknown time zone .*; expected a name such as America/New_York"):
        load_timezone(name)


@pytest.mark.parametrize(
    ("stamp", "stamped", "step_secs", "close"),
    [
        ("2014-06-09 09:30", "open", 60, "2014-06-09 09:31"),
        ("2014-06-09 09:29", "open", 60, None),
        ("2014-06-09 15:59", "open", 60, "2014-06-09 16:00"),
        ("2014-06-09 16:00", "open", 60, None),
        ("2014-06-09 09:30", "close", 60, None),
        ("2014-06-09 16:00", "close", 60, "2014-06-09 16:00"),
        ("2013-07-03 13:00", "open", 60, None),  # a half day
        ("2014-07-04 12:00", "open", 60, None),  # a holiday
        ("2014-06-09 09:00", "open", 3600, "2014-06-09 10:00"),
        ("2014-06-09 08:00", "open", 3600, None),
        ("2014-06-09 15:30", "open", 3600, "2014-06-09 16:00"),  # cut from the open, ends with the session
        ("2014-06-09 00:00", "open", 86400, "2014-06-09 16:00"),
        ("2013-07-03 13:00", "close", 86400, "2013-07-03 13:00"),
        ("2014-06-10 00:00", "close", 86400, "2014-06-09 16:00"),
        ("2014-07-04 00:00", "open", 86400, None),
    ],
)
def test_close_of_a_bar_in_regular_hours(stamp: str, stamped: str, step_secs: int, close: str | None) -> None:
    times = np.array([ns(stamp)])

    found = to_bar_closes(times, stamped, step_secs, Sessions(), is_regular_only=True)  # type: ignore[arg-type]

    assert found.tolist() == [ns(close) if close else OUTSIDE]


def test_close_of_a_bar_at_all_hours_is_open_plus_step() -> None:
    times = np.array([ns("2014-07-04 03:00"), NO_TIME])

    found = to_bar_closes(times, "open", 60, Sessions(), is_regular_only=False)

    assert found.tolist() == [ns("2014-07-04 03:01"), NO_TIME]


def test_close_of_a_daily_bar_dated_in_utc_is_that_dates_close() -> None:
    times = np.array([pd.Timestamp("2014-06-09", tz="UTC").value])

    found = to_bar_closes(times, "open", 86400, Sessions(), is_regular_only=True)

    assert found.tolist() == [ns("2014-06-09 16:00")]
