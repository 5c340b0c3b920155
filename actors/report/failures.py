"""
Contained exceptions by place: the first ones are kept, those that are like them counted. Pure.

A rule that fails at each bar of a year fails 100,000 times; one look at the first says what all of them say.

"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from actors.messages import FAILURES_KEPT, FailurePlace, HandlerFailed, failure_place
from actors.report.format import count
from actors.report.records import SessionRecord


class FailureTally:
    """What failed in a run, in bounded memory."""

    def __init__(self, failures: Iterable[HandlerFailed] = ()) -> None:
        self.kept: list[HandlerFailed] = []
        self.more: Counter[FailurePlace] = Counter()  # not kept, by place
        self._counts: Counter[FailurePlace] = Counter()
        for failed in failures:
            self.add(failed)

    def add(self, failed: HandlerFailed) -> None:
        """Keep a failure, or count it when its place has failed often."""
        place = failure_place(failed)
        self._counts[place] += 1
        if self._counts[place] <= FAILURES_KEPT:
            self.kept.append(failed)
        else:
            self.more[place] += 1


def first_of_each(
    errors: Sequence[HandlerFailed | str], more: Mapping[FailurePlace, int]
) -> list[tuple[HandlerFailed | str, int]]:
    """Return the first error of each place and how many more there were, in order; a text is a place of its own."""
    firsts: dict[FailurePlace | str, HandlerFailed | str] = {}
    counts: Counter[FailurePlace | str] = Counter(more)
    for error in errors:
        place = error if isinstance(error, str) else failure_place(error)
        firsts.setdefault(place, error)
        counts[place] += 1
    return [(error, counts[place] - 1) for place, error in firsts.items()]


def errors_told(record: SessionRecord) -> str:
    """Return how many errors there were and what they make of the figures; nothing when there were none."""
    if not record.errors:
        return ""
    number = count(record.error_count, "error")
    if record.live:
        return f"{number}: the figures may not be what they should."
    left = f" It stopped there: {record.bars_left:,} bars were not run." if record.bars_left else ""
    return f"{number}: the run failed, its figures mean nothing.{left}"
