"""
The Parquet files of one bar type, as Nautilus names and fills them: spans, bars, and which are left over.

What cannot be read is named in a CatalogError, for the operator to remove.

"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from catalog.errors import CatalogError

PRICES = ["open", "high", "low", "close"]
COLUMNS = ["ts", *PRICES, "volume"]
PRICE_DECIMALS = 2

Span = tuple[int, int]  # first and last close, UTC nanoseconds


def find_spans(folder: Path) -> dict[Path, Span]:
    """Return the files of a folder and the closes they are named by, in the order of their names."""
    return {file: _span(file) for file in sorted(folder.glob("*.parquet"))}


def read_bars(file: Path, start_ns: int | None = None, end_ns: int | None = None) -> pd.DataFrame:
    """Return the bars with ``start_ns <= ts <= end_ns`` as a frame with ``COLUMNS``."""
    bounds = ((">=", start_ns), ("<=", end_ns))
    tz_ns = pa.timestamp("ns", tz="UTC")
    filters = [("ts_init", op, pa.scalar(ts, tz_ns)) for op, ts in bounds if ts is not None]
    with _damage_told(file):
        table = pq.read_table(file, columns=["ts_init", *PRICES, "volume"], filters=filters or None)
        columns = {"ts": table["ts_init"].cast(pa.int64()).to_numpy()}
        for name in PRICES:
            columns[name] = np.round(table[name].cast(pa.float64()).to_numpy(), PRICE_DECIMALS)
        columns["volume"] = table["volume"].cast(pa.float64()).to_numpy()
    return pd.DataFrame(columns)


def read_closes(file: Path) -> NDArray[np.int64]:
    """Return when the bars of a file close, UTC nanoseconds, without reading their prices."""
    with _damage_told(file):
        closes: NDArray[np.int64] = pq.read_table(file, columns=["ts_init"])["ts_init"].cast("int64").to_numpy()
    return closes


def count_bars(file: Path) -> int:
    """Return the number of bars of a file, without reading them."""
    with _damage_told(file):
        return int(pq.read_metadata(file).num_rows)


def concat_bars(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the bars of several files as one frame, in their order; an empty one when there are none."""
    if frames:
        return pd.concat(frames, ignore_index=True)
    return pd.DataFrame({name: np.empty(0, "int64" if name == "ts" else "float64") for name in COLUMNS})


def find_superseded(spans: dict[Path, Span]) -> list[Path]:
    """Return the files whose span lies in that of another: what a merge was killed before it could remove."""
    return [
        file
        for file, (first, last) in spans.items()
        if any(other != file and a <= first and last <= b for other, (a, b) in spans.items())
    ]


def find_overlaps(spans: dict[Path, Span]) -> list[Path]:
    """Return the files that share some time with another; there are none in a sound catalog."""
    return [
        file
        for file, span in spans.items()
        if any(other != file and touches(span, *bounds) for other, bounds in spans.items())
    ]


def touches(span: Span, start_ns: int | None, end_ns: int | None) -> bool:
    """Return whether a file of that span may hold a bar of [start_ns, end_ns]."""
    first, last = span
    return (end_ns is None or first <= end_ns) and (start_ns is None or start_ns <= last)


def _span(file: Path) -> Span:
    # 2014-06-05T13-31-00-000000000Z_2014-06-09T20-00-00-000000000Z.parquet
    try:
        first, last = (_nanos(text) for text in file.stem.split("_"))
    except ValueError as error:
        raise CatalogError(
            f"{file} is no file of a catalog: expected a name made of the first and last close. Remove it; "
            f"to bring price files in, import them."
        ) from error
    return first, last


def _nanos(text: str) -> int:
    second, fraction = text[:-11], text[-10:-1]
    return int(pd.to_datetime(second, format="%Y-%m-%dT%H-%M-%S", utc=True).value) + int(fraction)


@contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, KeyError, OSError) as error:
        raise CatalogError(
            f"{file} cannot be read; is it damaged? Remove it and import its bars again (the sample: build it again). "
            f"{error}"
        ) from error
