"""
Messages between strategies and actors: the only thing they know of each other.

Events are named in the past tense, commands in the imperative; all are frozen.
Times are UTC nanoseconds since the epoch, event time (law 9); money is ``Decimal`` USD.
"""

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from actors.commands import (
    HALT_FILE,
    OPERATOR,
    OPERATORS_HOLDS,
    FetchMissedBars,
    Flatten,
    Halt,
    HoldEntries,
    LockSymbol,
    RaiseStop,
    ReleaseEntries,
    RepairStop,
    StopNode,
    SubscribeAnew,
    WithdrawEntries,
)
from actors.words import Action, ExitReason, LinkState, OrderRole, Side

__all__ = [  # strategies and actors know of each other what stands here, and nothing else
    "FAILURES_KEPT",
    "HALT_FILE",
    "OPERATOR",
    "OPERATORS_HOLDS",
    "AccountProvider",
    "AccountView",
    "Action",
    "AlertRaised",
    "BarHandled",
    "DataAgeChanged",
    "EntryEnded",
    "EntryRequested",
    "EquityMarked",
    "ExitReason",
    "FailurePlace",
    "FailureTeller",
    "FetchMissedBars",
    "Flatten",
    "Halt",
    "HandlerFailed",
    "HoldEntries",
    "LinkChanged",
    "LinkState",
    "LockSymbol",
    "LossBaselineSet",
    "LossLimitHit",
    "MissedBar",
    "OrderFilled",
    "OrderIntended",
    "OrderProgressed",
    "OrderRole",
    "PositionReported",
    "RaiseStop",
    "ReleaseEntries",
    "RepairStop",
    "Side",
    "SignalDecided",
    "StopMoved",
    "StopNode",
    "SubscribeAnew",
    "Topic",
    "WithdrawEntries",
    "failure_place",
]

FAILURES_KEPT = 20  # of a place, with their traces; the rest is counted


@dataclass(frozen=True, slots=True)
class SignalDecided:
    """A non-zero signal and what became of it (a row of ``decisions.csv``)."""

    decision_id: str  # unique in the session, e.g. "AAPL.NASDAQ-000042"
    ts: int
    symbol: str
    strategy: str  # the rule that spoke
    signal: int  # -1 or 1
    close: Decimal
    action: Action
    quantity: int  # shares ordered; 0 when refused
    reason: str  # short code: "signal", "warm_up", "max_positions", ...
    detail: str  # the numbers that made it: "max_positions: 5 open + 1 pending >= 5"


@dataclass(frozen=True, slots=True)
class EntryRequested:
    """An entry and its stop are about to leave; it counts as pending until ``EntryEnded``."""

    ts: int
    symbol: str
    notional_usd: Decimal


@dataclass(frozen=True, slots=True)
class EntryEnded:
    """No share of the entry is open any more: filled, cancelled, rejected or denied."""

    ts: int
    symbol: str


@dataclass(frozen=True, slots=True)
class OrderIntended:
    """An order of ours is about to leave (what it becomes is told by the engine's own order events)."""

    ts: int
    symbol: str
    strategy: str
    decision_id: str
    client_order_id: str
    role: OrderRole
    side: Side  # LONG = buy, SHORT = sell
    quantity: int
    trigger: Decimal | None  # of a stop, USD


@dataclass(frozen=True, slots=True)
class OrderProgressed:
    """What the broker, or the engine before it, said of one of our orders; fills are told by ``OrderFilled``."""

    ts: int
    symbol: str
    client_order_id: str
    broker_order_id: str  # "" before the broker gave one
    status: str  # submitted | accepted | updated | canceled | rejected | denied | expired | ..., as Nautilus names it
    reason: str


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """A fill of one of our orders (a row of ``fills.csv``)."""

    ts: int
    symbol: str
    strategy: str
    decision_id: str
    client_order_id: str
    trade_id: str
    role: OrderRole
    side: Side  # LONG = bought, SHORT = sold
    quantity: int
    price: Decimal
    commission_usd: Decimal
    position_after: int  # signed shares held after this fill
    exit_reason: ExitReason | None  # why it reduces the position; None for an entry
    last_close: Decimal  # of the last closed bar, USD a share: what the position is marked at


@dataclass(frozen=True, slots=True)
class PositionReported:
    """What the owner of a symbol holds, after every change: position, what of the entry is open, resting stop."""

    ts: int
    symbol: str
    quantity: int  # signed shares
    entry_open: int  # shares of the entry that may still fill
    stop_quantity: int  # shares of the resting stop, 0 = none known to rest
    stop_trigger: Decimal | None
    average_price: Decimal | None  # of the entry, USD a share
    is_exiting: bool  # its stop is being taken away on purpose
    is_resizing: bool = False  # its stop is being made equal to it
    decision_id: str = ""  # that opened the round trip; of the ended one when flat
    strategy: str = ""  # the rule that opened, "" when flat
    exit_reason: ExitReason | None = None  # why it is being left

    @property
    def is_flat(self) -> bool:
        """Nothing is held, and nothing works that could change that."""
        return not (self.quantity or self.entry_open or self.stop_quantity or self.is_exiting)


