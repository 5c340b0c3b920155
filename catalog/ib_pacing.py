"""
How fast IB lets bars be asked for, and how long to wait when it says no; pure: the time is given.

Limits: https://interactivebrokers.github.io/tws-api/historical_limitations.html (read 2026-11). For bars of a minute
and more IB enforces them loosely; they are kept all the same. It knows only the requests of this run: those of
another program, or of a run just before, count at IB too; its refusal then is waited out.

"""

from collections import deque
from typing import Final

WINDOW_SECS: Final = 600.0
IN_WINDOW: Final = 60
SAME_SECS: Final = 15.0  # between two requests with the same words
BURST_SECS: Final = 2.0
IN_BURST: Final = 5  # of one contract; the sixth is the violation
MARGIN_SECS: Final = 0.5  # requests may arrive closer to each other than they left
RETRY_SECS: Final = (60.0, 120.0, 300.0, 600.0)  # after the last one IB has forgotten every request of ours


class Pacing:
    """Remembers what was asked for; times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, str, str]] = deque(maxlen=IN_WINDOW)

    def wait_secs(self, symbol: str, request: str, now: float) -> float:
        """Return how long to wait before a request for bars of a symbol may leave; 0 = now."""
        of_symbol = [at for at, other, _ in self._sent if other == symbol]
        free = [now]
        if len(self._sent) == IN_WINDOW:
            free.append(self._sent[0][0] + WINDOW_SECS + MARGIN_SECS)
        if len(of_symbol) >= IN_BURST:
            free.append(of_symbol[-IN_BURST] + BURST_SECS + MARGIN_SECS)
        free += [at + SAME_SECS + MARGIN_SECS for at, *words in self._sent if words == [symbol, request]]
        return max(free) - now

    def sent(self, symbol: str, request: str, now: float) -> None:
        """Take note of a request that leaves now."""
        self._sent.append((now, symbol, request))


def retry_secs(refusals: int) -> float | None:
    """Return how long to wait after so many pacing violations of one request in a row; None = give up."""
    return RETRY_SECS[refusals - 1] if refusals <= len(RETRY_SECS) else None
