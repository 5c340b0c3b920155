"""The bars of a live node: warmed up before the first live one, of 5 seconds, built of ticks, or none of the past."""

import threading
import time

import pytest

from tests.gateway import recorded
from tests.gateway.data_desk import DataDesk
from tests.gateway.gateway import Gateway
from tests.gateway.market import FULL_SESSION_MINS
from tests.gateway.model import MarketBar, Refused
from tests.integration.live_bars import NANOS_IN_SECOND, bars_in, noted, present_market
from tests.integration.live_rig import PRICE, Floor, at_minute, floor
from tests.integration.live_steps import codes
from tests.integration.rig import AAPL, MINUTE_NS, MSFT

PATIENCE = "strategies.bar_feed.PATIENCE_SECS"
STEP_NS = 5 * NANOS_IN_SECOND


@pytest.fixture
def seen(tmp_path):
    return tmp_path / "seen.txt"


@pytest.fixture
def _history_up_to_the_open(monkeypatch):
    """Let history have the session too that is running while a test runs: it is over before the one that is played."""
    real = recorded.past_sessions

    def past_sessions(now_ns, lengths, sessions):
        return real(recorded.upcoming_session(now_ns, FULL_SESSION_MINS, sessions).open, lengths, sessions)

    monkeypatch.setattr(recorded, "past_sessions", past_sessions)


@pytest.mark.usefixtures("_history_up_to_the_open")
def test_the_first_live_bars_find_the_rules_warmed_up(tmp_path, seen):
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        node = day.start([noted(seen), at_minute(up=(2,))], "bars.warmup_bars=200")
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "an entry on the second live bar")

        times = [ts for ts, _ in bars_in(seen)]
        assert len(times) > 200
        assert times == sorted(set(times))
        assert [ts for ts in times if ts > opens] == [opens + MINUTE_NS, opens + 2 * MINUTE_NS]


@pytest.mark.usefixtures("_history_up_to_the_open")
def test_a_bar_that_closes_between_the_history_and_the_subscription_is_not_lost(tmp_path, seen, monkeypatch):
    """The adapter delivers no bar that had closed when it subscribed."""
    serve = DataDesk._history

    def history(desk, message):
        if message.keepUpToDate:
            commands.advance_to(opens + MINUTE_NS)
        serve(desk, message)

    monkeypatch.setattr(DataDesk, "_history", history)
    with floor(tmp_path) as day:
        commands, opens = day.gateway.do._commands, day.gateway.state()["session"]["open"]
        node = day.start([noted(seen), at_minute(up=(2,))], "bars.warmup_bars=200")
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "an entry on the first live bar")

        assert [ts for ts, _ in bars_in(seen) if ts > opens] == [opens + MINUTE_NS, opens + 2 * MINUTE_NS]


@pytest.mark.usefixtures("_history_up_to_the_open")
def test_a_bar_that_still_forms_in_the_history_counts_once_it_has_closed(tmp_path, seen):
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        serve_forming_bars(day.gateway)
        day.gateway.do.step(30)  # of twelve a minute: the third minute is half over
        node = day.start([noted(seen), at_minute(up=(4,))], "bars.warmup_bars=200")
        day.minute(4)
        node.until(lambda: len(day.orders()) == 2, "an entry on the second live bar")

        times = [ts for ts, _ in bars_in(seen)]
        assert times == sorted(set(times))
        assert bars_in(seen)[-4:] == [(opens + minute * MINUTE_NS, f"{PRICE:.2f}") for minute in (1, 2, 3, 4)]


def serve_forming_bars(gateway):
    """Let answers to requests for history end with the minute that is running, as IB's do."""
    closed = gateway._world.history

    def history(symbol, step_secs, end_ns, count):
        bars = closed(symbol, step_secs, end_ns, count)
        if not bars:
            return bars  # a request of several days comes in parts
        ends = gateway._world.now // MINUTE_NS * MINUTE_NS + MINUTE_NS
        last = bars[-1]
        return [*bars, MarketBar(symbol, step_secs, ends, last.open, last.high + 7, last.low, last.high + 7, 100)]

    gateway._world.history = history


