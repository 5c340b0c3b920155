"""
Who allows no entries for a symbol, and why. Pure.

A halt stands above a hold: it is somebody's will, or the daily loss limit's, and the gate says so first. A hold says
that something which an entry needs is not there (link, data, journal).

"""

from collections.abc import Iterable

from actors.messages import OPERATORS_HOLDS, Halt, HoldEntries
from catalog.sessions import Sessions

MAX_FAILURES = 3  # contained exceptions of a strategy after which it makes no more entries


class EntryHolds:
    """
    The halts and holds of one symbol.

    Parameters
    ----------
    sessions : Sessions
        Of the exchange: a halt of the daily loss limit ends with its session.

    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._held_by: dict[str, str] = {}  # source → why it allows no entries
        self._halts: dict[bool, Halt] = {}  # by whether it ends with its session
        self.failures = 0  # contained exceptions of the strategy

    @property
    def halts(self) -> Iterable[Halt]:
        """The halts that were told, those of sessions past too."""
        return self._halts.values()

    def halt(self, halt: Halt) -> None:
        """Take in a halt; the latest of its kind counts."""
        self._halts[halt.session is not None] = halt

    def hold(self, hold: HoldEntries) -> None:
        """Take in a hold; the latest of its source counts."""
        self._held_by[hold.source] = hold.detail

    def release(self, source: str) -> None:
        """Forget what a source held, if it held anything."""
        self._held_by.pop(source, None)

    def failed(self) -> None:
        """Count an exception that was contained."""
        self.failures += 1

    def halted(self, ts: int) -> str:
        """Return what halts entries at an event time, "" = nothing."""
        if self.failures >= MAX_FAILURES:
            return f"{self.failures} exceptions in handlers >= {MAX_FAILURES}"
        for source in OPERATORS_HOLDS:
            if source in self._held_by:
                return self._held_by[source]
        for halt in self._halts.values():
            if halt.session is None or halt.session == self._sessions.session_of(ts):
                return halt.detail
        return ""

    def held(self) -> str:
        """Return the oldest hold with its source, "" = none."""
        return next((f"{source}: {detail}" for source, detail in self._held_by.items()), "")
