"""How fast a live session was, in its report; a backtest says nothing of it."""

import json
import re

import pytest

from actors.performance.histogram import Histogram
from actors.report.performance import performance
from actors.report.records import LiveOrigin
from actors.report.reports import write_report
from tests.unit.report_builders import make_record

HIGHEST_BUCKET = 1e6  # beyond the last edge


def of(*values):
    made = Histogram()
    for value in values:
        made.add(value)
    return made


MEASURED = {
    "cpu_idle_pct": of(7.0),
    "signal_processing": of(*[2.0] * 95, *[130.0] * 5, HIGHEST_BUCKET),
    "decision_to_sent": of(1.5),
}


def live(measured):
    return make_record(mode="paper", live=LiveOrigin("DU…567", 1, 0, 0, measured))


def test_a_backtest_has_neither_section_nor_file(tmp_path):
    write_report(make_record(), tmp_path)
    assert performance(make_record()) == ""
    assert not (tmp_path / "performance.json").exists()


def test_a_session_that_measured_nothing_says_so(tmp_path):
    write_report(live({}), tmp_path)
    assert "Nothing was measured." in performance(live({}))
    assert json.loads((tmp_path / "performance.json").read_text()) == {}


def test_the_page_has_a_row_for_each_measure_with_its_verdict():
    rows = re.findall(r"<tr><td>.*?</tr>", performance(live(MEASURED)))
    order, signal, idle = [re.sub(r"<[^>]+>", "|", row) for row in rows]

    assert re.search(r"Order: decision → sent\|.*\|1\|+1.50\|+1.50\|+1.50\|+1.50\|+ms\|+–\|", order)
    assert re.search(r"\|101\|+1.91\|+128\|+1,000,000\|+9,909\|+ms\|+p95 ≤ 100\|+missed\|", signal)
    assert re.search(r"CPU, flat\|.*\|1\|+7.00\|+7.00\|+7.00\|+7.00\|+%\|+mean ≤ 5\|+missed\|", idle)


def test_the_bars_are_as_high_as_their_counts_and_red_beyond_the_goal():
    signal = re.findall(r"<tr><td>.*?</tr>", performance(live(MEASURED)))[1]
    bars = re.findall(r'<i( class="late")? style="height:(\d+)%" title="([^"]+)"></i>', signal)

    assert bars == [
        ("", "100", "1.8 to 2 ms: 95"),
        (' class="late"', "6", "125 to 140 ms: 5"),
        (' class="late"', "6", "over 100,000 ms: 1"),
    ]
    assert signal.count("<i></i>") > 30  # the empty buckets between them


@pytest.mark.parametrize("name", MEASURED)
def test_the_file_has_figures_and_buckets(tmp_path, name):
    write_report(live(MEASURED), tmp_path)
    found = json.loads((tmp_path / "performance.json").read_text())
    one, histogram = found[name], MEASURED[name]

    assert list(found) == ["decision_to_sent", "signal_processing", "cpu_idle_pct"]
    assert (one["count"], one["max"]) == (histogram.count, histogram.max)
    assert sum(bucket["count"] for bucket in one["buckets"]) == histogram.count
    assert all(bucket["up_to"] is None or bucket["above"] < bucket["up_to"] for bucket in one["buckets"])
    assert found["signal_processing"]["buckets"][-1] == {"above": 100_000, "up_to": None, "count": 1}
    assert (found["signal_processing"]["is_met"], found["decision_to_sent"]["is_met"]) == (False, None)
    assert [found[each]["judged_by"] for each in found] == ["p95", "p95", "mean"]
