"""What a client asks for, read into the plain types of the model; pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from google.protobuf.message import Message

from tests.gateway.messages import NANOS_IN_SECOND
from tests.gateway.model import Order, OrderType, Refused

SECS_IN_TRADING_DAY = 390 * 60
_DAYS = {"D": 1, "W": 5, "M": 21, "Y": 252}  # trading days
_STEPS = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1_200,
    "30 mins": 1_800,
    "1 hour": 3_600,
}


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Bars asked for: how many of which step, until when (None = now), and whether they go on."""

    req_id: int
    step_secs: int
    count: int
    end_ns: int | None
    is_stream: bool


def history_request(message: Message) -> HistoryRequest:
    """Read a request for bars; a duration in seconds counts seconds of trading, as IB's does."""
    step = _STEPS.get(message.barSizeSetting.strip())
    if step is None:
        raise Refused(321, f"Error validating request.-'bG' : cause - Invalid bar size {message.barSizeSetting!r}")
    number, _, unit = message.duration.partition(" ")
    if not number.isdigit() or unit not in {"S", *_DAYS}:
        raise Refused(321, f"Error validating request.-'bG' : cause - Invalid duration {message.duration!r}")
    secs = int(number) * (1 if unit == "S" else _DAYS[unit] * SECS_IN_TRADING_DAY)
    return HistoryRequest(message.reqId, step, max(1, secs // step), _end_ns(message.endDateTime), message.keepUpToDate)


def _end_ns(text: str) -> int | None:
    if not text.strip():
        return None
    match = re.fullmatch(r"(\d{8})[ -](\d\d:\d\d:\d\d)(?: (\S+))?", text.strip())
    if match is None:
        raise Refused(10314, f"End Date/Time: The date, time, or time-zone entered is invalid: {text!r}")
    zone = ZoneInfo(match[3]) if match[3] and match[3] != "UTC" else UTC
    moment = datetime.strptime(f"{match[1]} {match[2]}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
    return int(moment.timestamp()) * NANOS_IN_SECOND


def order_from(message: Message, client_id: int, symbol: str) -> Order:
    """Read a placed or modified order; a price that is not set, or zero, is none."""
    order = message.order
    try:
        kind = OrderType(order.orderType)
    except ValueError:
        raise Refused(387, f"Unsupported order type for this exchange and security type: {order.orderType!r}") from None
    return Order(
        client_id=client_id,
        order_id=message.orderId,
        perm_id=0,
        symbol=symbol,
        is_buy=order.action == "BUY",
        quantity=int(Decimal(order.totalQuantity)),
        type=kind,
        limit_price=_price(order, "lmtPrice") if kind is OrderType.LIMIT else None,
        stop_price=_price(order, "trailStopPrice" if kind is OrderType.TRAIL else "auxPrice"),
        trail_amount=_price(order, "auxPrice") if kind is OrderType.TRAIL else None,
        trail_pct=_price(order, "trailingPercent"),
        time_in_force=order.tif or "DAY",
        order_ref=order.orderRef,
        parent_id=order.parentId,
        oca_group=order.ocaGroup,
        is_transmitted=order.transmit,
        account=order.account,
    )


def _price(order: Message, field: str) -> Decimal | None:
    value = getattr(order, field)
    return Decimal(repr(value)) if value else None
