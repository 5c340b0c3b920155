"""
When all bars of one moment are in: the order in which symbols arrive must not decide about a limit. Pure.
"""


class BarSlices:
    """
    Tells when a slice (all bars closing at the same time) of the watched symbols is complete.

    A slice whose symbols miss a bar is told complete when the next one begins, so a silent symbol delays the others
    by one bar at most.

    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._open = 0  # the slice that is not complete yet, 0 = none

    def watch(self, symbol: str, ts: int) -> None:
        """Begin with the bars that close after ``ts``: a slice that closed with it is not waited for."""
        self._last.setdefault(symbol, ts)

    def forget(self, symbol: str) -> None:
        self._last.pop(symbol, None)

    def watched(self) -> tuple[str, ...]:
        return tuple(self._last)

    def is_watched(self, symbol: str) -> bool:
        return symbol in self._last

    def overdue(self, ts: int) -> int:
        """Return the incomplete slice that a bar of ``ts`` leaves behind, 0 = none; call before ``arrived``."""
        overdue = self._open if 0 < self._open < ts else 0
        if overdue:
            self._open = 0
        return overdue

    def arrived(self, symbol: str, ts: int, *, is_missed: bool = False) -> bool:
        """
        Take in a bar; return whether it completes its slice.

        One that was missed leaves no slice open: after an outage those of one symbol come all before those of the next,
        and a mark between them would set prices of different times against each other.

        """
        self._last[symbol] = ts
        is_complete = all([last == ts for last in self._last.values()])  # noqa: C419 - faster than a generator here
        if is_complete:
            self._open = 0
        elif not is_missed:
            self._open = ts
        return is_complete
