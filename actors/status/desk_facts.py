"""What is known of one symbol at a moment, as its owner sees it: asked for by status and control. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from actors.messages import ExitReason, OrderRole


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order that may still fill, so many shares of it."""

    client_order_id: str
    role: OrderRole
    shares: int
    trigger: Decimal | None  # of a stop, USD a share


@dataclass(frozen=True, slots=True)
class Objection:
    """Why no entry would leave now, by the entry gate itself; "" = one might."""

    reason: str = ""  # as in ``decisions.csv``: halted, session, not_ready, held, ...
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """One traded symbol; ``quantity`` is signed shares, prices are USD a share."""

    symbol: str
    quantity: int
    phase: str  # flat | entering | open | cancelling | closing
    rule: str  # that opened, "" when flat
    average_price: Decimal | None
    last_close: Decimal  # 0 before the first bar
    last_bar_ts: int  # close of the latest bar, event time; 0 before the first
    stop_trigger: Decimal | None  # None = no stop is known to rest
    stop_shares: int
    was_raised: bool  # by the trailing stop
    exit_reason: ExitReason | None  # why it is being left
    lock: str  # why no order of ours is sent, "" = it may be
    is_reachable: bool  # what we send for it would arrive
    objection: Objection
    orders: tuple[WorkingOrder, ...]

    @property
    def is_flat(self) -> bool:
        """Nothing is held and nothing works that could change that."""
        return not self.quantity and not self.orders

    @property
    def unrealised_usd(self) -> Decimal | None:
        """What the position made so far at the last close, before commissions."""
        if self.average_price is None or not self.quantity or not self.last_close:
            return None
        return (self.last_close - self.average_price) * self.quantity
