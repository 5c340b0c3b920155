"""Commission of Interactive Brokers' fixed plan for US stocks; pure."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


class FixedPlanFees:
    """
    Fees per order, accumulated over its fills: IBKR Pro, fixed plan, US stocks. The defaults are
    those of our settings; what is charged stands at interactivebrokers.com/en/pricing/commissions-stocks.php.

    An order costs ``per_share_usd`` a share, at least ``minimum_usd``, at most ``maximum_pct`` percent of
    its value; the maximum wins over the minimum. Not included: regulatory and exchange fees on sales.

    Parameters
    ----------
    per_share_usd, minimum_usd : Decimal
        USD, >= 0.
    maximum_pct : Decimal
        Percent of the order's value, >= 0.

    """

    def __init__(
        self,
        per_share_usd: Decimal = Decimal("0.005"),
        minimum_usd: Decimal = Decimal("1.00"),
        maximum_pct: Decimal = Decimal("1.0"),
    ) -> None:
        self._per_share_usd = per_share_usd
        self._minimum_usd = minimum_usd
        self._maximum = maximum_pct / 100
        self._orders: dict[str, tuple[Decimal, Decimal]] = {}  # order id -> shares and value filled so far

    def charge(self, order_id: str, quantity: int | Decimal, price: Decimal) -> Decimal:
        """Return what this fill adds to the fee of its order, USD >= 0, whole cents."""
        shares, value = self._orders.get(order_id, (Decimal(0), Decimal(0)))
        charged = self._total(shares, value)
        shares += quantity
        value += quantity * price
        self._orders[order_id] = shares, value
        return self._total(shares, value) - charged

    def _total(self, shares: Decimal, value: Decimal) -> Decimal:
        total = min(max(self._minimum_usd, self._per_share_usd * shares), self._maximum * value)
        return total.quantize(CENT, ROUND_HALF_UP)
