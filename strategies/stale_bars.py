"""
Tends what is held, live, though its bars do not come: entry timeout and flatten before the close go on (law 9).

Both count in event time, which comes with the bars. Once the data sentinel says that those of a symbol are stale, event
time has gone on since the last one at least as long as the clock has: at each bar that should have closed since, what
is held is looked after as if it had. Nothing is decided by a rule, for no rule saw a bar.

"""

from datetime import timedelta
from typing import TYPE_CHECKING

from nautilus_trader.common import TimeEvent
from nautilus_trader.trading import Strategy

from actors.messages import DataAgeChanged, FailureTeller, Topic
from catalog.nautilus_v2 import contained

if TYPE_CHECKING:
    from strategies.position_owner import PositionOwner

NANOS_IN_SECOND = 1_000_000_000
TIMER = "stale_bars"


class StaleBars:
    """Stands in for the bars of one owner's symbol that do not come."""

    def __init__(self, owner: "PositionOwner", strategy: Strategy, symbol: str, step_secs: int) -> None:
        self._owner = owner
        self._strategy = strategy
        self._symbol = symbol
        self._step = timedelta(seconds=step_secs)
        self._failures = FailureTeller("StaleBars")
        self._last_ns = 0  # when the last bar came, by the clock

    def start(self) -> None:
        """Begin to listen; a simulated exchange has no stale bars."""
        self._strategy.subscribe_topic(Topic.DATA, self.on_data_age)

    @contained
    def on_data_age(self, change: object) -> None:
        if not isinstance(change, DataAgeChanged) or change.symbol != self._symbol:
            return
        clock = self._strategy.clock
        if change.is_stale:
            self._last_ns = change.ts - int(change.age_secs * NANOS_IN_SECOND)
            clock.set_timer(TIMER, self._step, callback=self.on_missing_bar)
            self._tend(change.ts)
        elif TIMER in clock.timer_names():
            clock.cancel_timer(TIMER)

    @contained
    def on_missing_bar(self, event: TimeEvent) -> None:
        self._tend(event.ts_event)

    def _tend(self, now_ns: int) -> None:
        if not self._owner.holding.is_flat:
            self._owner.tend((self._owner.bar_ts or self._last_ns) + now_ns - self._last_ns)

    def on_failure(self, handler: str, error: Exception) -> None:
        """Publish an exception of a look (law 13)."""
        message = self._failures.message(handler, error, self._strategy.clock.timestamp_ns())
        self._strategy.publish_message(Topic.FAILURES, message)
