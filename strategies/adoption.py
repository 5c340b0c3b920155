"""
Takes up a round trip at a start: what the journal remembers, corrected by what the broker told (law 11).

What the broker tells of orders and positions is read from the engine's cache.

"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal

from nautilus_trader.common import Cache
from nautilus_trader.model import ClientOrderId, InstrumentId, OrderFilled, OrderSide, StopMarketOrder

from actors.messages import OrderRole
from strategies.booking import Booking
from strategies.holding import Holding, Phase
from strategies.memory import Memory
from strategies.owner_voice import OwnerVoice


class Adoption:
    """
    The start of one symbol's owner.

    Parameters
    ----------
    cache : Cache
        The engine's, after its start.
    symbol : str
        Whose orders and position.
    booking : Booking
        Takes fills that the journal does not have.
    voice : OwnerVoice
        Tells what was found.

    """

    def __init__(self, cache: Cache, symbol: str, booking: Booking, voice: OwnerVoice) -> None:
        self._cache = cache
        self._symbol = symbol
        self._booking = booking
        self._voice = voice

    def round_trip(self, memory: Memory) -> Holding:
        """
        Return the round trip under way; or the one before it, if that is not over after all.

        It is not when an order of it still works, or when fills of it that nobody knew of are what the broker holds.

        """
        if memory.holding.roles:
            return memory.holding
        last, held = memory.last, held_by_broker(self._cache, self._symbol)
        late = sum(_signed(fill) for _, fill in unbooked_fills(last, self._cache, memory.booked_trades))
        is_not_over = any(self._works(order_id) for order_id in last.roles) or (late != 0 and late == held)
        return last if is_not_over else memory.holding

    def _works(self, order_id: str) -> bool:
        order = self._cache.order(ClientOrderId(order_id))
        return order is not None and not order.is_closed

    def strays(self, holding: Holding, known: Mapping[str, OrderRole], ts: int) -> list[str]:
        """
        Tell and return the orders of ours that work at the broker and are of no round trip that goes on.

        What they were to close is closed, or was never opened: a fill of one would reverse what is held now. An order
        that the journal does not know (``known``) is somebody else's and left alone.

        """
        open_orders = self._cache.orders_open(instrument_id=InstrumentId.from_str(self._symbol))
        open_ids = [order.client_order_id.value for order in open_orders]
        strays = [each for each in open_ids if each in known and each not in holding.roles]
        for order_id in strays:
            text = f"{known[order_id]} order {order_id} of an earlier round trip works at the broker: it is cancelled"
            self._voice.alert(ts, "stop_spare", text)
        return strays

    def take_up(self, holding: Holding, booked_trades: AbstractSet[str], market: Decimal, ts: int) -> bool:
        """Correct a remembered round trip and tell of it; whether its owner is to go on with it."""
        for role, fill in unbooked_fills(holding, self._cache, booked_trades):
            self._booking.book(holding, role, fill, market, fill.ts_event)
        take_states(holding, self._cache)
        if holding.roles:
            self._voice.stop(holding, ts)
        held = held_by_broker(self._cache, self._symbol)
        if was_closed_elsewhere(holding, held):
            self._voice.closed_elsewhere(holding, ts)
        elif held != holding.quantity:
            detail = f"the journal explains {holding.quantity} shares, the broker holds {held}"
            self._voice.break_off("position_break", detail, ts)
            return False
        elif holding.roles:
            self._go_on(holding, ts)
        return bool(holding.roles)

    def _go_on(self, holding: Holding, ts: int) -> None:
        holding.phase = holding.phase_by_orders()
        if holding.entry_open:
            self._voice.entry_requested(holding.entry_open * holding.stop_trigger, ts)
        if text := missing_stop(holding):
            self._voice.alert(ts, "stop_missing", text)
        if text := spare_stop(holding):
            self._voice.alert(ts, "stop_spare", text)


def held_by_broker(cache: Cache, symbol: str) -> int:
    """Return the signed shares of a symbol that the engine holds for the broker's."""
    positions = cache.positions_open(instrument_id=InstrumentId.from_str(symbol))
    return sum(int(position.signed_qty) for position in positions)


def unbooked_fills(
    holding: Holding, cache: Cache, booked_trades: AbstractSet[str]
) -> Iterator[tuple[OrderRole, OrderFilled]]:
    """Yield the fills of a round trip that the journal does not have, of each order the oldest first."""
    for order_id, role in tuple(holding.roles.items()):
        order = cache.order(ClientOrderId(order_id))
        for event in order.events() if order is not None else []:
            if isinstance(event, OrderFilled) and event.trade_id.value not in booked_trades:
                yield role, event


def _signed(fill: OrderFilled) -> int:
    return int(fill.last_qty) * (1 if fill.order_side == OrderSide.BUY else -1)


def take_states(holding: Holding, cache: Cache) -> None:
    """
    Correct what a journal says of the orders of a round trip by what the broker says.

    An order that the broker does not list can fill no more: it ended, or never arrived; what it filled shows in the
    position. One that it lists works, whatever the journal says; of several stops the latest is ours to keep.

    """
    for order_id, role in holding.roles.items():
        order = cache.order(ClientOrderId(order_id))
        if order is None or order.is_closed:
            holding.ended(order_id)
            continue
        holding.working[order_id] = int(order.leaves_qty)
        if role is OrderRole.STOP and isinstance(order, StopMarketOrder):
            holding.stop_found(order_id, order.trigger_price.as_decimal(), int(order.filled_qty))


def was_closed_elsewhere(holding: Holding, held: int) -> bool:
    """Return whether a position of ours is gone at the broker with nothing left of ours that could change that."""
    return bool(holding.quantity) and not held and not holding.working


def missing_stop(holding: Holding) -> str:
    """Return in words what of a position that is kept has no stop at a start, "" when all of it has."""
    is_kept = holding.phase is Phase.OPEN and holding.exit_reason is None
    if not is_kept or holding.stop_open >= abs(holding.quantity):
        return ""
    return f"{holding.quantity:+} shares held, found a stop for {holding.stop_open} at the broker: it is put back"


def spare_stop(holding: Holding) -> str:
    """Return in words which stops at a start protect nothing, "" when none does so."""
    is_needed = holding.entry_open or (holding.quantity and holding.phase is not Phase.CLOSING)
    spare = [*holding.spare_stops, *([holding.stop_id] if holding.stop_open and not is_needed else [])]
    if not spare:
        return ""
    return f"{holding.quantity:+} shares held, stop {', '.join(spare)} too many found at the broker: it is cancelled"
