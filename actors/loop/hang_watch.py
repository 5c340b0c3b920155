"""
Tells of an event loop that hangs, on a thread of its own, for then no component can. Pure.

The loop gives signs of life; without one for 20 s a person is told at once, past bus and journal, which take nothing
then. It reads no clock: it counts its own waits, so a program that is suspended, and with it this thread, loses one of
them at most. It does not tell of code that keeps Python's lock, for then this thread stands still too; the supervisor's
watchdog does.

"""

from collections.abc import Callable
from threading import Event, Thread

from actors.messages import AlertRaised

WAIT_SECS = 2.0
MAX_WAITS = 10  # without a sign of life


class HangWatch:
    """
    Listens for signs of life, from the first one to ``stop``.

    Parameters
    ----------
    tell : Callable[[AlertRaised], None]
        Tells a person; called on this thread for ``node_hangs`` and on the loop's for ``node_back``.

    """

    def __init__(self, tell: Callable[[AlertRaised], None]) -> None:
        self._tell = tell
        self._sign = Event()
        self._is_over = False
        self._told: AlertRaised | None = None
        self._last_ns = 0
        self._thread = Thread(target=self._work, name="hang-watch", daemon=True)

    def sign(self, now_ns: int) -> list[AlertRaised]:
        """Take in a sign of life; return what was told of a hang that is over, for those who could not hear it."""
        self._last_ns = now_ns
        self._sign.set()
        if not self._thread.ident:
            self._thread.start()
        told, self._told = self._told, None
        if told is None:
            return []
        back = AlertRaised(now_ns, "node_back", "info", "the event loop runs again")
        self._tell(back)
        return [told, back]

    def stop(self) -> None:
        """Listen no more."""
        self._is_over = True
        self._sign.set()

    def _work(self) -> None:
        waits = 0
        while not self._is_over:
            if self._sign.wait(WAIT_SECS):
                self._sign.clear()
                waits = 0
                continue
            waits += 1
            if waits == MAX_WAITS:
                self._told = hang = self._hang()
                self._tell(hang)  # a sign of life may have taken what was told by now

    def _hang(self) -> AlertRaised:
        text = (
            f"the event loop gave no sign of life for {WAIT_SECS * MAX_WAITS:g} s after this moment: nothing trails, "
            "exits or answers, stops rest at the broker"
        )
        return AlertRaised(self._last_ns, "node_hangs", "critical", text)
