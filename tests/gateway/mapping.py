"""
Which real sessions stand for the recorded ones: the adapter publishes no minute bar of the past (trap T21).

The day that is replayed goes onto a session that has not opened yet, those before it onto sessions that have closed
by now, so a client that asks for history up to now gets all of it. Only the session that is running is left out.

"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from catalog.errors import CatalogError
from catalog.sessions import NANOS_IN_MINUTE, Sessions, SessionWindow

SEARCHED_DAYS = 366


def minutes_in(window: SessionWindow) -> int:
    """Return the length of a session."""
    return (window.close - window.open) // NANOS_IN_MINUTE


def upcoming_session(now_ns: int, minutes: int, sessions: Sessions) -> SessionWindow:
    """Return the first session of that length which opens now or later; if a year has none, the first longer one."""
    today = sessions.local(now_ns).date()
    ahead = [
        window
        for window in sessions.between(today, today + timedelta(days=SEARCHED_DAYS))
        if window.open >= now_ns and minutes_in(window) >= minutes
    ]
    if not ahead:
        raise CatalogError(f"Expected a session of at most 390 minutes, was {minutes}; replay another day.")
    return next((window for window in ahead if minutes_in(window) == minutes), ahead[0])


def past_sessions(now_ns: int, lengths: Iterable[int], sessions: Sessions) -> list[SessionWindow]:
    """Return the sessions that stand for earlier ones of these lengths, latest first in both; shorter ones are left."""
    closed = _closed_sessions(now_ns, sessions)
    return [next(window for window in closed if minutes_in(window) >= minutes) for minutes in lengths]


def _closed_sessions(now_ns: int, sessions: Sessions) -> Iterator[SessionWindow]:
    day = sessions.local(now_ns).date()
    while True:
        window = sessions.on(day)
        if window and window.close <= now_ns:
            yield window
        day -= timedelta(days=1)
