"""Which stretch of time a live session's report covers: the exchange sessions that its program saw, whole."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from catalog.sessions import NANOS_IN_SECOND, Sessions

_DAY = timedelta(days=1)
_LONGEST_REST = timedelta(days=31)  # no exchange rests longer


def report_window(sessions: Sessions, moments: Iterable[int]) -> tuple[int, int]:
    """
    Return the first and the last nanosecond of the exchange sessions that some moments belong to.

    A session begins when the exchange's day of the session before it is over, so what was told on a Sunday belongs to
    Monday, and what happened before a crash of the same day is in the report of its restart.

    Parameters
    ----------
    sessions : Sessions
        Of the exchange.
    moments : Iterable[int]
        At least one, UTC nanoseconds: when the program was started, and the close of the last bar it saw. Event times
        and clock times both: a replayed session runs ahead of the clock, and what the clock tells is wanted too.

    """
    chosen = list(moments)
    first, last = sessions.session_of(min(chosen)), sessions.session_of(max(chosen))
    before = sessions.between(first - _LONGEST_REST, first)[-2].session
    return _midnight_after(before, sessions), _midnight_after(last, sessions) - 1


def _midnight_after(day: date, sessions: Sessions) -> int:
    return int(datetime.combine(day + _DAY, time(0), sessions.timezone).timestamp()) * NANOS_IN_SECOND
