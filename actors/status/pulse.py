"""
The pulse: once a second it writes into the journal how the node stands, for ``status`` and any dashboard.

It changes nothing and protects nobody. While the journal takes nothing it is silent (the journal's own actor tells);
an old pulse of a process that runs means that the process hangs.

"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import Bar, BarType

from actors.bars.renewal import BarWatcher
from actors.journal.file import JournalError
from actors.journal.performance import NodeJournal
from actors.link.heard import BooksCompared
from actors.log.printed_line import shortened
from actors.messages import (
    OPERATOR,
    OPERATORS_HOLDS,
    BarHandled,
    DataAgeChanged,
    Halt,
    HoldEntries,
    LinkChanged,
    LossBaselineSet,
    OrderIntended,
    OrderProgressed,
    ReleaseEntries,
    Topic,
)
from actors.performance.meter import PerformanceMeter
from actors.performance.order_tracks import OrderTracks
from actors.performance.process_load import ProcessLoad
from actors.report.format import iso_utc
from actors.status.desk_facts import SymbolFacts
from actors.status.parts import (
    blocked_status,
    entries_status,
    latencies_status,
    load_status,
    orders_status,
    positions_status,
    session_status,
)
from actors.status.report import (
    AccountStatus,
    BookStatus,
    DataStatus,
    HaltStatus,
    LinkStatus,
    NodeStatus,
    StatusReport,
)
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import NANOS_IN_SECOND, Sessions

BEAT = timedelta(seconds=1)
KEEP_EVERY_NS = 60 * NANOS_IN_SECOND  # the measures; a process that is killed loses what came after the last time
EARLY = 50  # priority on the bus: after the journal (100), before those who act (0)


@dataclass(frozen=True, slots=True)
class DeskView:
    """What the pulse and the control ask for; all event times are UTC nanoseconds."""

    symbols: Callable[[int], Sequence[SymbolFacts]]  # as they are at an event time
    account: Callable[[], tuple[Decimal, Decimal, Decimal]]  # equity, cash, gross exposure, USD


@dataclass(frozen=True, slots=True)
class PulseSetup:
    """What does not change while the node runs."""

    mode: str
    account: str
    started_ns: int
    bar_types: dict[str, str]  # by symbol
    max_daily_loss_usd: Decimal
    trails: bool  # a trailing stop is configured


class Pulse(BarWatcher):
    """
    Writes the status.

    Parameters
    ----------
    setup : PulseSetup
        Of the run.
    view : DeskView
        Asked at every beat.
    sessions : Sessions
        Of the exchange.
    journal : NodeJournal
        With its run begun; closed by its owner.
    baseline_usd : Decimal
        What the day P&L counts from until the loss limit says.

    """

    def __init__(
        self, setup: PulseSetup, view: DeskView, sessions: Sessions, journal: NodeJournal, baseline_usd: Decimal
    ) -> None:
        super().__init__()
        self._setup = setup
        self._view = view
        self._sessions = sessions
        self._journal = journal
        self._baseline_usd = baseline_usd
        self._symbols = {BarType.from_str(text): symbol for symbol, text in setup.bar_types.items()}
        self._bars: dict[str, tuple[int, int]] = {}  # symbol → when its latest bar arrived, and its close
        self._stale: set[str] = set()
        self._link = LinkStatus()
        self._book: BookStatus | None = None
        self._halts: dict[str, HaltStatus] = {}
        self._loss_halt: Halt | None = None
        self._tracks = OrderTracks()
        self._meter = PerformanceMeter(ProcessLoad())
        self._kept_ns = setup.started_ns

    def restore(self, intents: Iterable[OrderIntended], states: Iterable[OrderProgressed]) -> None:
        """Know the orders of the round trips that a journal says are not over."""
        self._tracks.restore(intents, states)

    @contained_start
    def on_start(self) -> None:
        self.subscribe_topic(Topic.DECISIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDERS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDER_STATES, self.on_message, EARLY)
        self.subscribe_topic(Topic.FILLS, self.on_message, EARLY)
        self.subscribe_topic(Topic.LOSS_LIMIT, self.on_message, EARLY)
        self.subscribe_topic(Topic.LINK, self.on_message, EARLY)
        self.subscribe_topic(Topic.DATA, self.on_message, EARLY)
        self.subscribe_topic(Topic.PERFORMANCE, self.on_message, EARLY)
        self.subscribe_topic(Topic.COMMANDS, self.on_message, EARLY)
        for bar_type in self._symbols:
            self.hear_bars(bar_type)
        self.once_started(self.on_beat)
        self.clock.set_timer("pulse", BEAT, callback=self.on_beat)

    @contained_start
    def on_stop(self) -> None:
        self._kept_ns = 0
        self._beat(self.clock.timestamp_ns())

    @contained
    def on_bar(self, bar: Bar) -> None:
        self._bars[self._symbols[bar.bar_type]] = (self.clock.timestamp_ns(), bar.ts_init)

    @contained
    def on_message(self, message: object) -> None:
        """Keep what the status needs."""
        match message:
            case LinkChanged(state=state, detail=detail):
                self._link = LinkStatus(state=state, since=iso_utc(self.clock.timestamp_ns()), detail=shortened(detail))
            case BooksCompared(ts=ts, differences=differences):
                detail = shortened("; ".join(differences))
                self._book = BookStatus(is_equal=not differences, checked=iso_utc(ts), detail=detail)
            case DataAgeChanged(symbol=symbol, is_stale=is_stale):
                (self._stale.add if is_stale else self._stale.discard)(symbol)
            case LossBaselineSet(baseline_usd=baseline):
                self._baseline_usd = baseline
            case Halt(session=session) if session is not None:
                self._loss_halt = message
            case HoldEntries(source=source, detail=detail) if source in OPERATORS_HOLDS:
                since = iso_utc(self.clock.timestamp_ns())
                self._halts[source] = HaltStatus(source=_source(source), since=since, detail=shortened(detail))
            case ReleaseEntries(source=source):
                self._halts.pop(source, None)
            case BarHandled():
                self._meter.bar_handled(message)
            case _:
                self._meter.steps(self._tracks.take(message, self.clock.timestamp_ns()))

    @contained
    def on_beat(self, event: TimeEvent) -> None:
        now_ns = self.clock.timestamp_ns()
        self._meter.timer_ran(event.ts_event, now_ns)
        self._beat(now_ns)

    def _beat(self, now_ns: int) -> None:
        report = self.status(now_ns)
        self._meter.beat(now_ns, is_flat=not report.positions and not report.orders)
        try:
            self._journal.put_snapshot(report.model_dump_json(), now_ns)
            if now_ns - self._kept_ns >= KEEP_EVERY_NS:
                self._journal.put_performance(self._meter.histograms, now_ns)
                self._kept_ns = now_ns
        except JournalError:
            return

    def status(self, now_ns: int) -> StatusReport:
        """Return how the node stands."""
        ts = max([now_ns, *(close for _, close in self._bars.values())])  # a replayed session is ahead of the clock
        symbols = self._view.symbols(ts)
        state, entries = entries_status(symbols)
        return StatusReport(
            state=state,
            as_of=iso_utc(now_ns),
            node=self._node(),
            link=self._link,
            session=session_status(self._sessions, ts),
            entries=entries,
            halts=(*self._halts.values(), *self._loss_halts(ts)),
            account=self._account(),
            positions=positions_status(symbols, trails=self._setup.trails),
            orders=orders_status(symbols, self._tracks),
            blocked=blocked_status(symbols),
            data=tuple(self._data(symbol, now_ns) for symbol in self._symbols.values()),
            book=self._book,
            latencies_ms=latencies_status(self._meter.histograms),
            load=load_status(self._meter.histograms),
        )

    def _node(self) -> NodeStatus:
        return NodeStatus(
            mode=self._setup.mode,
            account=shortened(self._setup.account),
            started=iso_utc(self._setup.started_ns),
            pid=os.getpid(),
            rss_mb=self._meter.rss_mb,
            cpu_pct=self._meter.cpu_pct,
        )

    def _account(self) -> AccountStatus:
        equity, cash, exposure = self._view.account()
        return AccountStatus(
            equity_usd=equity,
            cash_usd=cash,
            exposure_usd=exposure,
            day_pnl_usd=equity - self._baseline_usd,
            daily_loss_limit_usd=self._setup.max_daily_loss_usd,
        )

    def _loss_halts(self, ts: int) -> list[HaltStatus]:
        halt = self._loss_halt
        if halt is None or halt.session != self._sessions.session_of(ts):
            return []
        return [HaltStatus(source="loss_limit", since=iso_utc(halt.ts), detail=halt.detail)]

    def _data(self, symbol: str, now_ns: int) -> DataStatus:
        arrived_ns, close = self._bars.get(symbol, (0, 0))
        return DataStatus(
            symbol=symbol,
            last_bar=iso_utc(close) if close else None,
            age_secs=round((now_ns - arrived_ns) / NANOS_IN_SECOND, 1) if arrived_ns else None,
            is_stale=symbol in self._stale,
        )


def _source(source: str) -> Literal["operator", "halt_file"]:
    return "operator" if source == OPERATOR else "halt_file"
