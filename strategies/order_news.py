"""What an engine's event says of one of our orders, as the message that others hear; no engine."""

from typing import Any

from actors.messages import OrderProgressed


def progress_of(symbol: str, event: Any, ts: int) -> OrderProgressed:
    """Return the message of an order event that is no fill."""
    broker_id = getattr(event, "venue_order_id", None)
    return OrderProgressed(
        ts=ts,
        symbol=symbol,
        client_order_id=event.client_order_id.value,
        broker_order_id="" if broker_id is None else broker_id.value,
        status=type(event).__name__.removeprefix("Order").lower(),
        reason=str(getattr(event, "reason", None) or ""),
    )
