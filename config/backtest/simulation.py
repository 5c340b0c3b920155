"""How the simulated exchange charges and fills: fees per order, slippage in ticks."""

from decimal import Decimal
from typing import Any

from nautilus_trader.backtest import SimulationModule
from nautilus_trader.execution import FeeModel, FillModel
from nautilus_trader.model import (
    BookOrder,
    BookType,
    Currency,
    Equity,
    InstrumentId,
    Money,
    OrderBook,
    OrderSide,
    OrderType,
    Price,
    Quantity,
    TradeTick,
)

from catalog.fees import FixedPlanFees

USD = Currency.from_str("USD")
DEEP = 1_000_000_000  # shares on each side of a slipped book: no order of ours is larger


class OrderFees(FeeModel):
    """
    Charges each order by the broker's plan, accumulated over its fills.

    A fee model that raises would lose the fill without a word (trap T18): an exception is kept in ``error``, and the
    runner fails the run with it.

    """

    def __new__(cls, fees: FixedPlanFees) -> "OrderFees":  # noqa: ARG004 - Nautilus' base takes no arguments
        return super().__new__(cls)

    def __init__(self, fees: FixedPlanFees) -> None:
        self.error: Exception | None = None
        self._fees = fees

    def get_commission(self, order: Any, fill_quantity: Quantity, fill_px: Price, instrument: Any) -> Money:  # noqa: ARG002
        """Return what this fill adds to the fee of its order."""
        try:
            fee = self._fees.charge(order.client_order_id.value, fill_quantity.as_decimal(), fill_px.as_decimal())
            return Money.from_decimal(fee, USD)
        except Exception as error:  # noqa: BLE001 - raising here loses the fill (T18)
            self.error = error
            return Money.from_decimal(Decimal(0), USD)


class OpeningPrices(SimulationModule):
    """Remembers the opening trade of each symbol's current bar, before the exchange matches it."""

    def __new__(cls) -> "OpeningPrices":
        return super().__new__(cls)

    def __init__(self) -> None:
        self.last: dict[InstrumentId, Decimal] = {}

    def pre_process(self, data: Any) -> None:
        """Take in market data on its way to the exchange."""
        if isinstance(data, TradeTick):
            self.last[data.instrument_id] = data.price.as_decimal()

    def process(self, _ts_now: int, _context: Any) -> None:
        """Adjust nothing."""


class TickSlippage(FillModel):
    """
    Fills every order ``ticks`` worse than it would be.

    A stop counts from its trigger, or from the open of a bar that gapped through it. The book it makes is deep, so
    an order slipped this way is not split for want of volume.

    """

    def __new__(cls, ticks: int, opening_prices: OpeningPrices) -> "TickSlippage":  # noqa: ARG004 - see OrderFees
        return super().__new__(cls)

    def __init__(self, ticks: int, opening_prices: OpeningPrices) -> None:
        self._ticks = ticks
        self._opening_prices = opening_prices

    def is_limit_filled(self) -> bool:
        """Return that a touched limit fills (we send none)."""
        return True

    def is_slipped(self) -> bool:
        """Return no: the slippage is in the book below."""
        return False

    def get_orderbook_for_fill_simulation(
        self, instrument: Equity, order: Any, best_bid: Price | None = None, best_ask: Price | None = None
    ) -> OrderBook | None:
        """Return the book that the order fills against, None (= the plain one) when there is no price yet."""
        if best_bid is None or best_ask is None:
            return None
        is_buy = order.side == OrderSide.BUY
        price = (best_ask if is_buy else best_bid).as_decimal()
        if order.order_type == OrderType.STOP_MARKET:
            opened = self._opening_prices.last.get(instrument.id, price)
            trigger = order.trigger_price.as_decimal()
            price = max(trigger, opened) if is_buy else min(trigger, opened)
        tick = instrument.price_increment.as_decimal()
        worse = price + self._ticks * tick * (1 if is_buy else -1)
        return _deep_book(instrument, max(worse, tick))


def _deep_book(instrument: Equity, price: Decimal) -> OrderBook:
    book = OrderBook(instrument.id, BookType.L2_MBP)
    level = Price.from_decimal_dp(price, instrument.price_precision)
    for number, side in enumerate((OrderSide.BUY, OrderSide.SELL), start=1):
        book.add(BookOrder(side, level, instrument.make_qty(DEEP), number), 0, number, 0)
    return book
