"""A histogram says what the values themselves say: exactly, or within the bucket of the value asked for."""

from bisect import bisect_left
from math import ceil, inf, isclose

from hypothesis import example, given
from hypothesis import strategies as st

from actors.performance.histogram import EDGES, Histogram, lower_edge

VALUES = st.lists(st.floats(0, 1e7), max_size=60)
FULL = st.lists(st.floats(0, 1e7), min_size=1, max_size=60)


def histogram(values):
    made = Histogram()
    for value in values:
        made.add(value)
    return made


@given(VALUES, VALUES)
def test_merging_is_counting_all_at_once_in_any_order(some, others):
    together = histogram([*some, *others])
    for parts in ((some, others), (others, some)):
        merged = Histogram.merged(map(histogram, parts))
        assert (merged.counts, merged.count, merged.max) == (together.counts, together.count, together.max)
        assert isclose(merged.mean, together.mean, rel_tol=1e-9)


@given(VALUES)
def test_merging_leaves_the_parts_as_they_are_and_what_is_read_back_is_the_same(values):
    part = histogram(values)
    before = part.counts
    Histogram.merged([part, part, histogram([1.0])])
    back = Histogram.of(part.counts, part.total, part.max)

    assert part.counts == before
    assert (back.counts, back.count, back.mean, back.max) == (part.counts, part.count, part.mean, part.max)


@given(FULL, st.sampled_from([1, 50, 95, 99, 100]))
@example([2896203.1371686803] * 3, 100)  # the sum of its parts is a rounding above it
def test_a_percentile_lies_in_the_bucket_of_the_true_one(values, pct):
    true = sorted(values)[max(1, ceil(pct / 100 * len(values))) - 1]
    edge = EDGES[bisect_left(EDGES, true)]
    found = histogram(values).percentile(pct)

    assert lower_edge(edge) <= found <= min(edge, max(values))
    if EDGES[0] < true <= EDGES[-2]:
        assert abs(found - true) <= 0.15 * true


@given(FULL)
def test_percentiles_rise_to_the_maximum(values):
    made = histogram(values)
    points = [made.percentile(pct) for pct in (1, 25, 50, 75, 95, 100)]
    assert points == sorted(points)
    assert isclose(points[-1], max(values), rel_tol=1e-12)


@given(st.floats(0, 1e7))
def test_memory_does_not_grow_with_the_number_of_values(value):
    assert len(histogram([value] * 200).counts) == 1
    assert len(EDGES) < 150
    assert EDGES[-1] == inf
