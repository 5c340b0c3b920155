"""What a running node measures of itself: in its status while it runs, in its report after it ended."""

import json
import threading
import time

from actors.journal.performance import NodeJournal
from actors.messages import Side
from actors.performance.histogram import Histogram
from actors.performance.measures import MEASURES
from tests.gateway.gateway import Gateway
from tests.integration.live_bars import NANOS_IN_SECOND, noted, present_market
from tests.integration.live_rig import Floor
from tests.integration.live_session import FIRST, LAST, MONDAY_BARS, busy, journalled, live_of
from tests.integration.operator_rig import Operator
from tests.unit.journal_builders import RUN

STEP_NS = 5 * NANOS_IN_SECOND
DAY_NS = 24 * 3600 * NANOS_IN_SECOND


def test_a_node_shows_every_measure_in_its_status_and_in_its_report(tmp_path):
    opens = time.time_ns() // STEP_NS * STEP_NS + 2 * STEP_NS
    with Gateway.start(present_market(opens), speed=1.0, subscriptions=99) as gateway:
        # Each bar comes when it closes by the clock: of a session ahead of it nobody could tell how late they come
        threading.Timer((opens - time.time_ns()) / NANOS_IN_SECOND, gateway.do.begin).start()
        day = Floor(gateway, tmp_path / "state")
        settings = ['bars.step="5-SECOND"', "bars.warmup_bars=0", 'session.hours="any"']
        try:
            node = day.start([noted(tmp_path / "seen.txt", up_after=opens)], *settings, asks="RealTimeBarsRequest")
            node.until(lambda: day.position() > 0, "the fill of an entry")
            operator = Operator(day.state)
            node.until(lambda: measured(operator.status()) == set(MEASURES), "every measure")
            status = operator.status()
            assert node.terminate() == 0
        finally:
            for each in day.nodes:
                each.kill()

    [folder] = (day.state / "reports").iterdir()
    kept = json.loads((folder / "performance.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    for name, one in (status["latencies_ms"] | status["load"]).items():
        assert 0 < one["count"] <= kept[name]["count"], name
        assert one["p50"] <= one["p95"] <= one["max"] <= kept[name]["max"], name
        assert (one["goal"], one["is_met"] is None) == (MEASURES[name].goal, MEASURES[name].goal is None)
    assert page.count('<span class="histogram">') == len(MEASURES)


def measured(status) -> set[str]:
    return {name for name, one in (status["latencies_ms"] | status["load"]).items() if one["count"]}


def test_the_report_has_the_measures_of_all_runs_of_its_session_and_of_no_other(tmp_path):
    with NodeJournal(tmp_path / "journal.sqlite") as store:
        for last_kept_ns, millis in ((FIRST - 4 * DAY_NS, 1.0), (FIRST, 20.0), (LAST, 300.0)):
            store.begin_run(RUN)
            histogram = Histogram()
            histogram.add(millis)
            store.put_performance({"decision_to_filled": histogram}, last_kept_ns)
        run, backtest = journalled(store, busy(Side.LONG), bars=MONDAY_BARS)
        found = live_of(run, store).live.performance["decision_to_filled"]

    assert (found.count, found.max, found.total) == (2, 300.0, 320.0)
    assert backtest.live is None
