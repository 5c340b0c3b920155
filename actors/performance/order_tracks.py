"""
When each order got how far, by the wall clock, and the latencies that follow. Pure.

A step is counted once per order, at its first message. A stop waits for its price, so its fill is no latency.

"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.messages import Action, OrderFilled, OrderIntended, OrderProgressed, OrderRole, SignalDecided

NANOS_IN_MILLI = 1_000_000
MAX_TRACKS = 1_000  # orders followed: the latest


@dataclass(slots=True)
class OrderTrack:
    """One order; times are UTC nanoseconds of the wall clock, 0 = has not happened."""

    decision_id: str
    role: OrderRole
    side: int
    decided_ns: int
    intended_ns: int
    sent_ns: int = 0
    accepted_ns: int = 0
    filled_ns: int = 0
    status: str = "intended"
    broker_order_id: str = ""

    def since(self, now_ns: int) -> dict[str, float]:
        """Return how long ago each of its steps was, in milliseconds."""
        times = {"decision": self.decided_ns, "intent": self.intended_ns, "sent": self.sent_ns}
        times["accepted"] = self.accepted_ns
        return {step: round((now_ns - ns) / NANOS_IN_MILLI, 3) for step, ns in times.items() if ns}


class OrderTracks:
    """Follows orders by their messages."""

    def __init__(self) -> None:
        self._tracks: dict[str, OrderTrack] = {}
        self._decided: dict[str, int] = {}  # decision id → when it was made, until its entry is intended

    def restore(self, intents: Iterable[OrderIntended], states: Iterable[OrderProgressed]) -> None:
        """Know orders of an earlier run; of what they did not when."""
        for order in intents:
            self._tracks[order.client_order_id] = OrderTrack(order.decision_id, order.role, int(order.side), 0, 0)
        for event in states:
            track = self._tracks.get(event.client_order_id)
            if track is not None:
                track.status = event.status
                track.broker_order_id = event.broker_order_id or track.broker_order_id

    def take(self, message: object, now_ns: int) -> dict[str, float]:
        """Take in a message at a moment of the wall clock; return the steps that ended with it, in milliseconds."""
        match message:
            case SignalDecided(action=Action.ENTERED, decision_id=decision_id):
                self._decided = {decision_id: now_ns}  # its orders follow before anything else does
            case OrderIntended():
                self._intended(message, now_ns)
            case OrderProgressed(client_order_id=order_id) if order_id in self._tracks:
                return self._progressed(self._tracks[order_id], message, now_ns)
            case OrderFilled(client_order_id=order_id) if order_id in self._tracks:
                return self._filled(self._tracks[order_id], now_ns)
        return {}

    def track(self, client_order_id: str) -> OrderTrack | None:
        """Return what is known of an order, None when its intent was not heard."""
        return self._tracks.get(client_order_id)

    def _intended(self, order: OrderIntended, now_ns: int) -> None:
        decided_ns = self._decided.get(order.decision_id, 0) if order.role is OrderRole.ENTRY else 0
        if len(self._tracks) >= MAX_TRACKS:
            del self._tracks[next(iter(self._tracks))]
        track = OrderTrack(order.decision_id, order.role, int(order.side), decided_ns, now_ns)
        self._tracks[order.client_order_id] = track

    def _progressed(self, track: OrderTrack, event: OrderProgressed, now_ns: int) -> dict[str, float]:
        track.status = event.status
        track.broker_order_id = event.broker_order_id or track.broker_order_id
        if event.status == "submitted" and not track.sent_ns:
            track.sent_ns = now_ns
            return _steps(now_ns, decision_to_sent=track.decided_ns)
        if event.status == "accepted" and not track.accepted_ns:
            track.accepted_ns = now_ns
            return _steps(now_ns, sent_to_accepted=track.sent_ns)
        return {}

    def _filled(self, track: OrderTrack, now_ns: int) -> dict[str, float]:
        track.status = "filled"
        if track.filled_ns or track.role is OrderRole.STOP:
            return {}
        track.filled_ns = now_ns
        return _steps(now_ns, accepted_to_filled=track.accepted_ns, decision_to_filled=track.decided_ns)


def _steps(now_ns: int, **since_ns: int) -> dict[str, float]:
    return {step: (now_ns - ns) / NANOS_IN_MILLI for step, ns in since_ns.items() if ns}