@pytest.mark.parametrize("is_refused", [True, False], ids=["refused", "no answer"])
def test_without_history_the_rules_warm_up_on_live_bars_and_it_is_told(tmp_path, seen, monkeypatch, is_refused):
    serve = DataDesk._history

    def history(desk, message):
        if message.keepUpToDate:
            serve(desk, message)
        elif is_refused:
            raise Refused(162, "Historical Market Data Service error message:No market data permissions for NASDAQ STK")

    monkeypatch.setattr(DataDesk, "_history", history)
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        node = day.start([noted(seen), at_minute(up=(2, 3))], "bars.warmup_bars=2", sooner={PATIENCE: 1.0})
        node.until_says("no history came, the rules warm up on live bars")
        day.minute(3)
        node.until(lambda: len(day.orders()) == 2, "an entry")

        assert bars_in(seen) == [(opens + minute * MINUTE_NS, f"{PRICE:.2f}") for minute in (1, 2, 3)]
        node.until_says("warm_up: 1 of 2 bars")


def test_bars_pass_after_a_silence_though_history_is_refused_since_the_start(tmp_path, seen, monkeypatch):
    """The subscription is renewed meanwhile, and what was missed stays a hole: it is told, and the rules warm up."""
    serve = DataDesk._history

    def history(desk, message):
        if not message.keepUpToDate:
            raise Refused(162, "Historical Market Data Service error message:No market data permissions for NASDAQ STK")
        serve(desk, message)

    monkeypatch.setattr(DataDesk, "_history", history)
    soon = {
        "actors.link.data_age.STEPS_LATE": 0,
        "actors.link.data_age.GRACE_SECS": 5,  # far above what is between two minutes played here
        "actors.link.data_sentinel.RENEW_AFTER": 1,
    }
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        node = day.start([noted(seen), noted(seen).replace(AAPL, MSFT)], "bars.warmup_bars=1", sooner=soon)
        node.until(lambda: codes(node).count("no_history") == 2, "the refusals at the start")
        day.minute(2)
        day.gateway.do.silence()
        day.minute(4)
        asked = day.asked()
        node.until(lambda: day.asked() == asked + 2, "the renewal")
        day.gateway.do.speak()
        day.minute(7)
        ends = opens + 7 * MINUTE_NS
        node.until(lambda: [ts for ts, _ in bars_in(seen)].count(ends) == 2, "the live bars of both")

        assert codes(node).count("no_history") == 4
        assert [ts for ts, _ in bars_in(seen) if ts == opens + 3 * MINUTE_NS] == []


def test_five_second_bars_come_as_the_broker_makes_them(tmp_path, seen):
    with floor(tmp_path) as day:
        opens = day.gateway.state()["session"]["open"]
        node = day.start([noted(seen), at_minute(up=(2,))], 'bars.step="5-SECOND"', asks="RealTimeBarsRequest")
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")

        assert [ts for ts, _ in bars_in(seen)] == list(range(opens + STEP_NS, opens + 2 * MINUTE_NS + 1, STEP_NS))
        assert "HistoricalDataRequest" not in day.gateway.received()


def test_bars_are_built_of_ticks_without_a_hole(tmp_path, seen):
    # A slice is played when it ends; half a bar early, each trade stands in the middle of five seconds of the clock
    opens = time.time_ns() // STEP_NS * STEP_NS + 2 * STEP_NS
    market = present_market(opens)
    with Gateway.start(market, speed=1.0, subscriptions=99) as gateway:
        threading.Timer((opens - STEP_NS // 2 - time.time_ns()) / NANOS_IN_SECOND, gateway.do.begin).start()
        day = Floor(gateway, tmp_path / "state")
        settings = ['bars.step="5-SECOND"', 'bars.source="ticks"', "bars.warmup_bars=20", 'session.hours="any"']
        try:
            node = day.start([noted(seen, up_after=opens)], *settings, asks="TickByTickRequest")
            node.until(lambda: len(day.orders()) == 2, "an entry on the first bar that was built")
            asked = gateway.frames("TickByTickRequest", "HistoricalDataRequest")
        finally:
            for each in day.nodes:
                each.kill()

    bars = bars_in(seen)
    made = {bar.ts: f"{bar.close:.2f}" for bar in market.history(AAPL, 5, market.session.close, 10_000)}
    assert bars == [(ts, made[ts]) for ts in range(bars[0][0], bars[-1][0] + 1, STEP_NS)]
    assert len([ts for ts, _ in bars if ts <= opens]) > 10
    # The bar that was running when the node came is asked for when the first whole one has closed
    assert asked[-1].ts // STEP_NS - asked[0].ts // STEP_NS >= 2
