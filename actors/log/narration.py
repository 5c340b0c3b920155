"""
What is told to a person: of a message one short line, or None when it is not worth one. Pure.

It follows each round trip from the signal to the exit and forgets it when the symbol is flat. Money that a stop
leaves is of the whole round trip, commissions paid so far included, at the trigger: a gap can cost more.

"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from actors.log.news import news, ticker
from actors.log.order_numbers import OrderNumbers
from actors.log.repeated_failures import RepeatedFailures
from actors.log.round_trip_trail import OrderTrail, RoundTripTrail
from actors.messages import (
    Action,
    Flatten,
    Halt,
    HandlerFailed,
    LinkChanged,
    LinkState,
    OrderFilled,
    OrderIntended,
    OrderProgressed,
    OrderRole,
    PositionReported,
    Side,
    SignalDecided,
    StopMoved,
)
from actors.report.format import held_for, usd, words

WENT_BADLY = {
    "rejected": "rejected",
    "denied": "denied",
    "expired": "expired",
    "cancelrejected": "cancel rejected",  # an exit may wait for it
}
TELL_AGAIN_NS = 30 * 60 * 1_000_000_000  # the same refusal of a symbol, event time


@dataclass(slots=True)
class Refusal:
    """A kind of refusal of one symbol: when it was told, and how many followed untold."""

    told: int
    more: int = 0

    def counted(self, reason: str) -> str:
        return f"{self.more:,} more {words(reason)}"


class Narration:
    """Turns messages into lines; knows the round trips under way."""

    def __init__(self) -> None:
        self._trails: dict[str, RoundTripTrail] = {}
        self._refused: dict[str, dict[str, Refusal]] = {}  # symbol → reason, since it last did something
        self._link = LinkState.UP
        self._numbers = OrderNumbers()
        self._tellers: dict[type, Callable[[Any, int], str | None]] = {
            SignalDecided: self._decided,
            OrderIntended: self._intended,
            OrderProgressed: self._progressed,
            OrderFilled: self._filled,
            StopMoved: self._stop_moved,
            PositionReported: self._reported,
            Halt: self._asked_to_leave,
            Flatten: self._asked_to_leave,
            LinkChanged: self._link_changed,
            HandlerFailed: RepeatedFailures().tell,
        }

    def restore(
        self,
        fills: Iterable[OrderFilled],
        intents: Iterable[OrderIntended] = (),
        numbered: Iterable[OrderIntended] = (),
    ) -> None:
        """Go on with the round trips that a journal says are not over, and with the numbers of the orders told of."""
        orders = list(intents)
        self._numbers.restore([*numbered, *orders])
        for order in orders:
            self._trail(order.symbol).restore(order)
        for fill in fills:
            self._trail(fill.symbol).filled(fill)

    def tell(self, message: object, now_ns: int) -> str | None:
        """Return the line of a message; ``now_ns`` is the wall clock's."""
        teller = self._tellers.get(type(message))
        return news(message) if teller is None else teller(message, now_ns)

    def _trail(self, symbol: str) -> RoundTripTrail:
        return self._trails.setdefault(symbol, RoundTripTrail())

    # -- Decisions ------------------------------------------------------------------------------

    def _decided(self, decision: SignalDecided, now_ns: int) -> str | None:
        name = decision.strategy.rpartition(":")[2]
        if decision.action is Action.REFUSED:
            return self._refusal(decision, name)
        more = ", ".join(
            one.counted(reason) for reason, one in self._refused.pop(decision.symbol, {}).items() if one.more
        )
        said = f"signal {decision.signal:+} of {name} at {decision.close}: {self._taken(decision, now_ns)}"
        return f"{ticker(decision.symbol)} {said}{f'; refused before that: {more}' if more else ''}"

    def _refusal(self, decision: SignalDecided, name: str) -> str | None:
        refused, reason = self._refused.setdefault(decision.symbol, {}), decision.reason
        before = refused.get(reason)
        if before is not None and decision.ts - before.told < TELL_AGAIN_NS:
            before.more += 1
            return None
        refused[reason] = Refusal(decision.ts)
        again = f"; {before.counted(reason)} before" if before is not None and before.more else ""
        said = f"refused: {decision.detail} ({name} {decision.signal:+} at {decision.close})"
        return f"{ticker(decision.symbol)} {said}{again}"

    def _taken(self, decision: SignalDecided, now_ns: int) -> str:
        trail = self._trail(decision.symbol)
        if decision.action is Action.EXITED:
            trail.left_ns = now_ns
            return f"exit {decision.quantity}"
        trail.decided(decision, now_ns)
        return f"gate open, enter {Side(decision.signal).name.lower()} {decision.quantity}"

    def _asked_to_leave(self, command: Halt | Flatten, now_ns: int) -> str | None:
        only = command.symbol if isinstance(command, Flatten) else ""
        for symbol, trail in self._trails.items():
            if only in ("", symbol):
                trail.left_ns = trail.left_ns or now_ns
        return news(command)

    def _link_changed(self, change: LinkChanged, _now_ns: int) -> str | None:
        """Tell of the step between a loss and its end; of both there is an alert."""
        was, self._link = self._link, change.state
        is_between = was is LinkState.DOWN and change.state is LinkState.DEGRADED
        return f"link: {change.detail}" if is_between else None

    # -- Orders ---------------------------------------------------------------------------------

    def _intended(self, order: OrderIntended, now_ns: int) -> str:
        trip = self._trail(order.symbol)
        trail = trip.intended(order, now_ns)
        price = "at market" if order.trigger is None else f"at {order.trigger} stop"
        if order.trigger is not None:
            trip.stop_trigger = order.trigger
        word = "buy" if order.side is Side.LONG else "sell"
        about = self._about(order.symbol, order.client_order_id, trail)
        return f"{about}: {word} {order.quantity} {price}{trail.after(now_ns, 'decision')}"

    def _progressed(self, event: OrderProgressed, now_ns: int) -> str | None:
        trail = self._order(event.symbol, event.client_order_id)
        about = self._about(event.symbol, event.client_order_id, trail)
        reason = f": {event.reason}" if event.reason else ""
        if event.status in WENT_BADLY:
            return f"WARNING {about} {WENT_BADLY[event.status]}{reason}"
        if event.status == "canceled":
            return f"{about} cancelled{reason}"
        if event.status != "accepted" or trail is None or trail.accepted_ns:
            return None
        trail.accepted_ns = now_ns
        if trail.role is OrderRole.STOP:
            return None  # told with where it rests
        return f"{about} accepted{trail.after(now_ns, 'order', 'decision')}"

    def _filled(self, fill: OrderFilled, now_ns: int) -> str:
        self._trail(fill.symbol).filled(fill)
        trail = self._order(fill.symbol, fill.client_order_id)
        word = "bought" if fill.side is Side.LONG else "sold"
        why = f", {words(fill.exit_reason)}" if fill.exit_reason else ""
        done = f", {trail.filled} of {trail.quantity}" if trail else ""
        is_prompt = trail is not None and trail.role is not OrderRole.STOP  # a stop waits for its price
        late = trail.after(now_ns, "accepted", "order", "decision") if trail is not None and is_prompt else ""
        about = self._about(fill.symbol, fill.client_order_id, trail)
        fee = usd(fill.commission_usd)
        return f"{about}: {word} {fill.quantity} at {fill.price}{done}, fee {fee}{why}{late}"

    def _order(self, symbol: str, order_id: str) -> OrderTrail | None:
        trip = self._trails.get(symbol)
        return trip.orders.get(order_id) if trip else None

    def _about(self, symbol: str, order_id: str, trail: OrderTrail | None) -> str:
        number = self._numbers.number(symbol, order_id)
        return f"{ticker(symbol)} #{number} {trail.role if trail else 'order'}"

    # -- Stop and position ----------------------------------------------------------------------

    def _stop_moved(self, move: StopMoved, now_ns: int) -> str | None:
        if move.trigger is None:
            return None  # its fill or its end was told
        trip = self._trail(move.symbol)
        before, trip.stop_trigger = trip.stop_trigger, move.trigger
        trail = trip.orders.get(move.client_order_id)
        is_new = trail is not None and not trail.is_resting
        where = f"{'rests' if is_new or trail is None else 'stays'} at {move.trigger}"
        if move.is_raise and before is not None:
            where = f"{'raised' if move.trigger > before else 'lowered'} {before} → {move.trigger}"
        late = ""
        if trail is not None and is_new:
            trail.is_resting, late = True, trail.after(now_ns, "order")
        about = f"{ticker(move.symbol)} #{self._numbers.number(move.symbol, move.client_order_id)} stop"
        return f"{about} {where} for {move.quantity}{left_at_stop(trip, move.trigger, move.quantity)}{late}"

    def _reported(self, report: PositionReported, _now_ns: int) -> str | None:
        symbol, trip = report.symbol, self._trails.get(report.symbol)
        if report.is_flat:
            self._trails.pop(symbol, None)
            return round_trip_ended(symbol, trip, report.ts) if trip else None
        if not report.quantity or (trip is not None and trip.is_known):
            return None
        self._trail(symbol).is_known = True
        return f"{ticker(symbol)} held from before: {report.quantity:+} at {report.average_price}"


def left_at_stop(trip: RoundTripTrail, trigger: Decimal, quantity: int) -> str:
    """Return what the round trip makes or loses when its stop fills: ``, risk $501.00``; nothing when not known."""
    worth = trip.worth_at(trigger, quantity)
    if worth is None:
        return ""
    return f", locks in {usd(worth)}" if worth >= 0 else f", risk {usd(-worth)}"


def round_trip_ended(symbol: str, trip: RoundTripTrail, ts: int) -> str | None:
    """Return what a round trip made that ends at ``ts``, None when nothing of it was filled."""
    if not trip.since:
        return None
    if not trip.is_whole:
        return f"{ticker(symbol)} flat; the entry was before this session, its P&L is in the journal"
    made = f"{usd(trip.cash_usd, signed=True)} after {usd(trip.commissions_usd)} fees"
    return f"{ticker(symbol)} flat: round trip {made}, held {held_for(ts - trip.since)}"
