"""
The bars that a live session recorded: one small text file for each session day, a line for each bar; pure.

A line is on its way to the disk when ``append`` returns, so a killed program loses none. What a full disk or a power
cut left of a line is taken away before the next one is written, and passed over by ``read``.

"""

import csv
import errno
import io
import os
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from catalog.errors import CatalogError

FOLDER = "bars"  # in the state directory
HEADER = "bar_type,ts,open,high,low,close,volume\n"


class RecordedBar(NamedTuple):
    """A closed bar; ``ts`` is its close in UTC nanoseconds, prices in USD, volume in shares."""

    bar_type: str
    ts: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def day_file(state_dir: Path, session: date) -> Path:
    """Return where the bars of a session are recorded."""
    return state_dir / FOLDER / f"{session}.csv"


def append(file: Path, bars: Iterable[RecordedBar]) -> None:
    """
    Add bars to a file, which is made if need be.

    Raises
    ------
    OSError
        If it cannot be written; no part of these bars is in it then.

    """
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{','.join(map(str, bar))}\n" for bar in bars)
    with file.open("a+b", buffering=0) as stream:
        size = _cut_torn_line(stream)
        data = (text if size else HEADER + text).encode()
        try:
            if os.write(stream.fileno(), data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        except OSError:
            stream.truncate(size)
            raise


def read(file: Path) -> Iterator[RecordedBar]:
    """
    Yield the bars of a file in the order in which they came; lines that are torn are passed over.

    Raises
    ------
    CatalogError
        If it is no file of recorded bars.

    """
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        if stream.readline() != HEADER:
            raise CatalogError(f"Expected a file of recorded bars ({HEADER.strip()}), was {file}.")
        for row in csv.reader(line for line in stream if line.endswith("\n")):
            if bar := _bar(row):
                yield bar


def _bar(row: list[str]) -> RecordedBar | None:
    try:
        bar_type, ts, *numbers = row
        return RecordedBar(bar_type, int(ts), *map(Decimal, numbers))
    except (ValueError, TypeError, InvalidOperation):
        return None


def _cut_torn_line(stream: io.FileIO) -> int:
    """Take away what follows the last end of a line; return the size that is left."""
    size = stream.seek(0, os.SEEK_END)
    while size:
        start = max(0, size - 4096)
        stream.seek(start)
        end = stream.read(size - start).rfind(b"\n")
        if end >= 0:
            stream.truncate(start + end + 1)
            return start + end + 1
        size = start
    stream.truncate(0)
    return 0
