"""
The expected-bar clock: when the bars of a symbol are stale. Pure.

Arrivals are timed by the wall clock. Whether another bar is due is judged by the session that the last bar belongs to:
a session that is replayed runs ahead of the wall clock. Before the first bar of a session the wall clock's own counts.
A bar that nobody traded in may never come: of a symbol that trades seldom, staleness says little.

"""

from catalog.sessions import Sessions, SessionWindow

NANOS_IN_SECOND = 1_000_000_000
STEPS_LATE, GRACE_SECS = 2.5, 10.0


class BarClock:
    """
    Knows of one symbol when its bars came.

    Parameters
    ----------
    sessions : Sessions
        When bars are due.
    step_secs : int
        Length of a bar.
    started_ns : int
        Since when we listen, wall time.

    """

    def __init__(self, sessions: Sessions, step_secs: int, started_ns: int) -> None:
        self.limit_ns = int((STEPS_LATE * step_secs + GRACE_SECS) * NANOS_IN_SECOND)
        self._sessions = sessions
        self._step_ns = step_secs * NANOS_IN_SECOND
        self._since_ns = started_ns  # of the last arrival, or of what excuses that there was none
        self._last_ts = 0  # event time of the last bar

    def arrived(self, ts: int, now_ns: int) -> None:
        """Take in a bar that closed at ``ts``."""
        self._last_ts = max(self._last_ts, ts)
        self._since_ns = now_ns

    def excuse(self, now_ns: int) -> None:
        """Count from now: until now no bar could have come."""
        self._since_ns = now_ns

    def late_ns(self, now_ns: int) -> int:
        """Return how long nothing has come though a bar was due; 0 when none is due."""
        window = self._sessions.window(self._last_ts) if self._last_ts else None
        if window is not None and self._goes_on(window, now_ns):
            return now_ns - self._since_ns
        window = self._sessions.window(now_ns)
        if window is None or not window.open <= now_ns < window.close or self._last_ts >= window.close:
            return 0
        return now_ns - max(self._since_ns, window.open)

    def is_stale(self, now_ns: int) -> bool:
        """Return whether a bar is overdue by more than the limit."""
        return self.late_ns(now_ns) > self.limit_ns

    def _goes_on(self, window: SessionWindow, now_ns: int) -> bool:
        """Return whether after the last bar another one of its session is due."""
        return window.open < self._last_ts and self._last_ts + self._step_ns <= window.close and now_ns < window.close
