"""
Interrupts a call that takes too long, by the system's alarm signal. Pure.

It works on the main thread, where the node's event loop runs; elsewhere the call goes on without a limit, for no signal
handler runs there. It does not end C code that never looks for signals (a long numpy call), nor code that catches
everything and goes on.

"""

import signal
from collections.abc import Callable
from threading import current_thread, main_thread
from types import FrameType

AGAIN_SECS = 0.5  # between two alarms for a call that goes on all the same


class CallTimeoutError(TimeoutError):
    """Raised inside the call that took too long."""


class _Insisting(BaseException):
    """Raised when the call went on all the same, past an ``except Exception`` of its own."""


class CallLimit:
    """Gives each call so many seconds."""

    def __init__(self, limit_secs: float) -> None:
        self.limit_secs = limit_secs
        self.place = ""  # where the last call was when its time was over, "" when it was in time
        self._is_armed = False

    def run[Answer](self, call: Callable[[], Answer]) -> Answer:
        """
        Make the call and return its answer.

        Raises
        ------
        CallTimeoutError
            If it took too long, also if it returned in spite of that.

        """
        self.place = ""
        if current_thread() is not main_thread():
            return call()
        signal.signal(signal.SIGALRM, self._on_alarm)  # each time: the call may have taken it for itself
        self._is_armed = True
        signal.setitimer(signal.ITIMER_REAL, self.limit_secs, AGAIN_SECS)
        try:
            answer = _answer_of(call)
        except _Insisting:
            self._is_armed = False
            raise self._error() from None
        finally:
            self._is_armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self.place:
            raise self._error()
        return answer

    def _error(self) -> CallTimeoutError:
        return CallTimeoutError(f"not done in {self.limit_secs:g} s, was at {self.place}")

    def _on_alarm(self, _number: int, frame: FrameType | None) -> None:
        """
        Raise in the code that runs, if that is the call and not ``run`` just before or after it.

        So whenever the alarm comes, nothing is raised in ``run`` before it has switched the alarm off.

        """
        if not self._is_armed or frame is None:
            return
        is_first = not self.place
        self.place = self.place or f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        if frame.f_code is not CallLimit.run.__code__:
            raise self._error() if is_first else _Insisting


def _answer_of[Answer](call: Callable[[], Answer]) -> Answer:
    # A frame between `run` and a call that is C code and has none
    return call()
