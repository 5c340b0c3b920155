"""
What a strategy holds of its symbol: one round trip, its orders and its position, as plain state.

Pure: it is told of orders and fills and answers what is held, what still works and whether all has ended. It sends
nothing. Every order of the round trip stays known by its id, so that a fill that comes after an order's end is
booked all the same.

"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from actors.messages import ExitReason, OrderRole, Side


class Phase(StrEnum):
    """Where a symbol stands between two flats."""

    FLAT = "flat"
    ENTERING = "entering"  # the entry works: nothing, part or all of it may be filled
    OPEN = "open"  # the entry ended, a position is held, its stop rests
    CANCELLING = "cancelling"  # leaving: awaiting the end of what still works (T7)
    CLOSING = "closing"  # leaving: the closing order is on its way


@dataclass(slots=True)
class Holding:
    """State of one round trip; quantities are whole shares, ``quantity`` is signed."""

    phase: Phase = Phase.FLAT
    rule: str = ""
    decision_id: str = ""
    side: Side = Side.LONG
    quantity: int = 0
    entry_id: str = ""
    entry_time: int = 0  # of the signal bar, UTC nanoseconds
    entry_filled: int = 0
    entry_value_usd: Decimal = Decimal(0)
    exit_value_usd: Decimal = Decimal(0)
    commission_usd: Decimal = Decimal(0)
    stop_id: str = ""
    stop_trigger: Decimal = Decimal(0)
    wanted_trigger: Decimal | None = None  # of the latest raise
    refused_trigger: Decimal | None = None  # of a raise that was not taken
    stop_filled: int = 0
    is_stop_resting: bool = False  # accepted by the broker; before that it is only sent
    is_resizing: bool = False  # the stop is being made equal to the position
    was_raised: bool = False
    stops_lost: int = 0
    exit_reason: ExitReason | None = None
    roles: dict[str, OrderRole] = field(default_factory=dict)  # every order of the round trip
    working: dict[str, int] = field(default_factory=dict)  # order id → shares that may still fill

    @property
    def is_flat(self) -> bool:
        return self.phase is Phase.FLAT

    @property
    def is_leaving(self) -> bool:
        return self.phase in (Phase.CANCELLING, Phase.CLOSING)

    @property
    def is_over(self) -> bool:
        """Nothing is held and no order can change that."""
        return not self.quantity and not self.working

    @property
    def is_naked(self) -> bool:
        """Shares are held and nothing works that protects or closes them."""
        return bool(self.quantity) and not self.working

    @property
    def is_reversed(self) -> bool:
        """A late fill took the position through zero."""
        return self.quantity * self.side < 0

    @property
    def entry_open(self) -> int:
        """Shares of the entry that may still fill."""
        return self.working.get(self.entry_id, 0)

    @property
    def stop_open(self) -> int:
        """Shares of the latest stop that may still fill."""
        return self.working.get(self.stop_id, 0)

    @property
    def open_stops(self) -> list[str]:
        """Stops that may still fill."""
        return [each for each in self.working if self.roles[each] is OrderRole.STOP]

    @property
    def spare_stops(self) -> list[str]:
        """Stops beside the latest one that may still fill: what they close is closed already (law 5)."""
        return [each for each in self.open_stops if each != self.stop_id]

    @property
    def average_price(self) -> Decimal | None:
        """Average entry price in USD a share, None before the first fill."""
        return self.entry_value_usd / self.entry_filled if self.entry_filled else None

    @property
    def return_frac(self) -> float:
        """Net return of the ended round trip as a fraction of the entry's value."""
        gross = (self.exit_value_usd - self.entry_value_usd) * self.side
        return float((gross - self.commission_usd) / self.entry_value_usd) if self.entry_value_usd else 0.0

    def phase_by_orders(self) -> Phase:
        """Return where a round trip taken over from a journal stands, by what of it still works."""
        if self.entry_open:
            return Phase.ENTERING
        is_closing = any(self.roles[order_id] is OrderRole.EXIT for order_id in self.working)
        return Phase.CLOSING if is_closing else Phase.OPEN

    def sent(self, role: OrderRole, order_id: str, quantity: int, trigger: Decimal | None = None) -> None:
        """Take in an order on its way; for a stop its trigger, USD a share."""
        self.roles[order_id] = role
        self.working[order_id] = quantity
        if role is OrderRole.ENTRY:
            self.entry_id = order_id
        elif trigger is not None:
            self.stop_id, self.stop_trigger, self.stop_filled = order_id, trigger, 0
            self.is_stop_resting = self.is_resizing = False
            self.wanted_trigger = self.refused_trigger = None

    def stop_found(self, order_id: str, trigger: Decimal, filled: int) -> None:
        """Take in a stop that rests at the broker at a start, with what it has filled."""
        self.stop_id, self.stop_trigger, self.stop_filled = order_id, trigger, filled
        self.is_stop_resting = True

    def stop_updated(self, total: int, trigger: Decimal | None) -> bool:
        """Take in the stop's quantity, filled shares included, and its trigger; return whether that moved."""
        before, is_raise = self.stop_open, trigger is not None and trigger != self.stop_trigger
        self.stop_trigger = self.stop_trigger if trigger is None else trigger
        self.was_raised = self.was_raised or is_raise
        if self.stop_id in self.working:
            self.working[self.stop_id] = max(total - self.stop_filled, 0)
        if self.stop_open != before:
            self.is_resizing = False
        return is_raise

    def ended(self, order_id: str) -> None:
        """Take in that an order cannot fill any more, as far as the broker said."""
        self.working.pop(order_id, None)
        if order_id == self.stop_id:
            self.is_stop_resting = self.is_resizing = False

    def filled(self, order_id: str, bought: Side, quantity: int, price: Decimal, commission_usd: Decimal) -> None:
        """Book a fill of one of our orders, also of one that was thought ended; ``bought`` SHORT = sold."""
        self.commission_usd += commission_usd
        if order_id == self.stop_id:
            self.stop_filled += quantity
        if order_id in self.working:
            self.working[order_id] -= quantity
            if self.working[order_id] <= 0:
                self.ended(order_id)
        self.quantity += quantity * bought
        if self.roles[order_id] is OrderRole.ENTRY:
            self.entry_filled += quantity
            self.entry_value_usd += quantity * price
        else:
            self.exit_value_usd -= quantity * price * bought * self.side

    def reason_of(self, role: OrderRole) -> ExitReason | None:
        """Return why a fill of this role reduces the position (None for an entry)."""
        if role is OrderRole.ENTRY:
            return None
        if role is OrderRole.STOP:
            return ExitReason.TRAILING_STOP if self.was_raised else ExitReason.PROTECTIVE_STOP
        return self.exit_reason
