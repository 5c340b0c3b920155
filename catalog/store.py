"""
Bars on disk: our thin face of Nautilus' Parquet catalog.

Files are Nautilus' own, one per bar type and UTC year, so a BacktestNode reads them as they lie.
Convention: ts_event = ts_init = close of the bar, UTC. Several readers and writers may work at once;
writers wait for each other. Not protected: a reader that looks while files change may be told so and
has to look again.

"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from nautilus_trader.model import Bar, BarType, Equity, Price, Quantity
from nautilus_trader.persistence import ParquetDataCatalog
from numpy.typing import NDArray

from catalog.bar_files import (
    COLUMNS,
    PRICES,
    concat_bars,
    count_bars,
    find_overlaps,
    find_spans,
    find_superseded,
    read_bars,
    read_closes,
    touches,
)
from catalog.errors import CatalogError
from catalog.instruments import PRICE_PRECISION, make_equity, split_bar_type
from catalog.write_lock import write_lock

DEFAULT_PATH = Path(__file__).resolve().parent / "data"
TICKS_IN_USD = 10**PRICE_PRECISION
ROW_GROUP_BARS = 8_192  # some 20 sessions of minutes: a query of a day reads little more
SYNTHETIC_FILE = "synthetic.txt"
ASIDE_PREFIX = ".writing-"  # directories in which files are written before they are moved in


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write changed: bars that are new, bars that differ from before, prices rounded to the tick."""

    added: int
    replaced: int
    rounded_prices: int


