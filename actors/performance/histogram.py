"""
How many values fell into which bucket: percentiles of any number of values, in bounded memory. Pure.

The edges are the preferred numbers of ISO 3, twenty to each power of ten, the same for every histogram. So histograms
merge without a loss, and a percentile is off by 15 % at most; count, mean and maximum are exact.

"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from math import ceil, inf
from typing import Self

_SERIES = (1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9)
EDGES = (*(float(f"{number}e{power}") for power in range(-2, 5) for number in _SERIES), 1e5, inf)  # the upper ones


class Histogram:
    """Values of one measure; they are not negative."""

    __slots__ = ("_counts", "count", "max", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.max = 0.0
        self._counts: dict[float, int] = {}  # by the upper edge, which belongs to the bucket

    @classmethod
    def of(cls, counts: Mapping[float, int], total: float, maximum: float) -> Self:
        """Return the histogram that these were read from; raises ``ValueError`` at an edge of another program."""
        made = cls()
        made._counts = {EDGES[EDGES.index(edge)]: count for edge, count in counts.items()}
        made.count, made.total, made.max = sum(counts.values()), total, maximum
        return made

    @classmethod
    def merged(cls, parts: Iterable[Self]) -> Self:
        """Return the histogram of all values of some others."""
        made = cls()
        for part in parts:
            made.count += part.count
            made.total += part.total
            made.max = max(made.max, part.max)
            for edge, count in part.counts.items():
                made._counts[edge] = made._counts.get(edge, 0) + count
        return made

    def add(self, value: float) -> None:
        """Count a value."""
        edge = EDGES[bisect_left(EDGES, value)]
        self._counts[edge] = self._counts.get(edge, 0) + 1
        self.count += 1
        self.total += value
        self.max = max(self.max, value)

    @property
    def counts(self) -> dict[float, int]:
        """The buckets that are not empty, by their upper edge, in order; the last edge is infinite."""
        return dict(sorted(self._counts.items()))

    @property
    def mean(self) -> float:
        """The mean of all values, 0 when there are none."""
        return self.total / self.count if self.count else 0.0

    def percentile(self, pct: float) -> float:
        """Return what so many percent of the values do not exceed, by the buckets; 0 when there are none."""
        rank, seen = ceil(pct / 100 * self.count), 0
        for edge, count in self.counts.items():
            if seen + count >= rank:
                below, above = lower_edge(edge), min(edge, self.max)
                return min(above, below + (above - below) * (rank - seen) / count)  # rounding may pass the edge
            seen += count
        return self.max


def lower_edge(edge: float) -> float:
    """Return where the bucket begins that ends at an edge; the beginning belongs to the one before."""
    place = EDGES.index(edge)
    return EDGES[place - 1] if place else 0.0
