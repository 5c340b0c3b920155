"""
The few TWS messages that the preflight says and hears, as bytes; no sockets, no engine.

A frame is a length and its payload; after the greeting a payload is a message number and protobuf fields (server
versions 213 and above). Only what the preflight reads is decoded: other messages and other fields are passed over.

"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from config.checks.tws_protobuf import Fields, bytes_in, decode, encode, number_in, text_in

MIN_SERVER_VERSION: Final = 213  # below it the gateway speaks text, which the node's adapter does not
MAX_SERVER_VERSION: Final = 225
# The lower end is old on purpose: an old gateway then says which it is, where it would hang up on the adapter.
GREETING: Final = b"API\0" + struct.pack("!I", 9) + f"v100..{MAX_SERVER_VERSION}".encode()
MAX_FRAME_BYTES: Final = 0xFFFFFF  # as the vendor's own client; a longer one is no frame at all
_PROTOBUF: Final = 200  # added to the number of a message that is protobuf

NET_LIQUIDATION: Final = "NetLiquidation"  # cash and positions, in the base currency of the account


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


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One figure of one account, as text."""

    request_id: int
    account: str
    tag: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class SummaryEnd:
    request_id: int


type Message = (
    Refusal
    | Accounts
    | NextOrderId
    | ServerTime
    | ContractFound
    | ContractsEnd
    | Tick
    | DataKind
    | SummaryRow
    | SummaryEnd
)


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
    contract = encode((1, con_id)) + _stock(ticker, exchange) + encode((10, "USD"))
    return _message(1, (1, request_id), (2, contract))


def cancel_market_data(request_id: int) -> bytes:
    return _message(2, (1, request_id))


def ask_net_liquidation(request_id: int) -> bytes:
    """Ask what each account is worth; the gateway sends changes too, until it is cancelled."""
    return _message(62, (1, request_id), (2, "All"), (3, NET_LIQUIDATION))


def cancel_account_summary(request_id: int) -> bytes:
    return _message(63, (1, request_id))


def read_message(payload: bytes) -> Message | None:
    """Return what a payload says, None when it is of no use here; raises ``WireError`` for no message at all."""
    if len(payload) < 4:
        raise WireError(f"expected a message number, found {payload!r}")
    reader = _READERS.get(int.from_bytes(payload[:4]) - _PROTOBUF)
    try:
        return reader(decode(payload[4:])) if reader else None
    except ValueError as error:
        raise WireError(str(error)) from error


def _message(number: int, *fields: tuple[int, int | str | bytes]) -> bytes:
    payload = struct.pack("!I", number + _PROTOBUF) + encode(*fields)
    return struct.pack("!I", len(payload)) + payload


def _stock(ticker: str, exchange: str) -> bytes:
    return encode((2, ticker), (3, "STK"), (8, "SMART"), (9, exchange))


def _accounts(fields: Fields) -> Accounts:
    return Accounts(tuple(name.strip() for name in text_in(fields, 1).split(",") if name.strip()))


def _contract(fields: Fields) -> ContractFound:
    contract, details = decode(bytes_in(fields, 2)), decode(bytes_in(fields, 3))
    entries = [decode(entry) for entry in details.get(17, []) if isinstance(entry, bytes)]
    isin = next((text_in(entry, 2) for entry in entries if text_in(entry, 1) == "ISIN"), "")
    return ContractFound(number_in(fields, 1), number_in(contract, 1), text_in(contract, 9), isin)


def _summary_row(fields: Fields) -> SummaryRow:
    account, tag, value, currency = (text_in(fields, number) for number in (2, 3, 4, 5))
    return SummaryRow(number_in(fields, 1), account, tag, value, currency)


_READERS: Final[dict[int, Callable[[Fields], Message]]] = {
    1: lambda fields: Tick(number_in(fields, 1), number_in(fields, 2)),
    4: lambda fields: Refusal(number_in(fields, 1), number_in(fields, 3), text_in(fields, 4)),
    9: lambda fields: NextOrderId(number_in(fields, 1)),
    10: _contract,
    15: _accounts,
    49: lambda fields: ServerTime(number_in(fields, 1)),
    52: lambda fields: ContractsEnd(number_in(fields, 1)),
    58: lambda fields: DataKind(number_in(fields, 1), number_in(fields, 2)),
    63: _summary_row,
    64: lambda fields: SummaryEnd(number_in(fields, 1)),
}
