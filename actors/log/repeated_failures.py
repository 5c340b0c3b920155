"""
The same failure on the terminal: told the first time, then at most once an hour with its count. Pure.

A rule that fails at each bar would bury everything else; journal, log and alerts count on.

"""

from dataclasses import dataclass

from actors.log.news import news
from actors.messages import FailurePlace, HandlerFailed, failure_place

TELL_AGAIN_NS = 60 * 60 * 1_000_000_000  # by the clock


@dataclass(slots=True)
class _Told:
    at_ns: int
    more: int = 0


class RepeatedFailures:
    """Knows which failures were told, and how many like them were not."""

    def __init__(self) -> None:
        self._told: dict[FailurePlace, _Told] = {}

    def tell(self, failed: HandlerFailed, now_ns: int) -> str | None:
        """Return the line of a failure, None when one like it was told within the hour."""
        place = failure_place(failed)
        before = self._told.get(place)
        if before is not None and now_ns - before.at_ns < TELL_AGAIN_NS:
            before.more += 1
            return None
        self._told[place] = _Told(now_ns)
        again = f"; {before.more:,} more like it before" if before is not None and before.more else ""
        return f"{news(failed)}{again}"
