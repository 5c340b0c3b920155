"""
The trail of a round trip while it lasts: when each of its orders was asked for, sent, accepted and filled. Pure.

Latencies are by the wall clock (nanoseconds); 0 = has not happened, or nobody told.

"""

from dataclasses import dataclass, field
from decimal import Decimal

from actors.messages import OrderFilled, OrderIntended, OrderRole, SignalDecided

NANOS_IN_MILLI = 1_000_000


@dataclass(slots=True)
class OrderTrail:
    """One order: what it is for, and when it got how far."""

    role: OrderRole
    quantity: int
    asked_ns: int  # of the decision, halt or command that wanted it
    intended_ns: int
    accepted_ns: int = 0
    filled: int = 0
    is_resting: bool = False  # of a stop: that it rests was told

    def after(self, now_ns: int, *steps: str) -> str:
        """Return how long after the known ones of some steps this is: `` (order +44 ms, decision +46 ms)``."""
        times = {"accepted": self.accepted_ns, "order": self.intended_ns, "decision": self.asked_ns}
        known = [f"{step} +{milliseconds(now_ns - times[step])}" for step in steps if times[step]]
        return f" ({', '.join(known)})" if known else ""


@dataclass(slots=True)
class RoundTripTrail:
    """What one symbol has done since it was last flat."""

    entered_ns: int = 0
    left_ns: int = 0
    side: int = 0
    close: Decimal = Decimal(0)  # the entry was decided at, USD
    stop_trigger: Decimal | None = None
    orders: dict[str, OrderTrail] = field(default_factory=dict)
    shares: int = 0  # signed
    cash_usd: Decimal = Decimal(0)  # of its fills, commissions paid
    commissions_usd: Decimal = Decimal(0)
    since: int = 0  # event time of the first fill
    is_known: bool = False  # to the one who reads: its entry, or that it is held from before
    is_whole: bool = True  # False: its entry was filled before we listened

    def decided(self, decision: SignalDecided, now_ns: int) -> None:
        """Take in the decision that enters."""
        self.entered_ns, self.side, self.close = now_ns, decision.signal, decision.close

    def intended(self, order: OrderIntended, now_ns: int) -> OrderTrail:
        """Take in an order that is about to leave."""
        self.is_known = True
        asked = {OrderRole.ENTRY: self.entered_ns, OrderRole.EXIT: self.left_ns}.get(order.role, 0)
        trail = OrderTrail(order.role, order.quantity, asked, now_ns)
        self.orders[order.client_order_id] = trail
        return trail

    def restore(self, order: OrderIntended) -> None:
        """Know an order of an earlier run; of its steps not when."""
        self.orders[order.client_order_id] = OrderTrail(order.role, order.quantity, 0, 0)

    def filled(self, fill: OrderFilled) -> None:
        """Book a fill."""
        if not self.since:
            self.since, self.is_whole = fill.ts, fill.role is OrderRole.ENTRY
        signed = fill.quantity * fill.side
        self.shares += signed
        self.cash_usd -= signed * fill.price + fill.commission_usd
        self.commissions_usd += fill.commission_usd
        if fill.client_order_id in self.orders:
            self.orders[fill.client_order_id].filled += fill.quantity

    def worth_at(self, trigger: Decimal, quantity: int) -> Decimal | None:
        """Return what the round trip makes when a stop for ``quantity`` fills at ``trigger``, None when not known."""
        if not self.is_whole or not (self.since or self.side):
            return None
        unfilled = max(quantity - abs(self.shares), 0)  # of the entry, taken to fill where it was decided
        return self.cash_usd + self.shares * trigger + unfilled * self.side * (trigger - self.close)


def milliseconds(duration_ns: int) -> str:
    """Return ``44 ms``; from ten seconds on ``12 s``, a latency no longer."""
    millis = max(0, duration_ns) // NANOS_IN_MILLI
    return f"{millis} ms" if millis < 10_000 else f"{millis // 1_000:,} s"
