"""What this process takes of the machine: memory and processor time. Pure."""

import resource
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")  # Linux; elsewhere the peak is all that is told
STATUS = Path("/proc/self/status")
NANOS_IN_SECOND = 1_000_000_000


class ProcessLoad:
    """Memory now, and the processor time since the last time it was asked for."""

    def __init__(self) -> None:
        self._asked_ns = 0
        self._cpu_secs = 0.0

    def rss_mb(self) -> float:
        """Return the resident memory, megabytes; on macOS its peak."""
        if STATM.exists():
            pages = int(STATM.read_text(encoding="ascii").split()[1])
            return round(pages * resource.getpagesize() / 1024**2, 1)
        return self.peak_rss_mb()

    def peak_rss_mb(self) -> float:
        """Return the most that was ever resident, megabytes."""
        if STATUS.exists():  # what the system calls maxrss may be of the program that started this one
            rows = (line.split() for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines())
            return round(next(int(row[1]) for row in rows if row[0] == "VmHWM:") / 1024, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)

    def cpu_pct(self, now_ns: int) -> float | None:
        """Return the share of one core since the last call, None at the first."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_secs, passed_secs = used.ru_utime + used.ru_stime, (now_ns - self._asked_ns) / NANOS_IN_SECOND
        spent, was_asked = cpu_secs - self._cpu_secs, bool(self._asked_ns)
        self._asked_ns, self._cpu_secs = now_ns, cpu_secs
        return round(100 * spent / passed_secs, 2) if was_asked and passed_secs > 0 else None
