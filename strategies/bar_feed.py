"""
The closed bars of one symbol without a hole: history first, then live ones, and after an outage what was missed.

In a backtest the bars simply come, in order. Live, nothing is requested twice at a time; while an answer is awaited
the live bars wait, for as long as ``PATIENCE_SECS``.

"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import Bar, BarType
from nautilus_trader.trading import Strategy

PATIENCE_SECS = 30.0  # the adapter's own time limit of a request is shorter
NANOS_IN_SECOND = 1_000_000_000


class BarFeed:
    """Subscribes and requests for one strategy; tells which bars are new and closed."""

    def __init__(
        self, strategy: Strategy, bar_type: str, on_overdue: Callable[[TimeEvent], None], *, is_live: bool
    ) -> None:
        self._strategy = strategy
        self._bar_type = BarType.from_str(bar_type)
        self._on_overdue = on_overdue
        self._is_live = is_live
        self._timer = f"history-{bar_type}"
        self._is_subscribed = False
        self._is_waiting = False
        self._waiting: list[Bar] = []  # live bars that came while an answer is awaited
        self.last_ts = 0  # of the latest bar passed on

    def start(self, history_from: int) -> None:
        """Begin: with the history since a time (UTC ns), or at once when that is 0."""
        if self._is_live and history_from:
            self._request(history_from)
        else:
            self._subscribe()

    def fetch_missed(self) -> None:
        """Ask for the bars since the last one; live bars wait until they are here."""
        if self._is_live and self.last_ts and not self._is_waiting:
            self._request(self.last_ts)

    def live(self, bar: Bar) -> list[Bar]:
        """Return the bars to act on now that a live one came: itself, or none while an answer is awaited."""
        if self._is_waiting:
            self._waiting.append(bar)
            return []
        return self._new([bar])

    def answered(self, bars: list[Bar]) -> list[Bar]:
        """
        Return the new closed bars of an answer; what is still forming comes again as a live bar (T20).

        An answer is in order of time; its last bar is closed for certain only when its end has passed.

        """
        now = self._strategy.clock.timestamp_ns()
        if bars and bars[-1].ts_init > now and not self._waiting:
            bars = bars[:-1]
        return self._new(bars)

    def settle(self) -> list[Bar]:
        """End the waiting, answered or not; return the live bars that came meanwhile."""
        waiting, self._waiting = self._waiting, []
        if self._is_waiting:
            self._is_waiting = False
            if self._timer in self._strategy.clock.timer_names():
                self._strategy.clock.cancel_timer(self._timer)
            self._subscribe()
        return self._new(waiting)

    def _new(self, bars: list[Bar]) -> list[Bar]:
        fresh = []
        for bar in bars:
            if bar.ts_init > self.last_ts:
                self.last_ts = bar.ts_init
                fresh.append(bar)
        return fresh

    def _request(self, since: int) -> None:
        self._is_waiting = True
        start = datetime.fromtimestamp(since // NANOS_IN_SECOND, UTC)
        deadline = self._strategy.clock.utc_now() + timedelta(seconds=PATIENCE_SECS)
        self._strategy.clock.set_time_alert(self._timer, deadline, callback=self._on_overdue)
        self._strategy.request_bars(self._bar_type, start=start)

    def _subscribe(self) -> None:
        if not self._is_subscribed:
            self._is_subscribed = True
            self._strategy.subscribe_bars(self._bar_type)
