"""
What is heard of the line to the broker from outside the engine, and what a comparison of the books found; no engine.

The ear (``config/live/broker_ear.py``) and the reader of the adapter's log make the first kind, on a thread or by a
poll: plain frozen data (T16). The second kind goes over the bus on ``Topic.LINK``, between those who watch the broker.

"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Connected:
    """The ear's own connection to the gateway stands, and the gateway has answered on it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """It ended, or the gateway no longer answers on it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deaf:
    """The ear cannot listen though the gateway is there, because its client id is taken; it goes on trying."""

    reason: str


@dataclass(frozen=True, slots=True)
class Beat:
    """The gateway answered a heartbeat."""

    round_trip_secs: float


@dataclass(frozen=True, slots=True)
class Notice:
    """What the gateway tells every client, such as 1100 or 2103."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class PositionsHeard:
    """All that the account holds at one moment; a symbol of ours that is not among them is flat."""

    ours: Mapping[str, Decimal]  # by symbol, signed shares
    others: Mapping[str, Decimal] = field(default_factory=dict)  # by the broker's words, such as "NVDA STK"


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order that the broker works; the client order id is the one it was placed with."""

    symbol: str
    client_order_id: str
    broker_order_id: str  # as the engine writes it, "PERM-1000000002"


@dataclass(frozen=True, slots=True)
class OrdersHeard:
    """All orders of programs that work for the account in our symbols at one moment."""

    working: tuple[WorkingOrder, ...]


@dataclass(frozen=True, slots=True)
class AdapterLost:
    """The node's own connection broke; its adapter is reconnecting."""


@dataclass(frozen=True, slots=True)
class AdapterBack:
    """The node's own connection stands again."""


@dataclass(frozen=True, slots=True)
class OrderStreamEnded:
    """The adapter hears nothing of orders any more, and never will in this process (T3)."""

    reason: str


type Heard = (
    Connected
    | Lost
    | Deaf
    | Beat
    | Notice
    | PositionsHeard
    | OrdersHeard
    | AdapterLost
    | AdapterBack
    | OrderStreamEnded
)


@dataclass(frozen=True, slots=True)
class BrokerPositionsTold:
    """What the broker holds for the account now."""

    ts: int
    positions: PositionsHeard


@dataclass(frozen=True, slots=True)
class BrokerOrdersTold:
    """What the broker works for the account now."""

    ts: int
    orders: OrdersHeard


@dataclass(frozen=True, slots=True)
class BrokerNoticed:
    """A notice of the gateway, such as 2104 or 2158, as it stands in the log."""

    ts: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class BooksCompared:
    """Our books were compared with the broker's; no differences = they agree."""

    ts: int
    differences: tuple[str, ...]
