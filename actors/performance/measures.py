"""
What a running node measures of itself: the table of the measures with their goals. Pure.

A goal is judged by what it is about: a latency by what 95 of 100 stay within, memory by its peak, the processor by its
mean over time.

"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from actors.performance.histogram import Histogram

Judge = Literal["p95", "max", "mean"]
LATENCY_UNIT = "ms"
Histograms = Mapping[str, Histogram]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; its goal is in its unit, None = it has none of its own."""

    title: str
    unit: str = LATENCY_UNIT
    goal: float | None = None
    judged_by: Judge = "p95"

    def judged(self, histogram: Histogram) -> float:
        """Return the figure that is held against the goal."""
        return {"p95": histogram.percentile(95), "max": histogram.max, "mean": histogram.mean}[self.judged_by]

    def is_met(self, histogram: Histogram) -> bool | None:
        """Return whether the goal is met, None when there is none."""
        return None if self.goal is None else self.judged(histogram) <= self.goal


MEASURES: dict[str, Measure] = {
    "decision_to_sent": Measure("Order: decision → sent"),
    "sent_to_accepted": Measure("Order: sent → accepted"),
    "accepted_to_filled": Measure("Order: accepted → filled"),
    "decision_to_filled": Measure("Order: decision → filled", goal=2_000),
    "signal_processing": Measure("Bar → decisions, orders", goal=100),
    "data_latency": Measure("Close of a bar → here", goal=500),
    "loop_lateness": Measure("Event loop: timer late", goal=1_000),
    "memory_mb": Measure("Memory", "MB", 500, "max"),
    "cpu_idle_pct": Measure("CPU, flat", "%", 5, "mean"),
    "cpu_active_pct": Measure("CPU, in a trade", "%", 20, "mean"),
}


def in_order(histograms: Histograms) -> dict[str, Histogram]:
    """Return those that are measures and have a value, in the order of the table."""
    return {name: histograms[name] for name in MEASURES if name in histograms and histograms[name].count}
