"""What the parts of the gateway say to each other: plain data, no protobuf, no sockets. Times are UTC nanoseconds."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Contract:
    """A stock as the broker knows it."""

    con_id: int
    ticker: str  # "AAPL"
    exchange: str  # primary exchange, "NASDAQ"
    isin: str
    name: str
    tick: Decimal = Decimal("0.01")

    @property
    def symbol(self) -> str:
        """The symbol as Ballast writes it, "AAPL.NASDAQ"."""
        return f"{self.ticker}.{self.exchange}"


@dataclass(frozen=True, slots=True)
class MarketBar:
    """A closed bar of one symbol; ``ts`` is its close."""

    symbol: str
    step_secs: int
    ts: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(frozen=True, slots=True)
class Price:
    """One trade print that the market makes; bid and ask stand one tick around it."""

    symbol: str
    ts: int
    price: Decimal
    size: int
    is_jump: bool = True  # False: the market walked here from the print before, through all prices between


class OrderType(StrEnum):
    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    TRAIL = "TRAIL"


class Status(StrEnum):
    """Order status as IB spells it."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


@dataclass(slots=True)
class Order:
    """An order at the broker; the book alone changes it."""

    client_id: int  # 0 with order_id 0 = entered by hand
    order_id: int
    perm_id: int
    symbol: str
    is_buy: bool
    quantity: int
    type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None  # trigger of STP; current trigger of TRAIL
    trail_amount: Decimal | None = None
    trail_pct: Decimal | None = None
    time_in_force: str = "DAY"
    order_ref: str = ""
    parent_id: int = 0
    oca_group: str = ""
    is_transmitted: bool = True
    account: str = ""
    status: Status = Status.PRE_SUBMITTED
    filled: int = 0
    average_price: Decimal = Decimal(0)
    last_price: Decimal = Decimal(0)
    placed: int = 0
    completed: int = 0

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def is_done(self) -> bool:
        return self.status in (Status.FILLED, Status.CANCELLED, Status.INACTIVE)


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill, as execDetails and the commission report tell of it."""

    exec_id: str
    order: Order
    ts: int
    quantity: int
    price: Decimal
    cumulative: int
    average_price: Decimal
    commission_usd: Decimal
    realized_pnl_usd: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    symbol: str
    quantity: int  # signed
    average_cost: Decimal


class Refused(Exception):  # noqa: N818 - it is the broker's answer, not an error of the gateway
    """The broker refuses a request with one of its codes."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
