"""From the times people write to UTC nanoseconds, and from there to the close of a bar in its session; pure."""

from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalog.errors import CatalogError
from catalog.sessions import NANOS_IN_SECOND, Sessions

DAY_SECS = 86_400
NO_TIME = np.iinfo(np.int64).min  # marks a time that could not be read
OUTSIDE = NO_TIME + 1  # marks a bar outside the hours asked for

NAIVE_FORMATS = (
    "ISO8601",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
)
FIRST_YEAR, END_YEAR = 1970, 2200  # the engine counts from 1970; far ahead lies a wrong unit or a slip of the pen
_EPOCH = r"\d{9,13}|\d{15,18}|[1-7]\d{18}"  # not 14 digits: that is 20140605093000
_OFFSET = r"[Tt ]\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"


def load_timezone(name: str) -> ZoneInfo:
    """Return the time zone of a name such as America/New_York; raise CatalogError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        expected = "expected a name such as America/New_York or UTC"
        raise CatalogError(f"Unknown time zone {name!r}; {expected}.") from None


def parse_times(times: pd.Series, timezone: ZoneInfo) -> NDArray[np.int64]:
    """
    Return UTC nanoseconds, ``NO_TIME`` where a time cannot be read or is not one moment.

    Epoch seconds, milliseconds, microseconds or nanoseconds (told by their size); ISO 8601 with an offset;
    and without one, or as month/day/year, in ``timezone``. A time that the change to or from daylight saving
    skips or repeats is not one moment.

    """
    if pd.api.types.is_datetime64_any_dtype(times):
        return _to_nanos(times if times.dt.tz else _localize(times, timezone))
    text = times.astype("str").str.strip()
    found = np.full(len(text), NO_TIME, dtype=np.int64)
    epoch = text.str.fullmatch(_EPOCH).to_numpy(dtype=bool)
    offset = ~epoch & text.str.contains(_OFFSET, regex=True).to_numpy(dtype=bool)
    found[epoch] = _from_epoch(text[epoch])
    found[offset] = _to_nanos(pd.to_datetime(text[offset], format="ISO8601", utc=True, errors="coerce"))
    left = ~epoch & ~offset
    for layout in NAIVE_FORMATS:
        if not left.any():
            break
        parsed = pd.to_datetime(text[left], format=layout, errors="coerce")
        found[left] = _to_nanos(_localize(parsed, timezone))
        left[left] = parsed.isna().to_numpy()
    return found


def explain_time(time: object, timezone: ZoneInfo) -> str:
    """Return why ``parse_times`` made ``NO_TIME`` of a time."""
    text = str(time).strip()
    if text in ("", "nan", "NaT", "None"):
        return "the time is missing"
    layouts = (pd.to_datetime(text, format=layout, errors="coerce") for layout in NAIVE_FORMATS)
    moment = next((moment for moment in layouts if moment is not pd.NaT), None)
    if moment is None:
        return (
            f"time '{text}' is not understood; expected such as 2014-06-09 09:30 (24 hours, with or without an "
            f"offset), 06/09/2014 09:30, or seconds since 1970"
        )
    if moment.tzinfo or moment.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT") is not pd.NaT:
        return f"time '{text}' is out of range; expected {FIRST_YEAR} to {END_YEAR - 1}"
    return f"time '{text}' is not one moment in {timezone.key}: daylight saving skips or repeats it"


def to_bar_closes(
    times: NDArray[np.int64],
    stamped: Literal["open", "close"],
    step_secs: int,
    sessions: Sessions,
    *,
    is_regular_only: bool,
) -> NDArray[np.int64]:
    """
    Return when the bars stamped with ``times`` close, ``OUTSIDE`` for those not wanted.

    With ``is_regular_only`` a bar belongs to the session its interval overlaps, and ends with it at the
    latest: the 09:00 hourly bar counts, as its trades are those after the 09:30 open. A daily bar closes with
    the session of its date; those of other dates are outside.

    """
    known = times != NO_TIME
    if not known.any():
        return times
    if step_secs == DAY_SECS:
        return np.where(known, _daily_closes(times, known, stamped, sessions), NO_TIME)
    step = step_secs * NANOS_IN_SECOND
    opens = np.where(known, times, 0) - (step if stamped == "close" else 0)
    if not is_regular_only:
        return np.where(known, opens + step, NO_TIME)
    first, last = (sessions.local(int(ts)).date() for ts in (opens[known].min(), opens[known].max() + step))
    windows = sessions.between(first, last)
    session_opens = np.array([window.open for window in windows] + [np.iinfo(np.int64).max])
    session_closes = np.array([window.close for window in windows] + [np.iinfo(np.int64).max])
    index = np.searchsorted(session_closes, opens, side="right")
    inside = opens + step > session_opens[index]
    closes = np.where(inside, np.minimum(opens + step, session_closes[index]), OUTSIDE)
    return np.where(known, closes, NO_TIME)


def _daily_closes(
    times: NDArray[np.int64], known: NDArray[np.bool_], stamped: Literal["open", "close"], sessions: Sessions
) -> NDArray[np.int64]:
    stamps = np.where(known, times, 0) - (1 if stamped == "close" else 0)
    # Midnight UTC throughout is how vendors write a plain date; on the exchange's clock it were the day before.
    is_date = stamped == "open" and not (times[known] % (DAY_SECS * NANOS_IN_SECOND)).any()
    moments = pd.DatetimeIndex(stamps.view("M8[ns]"), tz="UTC")
    days = (moments if is_date else moments.tz_convert(sessions.timezone)).date
    closes = {day: window.close for day in set(days) if (window := sessions.on(day))}
    return np.array([closes.get(day, OUTSIDE) for day in days], dtype=np.int64)


def _from_epoch(text: pd.Series) -> NDArray[np.int64]:
    number = text.to_numpy(dtype=object).astype(np.int64)
    digits = text.str.len().to_numpy(dtype=np.int64)
    # 9 or 10 digits are seconds of 1973 to 2286; each finer unit has three more.
    unit = 10 ** (3 * np.clip((digits - 8) // 3, 0, 3))  # in a second
    last = pd.Timestamp(year=END_YEAR, month=1, day=1).value // NANOS_IN_SECOND
    is_sane = number < last * unit
    return np.where(is_sane, np.where(is_sane, number, 0) * (NANOS_IN_SECOND // unit), NO_TIME)


def _localize(times: pd.Series, timezone: ZoneInfo) -> pd.Series:
    return times.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")


def _to_nanos(times: pd.Series) -> NDArray[np.int64]:
    # A year more than is wanted: 1970 begins at other moments elsewhere, and is cut off in UTC.
    sane = times.where(times.dt.year.between(FIRST_YEAR - 1, END_YEAR - 1))
    nanos = sane.dt.as_unit("ns").astype("int64").to_numpy()
    return np.where(nanos < 0, NO_TIME, nanos)  # pandas keeps a missing time as NO_TIME
