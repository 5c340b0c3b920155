"""
Keeps the protective stop of a round trip: raises it, makes it equal to the position, puts it back (laws 3 and 4).

Whether anything may be sent at all its owner knows, who asks; so does what becomes of a position that cannot be
protected any more: it is closed. A stop does not protect from a gap through it.

"""

from decimal import Decimal

from nautilus_trader.model import OrderModifyRejected, OrderUpdated
from nautilus_trader.trading import Strategy

from catalog.nautilus_v2 import LOST_ROUTE, UNTRACKED
from strategies.holding import Holding, Phase
from strategies.intents import Intents
from strategies.order_changes import OrderChanges
from strategies.owner_voice import OwnerVoice
from strategies.stops import tightened

MAX_STOPS_LOST = 1  # in one round trip; after the next one the position is closed


class StopKeeper:
    """
    Sends and follows the stops of one symbol.

    Parameters
    ----------
    strategy : Strategy
        Whose orders they are.
    tick : Decimal
        Price increment, USD.
    changes : OrderChanges
        Takes changes of the stop that rests.
    intents : Intents
        Makes one that is put back.
    voice : OwnerVoice
        Tells where the stop rests, and what went wrong with it.

    """

    def __init__(
        self, strategy: Strategy, tick: Decimal, changes: OrderChanges, intents: Intents, voice: OwnerVoice
    ) -> None:
        self._strategy = strategy
        self._tick = tick
        self._changes = changes
        self._intents = intents
        self._voice = voice
        self._lost_of: Holding | None = None  # whose stop was told as lost, until a new one rests

    def tighten(self, holding: Holding, trigger: Decimal, market: Decimal) -> None:
        """Move the stop to ``trigger`` if that tightens it and leaves a tick to the market (law 3)."""
        if holding.phase is not Phase.OPEN or not holding.is_stop_resting:
            return
        target = tightened(holding.side, holding.stop_trigger, trigger, market, self._tick)
        if target is not None:
            holding.wanted_trigger, holding.refused_trigger = target, None
            self._changes.move_stop(target)

    def repair(self, holding: Holding, market: Decimal, ts: int) -> bool:
        """Make the one stop equal to the position: resize it, or put it back; False when nothing can protect it."""
        shares = holding.quantity * holding.side
        if holding.phase is not Phase.OPEN or holding.exit_reason is not None or shares <= 0:
            return True
        self._cancel_spare(holding)
        if holding.stop_open == shares or holding.is_resizing:
            return True
        if not holding.stop_open:
            return self.put_back(holding, market, ts)
        if holding.is_stop_resting:  # else it is resized once it is known to rest
            holding.is_resizing = True
            self._changes.resize_stop(shares)
        return True

    def put_back(self, holding: Holding, market: Decimal, ts: int) -> bool:
        """Send a new stop for what is held; False, and told, when too many were lost or the market is past it."""
        side, shares, trigger = holding.side, abs(holding.quantity), holding.stop_trigger
        if not self._may_put_back(holding, market):
            text = f"{shares} shares without a stop, {holding.stops_lost} lost, market {market}: closing"
            self._voice.alert(ts, "unprotected", text, severity="critical")
            return False
        (stop,) = self._intents.stop(holding, side, shares, trigger, ts)
        self._strategy.submit_order(stop)
        return True

    def _may_put_back(self, holding: Holding, market: Decimal) -> bool:
        is_passed = bool(market) and (market - holding.stop_trigger) * holding.side < self._tick
        return holding.stops_lost <= MAX_STOPS_LOST and not is_passed

    def cap(self, holding: Holding, held: int) -> None:
        """Let the stop be for no more than the broker holds (signed shares): what it closes beyond would reverse."""
        self._cancel_spare(holding)
        covered = max(held * holding.side, 0)
        if holding.stop_open <= covered:
            return
        if covered:
            self._changes.resize_stop(covered)
        else:
            self._changes.cancel(holding.stop_id)

    def _cancel_spare(self, holding: Holding) -> None:
        for order_id in holding.spare_stops:
            self._changes.cancel(order_id)

    def updated(self, holding: Holding, event: OrderUpdated, ts: int) -> None:
        """Take in a change of the stop, and tell of it; IB repeats itself: it may change nothing."""
        before = holding.stop_open
        trigger = None if event.trigger_price is None else event.trigger_price.as_decimal()
        is_raise = holding.stop_updated(int(event.quantity), trigger)
        if is_raise or holding.stop_open != before:
            self._voice.stop(holding, ts, is_raise=is_raise)
        if holding.stop_open != before:
            self._voice.position(holding, ts)

    def refused(self, holding: Holding, event: OrderModifyRejected, ts: int) -> None:
        """Tell of a change that the broker refused; one that raced the stop's own fill ends quietly."""
        holding.refused_trigger = holding.wanted_trigger
        if holding.phase is not Phase.OPEN or not holding.stop_open or LOST_ROUTE in str(event.reason):
            return
        text = f"stop stays at {holding.stop_trigger} for {holding.stop_open} shares: {event.reason}"
        self._voice.alert(ts, "stop_modify_rejected", text)  # a resize is tried again on the next bar
        if UNTRACKED in str(event.reason):
            self._voice.restart(ts, "the adapter does not know the stop, the next start does", by_itself=True)

    def lost(self, holding: Holding, how: str, market: Decimal, ts: int) -> None:
        """Take in that the stop ended by itself while shares are held, and tell whether a new one is sent."""
        holding.stops_lost += 1
        self._lost_of = holding
        text = f"the protective stop ended by itself ({how}) with {holding.quantity} held"
        is_wanted = holding.exit_reason is None and not holding.is_reversed
        if is_wanted and self._may_put_back(holding, market):
            text += f"; it is put back at {holding.stop_trigger}"
        self._voice.alert(ts, "stop_lost", text, severity="critical")

    def rests(self, holding: Holding, ts: int) -> None:
        """Take in that the broker has the stop, and tell the end of a loss."""
        holding.is_stop_resting = True
        self._voice.stop(holding, ts)
        if self._lost_of is holding:
            self._lost_of = None
            text = f"a stop rests again at {holding.stop_trigger} for {holding.stop_open} shares"
            self._voice.alert(ts, "stop_restored", text, severity="info")
