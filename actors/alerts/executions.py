"""
What of orders, fills and stops is worth an alert: entries, partial fills, exits with their P&L, raised stops. Pure.

Refused orders and lost stops are told by the owner of the symbol itself.

"""

from collections.abc import Iterable

from actors.log.narration import left_at_stop, round_trip_ended
from actors.log.news import ticker
from actors.log.round_trip_trail import RoundTripTrail
from actors.messages import (
    Action,
    AlertRaised,
    OrderFilled,
    OrderIntended,
    OrderRole,
    PositionReported,
    Side,
    SignalDecided,
    StopMoved,
)
from actors.report.format import words


class Executions:
    """Turns what the owners tell into alerts; knows the round trips under way."""

    def __init__(self) -> None:
        self._trips: dict[str, RoundTripTrail] = {}

    def restore(self, fills: Iterable[OrderFilled]) -> None:
        """Go on with the round trips that a journal says are not over."""
        for fill in fills:
            self._trip(fill.symbol).filled(fill)

    def alert(self, message: object) -> AlertRaised | None:
        """Return the alert of a message, None when it is not worth one."""
        match message:
            case SignalDecided(action=Action.ENTERED):
                self._trip(message.symbol).decided(message, message.ts)
            case OrderIntended():
                trip = self._trip(message.symbol)
                trip.intended(message, message.ts)
                trip.stop_trigger = message.trigger or trip.stop_trigger
            case OrderFilled():
                return self._filled(message)
            case StopMoved(trigger=trigger) if trigger is not None:
                return self._stop_moved(message)
            case PositionReported(is_flat=True):
                self._trips.pop(message.symbol, None)
        return None

    def _trip(self, symbol: str) -> RoundTripTrail:
        return self._trips.setdefault(symbol, RoundTripTrail())

    def _filled(self, fill: OrderFilled) -> AlertRaised:
        trip = self._trip(fill.symbol)
        trip.filled(fill)
        order = trip.orders.get(fill.client_order_id)
        of = f", {order.filled} of {order.quantity}" if order else ""
        said = f"{'bought' if fill.side is Side.LONG else 'sold'} {fill.quantity} at {fill.price}{of}"
        if fill.role is not OrderRole.ENTRY and not fill.position_after:
            why = f", {words(fill.exit_reason)}" if fill.exit_reason else ""
            text = f"{round_trip_ended(fill.symbol, trip, fill.ts)}; {said}{why}"
            return AlertRaised(fill.ts, "exit", "info", text, fill.symbol)
        text = f"{ticker(fill.symbol)} {fill.role}: {said}; holds {fill.position_after:+}"
        if fill.role is not OrderRole.ENTRY or (order and order.filled < order.quantity):
            return AlertRaised(fill.ts, "partial", "info", text, fill.symbol)
        stop = f", stop at {trip.stop_trigger}" if trip.stop_trigger is not None else ""
        return AlertRaised(fill.ts, "entry", "info", f"{text} ({fill.strategy}){stop}", fill.symbol)

    def _stop_moved(self, move: StopMoved) -> AlertRaised | None:
        trip = self._trip(move.symbol)
        before, trip.stop_trigger = trip.stop_trigger, move.trigger
        if not move.is_raise or move.trigger is None:
            return None
        tighter = "lowered" if before is not None and move.trigger < before else "raised"
        was = "" if before is None else f"{before} → "
        left = left_at_stop(trip, move.trigger, move.quantity)
        text = f"{ticker(move.symbol)} stop {tighter} {was}{move.trigger} for {move.quantity}{left}"
        return AlertRaised(move.ts, "stop_raised", "info", text, move.symbol)
