"""
Protobuf fields as bytes and back, as far as the few TWS messages need them; no sockets, no engine.

Bytes that are no protobuf, or hold another kind of value than asked for, raise ``ValueError``.

"""

import struct
from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types

type Value = int | float | bytes
type Fields = dict[int, list[Value]]


def encode(*fields: tuple[int, int | str | bytes]) -> bytes:
    """Return fields, each a number and its value, in the order given."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3 | _VARINT) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | _BYTES) + _varint(len(data)) + data
    return out


def decode(data: bytes) -> Fields:
    """Return the values of each protobuf field by its number, in the order they stand."""
    fields: Fields = {}
    for number, value in _parts(data):
        fields.setdefault(number, []).append(value)
    return fields


def number_in(fields: Fields, number: int) -> int:
    """Return the number in a field, 0 when it is left out."""
    value = fields.get(number, [0])[-1]
    if not isinstance(value, int):
        raise ValueError(f"expected a number in field {number}, found {value!r}")
    return value


def bytes_in(fields: Fields, number: int) -> bytes:
    """Return the bytes of a field, none when it is left out."""
    value = fields.get(number, [b""])[-1]
    if not isinstance(value, bytes):
        raise ValueError(f"expected text in field {number}, found {value!r}")
    return value


def text_in(fields: Fields, number: int) -> str:
    """Return the text of a field, made safe to show on a terminal."""
    # It is shown on terminals and in logs: nothing in it may steer them.
    text = bytes_in(fields, number).decode(errors="replace")
    return "".join(char if char.isprintable() else " " for char in text)


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
            raise ValueError(f"expected protobuf fields, found wire type {kind}")
        chunk, at = data[at : at + size], at + size
        if at > len(data):
            raise ValueError(f"expected {size} bytes in field {number}, found {len(chunk)}")
        yield number, chunk if kind == _BYTES else struct.unpack("<d" if size == 8 else "<f", chunk)[0]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value & (1 << 64) - 1, at + place + 1
    raise ValueError("expected a protobuf number, found its end missing")


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1  # a negative number is its two's complement
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
