"""
Prints lines on a thread of its own, so that a terminal that takes none (Ctrl-S, a stalled pipe) stops no trading. Pure.

The thread knows the lines and the function that prints one, no component (T16). A line that cannot be printed (a full
disk, a terminal that is gone) is given up, and the next one is tried: once one is taken, it is told how many were not.

"""

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

MAX_WAITING = 1_000  # lines; of more the oldest are given up
LAST_LINES_SECS = 1.0  # for what still waits at the end


class LineWriter:
    """A queue of lines before ``write``; ``put`` never waits and never raises."""

    def __init__(self, write: Callable[[str], None], max_waiting: int = MAX_WAITING) -> None:
        self._write = write
        self._waiting: deque[str] = deque(maxlen=max_waiting)
        self._given_up = 0  # since the last line that was printed
        self._is_closing = False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name="lines", daemon=True)  # a stuck one must not keep the process

    def open(self) -> None:
        """Begin to print."""
        self._thread.start()

    def put(self, line: str) -> None:
        """Print a line as soon as may be."""
        with self._changed:
            self._given_up += len(self._waiting) == self._waiting.maxlen
            self._waiting.append(line)
            self._changed.notify()

    def close(self, timeout_secs: float = LAST_LINES_SECS) -> None:
        """End; wait for the last lines, but not for long."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout_secs)

    def _work(self) -> None:
        while lines := self._taken():
            for line in lines:
                self._print(line)

    def _taken(self) -> list[str]:
        """Return what waits, once something does; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            lines = list(self._waiting)
            self._waiting.clear()
        return lines

    def _print(self, line: str) -> None:
        given_up = self._given_up
        try:
            if given_up:
                self._write(f"({given_up:,} lines given up: the terminal took none)")
                self._count(-given_up)
            self._write(line)
        except Exception:  # noqa: BLE001 - law 13: the terminal may be gone, what is traded is not
            self._count(1)

    def _count(self, lines: int) -> None:
        with self._changed:
            self._given_up += lines
