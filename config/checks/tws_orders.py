"""The TWS messages about open orders, as bytes: what the ear asks for, and what it is told; no sockets, no engine."""

import struct
from dataclasses import dataclass
from typing import Final

from config.checks.tws_protobuf import bytes_in, decode, number_in, text_in
from config.checks.tws_wire import WireError

_PROTOBUF: Final = 200  # added to the number of a message that is protobuf
_OPEN_ORDER, _OPEN_ORDERS_END = 5, 53

ASK_ORDERS: Final = struct.pack("!II", 4, _PROTOBUF + 16)  # those of all clients, once


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """One order of one account; ``reference`` is the mark of the program that placed it, empty when entered by hand."""

    account: str
    ticker: str
    kind: str
    permanent_id: int
    reference: str
    status: str


@dataclass(frozen=True, slots=True)
class OrdersEnd:
    """Every open order has been told."""


def read_order(payload: bytes) -> BrokerOrder | OrdersEnd | None:
    """Return what a payload says of open orders, None when it speaks of something else."""
    number = int.from_bytes(payload[:4]) - _PROTOBUF
    if number == _OPEN_ORDERS_END:
        return OrdersEnd()
    if number != _OPEN_ORDER:
        return None
    try:
        fields = decode(payload[4:])
        contract, order, state = (decode(bytes_in(fields, place)) for place in (2, 3, 4))
        return BrokerOrder(
            account=text_in(order, 12),
            ticker=text_in(contract, 2),
            kind=text_in(contract, 3),
            permanent_id=number_in(order, 3),
            reference=text_in(order, 28),
            status=text_in(state, 1),
        )
    except ValueError as error:
        raise WireError(f"expected an open order, found {payload[:40]!r} ({error})") from error
