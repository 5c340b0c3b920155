"""
The few TWS messages that the preflight says and hears, as bytes; no sockets, no engine.

A frame is a length and its payload; after the greeting a payload is a message number and protobuf fields (server
versions 213 and above). Only what the preflight reads is decoded: other messages and other fields are passed over.

"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

MIN_SERVER_VERSION: Final = 213  # below it the gateway speaks text, which the node's adapter does not
MAX_SERVER_VERSION: Final = 225
# The lower end is old on purpose: an old gateway then says which it is, where it would hang up on the adapter.
GREETING: Final = b"API\0" + struct.pack("!I", 9) + f"v100..{MAX_SERVER_VERSION}".encode()
MAX_FRAME_BYTES: Final = 0xFFFFFF  # as the vendor's own client; a longer one is no frame at all
_PROTOBUF: Final = 200  # added to the number of a message that is protobuf

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types

type Value = int | float | bytes
type Fields = dict[int, list[Value]]


class WireError(ValueError):
    """These bytes are not what a TWS or IB Gateway sends."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error or a notice; ``request_id`` is -1 when it belongs to no request."""

    request_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Accounts:
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextOrderId:
    order_id: int


@dataclass(frozen=True, slots=True)
class ServerTime:
    secs: int  # since 1970, cut to whole seconds


@dataclass(frozen=True, slots=True)
class ContractFound:
    request_id: int
    con_id: int
    primary_exchange: str
    isin: str  # empty when the broker sends none


@dataclass(frozen=True, slots=True)
class ContractsEnd:
    request_id: int


@dataclass(frozen=True, slots=True)
class Tick:
    request_id: int
    tick_type: int


@dataclass(frozen=True, slots=True)
class DataKind:
    """What a request is served with: 1 real time, 2 frozen, 3 delayed, 4 delayed and frozen."""

    request_id: int
    kind: int


type Message = Refusal | Accounts | NextOrderId | ServerTime | ContractFound | ContractsEnd | Tick | DataKind


def take_frame(buffer: bytearray) -> bytes | None:
    """Remove the first whole frame from ``buffer`` and return its payload; None when more bytes are needed."""
    if len(buffer) < 4:
        return None
    size = int.from_bytes(buffer[:4])
    if size > MAX_FRAME_BYTES:
        raise WireError(f"expected a frame of at most {MAX_FRAME_BYTES} bytes, found one of {size}")
    if len(buffer) < 4 + size:
        return None
    payload = bytes(buffer[4 : 4 + size])
    del buffer[: 4 + size]
    return payload


def server_version(payload: bytes) -> int:
    """Return the version in the answer to the greeting."""
    version, *rest = payload.split(b"\0")
    if len(rest) != 2 or not version.isdigit():
        raise WireError(f"expected a server version and a time, found {payload[:40]!r}")
    return int(version)


def start_api(client_id: int) -> bytes:
    return _message(71, (1, client_id))


def ask_time() -> bytes:
    return _message(49)


def ask_contract(request_id: int, ticker: str, exchange: str) -> bytes:
    """Ask for a stock in the very words of the node's adapter (measured, 2.0.0rc7), so the answer is its answer."""
    return _message(9, (1, request_id), (2, _stock(ticker, exchange)))


def ask_data_kind(kind: int) -> bytes:
    return _message(59, (1, kind))


def ask_market_data(request_id: int, con_id: int, ticker: str, exchange: str) -> bytes:
    contract = _fields((1, con_id)) + _stock(ticker, exchange) + _fields((10, "USD"))
    return _message(1, (1, request_id), (2, contract))


def cancel_market_data(request_id: int) -> bytes:
    return _message(2, (1, request_id))


def read_message(payload: bytes) -> Message | None:
    """Return what a payload says, None when it is of no use here; raises ``WireError`` for no message at all."""
    if len(payload) < 4:
        raise WireError(f"expected a message number, found {payload!r}")
    reader = _READERS.get(int.from_bytes(payload[:4]) - _PROTOBUF)
    return reader(decode(payload[4:])) if reader else None


def decode(data: bytes) -> Fields:
    """Return the values of each protobuf field by its number, in the order they stand."""
    fields: Fields = {}
    for number, value in _parts(data):
        fields.setdefault(number, []).append(value)
    return fields


def _parts(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value - (1 << 64) if value >> 63 else value
            continue
        if kind == _BYTES:
            size, at = _read_varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise WireError(f"expected protobuf fields, found wire type {kind}")
        chunk, at = data[at : at + size], at + size
        if at > len(data):
            raise WireError(f"expected {size} bytes in field {number}, found {len(chunk)}")
        yield number, chunk if kind == _BYTES else struct.unpack("<d" if size == 8 else "<f", chunk)[0]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value & (1 << 64) - 1, at + place + 1
    raise WireError("expected a protobuf number, found its end missing")


def _message(number: int, *fields: tuple[int, int | str | bytes]) -> bytes:
    payload = struct.pack("!I", number + _PROTOBUF) + _fields(*fields)
    return struct.pack("!I", len(payload)) + payload


def _stock(ticker: str, exchange: str) -> bytes:
    return _fields((2, ticker), (3, "STK"), (8, "SMART"), (9, exchange))


def _fields(*fields: tuple[int, int | str | bytes]) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3 | _VARINT) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | _BYTES) + _varint(len(data)) + data
    return out


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1  # a negative number is its two's complement
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(fields: Fields, number: int) -> int:
    value = fields.get(number, [0])[-1]
    if not isinstance(value, int):
        raise WireError(f"expected a number in field {number}, found {value!r}")
    return value


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    if not isinstance(value, bytes):
        raise WireError(f"expected text in field {number}, found {value!r}")
    return value


def _text(fields: Fields, number: int) -> str:
    # It is shown on terminals and in logs: nothing in it may steer them.
    text = _bytes(fields, number).decode(errors="replace")
    return "".join(char if char.isprintable() else " " for char in text)


def _accounts(fields: Fields) -> Accounts:
    return Accounts(tuple(name.strip() for name in _text(fields, 1).split(",") if name.strip()))


def _contract(fields: Fields) -> ContractFound:
    contract, details = decode(_bytes(fields, 2)), decode(_bytes(fields, 3))
    entries = [decode(entry) for entry in details.get(17, []) if isinstance(entry, bytes)]
    isin = next((_text(entry, 2) for entry in entries if _text(entry, 1) == "ISIN"), "")
    return ContractFound(_number(fields, 1), _number(contract, 1), _text(contract, 9), isin)


_READERS: Final[dict[int, Callable[[Fields], Message]]] = {
    1: lambda fields: Tick(_number(fields, 1), _number(fields, 2)),
    4: lambda fields: Refusal(_number(fields, 1), _number(fields, 3), _text(fields, 4)),
    9: lambda fields: NextOrderId(_number(fields, 1)),
    10: _contract,
    15: _accounts,
    49: lambda fields: ServerTime(_number(fields, 1)),
    52: lambda fields: ContractsEnd(_number(fields, 1)),
    58: lambda fields: DataKind(_number(fields, 1), _number(fields, 2)),
}
