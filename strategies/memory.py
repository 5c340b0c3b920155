"""What the owner of a symbol knew when the program ended (law 11); empty in a backtest and at the first start. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.messages import OrderRole
from strategies.holding import Holding


@dataclass(frozen=True, slots=True)
class Memory:
    """A round trip under way, the one before it for fills that come late, and how far the decisions were counted."""

    holding: Holding = field(default_factory=Holding)
    last: Holding = field(default_factory=Holding)
    booked_trades: frozenset[str] = frozenset()  # fills of the round trip that the journal has
    decisions: int = 0
    orders: Mapping[str, OrderRole] = field(default_factory=dict)  # all of the symbol that the journal has, by id