@dataclass(frozen=True, slots=True)
class StopMoved:
    """The protective stop came to rest at a trigger price; ``trigger`` None = it rests no more."""

    ts: int
    symbol: str
    client_order_id: str
    trigger: Decimal | None
    quantity: int
    is_raise: bool  # moved by the trailing stop


@dataclass(frozen=True, slots=True)
class EquityMarked:
    """Our account, marked at the last closed bars."""

    ts: int
    session: date
    equity_usd: Decimal
    cash_usd: Decimal
    gross_exposure_usd: Decimal


@dataclass(frozen=True, slots=True)
class LossLimitHit:
    """The daily loss limit was breached; latched for ``session``."""

    ts: int
    session: date
    day_pnl_usd: Decimal
    limit_usd: Decimal
    baseline_usd: Decimal


@dataclass(frozen=True, slots=True)
class LossBaselineSet:
    """The daily loss limit of a session begins to count from ``baseline_usd``."""

    ts: int
    session: date
    baseline_usd: Decimal


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link to the broker changed its state."""

    ts: int
    state: LinkState
    detail: str


@dataclass(frozen=True, slots=True)
class DataAgeChanged:
    """The bars of a symbol became stale, or fresh again; ``age_secs`` since the last one arrived."""

    ts: int
    symbol: str
    is_stale: bool
    age_secs: float


@dataclass(frozen=True, slots=True)
class BarHandled:
    """All decisions on a live bar are made and their orders handed out; a backtest does not tell it."""

    ts: int  # close of the bar
    symbol: str
    taken_ns: int  # of the wall clock: when the strategy was given the bar
    done_ns: int  # of the wall clock


@dataclass(frozen=True, slots=True)
class MissedBar:
    """A closed bar of the past, fetched after an outage or to warm up; told in order, before the next live one."""

    ts: int
    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal  # shares


@dataclass(frozen=True, slots=True)
class HandlerFailed:
    """An exception was contained in a handler (law 13)."""

    ts: int
    component: str
    handler: str
    error: str
    place: str  # file:line of the raise
    trace: str  # "" when the place has failed often


type FailurePlace = tuple[str, str, str]  # component, handler, place


def failure_place(failed: HandlerFailed) -> FailurePlace:
    """Return what a failure has in common with those that are like it."""
    return failed.component, failed.handler, failed.place


class FailureTeller:
    """Makes the messages of one component's contained exceptions."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._told: Counter[FailurePlace] = Counter()

    def message(self, handler: str, error: Exception, ts: int) -> HandlerFailed:
        """Return the message with the place of the raise; a trace costs much, so only the first of a place have one."""
        frames = list(traceback.walk_tb(error.__traceback__))
        place = "unknown place"
        if frames:
            code = frames[-1][0].f_code
            place = f"{code.co_filename}:{frames[-1][1]} in {code.co_name}"
        text = f"{type(error).__name__}: {error}"
        failed = HandlerFailed(ts, self._component, handler, text, place, "")
        self._told[failure_place(failed)] += 1
        if self._told[failure_place(failed)] > FAILURES_KEPT:
            return failed
        return replace(failed, trace="".join(traceback.format_exception(error)))


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """Something a person should know; collected in a backtest, sent when live."""

    ts: int
    code: str
    severity: str  # info | warning | critical
    text: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class AccountView:
    """What an owner may know of the whole account when it decides about an entry."""

    equity_usd: Decimal
    gross_exposure_usd: Decimal  # of open positions, at the last closed bars
    pending_usd: Decimal  # notional of entries under way
    open_symbols: frozenset[str] = field(default_factory=frozenset)
    pending_symbols: frozenset[str] = field(default_factory=frozenset)
    entry_times: tuple[int, ...] = ()  # of the latest entries sent, oldest first


AccountProvider = Callable[[], AccountView]


class Topic(StrEnum):
    """Where each message is published on the Nautilus message bus."""

    DECISIONS = "ballast.decisions"  # SignalDecided
    ENTRIES = "ballast.entries"  # EntryRequested, EntryEnded
    ORDERS = "ballast.orders"  # OrderIntended
    ORDER_STATES = "ballast.order_states"  # OrderProgressed
    FILLS = "ballast.fills"  # OrderFilled
    POSITIONS = "ballast.positions"  # PositionReported
    STOPS = "ballast.stops"  # StopMoved
    EQUITY = "ballast.equity"  # EquityMarked
    LOSS_LIMIT = "ballast.loss_limit"  # LossBaselineSet, LossLimitHit
    LINK = "ballast.link"  # LinkChanged
    DATA = "ballast.data"  # DataAgeChanged
    PERFORMANCE = "ballast.performance"  # BarHandled
    MISSED_BARS = "ballast.missed_bars"  # MissedBar
    HISTORY = "ballast.history"  # MissedBar, of before the start
    FAILURES = "ballast.failures"  # HandlerFailed
    ALERTS = "ballast.alerts"  # AlertRaised
    COMMANDS = "ballast.commands"  # everything in the imperative, from RaiseStop to FetchMissedBars
