"""
The only maker of entries: an entry leaves as one list with its protective stop (law 2).

The entry is a market order for the day, the stop rests until cancelled (GTC). Nothing is reduce-only,
which IB denies (trap T1).

"""

from decimal import Decimal

from nautilus_trader.model import ClientOrderId, Equity, MarketOrder, OrderSide, Price, StopMarketOrder
from nautilus_trader.trading import Strategy

from actors.messages import Side
from catalog.nautilus_v2 import OrderOwner, market_order, stop_order


def order_side(side: Side) -> OrderSide:
    """Return the order side that opens or adds to a position of ``side``."""
    return OrderSide.BUY if side is Side.LONG else OrderSide.SELL


class OrderMaker:
    """Makes the orders of one strategy and one instrument; it submits nothing."""

    def __init__(self, strategy: Strategy, instrument: Equity) -> None:
        self._strategy = strategy
        self._instrument = instrument

    def entry_with_stop(
        self, side: Side, quantity: int, trigger: Decimal, ts: int
    ) -> tuple[MarketOrder, StopMarketOrder]:
        """Return the entry and its protective stop as one one-triggers-other list."""
        factory = self._strategy.order_factory
        order_list = factory.generate_order_list_id()
        entry_id, stop_id = factory.generate_client_order_id(), factory.generate_client_order_id()
        entry = market_order(
            self._owner(),
            entry_id,
            order_side(side),
            self._instrument.make_qty(quantity),
            ts,
            order_list=order_list,
            child=stop_id,
        )
        stop = stop_order(
            self._owner(),
            stop_id,
            order_side(side.opposite),
            self._instrument.make_qty(quantity),
            self.price(trigger),
            ts,
            order_list=order_list,
            parent=entry_id,
        )
        return entry, stop

    def stop(self, side: Side, quantity: int, trigger: Decimal, ts: int) -> StopMarketOrder:
        """Return a protective stop of its own for a position of ``side`` that lost its stop."""
        order_id: ClientOrderId = self._strategy.order_factory.generate_client_order_id()
        quantity_ = self._instrument.make_qty(quantity)
        return stop_order(self._owner(), order_id, order_side(side.opposite), quantity_, self.price(trigger), ts)

    def exit(self, side: Side, quantity: int, ts: int) -> MarketOrder:
        """Return the market order that closes a position of ``side``."""
        order_id: ClientOrderId = self._strategy.order_factory.generate_client_order_id()
        return market_order(self._owner(), order_id, order_side(side.opposite), self._instrument.make_qty(quantity), ts)

    def price(self, value: Decimal) -> Price:
        return Price.from_decimal_dp(value, self._instrument.price_precision)

    def _owner(self) -> OrderOwner:
        trader = self._strategy.trader_id
        if trader is None:
            message = "Expected a strategy that is registered with its engine, was one without a trader"
            raise RuntimeError(message)
        return OrderOwner(trader, self._strategy.strategy_id, self._instrument.id)
