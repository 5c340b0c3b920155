"""Makes the orders of a round trip and tells of each before it leaves: what the journal lacks is not ours (law 11)."""

from collections.abc import Callable
from decimal import Decimal

from nautilus_trader.model import MarketOrder, StopMarketOrder

from actors.messages import OrderRole, Side
from strategies.holding import Holding
from strategies.order_release import Orders
from strategies.orders import OrderMaker
from strategies.owner_voice import OwnerVoice


class Intents:
    """
    Orders that are about to leave; it sends none.

    Parameters
    ----------
    maker : OrderMaker
        Makes them.
    voice : OwnerVoice
        Tells of them.
    expected : Callable[[str], None]
        Told of each order whose answer must not be missed: one that protects or closes.

    """

    def __init__(self, maker: OrderMaker, voice: OwnerVoice, expected: Callable[[str], None]) -> None:
        self._maker = maker
        self._voice = voice
        self._expected = expected

    def entry(self, holding: Holding, side: Side, shares: int, trigger: Decimal, ts: int) -> Orders:
        """Return an entry and its protective stop as one list (law 2)."""
        entry, stop = self._maker.entry_with_stop(side, shares, trigger, ts)
        self._tell(holding, OrderRole.ENTRY, side, entry, shares, None, ts)
        self._tell(holding, OrderRole.STOP, side.opposite, stop, shares, trigger, ts)
        return [entry, stop]

    def stop(self, holding: Holding, side: Side, shares: int, trigger: Decimal, ts: int) -> Orders:
        """Return a protective stop for a position of ``side`` that has none."""
        stop = self._maker.stop(side, shares, trigger, ts)
        self._tell(holding, OrderRole.STOP, side.opposite, stop, shares, trigger, ts)
        self._expected(stop.client_order_id.value)
        return [stop]

    def exit(self, holding: Holding, side: Side, shares: int, ts: int) -> Orders:
        """Return the order that closes a position of ``side``."""
        order = self._maker.exit(side, shares, ts)
        self._tell(holding, OrderRole.EXIT, side.opposite, order, shares, None, ts)
        self._expected(order.client_order_id.value)
        return [order]

    def _tell(
        self,
        holding: Holding,
        role: OrderRole,
        side: Side,
        order: MarketOrder | StopMarketOrder,
        shares: int,
        trigger: Decimal | None,
        ts: int,
    ) -> None:
        order_id = order.client_order_id.value
        holding.sent(role, order_id, shares, trigger)
        self._voice.intended(holding, order_id, side, trigger, ts)
