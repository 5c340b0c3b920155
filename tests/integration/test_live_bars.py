"""The bars of a live node: warmed up before the first live one, of 5 seconds, built of ticks, or none of the past."""

import time

import pytest

from tests.gateway.gateway import Gateway
from tests.integration.live_bars import NANOS_IN_SECOND, bars_in, noted, present_market
from tests.integration.live_rig import Floor, at_minute, floor
from tests.integration.rig import AAPL, MINUTE_NS

STEP_NS = 5 * NANOS_IN_SECOND


def wait_for_bars(node, file, since, count):
    """Wait until the rules have seen so many bars after a time, and return these."""
    return node.until(lambda: (found := [bar for bar in bars_in(file) if bar[0] > since])[count - 1 :] and found, "bars")


def test_the_first_live_bar_finds_the_rules_warmed_up(tmp_path):
    file = tmp_path / "bars"
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        node = day.start([noted(file), at_minute(up=(1,))], "bars.warmup_bars=200")
        day.minute(1)
        node.until(lambda: len(day.orders()) == 2, "an entry on the first live bar")

        seen = [ts for ts, _ in bars_in(file)]
        assert len([ts for ts in seen if ts <= opens]) >= 200
        assert seen == sorted(set(seen))
        assert seen[-1] == opens + MINUTE_NS
        assert node.terminate() == 0


def test_a_bar_that_still_forms_in_the_history_counts_when_it_has_closed(tmp_path):
    pytest.skip("later")


def test_without_history_the_rules_warm_up_on_live_bars_and_it_is_told(tmp_path):
    file = tmp_path / "bars"
    with floor(tmp_path) as day:
        day.gateway.do.lose("HistoricalData", 1)
        if True: day.gateway.do.lose("HistoricalDataEnd", 1)
        began = time.time()
        node = day.start([noted(file), at_minute(up=(2, 3))], "bars.warmup_bars=2")
        node.until_says("no history came")
        print("told after", time.time() - began)
        day.minute(3)
        node.until(lambda: len(day.orders()) == 2, "an entry")
        print(bars_in(file), node.terminal[-1500:])


def test_five_second_bars_come_as_the_broker_makes_them(tmp_path):
    file = tmp_path / "bars"
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        node = day.start([noted(file), at_minute(up=(2,))], 'bars.step="5-SECOND"', asks="RealTimeBarsRequest")
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")

        assert [ts for ts, _ in bars_in(file)] == list(range(opens + STEP_NS, opens + 2 * MINUTE_NS + 1, STEP_NS))
        assert "HistoricalDataRequest" not in day.gateway.received()


def test_bars_are_built_of_ticks_without_a_hole(tmp_path):
    """The session of the gateway is that of the clock, 2.5 s late: so a trade stands in the middle of its five seconds."""
    file = tmp_path / "bars"
    opens = time.time_ns() // STEP_NS * STEP_NS + STEP_NS
    market = present_market(opens)
    with Gateway.start(market, speed=1.0, subscriptions=99) as gateway:
        day = Floor(gateway, tmp_path / "state")
        time.sleep((opens + STEP_NS // 2 - time.time_ns()) / NANOS_IN_SECOND)
        gateway.do.begin()
        settings = ['bars.step="5-SECOND"', 'bars.source="ticks"', "bars.warmup_bars=20", 'session.hours="any"']
        node = day.start([noted(file, time.time_ns())], *settings, asks="TickByTickRequest")
        started = time.time_ns()
        try:
            node.until(lambda: day.position() > 0, "a position")
            built = wait_for_bars(node, file, opens, 2)
        finally:
            node.kill()

    expected = {bar.ts: f"{bar.close:.2f}" for bar in market.history(AAPL, 5, market.session.close, 200)}
    seen = bars_in(file)
    assert seen[-1][0] > started
    assert [ts for ts, _ in seen] == list(range(seen[0][0], seen[-1][0] + 1, STEP_NS))
    assert len([ts for ts, _ in seen if ts <= opens]) >= 15
    assert [close for _, close in seen] == [expected[ts] for ts, _ in seen]
    assert built
