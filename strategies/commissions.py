"""
What a fill cost: what the broker said, or what its price list says when it said nothing (T8). Pure.

The adapter passes a fill on with a commission of zero when the broker's report does not come within 5 seconds, and
never corrects it. Zero is right only where the plan charges nothing: for a later part of a small order.

"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from catalog.fees import FixedPlanFees


class Commissions:
    """Commissions of the fills of one symbol; ``plan`` None = a simulated exchange, which always tells them."""

    def __init__(self, plan: FixedPlanFees | None) -> None:
        self._plan = plan
        self._orders: defaultdict[str, _Charged] = defaultdict(_Charged)

    def of(self, order_id: str, shares: int, price: Decimal, told: Decimal | None) -> tuple[Decimal, bool]:
        """Return what to book for a fill, USD, and whether that is an estimate; every fill has to pass."""
        if self._plan is None:
            return told or Decimal(0), False
        order = self._orders[order_id]
        order.listed_usd += self._plan.charge(order_id, shares, price)
        if told:
            return order.told(told), False
        missing = order.missing()
        return missing, missing > 0


@dataclass(slots=True)
class _Charged:
    """One order: what its fills cost by the price list, what was booked, and how much of that is an estimate."""

    listed_usd: Decimal = Decimal(0)
    booked_usd: Decimal = Decimal(0)
    estimated_usd: Decimal = Decimal(0)

    def missing(self) -> Decimal:
        """Book what the list charges beyond what was booked."""
        missing = max(self.listed_usd - self.booked_usd, Decimal(0))
        self.booked_usd += missing
        self.estimated_usd += missing
        return missing

    def told(self, usd: Decimal) -> Decimal:
        """Book what was told, less what was estimated too soon: the fills of an order may come in disorder."""
        excess = max(self.booked_usd + usd - self.listed_usd, Decimal(0))
        again = min(excess, self.estimated_usd)
        self.estimated_usd -= again
        self.booked_usd += usd - again
        return usd - again
