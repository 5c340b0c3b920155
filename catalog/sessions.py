"""
Trading sessions: when an exchange is open, on exchange_calendars; no engine types.

Holidays, half days and daylight saving come from the calendar. It does not know of halts in a
running session, nor of closures announced after its release. Times are UTC nanoseconds.

"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
from numpy.typing import NDArray

from catalog.errors import CatalogError

Hours = Literal["regular", "extended", "any"]

NANOS_IN_SECOND = 1_000_000_000
NANOS_IN_MINUTE = 60 * NANOS_IN_SECOND
FIRST_YEAR = 1990  # the table starts here, or in the decade of an earlier timestamp

# US extended hours, New York time (nyse.com/markets/hours-calendars decides; a venue may differ).
EXTENDED_OPEN = time(4, 0)
EXTENDED_CLOSE = time(20, 0)
EXTENDED_CLOSE_HALF_DAY = time(17, 0)
REGULAR_CLOSE = time(16, 0)


@dataclass(frozen=True, slots=True)
class SessionWindow:
    """One session: its date, and when it opens and closes in UTC nanoseconds."""

    session: date
    open: int
    close: int


class Sessions:
    """
    The sessions of one exchange.

    Parameters
    ----------
    calendar : str
        Name known to exchange_calendars, such as ``XNYS``.
    hours : 'regular' | 'extended' | 'any'
        Extended is 04:00 to 20:00 New York, on half days until 17:00. With 'any' no entry is refused;
        ``window`` is then the regular one.

    Raises
    ------
    CatalogError
        If the calendar is unknown, its sessions cross midnight, or its extended hours are not known.

    """

    __slots__ = ("_calendar", "_hours", "_since", "_table", "_tz", "_until", "_window")

    def __init__(self, calendar: str = "XNYS", hours: Hours = "regular") -> None:
        if hours not in ("regular", "extended", "any"):
            raise CatalogError(f"Expected hours 'regular', 'extended' or 'any', was {hours!r}.")
        self._calendar = _resolve(calendar)
        if hours == "extended" and self._calendar != "XNYS":
            raise CatalogError(f"Extended hours are known for XNYS only, was {calendar!r}; use hours = 'regular'.")
        self._hours = hours
        self._table = _table(self._calendar, FIRST_YEAR, FIRST_YEAR + 39)
        self._tz = self._table.tz
        # The exchange day [since, until) of the last timestamp asked for, and its window.
        self._since = 0
        self._until = 0
        self._window: SessionWindow | None = None

    @property
    def calendar(self) -> str:
        """Name of the calendar, aliases resolved."""
        return self._calendar

    @property
    def timezone(self) -> ZoneInfo:
        """Time zone of the exchange."""
        return self._tz

    def window(self, ts: int) -> SessionWindow | None:
        """Return the session on the exchange date of ``ts``, None when that date is no session."""
        if self._since <= ts < self._until:
            return self._window
        day = self.local(ts).date()
        self._since = self._midnight(day)
        self._until = self._midnight(day + timedelta(days=1))
        self._window = self.on(day)
        return self._window

    def on(self, day: date) -> SessionWindow | None:
        """Return the session on an exchange date, None when it is none."""
        regular = self._years(day.year).windows.get(day)
        return self._extend(regular) if regular and self._hours == "extended" else regular

    def between(self, first: date, last: date) -> list[SessionWindow]:
        """Return the sessions from ``first`` to ``last``, both included."""
        self._years(first.year)
        days = self._years(last.year).days
        chosen = days[bisect_left(days, first) : bisect_right(days, last)]
        return [window for day in chosen if (window := self.on(day))]

    def session_of(self, ts: int) -> date:
        """Return the session ``ts`` belongs to: its exchange date if that is one, else the next session."""
        window = self.window(ts)
        if window:
            return window.session
        day = self.local(ts).date()
        days = self._years((day + timedelta(days=31)).year).days  # no exchange rests for a month
        return days[bisect_left(days, day)]

    def holds(self, ts: int) -> bool:
        """Return whether a bar that closes at ``ts`` lies in a session; with hours 'any' every bar does."""
        window = self.window(ts)
        return self._hours == "any" or (window is not None and window.open < ts <= window.close)

    def entry_verdict(self, ts: int, avoid_first_mins: int, avoid_last_mins: int) -> tuple[bool, str]:
        """
        Return whether an entry decided at the close ``ts`` of a bar is allowed, and why not.

        A bar that closes at the open lies before it; one that closes at the close is too late.

        """
        if self._hours == "any":
            return True, ""
        window = self.window(ts)
        if window is None:
            return False, f"session: {self.local(ts):%Y-%m-%d} is no {self._calendar} session"
        first = window.open + avoid_first_mins * NANOS_IN_MINUTE
        last = window.close - avoid_last_mins * NANOS_IN_MINUTE
        if max(first, window.open + 1) <= ts < last:
            return True, ""
        now, opens, closes = self._clock(ts), self._clock(window.open), self._clock(window.close)
        if ts <= window.open:
            return False, f"session: {now} is not after the {opens} open"
        if ts >= window.close:
            return False, f"session: {now} is not before the {closes} close"
        if ts < first:
            return False, f"session: {now} is within the first {avoid_first_mins} min after the {opens} open"
        return False, f"session: {now} is within the last {avoid_last_mins} min before the {closes} close"

    def is_past_flatten_time(self, ts: int, flatten_before_close_mins: int) -> bool:
        """Return whether the day's close is at most so many minutes away, or past; 0 = off, never on other days."""
        if flatten_before_close_mins <= 0:
            return False
        window = self.window(ts)
        return window is not None and ts >= window.close - flatten_before_close_mins * NANOS_IN_MINUTE

    def bar_closes(self, window: SessionWindow, step_secs: int, *, from_open: bool = False) -> NDArray[np.int64]:
        """
        Return when the bars of a session close, UTC nanoseconds.

        Bars end on multiples of the step on the exchange's clock, as most vendors cut them: the first hourly
        bar of a 09:30 open ends at 10:00. With ``from_open`` they are counted from the open (10:30). The last
        bar ends with the session, so a daily bar ends at its close.

        """
        step = step_secs * NANOS_IN_SECOND
        local = self.local(window.open)
        into_step = 0 if from_open else (local.hour * 3600 + local.minute * 60 + local.second) % step_secs
        first = window.open - into_step * NANOS_IN_SECOND + step
        return np.append(np.arange(first, window.close, step, dtype=np.int64), np.int64(window.close))

    def bars_back(self, ts: int, step_secs: int, bars: int) -> int:
        """Return a time from which at least ``bars`` bars of regular sessions close up to ``ts``; 0 for no bars."""
        if bars <= 0:
            return 0
        day, left = self.local(ts).date(), bars * step_secs * NANOS_IN_SECOND
        while True:
            window = self._years(day.year).windows.get(day)
            if window is not None and window.open < ts:
                length = min(ts, window.close) - window.open
                if length >= left:
                    return min(ts, window.close) - left
                left -= length
            day -= timedelta(days=1)

    def local(self, ts: int) -> datetime:
        """Return ``ts`` on the exchange's clock, to the second."""
        return datetime.fromtimestamp(ts // NANOS_IN_SECOND, self._tz)

    def _clock(self, ts: int) -> str:
        local = self.local(ts)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def _midnight(self, day: date) -> int:
        return _nanos(datetime.combine(day, time(0), self._tz))

    def _years(self, year: int) -> "_Table":
        if not self._table.first_year <= year <= self._table.last_year:
            first = min(self._table.first_year, year // 10 * 10)
            last = max(self._table.last_year, year // 10 * 10 + 9)
            self._table = _table(self._calendar, first, last)
        return self._table

    def _extend(self, regular: SessionWindow) -> SessionWindow:
        day = regular.session
        is_half_day = self.local(regular.close).time() < REGULAR_CLOSE
        closes = EXTENDED_CLOSE_HALF_DAY if is_half_day else EXTENDED_CLOSE
        opens, ends = (datetime.combine(day, at, self._tz) for at in (EXTENDED_OPEN, closes))
        return SessionWindow(day, _nanos(opens), _nanos(ends))


@dataclass(frozen=True, slots=True)
class _Table:
    tz: ZoneInfo
    first_year: int
    last_year: int
    days: list[date]
    windows: dict[date, SessionWindow]


@lru_cache(maxsize=16)
def _table(calendar: str, first_year: int, last_year: int) -> _Table:
    # With explicit ends: the defaults of exchange_calendars depend on the clock at import.
    known = exchange_calendars.get_calendar(calendar, start=f"{first_year}-01-01", end=f"{last_year}-12-31")
    days = [stamp.date() for stamp in known.sessions]
    rows = zip(days, known.opens_nanos.tolist(), known.closes_nanos.tolist(), strict=True)
    windows = {day: SessionWindow(day, opens, closes) for day, opens, closes in rows}
    tz = ZoneInfo(str(known.tz))
    first = windows[days[0]]
    dates = {datetime.fromtimestamp(ts // NANOS_IN_SECOND, tz).date() for ts in (first.open, first.close)}
    if dates != {first.session}:
        raise CatalogError(
            f"Calendar {calendar!r} has sessions across midnight; expected one such as XNYS, XLON or XTKS."
        )
    return _Table(tz, first_year, last_year, days, windows)


def _resolve(calendar: str) -> str:
    try:
        return str(exchange_calendars.resolve_alias(calendar))
    except exchange_calendars.errors.InvalidCalendarName:
        valid = "XNYS, XNAS, XLON or XTKS"
        raise CatalogError(f"Unknown exchange calendar {calendar!r}; expected one such as {valid}.") from None


def _nanos(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp()) * NANOS_IN_SECOND
