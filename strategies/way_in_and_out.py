"""
The way into a position and out of it: when which order of a round trip leaves (laws 2 and 7).

In: entry and stop as one list. Out: cancel what works, await its end, close what is then held (trap T7). Whether
anything may be sent at all its owner knows, who asks, and who hears what became of it.

"""

from decimal import Decimal

from actors.messages import Side
from strategies.holding import Holding, Phase
from strategies.intents import Intents
from strategies.order_changes import OrderChanges
from strategies.order_release import OrderRelease, Orders
from strategies.owner_voice import OwnerVoice


class WayInAndOut:
    """
    Sends entries and exits of one symbol, and takes back what did not fill.

    Parameters
    ----------
    changes : OrderChanges
        Takes cancels.
    intents : Intents
        Makes the orders.
    release : OrderRelease
        Decides when one leaves.
    voice : OwnerVoice
        Tells of each step out.

    """

    def __init__(self, changes: OrderChanges, intents: Intents, release: OrderRelease, voice: OwnerVoice) -> None:
        self._changes = changes
        self._intents = intents
        self._release = release
        self._voice = voice

    def make_entry(self, holding: Holding, shares: int, trigger: Decimal, ts: int) -> Orders:
        """Return an entry with its protective stop, told but not sent."""
        return self._intents.entry(holding, holding.side, shares, trigger, ts)

    def enter(self, orders: Orders) -> None:
        """Send an entry."""
        self._release.send(orders)

    def on_open(self) -> None:
        """Release a held order: the symbol's next bar opened."""
        self._release.on_open()

    def withdraw(self, holding: Holding) -> bool:
        """Take back what of an entry did not fill; True when none of it ever left."""
        if self._release.drop():
            holding.working.clear()  # its stop did not leave either
            return True
        if holding.entry_open:
            self._changes.cancel(holding.entry_id)
        return False

    def leave(self, holding: Holding, ts: int) -> None:
        """Cancel what works; once nothing does, close what is held."""
        if holding.phase is Phase.CLOSING and holding.quantity and holding.working:
            for order_id in holding.open_stops:
                self._changes.cancel(order_id)  # found at a start beside the exit: both could fill
            return
        if holding.phase is Phase.CANCELLING and holding.working:
            return
        if not holding.working:
            self._close(holding, ts)
            return
        holding.phase = Phase.CANCELLING
        self._voice.position(holding, ts)
        for order_id in tuple(holding.working):
            self._changes.cancel(order_id)

    def _close(self, holding: Holding, ts: int) -> None:
        side, shares = Side(1 if holding.quantity > 0 else -1), abs(holding.quantity)
        holding.phase = Phase.CLOSING
        orders = self._intents.exit(holding, side, shares, ts)
        self._voice.position(holding, ts)
        self._release.send(orders)
