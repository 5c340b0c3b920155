"""
The data sentinel: holds the entries of a symbol whose bars are overdue, and asks for its subscription to be made anew.

It judges while the link is up only: what is missing while it is down, the link tells of. It does not know a halted
stock from a dead subscription; both have no bars, and no entries.

"""

from collections.abc import Mapping
from datetime import timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import Bar, BarType

from actors.bars.renewal import BarWatcher
from actors.link.data_age import NANOS_IN_SECOND, BarClock
from actors.messages import (
    AlertRaised,
    DataAgeChanged,
    HoldEntries,
    LinkChanged,
    LinkState,
    PositionReported,
    ReleaseEntries,
    SubscribeAnew,
    Topic,
)
from catalog.instruments import parse_step
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import Sessions

LOOK_EVERY = timedelta(seconds=1)
DATA = "data"  # the name under which entries are held
RENEW_AFTER = 2  # limits without a bar, and again after as many


class DataSentinel(BarWatcher):
    """
    Watches the age of the bars.

    Parameters
    ----------
    bar_types : Mapping[str, str]
        The bars of each symbol.
    step : str
        Their length, such as 1-MINUTE.
    sessions : Sessions
        When bars are due.

    """

    def __init__(self, bar_types: Mapping[str, str], step: str, sessions: Sessions) -> None:
        super().__init__()
        self.stale: set[str] = set()
        self._bar_types = {symbol: BarType.from_str(text) for symbol, text in bar_types.items()}
        self._symbols = {bar_type: symbol for symbol, bar_type in self._bar_types.items()}
        self._step_secs = parse_step(step)
        self._sessions = sessions
        self._clocks: dict[str, BarClock] = {}
        self._renew_at: dict[str, int] = {}  # of the stale ones
        self._held: set[str] = set()
        self._is_link_up = True

    @contained_start
    def on_start(self) -> None:
        now_ns = self.clock.timestamp_ns()
        self.listen(Topic.LINK, self.on_link)
        self.listen(Topic.POSITIONS, self.on_position)
        for symbol, bar_type in self._bar_types.items():
            self._clocks[symbol] = BarClock(self._sessions, self._step_secs, now_ns)
            self.hear_bars(bar_type)
        self.clock.set_timer("data_sentinel", LOOK_EVERY, callback=self.on_look)

    @contained
    def on_bar(self, bar: Bar) -> None:
        symbol, now_ns = self._symbols[bar.bar_type], self.clock.timestamp_ns()
        late_ns = self._clocks[symbol].late_ns(now_ns)
        self._clocks[symbol].arrived(bar.ts_init, now_ns)
        if symbol in self.stale:
            self._freshen(symbol, late_ns, now_ns)

    @contained
    def on_position(self, report: PositionReported) -> None:
        (self._held.add if report.quantity else self._held.discard)(report.symbol)

    @contained
    def on_link(self, change: object) -> None:
        if not isinstance(change, LinkChanged):
            return
        self._is_link_up = change.state is LinkState.UP
        if self._is_link_up:
            for clock in self._clocks.values():
                clock.excuse(self.clock.timestamp_ns())

    @contained
    def on_look(self, event: TimeEvent) -> None:
        if not self._is_link_up:
            return
        now_ns = event.ts_event
        for symbol, clock in self._clocks.items():
            if clock.is_stale(now_ns):
                self._grow_old(symbol, clock, now_ns)
            elif symbol in self.stale and not clock.late_ns(now_ns):
                self._freshen(symbol, 0, now_ns)  # the session has ended: nothing is due any more

    def _grow_old(self, symbol: str, clock: BarClock, now_ns: int) -> None:
        if symbol not in self.stale:
            self.stale.add(symbol)
            self._renew_at[symbol] = now_ns + (RENEW_AFTER - 1) * clock.limit_ns
            self._tell_stale(symbol, clock.late_ns(now_ns) / NANOS_IN_SECOND, now_ns)
        elif now_ns >= self._renew_at[symbol]:
            self._renew_at[symbol] = now_ns + RENEW_AFTER * clock.limit_ns
            self.publish_message(Topic.COMMANDS, SubscribeAnew(now_ns, symbol))

    def _tell_stale(self, symbol: str, age_secs: float, now_ns: int) -> None:
        detail = f"no bar for {age_secs:.0f} s"
        self.publish_message(Topic.COMMANDS, HoldEntries(now_ns, DATA, detail, symbol))
        self.publish_message(Topic.DATA, DataAgeChanged(now_ns, symbol, is_stale=True, age_secs=age_secs))
        text = f"{symbol}: {detail} though one is due, no entries"
        if symbol in self._held:
            text += "; what is held rests behind its stop, which trails no more"
            self.publish_message(Topic.ALERTS, AlertRaised(now_ns, "data_stale_held", "critical", text, symbol))
        else:
            self.publish_message(Topic.ALERTS, AlertRaised(now_ns, "data_stale", "warning", text, symbol))

    def _freshen(self, symbol: str, late_ns: int, now_ns: int) -> None:
        self.stale.discard(symbol)
        age_secs = late_ns / NANOS_IN_SECOND
        self.publish_message(Topic.COMMANDS, ReleaseEntries(now_ns, DATA, symbol))
        self.publish_message(Topic.DATA, DataAgeChanged(now_ns, symbol, is_stale=False, age_secs=age_secs))
        text = f"{symbol}: bars come again after {age_secs:.0f} s" if late_ns else f"{symbol}: no bar is due any more"
        self.publish_message(Topic.ALERTS, AlertRaised(now_ns, "data_fresh", "info", text, symbol))
