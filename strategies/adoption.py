"""What the broker tells of the orders and the position of a symbol, read from the engine's cache after its start."""

from collections.abc import Set as AbstractSet

from nautilus_trader.common import Cache
from nautilus_trader.model import InstrumentId, MarketOrder, OrderFilled, StopMarketOrder

from strategies.holding import Holding, Phase

Order = MarketOrder | StopMarketOrder


def held_by_broker(cache: Cache, symbol: str) -> int:
    """Return the signed shares of a symbol that the engine holds for the broker's."""
    positions = cache.positions_open(instrument_id=InstrumentId.from_str(symbol))
    return sum(int(position.signed_qty) for position in positions)


def unbooked_fills(order: Order | None, booked_trades: AbstractSet[str]) -> list[OrderFilled]:
    """Return the fills of an order that the journal does not have, oldest first."""
    if order is None:
        return []
    fills = [event for event in order.events() if isinstance(event, OrderFilled)]
    return [fill for fill in fills if fill.trade_id.value not in booked_trades]


def take_state(holding: Holding, order_id: str, order: Order | None) -> None:
    """
    Correct what a journal says of one order by what the broker says.

    An order that the broker does not list can fill no more: it ended, or never arrived; what it filled shows in the
    position.

    """
    if order is None or order.is_closed:
        holding.ended(order_id)
        return
    holding.working[order_id] = int(order.leaves_qty)
    if order_id == holding.stop_id:
        holding.is_stop_resting = True
        if isinstance(order, StopMarketOrder):
            holding.stop_trigger = order.trigger_price.as_decimal()


def was_closed_elsewhere(holding: Holding, held: int) -> bool:
    """Return whether a position of ours is gone at the broker with nothing left of ours that could change that."""
    return bool(holding.quantity) and not held and not holding.working


def missing_stop(holding: Holding) -> str:
    """Return in words what of a position that is kept has no stop at a start, "" when all of it has."""
    is_kept = holding.phase is Phase.OPEN and holding.exit_reason is None
    if not is_kept or holding.stop_open >= abs(holding.quantity):
        return ""
    return f"{holding.quantity:+} shares held, found a stop for {holding.stop_open} at the broker: it is put back"
