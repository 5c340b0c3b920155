"""What a node measures of itself, and when that meets its goal."""

import subprocess
import sys

import pytest

from actors.messages import BarHandled
from actors.performance.histogram import EDGES, Histogram
from actors.performance.measures import MEASURES, in_order
from actors.performance.meter import MAX_AGE_NS, PerformanceMeter
from actors.performance.process_load import ProcessLoad

MS, SECOND = 10**6, 10**9
CLOSE = 1_000 * SECOND
AAPL = "AAPL.NASDAQ"


class FakeLoad:
    """A process whose memory and processor time a test sets."""

    def __init__(self):
        self.rss, self.peak, self.cpu = 100.0, 100.0, 1.0

    def rss_mb(self):
        return self.rss

    def peak_rss_mb(self):
        return self.peak

    def cpu_pct(self, now_ns):
        return self.cpu


@pytest.fixture
def load():
    return FakeLoad()


@pytest.fixture
def meter(load):
    return PerformanceMeter(load)


def of(*values):
    made = Histogram()
    for value in values:
        made.add(value)
    return made


@pytest.mark.parametrize(
    ("late_ns", "counted"),
    [
        (0, 0.0),
        (300 * MS, 300.0),
        (MAX_AGE_NS, 3_600_000.0),
        (-1, None),
        (MAX_AGE_NS + 1, None),
        (-3_600 * SECOND, None),
    ],
)
def test_a_bar_tells_how_long_it_took_and_how_late_it_came_when_its_stamp_is_of_this_clock(meter, late_ns, counted):
    taken = CLOSE + late_ns
    meter.bar_handled(BarHandled(CLOSE, AAPL, taken, taken + 4 * MS))

    assert meter.histograms["signal_processing"].max == 4.0
    assert ("data_latency" in meter.histograms) == (counted is not None)
    if counted is not None:
        assert meter.histograms["data_latency"].max == counted


def test_steps_and_timers_are_counted_in_milliseconds(meter):
    meter.steps({"decision_to_sent": 2.5})
    meter.steps({})
    meter.timer_ran(due_ns=5 * SECOND, now_ns=5 * SECOND + 3 * MS)
    meter.timer_ran(due_ns=5 * SECOND, now_ns=5 * SECOND - 1)  # a clock that was set back

    assert (meter.histograms["decision_to_sent"].count, meter.histograms["decision_to_sent"].max) == (1, 2.5)
    assert (meter.histograms["loop_lateness"].count, meter.histograms["loop_lateness"].total) == (2, 3.0)


def test_a_second_is_idle_when_all_was_flat_at_both_of_its_ends(meter, load):
    for cpu, is_flat in ((1.0, True), (2.0, False), (4.0, False), (8.0, True), (16.0, True)):
        load.cpu = cpu
        meter.beat(0, is_flat=is_flat)

    assert (meter.histograms["cpu_idle_pct"].count, meter.histograms["cpu_idle_pct"].total) == (2, 17.0)
    assert (meter.histograms["cpu_active_pct"].count, meter.histograms["cpu_active_pct"].total) == (3, 14.0)
    assert meter.cpu_pct == 16.0


def test_the_first_beat_knows_no_processor_time(meter, load):
    load.cpu = None
    meter.beat(0, is_flat=True)
    assert set(meter.histograms) == {"memory_mb"}


def test_a_peak_between_two_beats_is_the_maximum(meter, load):
    for rss, peak in ((100.0, 150.0), (110.0, 150.0), (120.0, 160.0)):
        load.rss, load.peak = rss, peak
        meter.beat(0, is_flat=True)
    memory = meter.histograms["memory_mb"]
    assert (memory.max, memory.count, meter.rss_mb) == (160.0, 5, 120.0)


def test_the_peak_of_a_process_is_its_own():
    script = "from actors.performance.process_load import ProcessLoad; print(ProcessLoad().peak_rss_mb())"
    ballast = bytearray(200 * 2**20)  # resident here, and for a moment in the child before it becomes another program
    ballast[:: 2**12] = b"x" * len(ballast[:: 2**12])
    text = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert 1 < float(text) < 150


def test_processor_time_is_a_share_of_what_passed():
    load = ProcessLoad()
    assert load.cpu_pct(SECOND) is None
    sum(range(10**6))
    assert 0 < load.cpu_pct(10 * SECOND) < 100


@pytest.mark.parametrize(
    ("name", "values", "is_met"),
    [
        ("decision_to_filled", [2_000.0] * 95 + [9_000.0] * 5, True),
        ("decision_to_filled", [2_000.0] * 94 + [9_000.0] * 6, False),
        ("memory_mb", [100.0] * 99 + [501.0], False),
        ("memory_mb", [499.0], True),
        ("cpu_idle_pct", [0.0, 9.0], True),
        ("cpu_idle_pct", [0.0, 11.0], False),
        ("decision_to_sent", [1.0], None),
    ],
)
def test_each_goal_is_judged_by_what_it_is_about(name, values, is_met):
    assert MEASURES[name].is_met(of(*values)) is is_met


def test_every_goal_of_a_latency_is_an_edge_so_that_the_verdict_does_not_depend_on_the_bucket():
    assert {measure.goal for measure in MEASURES.values() if measure.goal is not None} <= set(EDGES)


def test_measures_come_in_the_order_of_the_table_and_those_without_a_value_not_at_all():
    found = in_order({"memory_mb": of(1.0), "data_latency": Histogram(), "decision_to_sent": of(1.0), "another": of(1)})
    assert list(found) == ["decision_to_sent", "memory_mb"]
