"""The TWS messages about positions, as bytes: what the ear asks for, and what it is told; no sockets, no engine."""

import struct
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from config.checks.tws_protobuf import bytes_in, decode, text_in
from config.checks.tws_wire import WireError

_PROTOBUF: Final = 200  # added to the number of a message that is protobuf
_POSITION, _POSITIONS_END = 61, 62

ASK_POSITIONS: Final = struct.pack("!II", 4, _PROTOBUF + 61)
CANCEL_POSITIONS: Final = struct.pack("!II", 4, _PROTOBUF + 64)


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """One position of one account; ``kind`` is STK for a stock, OPT for an option, ..."""

    account: str
    ticker: str
    kind: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class PositionsEnd:
    """Every position has been told."""


def read_position(payload: bytes) -> BrokerPosition | PositionsEnd | None:
    """Return what a payload says of positions, None when it speaks of something else."""
    number = int.from_bytes(payload[:4]) - _PROTOBUF
    if number == _POSITIONS_END:
        return PositionsEnd()
    if number != _POSITION:
        return None
    try:
        fields = decode(payload[4:])
        contract = decode(bytes_in(fields, 2))
        quantity = text_in(fields, 3)
        return BrokerPosition(text_in(fields, 1), text_in(contract, 2), text_in(contract, 3), Decimal(quantity or "0"))
    except (ValueError, InvalidOperation) as error:
        raise WireError(f"expected a position, found {payload[:40]!r} ({error})") from error
