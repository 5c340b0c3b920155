"""The feed of closed bars after an outage: every bar once and in order, and only the present one is acted upon."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nautilus_trader.model import Bar, BarType, Price, Quantity

from catalog.sessions import Sessions
from strategies.bar_feed import AGAIN_SECS, MAX_TRIES, MOMENT, PATIENCE_SECS, BarFeed
from strategies.signal_strategy import SignalStrategy
from tests.integration.rig import AAPL

SECOND = 10**9
OPEN = 1_728_307_800 * SECOND
BAR_TYPE = f"{AAPL}-1-MINUTE-LAST-EXTERNAL"


def bar(minute: int) -> Bar:
    price, ts = Price.from_str("100.00"), OPEN + minute * 60 * SECOND
    return Bar(BarType.from_str(BAR_TYPE), price, price, price, price, Quantity.from_int(1), ts, ts)


class Trader:
    """A strategy that remembers what it learned and acted upon, by minute, and what it asked of the engine."""

    def __init__(self, minute: int = 10, *, is_live: bool = True) -> None:
        self.learned, self.acted, self.asked = [], [], []
        self.timers = {}
        self.patience = timedelta()  # of the last alert that was set
        self.clock, self.minute = self, float(minute)
        self.feed = BarFeed(self, BAR_TYPE, Sessions(), lambda _: None, is_live=is_live)
        self.feed.start(OPEN if is_live else 0)
        if is_live:
            self.answers(range(1, minute + 1))
            self.learned.clear()
        self.asked.clear()

    # As the engine

    def timestamp_ns(self) -> int:
        return int(OPEN + self.minute * 60 * SECOND)

    def utc_now(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp_ns() // SECOND, UTC)

    def set_time_alert(self, name, at, callback) -> None:
        self.timers[name], self.patience = callback, at - self.utc_now()

    def cancel_timer(self, name: str) -> None:
        del self.timers[name]

    def timer_names(self) -> list[str]:
        return list(self.timers)

    def request_bars(self, _bar_type, start: datetime) -> None:
        assert start <= self.utc_now()  # the engine refuses another
        self.asked.append("bars")

    def subscribe_bars(self, _bar_type) -> None:
        self.asked.append("subscribe")

    def unsubscribe_bars(self, _bar_type) -> None:
        self.asked.append("unsubscribe")

    # As the strategy

    def comes(self, *minutes: int) -> None:
        for minute in minutes:
            self.acted += self._minutes(self.feed.live(bar(minute)))

    def answers(self, minutes: Sequence[int]) -> None:
        bars = [bar(minute) for minute in minutes]
        if self.feed.is_answer(bars):
            self.learned += self._minutes(self.feed.answered(bars))
            self.acted += self._minutes(self.feed.settle())
        else:
            self.feed.refused()

    def overdue(self) -> bool:
        """Let the time for an answer pass; True when it gave up."""
        self.timers.clear()
        if self.feed.try_again():
            return False
        self.learned += self._minutes(self.feed.answered([]))
        self.acted += self._minutes(self.feed.settle())
        return True

    @staticmethod
    def _minutes(bars: list[Bar]) -> list[int]:
        return [(each.ts_init - OPEN) // (60 * SECOND) for each in bars]


def test_on_an_ordinary_day_a_live_bar_passes_at_once():
    trader = Trader()
    trader.comes(11, 12)

    assert (trader.learned, trader.acted, trader.asked) == ([], [11, 12], [])


def test_the_first_live_bar_waits_for_one_that_closed_between_the_history_and_the_subscription():
    trader = Trader()
    trader.minute = 12.1
    trader.comes(12)
    assert (trader.acted, trader.asked) == ([], ["bars"])
    trader.answers(range(1, 13))
    trader.comes(13, 15)  # a minute without a trade has no bar

    assert (trader.learned, trader.acted, trader.asked) == ([11], [12, 13, 15], ["bars"])


def test_a_bar_that_is_known_already_is_not_taken_for_the_first_live_one():
    trader = Trader()
    trader.comes(10)
    trader.minute = 12.1
    trader.comes(12)

    assert (trader.acted, trader.asked) == ([], ["bars"])


def test_a_bar_before_the_open_does_not_follow_as_the_first_of_the_session_does():
    trader = Trader()
    trader.comes(24 * 60 - 20)

    assert (trader.acted, trader.asked) == ([], ["bars"])


def test_the_first_bar_of_a_session_follows_that_of_the_one_before():
    trader = Trader()
    next_open = 24 * 60
    trader.comes(next_open + 1, next_open + 2)

    assert (trader.acted, trader.asked) == ([next_open + 1, next_open + 2], [])


def test_the_first_bar_after_an_outage_waits_for_what_was_missed_and_is_then_acted_upon():
    trader = Trader()
    trader.feed.suspect()
    trader.minute = 15.1
    trader.comes(15)
    assert (trader.acted, trader.asked) == ([], ["bars"])
    trader.answers(range(1, 17))  # with the one that is still forming

    assert (trader.learned, trader.acted) == ([11, 12, 13, 14], [15])
    trader.comes(16)
    assert (trader.acted, trader.asked) == ([15, 16], ["bars"])


def test_a_burst_of_old_bars_is_learned_but_for_the_last():
    """The adapter subscribes again and delivers what it missed as if it were new."""
    trader = Trader()
    trader.feed.suspect()
    trader.minute = 15.1
    trader.comes(12, 13, 14, 15)
    trader.answers(range(1, 17))

    assert (trader.learned, trader.acted) == ([11, 12, 13, 14], [15])


def test_a_burst_that_ends_in_the_past_is_learned_as_a_whole():
    trader = Trader()
    trader.feed.suspect()
    trader.minute = 15.1
    trader.comes(11, 12)
    trader.answers(range(1, 16))

    assert (trader.learned, trader.acted) == ([11, 12, 13, 14, 15], [])


def test_a_fetch_before_the_first_live_bar_is_followed_by_one_that_reaches_up_to_it():
    trader = Trader()
    trader.feed.suspect()
    trader.minute = 12.1
    trader.feed.fetch_missed()
    trader.answers(range(1, 14))
    assert (trader.learned, trader.asked) == ([11, 12], ["bars"])
    trader.minute = 15.1
    trader.comes(15)
    trader.answers(range(1, 17))

    assert (trader.learned, trader.acted) == ([11, 12, 13, 14], [15])
    assert trader.asked == ["bars", "bars"]


def test_a_bar_that_came_while_an_older_answer_was_awaited_asks_again():
    trader = Trader()
    trader.feed.suspect()
    trader.feed.fetch_missed()
    trader.minute = 15.1
    trader.comes(15)
    trader.answers([9, 10, 11])  # it was made before
    assert (trader.learned, trader.acted, trader.asked) == ([11], [], ["bars", "bars"])


def test_a_second_outage_while_an_answer_is_awaited_makes_it_inconclusive():
    trader = Trader()
    trader.feed.suspect()
    trader.minute = 12.1
    trader.comes(12)
    trader.feed.suspect()
    trader.answers(range(1, 13))
    trader.minute = 16.1
    trader.answers(range(1, 17))
    trader.comes(17)

    assert (trader.learned, trader.acted) == ([11, 12, 13, 14, 15, 16], [17])
    assert trader.asked == ["bars", "bars"]


def test_an_empty_answer_is_none_and_asks_again_until_it_gives_up_with_a_hole():
    trader = Trader()
    trader.feed.suspect()
    trader.minute = 15.1
    trader.comes(14, 15)
    trader.answers([])
    assert trader.acted == []
    assert [trader.overdue() for _ in range(MAX_TRIES)] == [False] * (MAX_TRIES - 1) + [True]
    assert (trader.learned, trader.acted) == ([14], [15])
    trader.comes(16)
    assert trader.acted == [15, 16]


def test_a_refusal_is_asked_again_soon_and_the_last_one_ends_the_waiting_at_once():
    trader = Trader()
    trader.feed.suspect()
    trader.comes(11)
    waited = []
    for _ in range(MAX_TRIES):
        assert trader.patience.total_seconds() == PATIENCE_SECS
        trader.answers([])
        waited.append(trader.patience)
        trader.comes(12)  # does not ask by itself
        is_over = trader.overdue()

    assert is_over
    assert waited == [timedelta(seconds=AGAIN_SECS)] * (MAX_TRIES - 1) + [MOMENT]
    assert (trader.learned, trader.acted, trader.asked) == ([11], [12], ["bars"] * MAX_TRIES)


@pytest.mark.parametrize("is_refused", [True, False], ids=["refused", "no answer"])
def test_a_history_that_gave_nothing_is_asked_once_after_the_next_outage_until_it_serves_again(is_refused):
    trader = Trader()

    def outage(minute: int) -> int:
        """Return how often bars were asked for after an outage, until they passed."""
        trader.asked.clear()
        trader.feed.suspect()
        trader.comes(minute)
        while True:
            if is_refused:
                trader.answers([])
            if trader.overdue():
                assert trader.acted[-1] == minute
                return trader.asked.count("bars")

    assert [outage(minute) for minute in (11, 12, 13)] == [MAX_TRIES, 1, 1]
    trader.minute = 15.1
    trader.feed.fetch_missed()
    trader.answers(range(1, 16))
    assert outage(17) == MAX_TRIES


def test_a_history_that_gave_nothing_at_the_start_is_asked_once_after_the_first_outage():
    trader = Trader(minute=0)
    trader.comes(1)
    trader.feed.suspect()
    trader.comes(3)
    trader.answers([])
    assert trader.patience == MOMENT
    assert trader.overdue()
    assert (trader.acted, trader.asked) == ([1, 3], ["bars"])


def test_an_exception_on_a_missed_bar_leaves_no_live_bar_waiting_for_ever():
    """Whether the bars came or the last try is overdue: after that no timer would end the waiting."""
    trader = Trader()
    trader.feed.suspect()
    trader.comes(14, 15)
    trader.timers.clear()
    strategy = SimpleNamespace(feed=trader.feed, _learn=lambda bar: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        SignalStrategy._end_history(strategy, [])
    trader.comes(16)

    assert trader.acted == [16]


def test_a_session_ahead_of_the_clock_is_asked_for_with_times_that_have_passed():
    trader = Trader()
    trader.minute = -1_000.0
    trader.feed.suspect()
    trader.comes(15)
    trader.answers(range(1, 16))

    assert (trader.learned, trader.acted) == ([11, 12, 13, 14], [15])


def test_a_new_subscription_follows_a_withdrawal_and_suspects_what_comes():
    trader = Trader()
    trader.feed.subscribe_anew()
    assert trader.asked == ["unsubscribe"]
    [subscribe] = trader.timers.values()
    subscribe(None)
    trader.comes(13)

    assert trader.asked == ["unsubscribe", "subscribe", "bars"]


@pytest.mark.parametrize("order", ["suspect", "fetch_missed", "subscribe_anew"])
def test_in_a_backtest_nothing_is_suspected_nor_requested(order):
    trader = Trader(is_live=False)
    getattr(trader.feed, order)()
    trader.comes(1, 2)

    assert (trader.acted, trader.asked) == ([1, 2], [])


@given(st.data())
def test_after_an_outage_the_rules_see_every_bar_once_and_in_order(data):
    """Whichever bars the adapter delivers or leaves out, as long as the history farm answers."""
    trader = Trader()
    seen = []

    def look() -> None:
        seen.extend(trader.learned + trader.acted)
        trader.learned.clear()
        trader.acted.clear()

    trader.feed.suspect()
    back = data.draw(st.integers(11, 30))
    burst = sorted(data.draw(st.sets(st.integers(5, back), max_size=10)))
    trader.minute = back + 0.2
    if data.draw(st.booleans()):
        trader.feed.fetch_missed()
    trader.comes(*burst)
    while "bars" in trader.asked:
        trader.asked.remove("bars")
        trader.answers(range(1, back + 2))
        look()
    for minute in range(back + 1, back + 4):
        trader.minute = minute + 0.2
        trader.comes(minute)
        if "bars" in trader.asked:
            trader.asked.remove("bars")
            trader.answers(range(1, minute + 2))
        look()

    assert seen == list(range(11, back + 4))
