"""
The loop watch: tells when the event loop, in which everything of a node runs, was held up or hangs.

It changes nothing. A loop that is held up for a second or more delays the trailing stop and every answer by as much;
what held it is what ran just before.

"""

from datetime import timedelta

from nautilus_trader.common import TimeEvent

from actors.component import Watcher
from actors.loop.hang_watch import HangWatch
from actors.messages import AlertRaised, Topic
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import NANOS_IN_SECOND

BEAT_SECS = 1.0
MAX_LATE_SECS = 1.0


class LoopWatch(Watcher):
    """
    Beats in the loop and measures how late.

    Parameters
    ----------
    hangs : HangWatch
        Gets each beat.

    """

    def __init__(self, hangs: HangWatch) -> None:
        super().__init__()
        self._hangs = hangs
        self._is_late = False
        self._is_over = False

    @contained_start
    def on_start(self) -> None:
        self.clock.set_timer("loop", timedelta(seconds=BEAT_SECS), callback=self.on_beat)

    @contained_start
    def on_stop(self) -> None:
        self._is_over = True
        self._hangs.stop()

    @contained
    def on_beat(self, event: TimeEvent) -> None:
        if self._is_over:
            return  # it was due before
        now_ns = self.clock.timestamp_ns()
        for told in self._hangs.sign(now_ns):
            self.publish_message(Topic.ALERTS, told)
        # A timer of a live node fires on a thread of its own, at ts_init; since then the event waited for the loop
        late_secs = (now_ns - event.ts_init) / NANOS_IN_SECOND
        was_late, self._is_late = self._is_late, late_secs > MAX_LATE_SECS
        if self._is_late and not was_late:  # the beats that queued behind it are late for the same reason
            text = f"the event loop was held up for {late_secs:.1f} s: until then nothing trailed, exited or answered"
            self.publish_message(Topic.ALERTS, AlertRaised(now_ns, "loop_slow", "warning", text))
