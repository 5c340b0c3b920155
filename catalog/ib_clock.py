"""
What time it is at the broker, from a short visit to the gateway: it tells which bars have closed.

The visit also tells, in words, what is wrong with the gateway before the engine's adapter meets it. It takes the
client id, asks for the time and hangs up; when it returns the id is free again.

"""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from catalog.errors import CatalogError

GREETING: Final = b"API\0" + struct.pack("!I", 9) + b"v213..225"
START_API, READY, ASK_TIME, TIME, ERROR = (
    271,
    209,
    249,
    249,
    204,
)  # numbers of messages in protobuf, server version 213 and above
CLIENT_ID_TAKEN: Final = 326
ANSWER_SECS: Final = 5.0
MAX_FRAME_BYTES: Final = 0xFFFFFF
NANOS_IN_SECOND: Final = 1_000_000_000


def broker_time_ns(host: str, port: int, client_id: int) -> int:
    """
    Return the gateway's time, UTC nanoseconds, cut to the second.

    Raises
    ------
    CatalogError
        If nothing answers, it is no gateway or an old one, or the client id is in use.

    """
    place = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=ANSWER_SECS) as line:
            return _ask(line, place, client_id)
    except TimeoutError as error:
        raise CatalogError(f"{place} does not answer within {ANSWER_SECS:g} s. Restart IB Gateway or TWS.") from error
    except (OSError, UnicodeError) as error:
        raise CatalogError(
            f"Nothing answers at {place} ({getattr(error, 'strerror', None) or error}). Start IB Gateway or TWS and "
            f"log in; compare --host and --port with the socket port in its API settings."
        ) from error


def _ask(line: socket.socket, place: str, client_id: int) -> int:
    line.sendall(GREETING)
    version, _, _ = _frame(line, place).partition(b"\0")
    if not version.isdigit():
        raise CatalogError(f"Expected IB Gateway or TWS at {place}, found something else. Correct --port.")
    line.sendall(_message(START_API, client_id))
    while True:
        payload = _frame(line, place)
        number, fields = int.from_bytes(payload[:4]), dict(_numbers(payload[4:]))
        if number == ERROR and fields.get(3) == CLIENT_ID_TAKEN:
            raise CatalogError(
                f"Client id {client_id} is in use at {place} by another program; name another one with --client-id."
            )
        if number == READY:  # what is asked before may be lost
            line.sendall(_message(ASK_TIME))
        if number == TIME:
            _hang_up(line)
            return fields.get(1, 0) * NANOS_IN_SECOND


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)
        while line.recv(65_536):
            pass


def _frame(line: socket.socket, place: str) -> bytes:
    size = int.from_bytes(_bytes(line, 4, place))
    if size > MAX_FRAME_BYTES:
        raise CatalogError(f"Expected IB Gateway or TWS at {place}, found something else. Correct --port.")
    return _bytes(line, size, place)


def _bytes(line: socket.socket, count: int, place: str) -> bytes:
    found = b""
    while len(found) < count:
        more = line.recv(count - len(found))
        if not more:
            raise CatalogError(
                f"{place} hung up. Update IB Gateway or TWS (10.37 or later), and see that its API settings allow "
                f"this machine."
            )
        found += more
    return found


def _message(number: int, first_field: int | None = None) -> bytes:
    payload = struct.pack("!I", number)
    if first_field is not None:
        payload += b"\x08" + _varint(first_field)
    return struct.pack("!I", len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _numbers(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield number and value of the fields of a message that are whole numbers; texts are passed over."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value, at = (0, at + {1: 8, 5: 4}[key & 7]) if key & 7 in (1, 5) else _read_varint(data, at)
        if key & 7 == 2:
            at += value
        elif key & 7 == 0:
            yield key >> 3, value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            break
    return value, at
