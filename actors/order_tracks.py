"""
When each order got how far, by the wall clock, and the latencies that follow. Pure.

A step is counted once per order, at its first message. A stop waits for its price, so its fill is no latency.

"""

from collections import deque
from dataclasses import dataclass
from math import ceil
from typing import Literal

from actors.messages import Action, OrderFilled, OrderIntended, OrderProgressed, OrderRole, SignalDecided

NANOS_IN_MILLI = 1_000_000
MAX_TRACKS, MAX_SAMPLES = 1_000, 1_000  # orders followed and latencies kept: the latest
Step = Literal["decision_to_sent", "sent_to_accepted", "accepted_to_filled", "decision_to_filled"]
STEPS: tuple[Step, ...] = ("decision_to_sent", "sent_to_accepted", "accepted_to_filled", "decision_to_filled")


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


@dataclass(frozen=True, slots=True)
class Latency:
    """A step over the latest orders, milliseconds."""

    count: int
    p50: float
    p95: float
    max: float


class OrderTracks:
    """Follows orders by their messages."""

    def __init__(self) -> None:
        self._tracks: dict[str, OrderTrack] = {}
        self._decided: dict[str, int] = {}  # decision id → when it was made, until its entry is intended
        self._samples: dict[Step, deque[int]] = {step: deque(maxlen=MAX_SAMPLES) for step in STEPS}

    def take(self, message: object, now_ns: int) -> None:
        """Take in a message at a moment of the wall clock."""
        match message:
            case SignalDecided(action=Action.ENTERED, decision_id=decision_id):
                self._decided = {decision_id: now_ns}  # its orders follow before anything else does
            case OrderIntended():
                self._intended(message, now_ns)
            case OrderProgressed(client_order_id=order_id) if order_id in self._tracks:
                self._progressed(self._tracks[order_id], message, now_ns)
            case OrderFilled(client_order_id=order_id) if order_id in self._tracks:
                self._filled(self._tracks[order_id], now_ns)

    def track(self, client_order_id: str) -> OrderTrack | None:
        """Return what is known of an order, None when its intent was not heard."""
        return self._tracks.get(client_order_id)

    def latencies(self) -> dict[Step, Latency]:
        """Return the steps that happened."""
        return {step: _latency(sorted(samples)) for step, samples in self._samples.items() if samples}

    def _intended(self, order: OrderIntended, now_ns: int) -> None:
        decided_ns = self._decided.get(order.decision_id, 0) if order.role is OrderRole.ENTRY else 0
        if len(self._tracks) >= MAX_TRACKS:
            del self._tracks[next(iter(self._tracks))]
        track = OrderTrack(order.decision_id, order.role, int(order.side), decided_ns, now_ns)
        self._tracks[order.client_order_id] = track

    def _progressed(self, track: OrderTrack, event: OrderProgressed, now_ns: int) -> None:
        track.status = event.status
        track.broker_order_id = event.broker_order_id or track.broker_order_id
        if event.status == "submitted" and not track.sent_ns:
            track.sent_ns = now_ns
            self._count("decision_to_sent", track.decided_ns, now_ns)
        elif event.status == "accepted" and not track.accepted_ns:
            track.accepted_ns = now_ns
            self._count("sent_to_accepted", track.sent_ns, now_ns)

    def _filled(self, track: OrderTrack, now_ns: int) -> None:
        track.status = "filled"
        if track.filled_ns or track.role is OrderRole.STOP:
            return
        track.filled_ns = now_ns
        self._count("accepted_to_filled", track.accepted_ns, now_ns)
        self._count("decision_to_filled", track.decided_ns, now_ns)

    def _count(self, step: Step, since_ns: int, now_ns: int) -> None:
        if since_ns:
            self._samples[step].append(now_ns - since_ns)


def _latency(samples: list[int]) -> Latency:
    def millis(rank: float) -> float:
        return round(samples[ceil(rank * len(samples)) - 1] / NANOS_IN_MILLI, 3)

    return Latency(len(samples), millis(0.5), millis(0.95), millis(1.0))
