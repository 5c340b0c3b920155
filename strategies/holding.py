"""
What a strategy holds of its symbol: the position, its entry, its stop and its exit, as a small state machine.

Pure: it is told of orders and fills and answers what is held, what rests and what is under way.
It sends nothing.

"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from actors.messages import ExitReason, OrderRole, Side


class Phase(StrEnum):
    """Where a symbol stands between two flats."""

    FLAT = "flat"
    ENTERING = "entering"  # the entry works: nothing, part or all of it may be filled
    OPEN = "open"  # the entry ended, a position is held, its stop rests
    CANCELLING = "cancelling"  # an exit is wanted; awaiting the end of the stop (T7)
    CLOSING = "closing"  # the closing order is on its way


class StopStatus(StrEnum):
    """What is known of the protective stop."""

    NONE = "none"
    SENT = "sent"
    RESTING = "resting"


@dataclass(slots=True)
class Holding:
    """State of one symbol; quantities are whole shares, ``quantity`` is signed."""

    phase: Phase = Phase.FLAT
    rule: str = ""
    decision_id: str = ""
    side: Side = Side.LONG
    quantity: int = 0
    entry_id: str = ""
    entry_time: int = 0
    entry_open: int = 0  # shares of the entry that may still fill
    entry_filled: int = 0
    entry_value_usd: Decimal = Decimal(0)
    exit_value_usd: Decimal = Decimal(0)
    commission_usd: Decimal = Decimal(0)
    stop_id: str = ""
    stop_status: StopStatus = StopStatus.NONE
    stop_quantity: int = 0  # shares of it still open
    stop_filled: int = 0
    stop_trigger: Decimal = Decimal(0)
    was_raised: bool = False
    exit_id: str = ""
    exit_reason: ExitReason | None = None

    @property
    def is_flat(self) -> bool:
        return self.phase is Phase.FLAT

    @property
    def is_exiting(self) -> bool:
        return self.phase in (Phase.CANCELLING, Phase.CLOSING)

    @property
    def has_stop(self) -> bool:
        return self.stop_status is not StopStatus.NONE

    @property
    def average_price(self) -> Decimal | None:
        """Average entry price in USD a share, None before the first fill."""
        return self.entry_value_usd / self.entry_filled if self.entry_filled else None

    @property
    def return_frac(self) -> float:
        """Net return of the closed round trip as a fraction of the entry's value."""
        gross = (self.exit_value_usd - self.entry_value_usd) * self.side
        return float((gross - self.commission_usd) / self.entry_value_usd) if self.entry_value_usd else 0.0

    def role_of(self, order_id: str) -> OrderRole | None:
        """Return what an order is for, None when it is not one of this round trip."""
        roles = {self.entry_id: OrderRole.ENTRY, self.stop_id: OrderRole.STOP, self.exit_id: OrderRole.EXIT}
        return roles.get(order_id) if order_id else None

    def stop_sent(self, order_id: str, quantity: int, trigger: Decimal) -> None:
        self.stop_id = order_id
        self.stop_status = StopStatus.SENT
        self.stop_quantity = quantity
        self.stop_filled = 0
        self.stop_trigger = trigger

    def stop_gone(self) -> None:
        self.stop_status = StopStatus.NONE
        self.stop_quantity = 0

    def filled(self, role: OrderRole, quantity: int, price: Decimal, commission_usd: Decimal) -> None:
        """Book a fill of one of our orders."""
        self.commission_usd += commission_usd
        if role is OrderRole.ENTRY:
            self.quantity += quantity * self.side
            self.entry_open -= quantity
            self.entry_filled += quantity
            self.entry_value_usd += quantity * price
            return
        self.quantity -= quantity * self.side
        self.exit_value_usd += quantity * price
        if role is OrderRole.STOP:
            self.stop_quantity -= quantity
            self.stop_filled += quantity
            if self.stop_quantity <= 0:
                self.stop_gone()

    def reason_of(self, role: OrderRole) -> ExitReason | None:
        """Return why a fill of this role reduces the position (None for an entry)."""
        if role is OrderRole.ENTRY:
            return None
        if role is OrderRole.STOP:
            return ExitReason.TRAILING_STOP if self.was_raised else ExitReason.PROTECTIVE_STOP
        return self.exit_reason
