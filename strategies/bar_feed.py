"""
The closed bars of one symbol without a hole: history first, then live ones, and after an outage what was missed.

In a backtest the bars simply come, in order. Live, nothing is requested twice at a time; while an answer is awaited
the live bars wait. After an outage the first live bar waits until what was missed before it is here: the adapter
subscribes again by itself and delivers old bars as if they were new, or leaves them out (measured, 2.0.0rc7). So does
the first one after a start that does not follow the history: a bar that closed between the history and the subscription
is delivered by neither.

A history that is refused or silent must not hold the live bars back for long: a refusal is known at once and asked
again soon, and one that gave nothing the last time is asked only once. Then the bars pass, with a hole that is told.

"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import Bar, BarType
from nautilus_trader.trading import Strategy

from catalog.sessions import Sessions

PATIENCE_SECS = 30.0  # the adapter's own time limit of a request is shorter
AGAIN_SECS = 15.0  # after a refusal; IB refuses the same request sooner (pacing)
MAX_TRIES = 3  # of one request for missed bars
OVERLAP_SECS = 3_600  # asked for beyond what is missed: a session that is replayed runs ahead of the clock
MOMENT = timedelta(milliseconds=250)  # between a withdrawal, which all who hear the bars make, and the subscription
NANOS_IN_SECOND = 1_000_000_000


class BarFeed:
    """Subscribes and requests for one strategy; tells which bars are new and closed."""

    def __init__(
        self,
        strategy: Strategy,
        bar_type: str,
        sessions: Sessions,
        on_overdue: Callable[[TimeEvent], None],
        *,
        is_live: bool,
    ) -> None:
        self._strategy = strategy
        self._bar_type = BarType.from_str(bar_type)
        self._step_ns = int(self._bar_type.spec.timedelta.total_seconds()) * NANOS_IN_SECOND
        self._sessions = sessions
        self.is_built = self._bar_type.is_internally_aggregated()  # here, of trade ticks
        self._on_overdue = on_overdue
        self._is_live = is_live
        self._timer = f"history-{bar_type}"
        self._is_subscribed = False
        self._is_first = True  # no live bar has come yet
        self._is_suspect = False  # bars may be missing before the next live one
        self._is_conclusive = False  # the answer awaited reaches up to a live bar
        self._is_waiting = False
        self._waiting: list[Bar] = []  # live bars that came while an answer is awaited
        self._tries = 0
        self._is_served = True  # the last request gave bars
        self.last_ts = 0  # of the latest bar passed on

    def start(self, history_from: int) -> None:
        """Begin: with the history since a time (UTC ns), or at once when that is 0."""
        if self._is_live and history_from:
            self._request(history_from)
        else:
            self._subscribe()

    def suspect(self) -> None:
        """Let no live bar pass until what may have been missed before it was fetched."""
        self._is_suspect = self._is_live and bool(self.last_ts)
        self._is_conclusive = False

    def fetch_missed(self) -> None:
        """Ask for the bars since the last one; live bars wait until they are here."""
        if self._is_live and self.last_ts and not self._is_waiting:
            self._begin_to_ask()

    def subscribe_anew(self) -> None:
        """Drop the subscription and make it again."""
        if self._is_live and self._is_subscribed:
            self.suspect()
            self._is_subscribed = False
            self._strategy.unsubscribe_bars(self._bar_type)
            clock = self._strategy.clock
            clock.set_time_alert(
                f"subscribe-{self._bar_type}", clock.utc_now() + MOMENT, callback=lambda _: self._subscribe()
            )

    def live(self, bar: Bar) -> list[Bar]:
        """Return the bars to act on now that a live one came: itself, or none while it has to wait."""
        if self._is_first and bar.ts_init > self.last_ts:
            self._is_first = False
            if not self._follows(bar):
                self.suspect()
        if not self._is_waiting and not self._is_suspect:
            return self._new([bar])
        self._waiting.append(bar)
        if not self._is_waiting:
            self._begin_to_ask()
        return []

    def _follows(self, bar: Bar) -> bool:
        """Return whether no bar can be missing between the latest one and this."""
        begins, window = bar.ts_init - self._step_ns, self._sessions.window(bar.ts_init)
        return begins <= self.last_ts or (window is not None and begins <= window.open < bar.ts_init)

    def answered(self, bars: list[Bar]) -> list[Bar]:
        """
        Return what of an answer, and of the live bars that wait, is new and of the past.

        The last bar of an answer is closed for certain only when its end has passed, or a live bar is as late; what is
        still forming comes again as a live bar (T20). The latest of the bars that wait is of the present, unless the
        answer has a later one.

        """
        self._is_served = bool(bars)
        latest = max((bar.ts_init for bar in self._waiting), default=0)
        if bars and bars[-1].ts_init > max(self._strategy.clock.timestamp_ns(), latest):
            bars = bars[:-1]
        past = {bar.ts_init: bar for bar in (*self._waiting, *bars)}
        is_present = not bars or bars[-1].ts_init <= latest
        self._waiting = [past.pop(latest)] if self._waiting and is_present else []
        return self._new([past[ts] for ts in sorted(past)])

    def is_answer(self, bars: Sequence[Bar]) -> bool:
        """Return whether these bars are an answer: one for missed bars always has some that are known too."""
        return bool(bars) or not self.last_ts

    def refused(self) -> None:
        """Take in that no bars will come of the request: the next try is soon, or the end at once."""
        if self._is_waiting:
            self._set_deadline(timedelta(seconds=AGAIN_SECS) if self._tries < MAX_TRIES else MOMENT)

    def try_again(self) -> bool:
        """Ask once more for missed bars that did not come; False when it was tried often enough."""
        if not self._is_waiting or not self.last_ts or self._tries >= MAX_TRIES:
            self._is_suspect = False
            return False
        self._request_missed()
        return True

    def settle(self) -> list[Bar]:
        """End the waiting, answered or not; return the live bars to act on."""
        if self._is_waiting:
            self._is_waiting = False
            if self._timer in self._strategy.clock.timer_names():
                self._strategy.clock.cancel_timer(self._timer)
            self._subscribe()
        if self._is_suspect and self._waiting and not self._is_conclusive:
            self._request_missed()  # they came while an answer was awaited that could not know of them
            return []
        self._is_suspect = self._is_suspect and not self._is_conclusive
        waiting, self._waiting = self._waiting, []
        return self._new(waiting)

    def _new(self, bars: list[Bar]) -> list[Bar]:
        fresh = []
        for bar in bars:
            if bar.ts_init > self.last_ts:
                self.last_ts = bar.ts_init
                fresh.append(bar)
        return fresh

    def _begin_to_ask(self) -> None:
        self._tries = 0 if self._is_served else MAX_TRIES - 1
        self._request_missed()

    def _request_missed(self) -> None:
        self._tries += 1
        self._is_conclusive = bool(self._waiting)
        now = self._strategy.clock.timestamp_ns()
        self._request(min(self.last_ts, now) - OVERLAP_SECS * NANOS_IN_SECOND)

    def _request(self, since: int) -> None:
        self._is_waiting = True
        start = datetime.fromtimestamp(since // NANOS_IN_SECOND, UTC)
        self._set_deadline(timedelta(seconds=PATIENCE_SECS))
        self._strategy.request_bars(self._bar_type, start=start)

    def _set_deadline(self, patience: timedelta) -> None:
        clock = self._strategy.clock
        clock.set_time_alert(self._timer, clock.utc_now() + patience, callback=self._on_overdue)

    def _subscribe(self) -> None:
        if not self._is_subscribed:
            self._is_subscribed = True
            if self.is_built:
                self.suspect()  # what is built begins with the first whole bar: the one running now is the broker's
            self._strategy.subscribe_bars(self._bar_type)
