"""
One cancel or change at a time over the connection that all strategies share. Pure.

The IB adapter asks for all open orders before each cancel or change, and two that do so in one moment get in each
other's way: one of them is not sent. So live they queue, and the next leaves when the broker answered the one before.

"""

from collections import deque
from collections.abc import Callable

PATIENCE_NS = 2_000_000_000  # for an answer; then the next one leaves all the same


class CommandLane:
    """A queue of commands; not ``is_serial``: each leaves at once, as a simulated exchange allows."""

    def __init__(self, *, is_serial: bool) -> None:
        self._is_serial = is_serial
        self._queue: deque[tuple[str, Callable[[], None]]] = deque()
        self._awaited = ""  # the order whose command is under way
        self._since = 0

    def send(self, order_id: str, command: Callable[[], None], now: Callable[[], int]) -> None:
        """Send a command for an order now, or when those before it are answered; ``now`` is the clock, UTC ns."""
        if not self._is_serial:
            command()
            return
        self._queue.append((order_id, command))
        self.look(now)

    def look(self, now: Callable[[], int]) -> None:
        """Send the next one if the one before was not answered in time: an answer may never come."""
        if self._queue and (not self._awaited or now() - self._since > PATIENCE_NS):
            self._next(now)

    def answered(self, order_id: str, now: Callable[[], int]) -> None:
        """Take in that the broker answered, or ended, an order."""
        if self._awaited and order_id == self._awaited:
            self._next(now)

    def _next(self, now: Callable[[], int]) -> None:
        self._awaited = ""
        if self._queue:
            self._awaited, command = self._queue.popleft()
            self._since = now()
            try:
                command()
            except BaseException:
                self._awaited = ""  # it did not leave, so nothing will answer
                raise
