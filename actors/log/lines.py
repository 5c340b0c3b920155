"""
A message as a line of ``ballast.log``: JSON with the time in UTC, the kind, its fields and, of an order, its latency.

Pure. Account numbers are shortened in what is meant for people; ids stay whole, for that is what they are for.

"""

import json
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from actors.log.printed_line import shortened
from actors.messages import AlertRaised, HandlerFailed, OrderFilled, OrderIntended, OrderProgressed, StopMoved
from actors.performance.order_tracks import OrderTracks
from actors.report.format import iso_utc

ORDER_KINDS = (OrderIntended, OrderProgressed, OrderFilled, StopMoved)
IDS = {"client_order_id", "broker_order_id", "trade_id", "decision_id", "symbol"}
ENDED_BADLY = {"rejected", "denied", "expired"}


class LogLines:
    """Turns messages into lines; ``mask`` takes secrets out of a text."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._tracks = OrderTracks()

    def restore(self, intents: Iterable[OrderIntended], states: Iterable[OrderProgressed]) -> None:
        """Know the orders of the round trips that a journal says are not over."""
        self._tracks.restore(intents, states)

    def line(self, message: Any, now_ns: int) -> str:
        """Return the line of a message at a moment of the wall clock."""
        self._tracks.take(message, now_ns)
        row: dict[str, object] = {"time": iso_utc(now_ns), "level": _level(message), "kind": type(message).__name__}
        for field in fields(message):
            name = "event_time" if field.name == "ts" else field.name
            row[name] = self._value(field.name, getattr(message, field.name))
        if isinstance(message, ORDER_KINDS):
            row |= self._of_order(message, now_ns)
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    def _of_order(
        self, message: OrderIntended | OrderProgressed | OrderFilled | StopMoved, now_ns: int
    ) -> dict[str, object]:
        track = self._tracks.track(message.client_order_id)
        if track is None:
            return {}
        known: dict[str, object] = {
            "decision_id": track.decision_id,
            "role": track.role,
            "broker_order_id": track.broker_order_id,
        }
        return known | {"latency_ms": track.since(now_ns)}

    def _value(self, name: str, value: object) -> object:
        match value:
            case str() if name not in IDS:
                return self._mask(shortened(value))
            case int() if name == "ts":
                return iso_utc(value)
            case Decimal():
                return str(value)
            case date():
                return value.isoformat()
            case tuple() | list():
                return [self._value(name, part) for part in value]
            case bool() | int() | float() | str() | None:
                return value
        return self._mask(shortened(str(value)))


def _level(message: object) -> str:
    match message:
        case AlertRaised(severity=severity):
            return severity
        case HandlerFailed():
            return "error"
        case OrderProgressed(status=status) if status in ENDED_BADLY:
            return "warning"
    return "info"
