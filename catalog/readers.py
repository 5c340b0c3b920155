"""Price files as frames: comma-separated text, plain or gzipped, and Parquet; nothing is judged here."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from catalog.errors import CatalogError

Progress = Callable[[str, int, int], None]  # file name, bytes read, bytes in all

SUFFIXES = (".csv", ".csv.gz", ".parquet")
BLOCK_BYTES = 8 << 20
VALUES = ["open", "high", "low", "close", "volume"]
ALIASES = {
    "time": ("timestamp", "datetime", "date_time", "date time", "date", "time", "t", "ts", "__index_level_0__"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c", "last"),
    "volume": ("volume", "vol", "v"),
}
SHOWN_CHARS = 200  # of a first line that is no header


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why; ``line`` counts from 1 with the header, in Parquet rows from 1."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(slots=True)
class PriceFile:
    """
    One file of bars.

    Iterating yields frames with the columns ``line``, ``time`` (as written), ``open`` … ``volume`` (float64,
    NaN where not a number). Lines with too many or too few fields come into ``ragged`` instead.

    Raises
    ------
    CatalogError
        If it is missing, empty, damaged, of another kind, lacks a column or has one twice.

    """

    path: Path
    progress: Progress | None = None
    ragged: list[BadRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise CatalogError(f"File not found: {self.path}.")
        if not self.path.name.lower().endswith(SUFFIXES):
            raise CatalogError(f"Expected a file ending in {', '.join(SUFFIXES)}, was {self.path.name!r}.")
        if self.path.stat().st_size == 0:
            raise CatalogError(f"{self.path} is empty.")

    def __iter__(self) -> Iterator[pd.DataFrame]:
        read = self._read_parquet if self.path.name.lower().endswith(".parquet") else self._read_text
        try:
            yield from read()
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise CatalogError(
                f"{self.path} cannot be read; is it damaged or not what its name says? {error}"
            ) from error

    def _read_parquet(self) -> Iterator[pd.DataFrame]:
        file = pq.ParquetFile(self.path)
        self._check_columns(file.schema_arrow.names)
        rows, line = max(file.metadata.num_rows, 1), 1
        size = self.path.stat().st_size
        for batch in file.iter_batches():
            yield self._to_frame(batch, line + np.arange(batch.num_rows))
            line += batch.num_rows
            self._report(size * line // rows)

    def _read_text(self) -> Iterator[pd.DataFrame]:
        header, delimiter = self._header()
        self._check_columns(header)
        self.ragged.clear()
        options = {
            "read_options": pa_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),  # to number the lines
            "parse_options": pa_csv.ParseOptions(
                delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=self._on_ragged
            ),
            "convert_options": pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        }
        line = 2
        with self.path.open("rb") as raw, pa.input_stream(raw, compression=self._compression()) as stream:
            for batch in pa_csv.open_csv(stream, **options):
                lines = self._lines(line, batch.num_rows)
                line = int(lines[-1]) + 1 if len(lines) else line
                yield self._to_frame(batch, lines)
                self._report(raw.tell())

    def _header(self) -> tuple[list[str], str]:
        with self.path.open("rb") as raw, pa.input_stream(raw, compression=self._compression()) as stream:
            lines = stream.read(4_096).splitlines() or [b""]
        first = lines[0].decode("utf-8-sig")
        delimiter = max(",;\t", key=first.count)
        return next(csv.reader([first], delimiter=delimiter)) or [""], delimiter

    def _check_columns(self, header: list[str]) -> None:
        # Before any row is read: without a header every row would be bad.
        counts = Counter(_plain(name) for name in header)
        missing = [want for want, known in ALIASES.items() if not any(name in counts for name in known)]
        if missing:
            found = ", ".join(header).strip() or "a blank line"
            raise CatalogError(
                f"{self.path}: no column for {', '.join(missing)}; expected timestamp, open, high, low, close, volume "
                f"in the first line, found {found[:SHOWN_CHARS]}. Comments and blank lines above it must go."
            )
        repeated = [name for known in ALIASES.values() for name in known if counts[name] > 1]
        if repeated:
            raise CatalogError(
                f"{self.path}: more than one column is named {', '.join(repeated)}; rename or remove all but one."
            )

    def _compression(self) -> str | None:
        return "gzip" if self.path.name.lower().endswith(".gz") else None

    def _on_ragged(self, row: pa_csv.InvalidRow) -> str:
        what = f"expected {row.expected_columns} fields, was {row.actual_columns}"
        self.ragged.append(BadRow(str(self.path), row.number, what))
        return "skip"

    def _lines(self, first: int, count: int) -> NDArray[np.int64]:
        # Ragged lines are not in the batch: count past them.
        skipped = {row.line for row in self.ragged if row.line >= first}
        lines = first + np.arange(count + len(skipped))
        return lines[~np.isin(lines, list(skipped))][:count]

    def _to_frame(self, batch: pa.RecordBatch, lines: NDArray[np.int64]) -> pd.DataFrame:
        table = batch.to_pandas(ignore_metadata=True)  # else pandas makes the times an index again
        names = {_plain(str(name)): name for name in table.columns}
        chosen = {want: next(names[name] for name in known if name in names) for want, known in ALIASES.items()}
        frame = pd.DataFrame({"line": lines, "time": table[chosen["time"]]})
        if "date" in names and "time" in names:  # in two columns
            frame["time"] = table[names["date"]].astype("str") + " " + table[names["time"]].astype("str")
        for name in VALUES:
            frame[name] = pd.to_numeric(table[chosen[name]], errors="coerce").astype("float64")
        blank = frame[VALUES].isna().all(axis=1) & (frame["time"].astype("str").str.strip() == "")
        return frame[~blank]

    def _report(self, done_bytes: int) -> None:
        if self.progress:
            self.progress(self.path.name, done_bytes, self.path.stat().st_size)


def _plain(name: str) -> str:
    return name.strip().strip("\ufeff").lower()
