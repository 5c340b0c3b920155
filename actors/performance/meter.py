"""
Takes the measures of a running node: order steps, bars, the event loop, memory and processor. Pure.

It reads no clock: who tells it of a moment says when that was, by the wall clock.

"""

from collections import defaultdict
from collections.abc import Mapping

from actors.messages import BarHandled
from actors.performance.histogram import Histogram
from actors.performance.process_load import ProcessLoad

NANOS_IN_MILLI = 1_000_000
MAX_AGE_NS = 3_600 * 1_000_000_000  # a bar that is older, or of the future, is not of this clock: a replayed session


class PerformanceMeter:
    """Keeps a histogram for each measure that has happened; the names are those of ``MEASURES``."""

    def __init__(self, load: ProcessLoad) -> None:
        self._load = load
        self._was_flat = True
        self.histograms: defaultdict[str, Histogram] = defaultdict(Histogram)
        self.rss_mb: float | None = None  # at the latest beat
        self.cpu_pct: float | None = None  # of one core, since the beat before

    def steps(self, steps_ms: Mapping[str, float]) -> None:
        """Take in steps of an order that just ended."""
        for step, millis in steps_ms.items():
            self.histograms[step].add(millis)

    def bar_handled(self, bar: BarHandled) -> None:
        """Take in a live bar; how late it came counts only when its stamp is of this clock."""
        self.histograms["signal_processing"].add(_millis(bar.done_ns - bar.taken_ns))
        age_ns = bar.taken_ns - bar.ts
        if 0 <= age_ns <= MAX_AGE_NS:
            self.histograms["data_latency"].add(_millis(age_ns))

    def timer_ran(self, due_ns: int, now_ns: int) -> None:
        """Take in when the event loop came to a timer that was due."""
        self.histograms["loop_lateness"].add(_millis(now_ns - due_ns))

    def beat(self, now_ns: int, *, is_flat: bool) -> None:
        """Take in what the process uses; the time since the last beat is idle when all was flat at both of its ends."""
        memory, peak_mb = self.histograms["memory_mb"], self._load.peak_rss_mb()
        self.rss_mb = rss_mb = self._load.rss_mb()
        memory.add(rss_mb)
        if peak_mb > memory.max:
            memory.add(peak_mb)  # between two beats
        self.cpu_pct = self._load.cpu_pct(now_ns)
        if self.cpu_pct is not None:
            self.histograms["cpu_idle_pct" if is_flat and self._was_flat else "cpu_active_pct"].add(self.cpu_pct)
        self._was_flat = is_flat


def _millis(span_ns: int) -> float:
    return max(span_ns, 0) / NANOS_IN_MILLI
