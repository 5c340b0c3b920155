"""
What ``status`` says, as data: built by the node once a second, kept in the journal, read by whoever asks. Pure.

The keys are what dashboards read: they are listed in docs/live.md, and a change of one raises ``schema_version``. Money
and prices are USD, times ISO 8601 UTC.

"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

STATUS_SCHEMA = 1
State = Literal[
    "starting", "trading", "waiting", "warming_up", "holding", "halted", "disabled", "silent", "stopped", "dead"
]
Usd = Annotated[Decimal, PlainSerializer(float, when_used="json")]


class Part(BaseModel):
    """A part of the status; nothing changes once built."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NodeStatus(Part):
    """The process."""

    mode: str
    account: str  # shortened
    started: str
    pid: int | None = None
    rss_mb: float | None = None
    cpu_pct: float | None = None  # of one core, over the last seconds
    ended: str | None = None
    exit_code: int | None = None
    end_reason: str | None = None


class LinkStatus(Part):
    """The line to the broker."""

    state: str = "up"
    since: str | None = None  # of the latest change in this run
    detail: str = ""


class SessionStatus(Part):
    """The exchange's day, in the time of the bars."""

    date: str
    is_open: bool
    opens: str
    closes: str
    secs_to_open: int | None  # None once it is open
    secs_to_close: int | None  # None while it is not


class EntriesStatus(Part):
    """Whether a signal might enter now."""

    are_allowed: bool
    reason: str = ""  # the gate's, with its numbers


class HaltStatus(Part):
    """A halt that holds."""

    source: Literal["operator", "halt_file", "loss_limit"]
    since: str
    detail: str


class AccountStatus(Part):
    """Our account, marked at the last closed bars."""

    equity_usd: Usd
    cash_usd: Usd
    exposure_usd: Usd
    day_pnl_usd: Usd
    daily_loss_limit_usd: Usd


class PositionStatus(Part):
    """A position and what protects it."""

    symbol: str
    side: Literal["long", "short"]
    quantity: int  # shares, positive
    average_price: Usd | None
    last_close: Usd | None
    unrealised_pnl_usd: Usd | None  # at the last close, before commissions
    stop_trigger: Usd | None  # None: NO STOP is known to rest
    stop_quantity: int
    trailing: Literal["off", "waiting", "raised"]
    rule: str
    phase: str
    exit_reason: str | None


class OrderStatus(Part):
    """An order that may still fill."""

    symbol: str
    client_order_id: str
    broker_order_id: str  # "" when not told in this run
    role: str
    quantity: int  # shares still open
    stop_trigger: Usd | None
    status: str


class BlockedStatus(Part):
    """A symbol that may not enter for a reason of its own."""

    symbol: str
    reason: str
    detail: str


class DataStatus(Part):
    """The bars of a symbol."""

    symbol: str
    last_bar: str | None
    age_secs: float | None  # since it arrived, None before the first of this run
    is_stale: bool


class BookStatus(Part):
    """The running check that our books equal the broker's."""

    is_equal: bool
    checked: str | None  # when they were last compared, None before the first time
    detail: str = ""


class MeasureStatus(Part):
    """A measure over this run, in the unit of its name; a percentile is off by 15 % at most."""

    count: int
    p50: float
    p95: float
    max: float
    mean: float
    goal: float | None  # None = it has none of its own
    is_met: bool | None


class StatusReport(Part):
    """Everything ``status`` says."""

    schema_version: int = STATUS_SCHEMA
    state: State
    detail: str = ""  # of a node that does not run: since when, and how it ended
    is_running: bool = True
    as_of: str
    node: NodeStatus
    link: LinkStatus | None = None
    session: SessionStatus | None = None
    entries: EntriesStatus
    halts: tuple[HaltStatus, ...] = ()
    account: AccountStatus | None = None
    positions: tuple[PositionStatus, ...] = ()
    orders: tuple[OrderStatus, ...] = ()
    blocked: tuple[BlockedStatus, ...] = ()
    data: tuple[DataStatus, ...] = ()
    book: BookStatus | None = None
    latencies_ms: dict[str, MeasureStatus] = {}
    load: dict[str, MeasureStatus] = {}
