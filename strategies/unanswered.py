"""
What was asked of the broker and is not answered, and for how long by the clock. Pure.

An order or a command without an answer is unknown (law 10): it is neither taken for done nor for refused. But it is
told, and it does not wait for ever. Nor does a cancel that is refused: the order works on, and it is asked for again.

"""

from collections.abc import Container

NANOS_IN_SECOND = 1_000_000_000
TELL_SECS = 10  # without an answer it is told; one comes within a second
GIVE_UP_SECS = 60  # without an answer only a new connection can help


class Unanswered:
    """Order ids of what was asked, each with when; all times are the clock's, UTC nanoseconds."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._told: set[str] = set()
        self._refused: dict[str, str] = {}  # why its latest cancel was

    def asked(self, order_id: str, now: int) -> None:
        """Take in that an order left, or a command about it; what waits already goes on waiting."""
        self._since.setdefault(order_id, now)

    def answered(self, order_id: str) -> None:
        """Take in that the broker said something of an order."""
        self._since.pop(order_id, None)
        self._told.discard(order_id)
        self._refused.pop(order_id, None)

    def refused(self, order_id: str, reason: str) -> None:
        """Take in that the broker refused a cancel: what it was to bring about still waits."""
        if order_id in self._since:
            self._refused[order_id] = reason

    def is_refused(self, order_id: str) -> bool:
        """Return whether an order waits because its cancel is refused, not for want of an answer."""
        return order_id in self._refused

    def words(self, order_id: str, secs: float) -> str:
        """Return what is the matter with an order that waits for so long."""
        if order_id in self._refused:
            return f"the broker refuses its cancel for {secs} s: {self._refused[order_id]}"
        return f"no answer of the broker for {secs} s"

    def keep(self, working: Container[str]) -> None:
        """Forget the orders that have ended."""
        for order_id in [each for each in self._since if each not in working]:
            self.answered(order_id)

    def begin_again(self, now: int) -> None:
        """Count from now: the broker could not answer."""
        self._since = dict.fromkeys(self._since, now)

    def late(self, now: int) -> list[str]:
        """Return what is unanswered for ``TELL_SECS``, each once."""
        late = [each for each in self._waiting(now, TELL_SECS) if each not in self._told]
        self._told.update(late)
        return late

    def hopeless(self, now: int) -> list[str]:
        """Return what is unanswered for ``GIVE_UP_SECS``."""
        return self._waiting(now, GIVE_UP_SECS)

    def _waiting(self, now: int, secs: float) -> list[str]:
        return [order_id for order_id, since in self._since.items() if now - since >= secs * NANOS_IN_SECOND]
