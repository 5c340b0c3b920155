"""
How fast a live session was, for its report: a section of the page and ``performance.json``. Pure.

The figures are those that its runs took of themselves, all runs of the session together.

"""

from math import isinf
from typing import Any

from actors.performance.histogram import EDGES, Histogram, lower_edge
from actors.performance.measures import MEASURES, Histograms, Measure, in_order
from actors.report.format import MISSING, figure
from actors.report.html import empty, section, table, text
from actors.report.records import SessionRecord

PERFORMANCE = "performance.json"
NOTE = (
    "Taken by the program itself, over all its runs in the session. A latency is held against its goal by what 95 of "
    "100 stay within, memory by its peak, the processor (percent of one core) by its mean. p50 and p95 are of buckets, "
    "off by 15 % at most; red is beyond the goal; hover over a bar for its figures."
)
HEADS = ["Measure", "How often", ">Count", ">p50", ">p95", ">Max", ">Mean", "", "Goal", ""]


def performance(record: SessionRecord) -> str:
    """Return the section of the page; nothing for a backtest, which measures none of this."""
    if record.live is None:
        return ""
    measured = in_order(record.live.performance)
    if not measured:
        return section("Latency and load", empty("Nothing was measured."))
    rows = [_row(MEASURES[name], histogram) for name, histogram in measured.items()]
    return section("Latency and load", table(HEADS, rows), NOTE)


def performance_file(histograms: Histograms) -> dict[str, Any]:
    """Return what ``performance.json`` holds: by measure its figures, and each bucket with its ends and its count."""
    return {name: _figures(MEASURES[name], histogram) for name, histogram in in_order(histograms).items()}


def _figures(measure: Measure, histogram: Histogram) -> dict[str, Any]:
    return {
        "unit": measure.unit,
        "count": histogram.count,
        "p50": round(histogram.percentile(50), 3),
        "p95": round(histogram.percentile(95), 3),
        "max": round(histogram.max, 3),
        "mean": round(histogram.mean, 3),
        "goal": measure.goal,
        "judged_by": measure.judged_by,
        "is_met": measure.is_met(histogram),
        "buckets": [
            {"above": lower_edge(edge), "up_to": None if isinf(edge) else edge, "count": count}
            for edge, count in histogram.counts.items()
        ],
    }


def _row(measure: Measure, histogram: Histogram) -> str:
    values = (histogram.percentile(50), histogram.percentile(95), histogram.max, histogram.mean)
    figures = "".join(f'<td class="n">{text(each)}</td>' for each in (f"{histogram.count:,}", *map(figure, values)))
    return (
        f'<tr><td>{text(measure.title)}</td><td class="b">{_bars(measure, histogram)}</td>'
        f"{figures}<td>{text(measure.unit)}</td>{_verdict(measure, histogram)}</tr>"
    )


def _verdict(measure: Measure, histogram: Histogram) -> str:
    if measure.goal is None:
        return f"<td>{MISSING}</td><td></td>"
    css, word = ("up", "met") if measure.is_met(histogram) else ("down", "missed")
    return f'<td>{text(f"{measure.judged_by} ≤ {measure.goal:,g}")}</td><td class="{css}">{word}</td>'


def _bars(measure: Measure, histogram: Histogram) -> str:
    """Return a bar for every bucket from the first that is not empty to the last."""
    counts = histogram.counts
    first, last = EDGES.index(min(counts)), EDGES.index(max(counts))
    most = max(counts.values())
    bars = [_bar(edge, counts.get(edge, 0), most, measure) for edge in EDGES[first : last + 1]]
    return f'<span class="histogram">{"".join(bars)}</span>'


def _bar(edge: float, count: int, most: int, measure: Measure) -> str:
    if not count:
        return "<i></i>"
    begin = lower_edge(edge)
    ends = f"over {begin:,g}" if isinf(edge) else f"{begin:,g} to {edge:,g}"
    css = ' class="late"' if measure.goal is not None and begin >= measure.goal else ""
    height = max(6, round(100 * count / most))  # a single one among thousands is to be seen
    return f'<i{css} style="height:{height}%" title="{text(ends)} {text(measure.unit)}: {count:,}"></i>'