class BarStore:
    """
    The bars of a catalog directory; it is made at the first write.

    Bars come and go as frames with the columns ``ts`` (int64, UTC nanoseconds, close), ``open``, ``high``,
    ``low``, ``close`` (float64, USD a share) and ``volume`` (float64, shares), sorted by ``ts``.

    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().resolve()  # Nautilus crashes on a relative path
        if self.path.exists() and not self.path.is_dir():
            raise CatalogError(f"Expected a directory for the catalog, was a file: {self.path}.")
        self._clean()

    def bar_types(self) -> list[str]:
        """Return the bar types that have bars, sorted."""
        return sorted(folder.name for folder in self._folders() if any(folder.glob("*.parquet")))

    def frame(self, bar_type: str, start_ns: int | None = None, end_ns: int | None = None) -> pd.DataFrame:
        """Return the bars with ``start_ns <= ts <= end_ns`` as they lie; an empty frame when there are none."""
        spans = find_spans(self._folder(bar_type))
        chunks = [read_bars(file, start_ns, end_ns) for file, span in spans.items() if touches(span, start_ns, end_ns)]
        return concat_bars(chunks)

    def count(self, bar_type: str) -> int:
        """Return the number of bars, without reading them."""
        return sum(count_bars(file) for file in find_spans(self._folder(bar_type)))

    def timestamps(self, bar_type: str) -> NDArray[np.int64]:
        """
        Return when the bars close, UTC nanoseconds, each later than the one before, without reading their prices.

        Raises
        ------
        CatalogError
            If a file is damaged, or the files lie over each other: a backtest would see bars twice.

        """
        columns = [read_closes(file) for file in find_spans(self._folder(bar_type))]
        closes = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
        if (np.diff(closes) <= 0).any():
            raise CatalogError(
                f"{self._folder(bar_type)} has bars twice or out of order. If another process is importing, run this "
                f"again when it is done; if not, import any file of {bar_type} again: that puts them in order."
            )
        return closes

    def instrument(self, symbol: str) -> Equity:
        """Return the stock of a symbol as the catalog has it, or as it would be written."""
        if self._has_instrument(symbol):
            equity: Equity = ParquetDataCatalog(str(self.path)).instruments([symbol])[0]
            return equity
        return make_equity(symbol)

    def write(self, bar_type: str, frame: pd.DataFrame) -> WriteResult:
        """
        Merge bars into the catalog: a bar with the ``ts`` of one that is there replaces it.

        Prices are rounded to the tick, half up. Killed at any moment, the catalog holds for each year either
        what it held before or the union. Writing what is there already changes no file. Files that lie over each
        other are merged into one.

        Raises
        ------
        CatalogError
            If the directory cannot be written to, another process keeps writing to it, or a file is damaged.

        """
        incoming, rounded = _to_ticks(frame)
        incoming = incoming.drop_duplicates("ts", keep="last").sort_values("ts", ignore_index=True)
        years = _utc_years(incoming["ts"].to_numpy())
        added = replaced = 0
        with self._writing():
            self._remove_leftovers()
            mended = _utc_years(np.array([span[0] for span in self._overlaps(bar_type)], dtype=np.int64))
            for year in sorted({*years, *mended}):
                new, changed = self._merge_year(bar_type, year, incoming[years == year])
                added, replaced = added + new, replaced + changed
        return WriteResult(added, replaced, rounded)

    def mark_synthetic(self, bar_type: str) -> None:
        """Record that the bars of a bar type are made up; raises CatalogError as ``write`` does."""
        with self._writing():
            names = sorted({*self._synthetic(), bar_type})
            aside = self.path / f"{SYNTHETIC_FILE}.new"
            aside.write_text("\n".join(names) + "\n", encoding="utf-8")
            aside.replace(self.path / SYNTHETIC_FILE)

    def is_synthetic(self, bar_type: str) -> bool:
        """Return whether the bars of a bar type are made up (the sample)."""
        return bar_type in self._synthetic()

    @property
    def _data(self) -> Path:
        return self.path / "data"

    def _folder(self, bar_type: str) -> Path:
        return self._data / "bars" / bar_type

    def _folders(self) -> list[Path]:
        return [folder for folder in (self._data / "bars").glob("*") if folder.is_dir()]

    def _has_instrument(self, symbol: str) -> bool:
        return any((self._data / "equity" / symbol).glob("*.parquet"))

    def _synthetic(self) -> list[str]:
        file = self.path / SYNTHETIC_FILE
        return file.read_text(encoding="utf-8").split() if file.exists() else []

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with write_lock(self.path):
                yield
        except OSError as error:
            raise CatalogError(
                f"Cannot write to {self.path}: {error.strerror or error}; name another directory with --catalog."
            ) from error

    def _clean(self) -> None:
        # What a killed writer left. Not while another writes, nor where we may not: then it does no harm but space.
        if self._leftovers():
            with suppress(OSError, CatalogError), write_lock(self.path, wait_secs=0):
                self._remove_leftovers()

    def _leftovers(self) -> list[Path]:
        superseded = [file for folder in self._folders() for file in find_superseded(find_spans(folder))]
        return [*self.path.glob(f"{ASIDE_PREFIX}*"), *superseded]

    def _remove_leftovers(self) -> None:
        for path in self._leftovers():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _overlaps(self, bar_type: str) -> list[tuple[int, int]]:
        spans = find_spans(self._folder(bar_type))
        return [spans[file] for file in find_overlaps(spans)]

    def _merge_year(self, bar_type: str, year: int, incoming: pd.DataFrame) -> tuple[int, int]:
        start, end = (pd.Timestamp(year=y, month=1, day=1, tz="UTC").value for y in (year, year + 1))
        files = [file for file, span in find_spans(self._folder(bar_type)).items() if touches(span, start, end - 1)]
        held = concat_bars([read_bars(file) for file in files])
        held = held.drop_duplicates("ts", keep="last").sort_values("ts", ignore_index=True)
        union = pd.concat([held, incoming], ignore_index=True).drop_duplicates("ts", keep="last")
        union = union.sort_values("ts", ignore_index=True)
        added = len(union) - len(held)
        kept = union[union["ts"].isin(held["ts"])].reset_index(drop=True)
        replaced = int((kept != held).any(axis=1).sum())
        if added or replaced or len(files) > 1:
            self._replace(bar_type, union, files)
        return added, replaced

    def _replace(self, bar_type: str, bars: pd.DataFrame, merged: list[Path]) -> None:
        # Written aside, then moved in: a reader never sees half a file. The new file covers the span of those
        # it replaces, so what a kill leaves behind is known by its name and removed at the next opening.
        symbol, _ = split_bar_type(bar_type)
        with tempfile.TemporaryDirectory(dir=self.path, prefix=ASIDE_PREFIX) as aside:
            catalog = ParquetDataCatalog(aside, max_row_group_size=ROW_GROUP_BARS)
            if not self._has_instrument(symbol):
                catalog.write_instruments([make_equity(symbol)])
            catalog.write_bars(_to_bars(bar_type, bars))
            moved = [_move_in(file, Path(aside), self.path) for file in Path(aside).rglob("*.parquet")]
        _remove(set(merged) - set(moved))


def _move_in(file: Path, aside: Path, catalog: Path) -> Path:
    target = catalog / file.relative_to(aside)
    target.parent.mkdir(parents=True, exist_ok=True)
    return file.replace(target)


def _remove(files: set[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _to_bars(bar_type: str, frame: pd.DataFrame) -> list[Bar]:
    kind = BarType.from_str(bar_type)
    prices = ([Price(price, PRICE_PRECISION) for price in frame[name].tolist()] for name in PRICES)
    volumes = [Quantity(volume, 0) for volume in frame["volume"].tolist()]
    rows = zip(*prices, volumes, frame["ts"].tolist(), strict=True)
    return [Bar(kind, open_, high, low, close, volume, ts, ts) for open_, high, low, close, volume, ts in rows]


def _to_ticks(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    # Rounded to a millionth of a tick first: 1.005 must not become 1.00 because the float lies just below.
    exact: NDArray[np.float64] = np.round(frame[PRICES].to_numpy(dtype=float) * TICKS_IN_USD, 6)
    ticks = np.floor(exact + 0.5)
    rounded = frame[COLUMNS].astype({"ts": "int64"})
    rounded[PRICES] = ticks / TICKS_IN_USD
    rounded["volume"] = np.round(frame["volume"].to_numpy(dtype=float))
    return rounded, int((exact != ticks).sum())


def _utc_years(ts: NDArray[np.int64]) -> NDArray[np.int32]:
    years: NDArray[np.int32] = pd.DatetimeIndex(ts.view("M8[ns]")).year.to_numpy()
    return years
