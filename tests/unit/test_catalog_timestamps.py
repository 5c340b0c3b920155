"""Times as people write them, and the bar closes they mean."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from catalog.sessions import Sessions
from catalog.timestamps import NO_TIME, OUTSIDE, load_timezone, parse_times, to_bar_closes

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
        "9999999999",
        "7999999999999999999",
        "nan",
        "2024-03-10 02:30",  # skipped
        "2024-11-03 01:30",  # twice
    ],
)
def test_time_that_is_no_one_moment_is_marked(text: str) -> None:
    assert parse_times(pd.Series([text, "1402320600"]), NEW_YORK).tolist() == [NO_TIME, NINE_THIRTY]


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
