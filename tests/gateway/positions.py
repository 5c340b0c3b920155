"""Cash and positions of the account as Interactive Brokers counts them for stocks; pure."""

from dataclasses import dataclass
from decimal import Decimal

from tests.gateway.model import Position


@dataclass(slots=True)
class _Holding:
    quantity: int = 0  # signed
    cost_usd: Decimal = Decimal(0)  # signed as the quantity, commission of the opening fills included
    realized_usd: Decimal = Decimal(0)


class Holdings:
    """
    Cash and positions, changed by fills.

    The commission of an opening fill is part of the average cost (a long costs more, a short brings less); that
    of a closing fill lowers the realized profit. A fill that reverses a position is both, share by share.
    At any price: starting cash + realized + unrealized = cash + quantity × price.
    """

    def __init__(self, cash_usd: Decimal) -> None:
        self.cash_usd = cash_usd
        self._holdings: dict[str, _Holding] = {}

    def fill(self, symbol: str, quantity: int, price: Decimal, commission_usd: Decimal) -> Decimal:
        """Book a fill, its quantity signed, and return what it realized in USD."""
        self.cash_usd -= quantity * price + commission_usd
        holding = self._holdings.setdefault(symbol, _Holding())
        closing = _closing(holding.quantity, quantity)
        closing_fee = commission_usd * abs(closing) / abs(quantity)
        realized = self._close(holding, closing, price, closing_fee) if closing else Decimal(0)
        opening = quantity - closing
        if opening:
            holding.quantity += opening
            holding.cost_usd += opening * price + commission_usd - closing_fee
        return realized

    @staticmethod
    def _close(holding: _Holding, closing: int, price: Decimal, fee_usd: Decimal) -> Decimal:
        cost = holding.cost_usd * -closing / holding.quantity
        realized = -closing * price - cost - fee_usd
        holding.quantity += closing
        holding.cost_usd = holding.cost_usd - cost if holding.quantity else Decimal(0)
        holding.realized_usd += realized
        return realized

    def position(self, symbol: str) -> Position:
        """Return the position in a symbol; flat if it was never traded."""
        holding = self._holdings.get(symbol, _Holding())
        average = holding.cost_usd / holding.quantity if holding.quantity else Decimal(0)
        return Position(symbol, holding.quantity, average)

    def symbols(self) -> list[str]:
        """Return every symbol traded so far, flat ones included."""
        return list(self._holdings)

    def realized_usd(self, symbol: str) -> Decimal:
        return self._holdings.get(symbol, _Holding()).realized_usd

    def unrealized_usd(self, symbol: str, price: Decimal) -> Decimal:
        holding = self._holdings.get(symbol, _Holding())
        return holding.quantity * price - holding.cost_usd


def _closing(held: int, quantity: int) -> int:
    """Return the signed part of a fill that closes what is held."""
    if held * quantity >= 0:
        return 0
    return max(quantity, -held) if quantity < 0 else min(quantity, -held)
