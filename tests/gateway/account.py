"""What the account did and holds: executions with their commissions, positions, cash, profit and loss; pure."""

from decimal import Decimal

from catalog.fees import FixedPlanFees
from tests.gateway.model import Execution, Order, Position
from tests.gateway.positions import Holdings


class Account:
    """The account's side of the broker's book: it is told of fills and prices, and answers questions."""

    def __init__(self, cash_usd: Decimal) -> None:
        self._holdings = Holdings(cash_usd)
        self._fees = FixedPlanFees()
        self._executions: list[Execution] = []
        self._marks: dict[str, Decimal] = {}  # last print by symbol

    def _execute(self, order: Order, quantity: int, price: Decimal, ts: int) -> Execution:
        """Book one more fill of an order, on the order too, and return its execution."""
        value = order.average_price * order.filled + price * quantity
        order.filled += quantity
        order.average_price = value / order.filled
        order.last_price = price
        commission = self._fees.charge(str(order.perm_id), quantity, price)
        execution = Execution(
            exec_id=f"{order.perm_id:08x}.{len(self._executions) + 1:08x}.01.01",
            order=order,
            ts=ts,
            quantity=quantity,
            price=price,
            cumulative=order.filled,
            average_price=order.average_price,
            commission_usd=commission,
            realized_pnl_usd=self._holdings.fill(
                order.symbol, quantity if order.is_buy else -quantity, price, commission
            ),
        )
        self._executions.append(execution)
        return execution

    def executions(self) -> list[Execution]:
        return list(self._executions)

    def positions(self) -> list[Position]:
        """Return the positions that are not flat."""
        return [position for symbol in self._holdings.symbols() if (position := self.position(symbol)).quantity]

    def position(self, symbol: str) -> Position:
        """Return the position in a symbol, flat or not."""
        return self._holdings.position(symbol)

    @property
    def cash_usd(self) -> Decimal:
        return self._holdings.cash_usd

    def realized_usd(self, symbol: str) -> Decimal:
        """Return what closing fills in the symbol have brought, after commissions."""
        return self._holdings.realized_usd(symbol)

    def unrealized_usd(self, symbol: str) -> Decimal:
        """Return what the position would bring at the last price, its closing commission not counted."""
        return self._holdings.unrealized_usd(symbol, self.mark(symbol))

    def mark(self, symbol: str) -> Decimal:
        """Return the last print of a symbol, before the first what the position cost a share."""
        return self._marks.get(symbol, self.position(symbol).average_cost)

    def equity_usd(self) -> Decimal:
        """Return cash plus the positions at their last prices."""
        held = self.positions()
        return self.cash_usd + sum((each.quantity * self.mark(each.symbol) for each in held), Decimal(0))
