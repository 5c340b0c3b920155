"""A book with a listener that remembers, and short words for orders and prints, for the tests of the gateway."""

from decimal import Decimal

from tests.gateway.book import Book
from tests.gateway.model import Execution, Order, OrderType, Price

AAPL, MSFT = "AAPL.NASDAQ", "MSFT.NASDAQ"
TICK = Decimal("0.01")
CASH_USD = Decimal(100_000)
CLIENT = 1


class Floor:
    """The book under test; ``told`` holds what the listener heard: an order's id and status, or the shares filled."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []
        self.fills: list[Execution] = []
        self.now = 0
        self.book = Book("DU1234567", CASH_USD, {AAPL: TICK, MSFT: TICK}, self.clock, self)

    def clock(self) -> int:
        self.now += 1
        return self.now

    def order_changed(self, order: Order) -> None:
        self.told.append((order.order_id, str(order.status)))

    def executed(self, execution: Execution) -> None:
        self.told.append((execution.order.order_id, f"{execution.quantity} @ {execution.price}"))
        self.fills.append(execution)

    def heard(self) -> list[tuple[int, str]]:
        """Return what was told since the last time."""
        told, self.told = self.told, []
        return told

    def place(self, order_id: int, is_buy: bool = True, quantity: int = 100, kind: str = "MKT", **terms) -> Order:
        order = make_order(order_id, is_buy, quantity, kind, **terms)
        self.book.place(order)
        return order

    def prints(self, *prices: str | int, symbol: str = AAPL, walks: bool = False) -> None:
        """Print these prices; the market jumps from one to the next, or walks."""
        for price in prices:
            self.book.price(Price(symbol, self.now, Decimal(price), 100, is_jump=not walks))


def make_order(order_id: int, is_buy: bool = True, quantity: int = 100, kind: str = "MKT", **terms) -> Order:
    defaults = {"symbol": AAPL, "client_id": CLIENT, "perm_id": 0}
    for name in ("limit_price", "stop_price", "trail_amount", "trail_pct"):
        if name in terms:
            terms[name] = Decimal(terms[name])
    return Order(**defaults | terms, order_id=order_id, is_buy=is_buy, quantity=quantity, type=OrderType(kind))


def mirrored(price: str | int, is_buy: bool) -> Decimal:
    """Return the price for a buyer; for a seller the one that lies as far on the other side of 100."""
    return Decimal(price) if is_buy else 200 - Decimal(price)
