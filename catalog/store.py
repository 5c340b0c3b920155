"""
Bars on disk: our thin face of Nautilus' Parquet catalog.

Files are Nautilus' own, one per bar type and UTC year, so a BacktestNode reads them as they lie.
Convention: ts_event = ts_init = close of the bar, UTC. Several readers and writers may work at once,
but only one writer per bar type: the later of two would lose what the other brought in that year.

"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader.model import Bar, BarType, Equity, Price, Quantity
from nautilus_trader.persistence import ParquetDataCatalog
from numpy.typing import NDArray

from catalog.errors import CatalogError
from catalog.instruments import PRICE_PRECISION, make_equity, split_bar_type

DEFAULT_PATH = Path(__file__).resolve().parent / "data"
PRICES = ["open", "high", "low", "close"]
COLUMNS = ["ts", *PRICES, "volume"]
TICKS_IN_USD = 10**PRICE_PRECISION
ROW_GROUP_BARS = 8_192  # some 20 sessions of minutes: a query of a day reads little more
SYNTHETIC_FILE = "synthetic.txt"


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
        for folder in self._folders():
            _remove_superseded(folder)

    def bar_types(self) -> list[str]:
        """Return the bar types that have bars, sorted."""
        return sorted(folder.name for folder in self._folders() if any(folder.glob("*.parquet")))

    def frame(self, bar_type: str, start_ns: int | None = None, end_ns: int | None = None) -> pd.DataFrame:
        """Return the bars with ``start_ns <= ts <= end_ns``; an empty frame when there are none."""
        files = sorted((self._data / "bars" / bar_type).glob("*.parquet"))
        chunks = [_read(file, start_ns, end_ns) for file in files if _may_hold(file, start_ns, end_ns)]
        return pd.concat(chunks, ignore_index=True) if chunks else _empty()

    def count(self, bar_type: str) -> int:
        """Return the number of bars, without reading them."""
        files = (self._data / "bars" / bar_type).glob("*.parquet")
        return sum(pq.read_metadata(file).num_rows for file in files)

    def timestamps(self, bar_type: str) -> NDArray[np.int64]:
        """Return when the bars close, UTC nanoseconds, sorted, without reading their prices."""
        files = sorted((self._data / "bars" / bar_type).glob("*.parquet"))
        columns = [pq.read_table(file, columns=["ts_init"])["ts_init"].cast("int64").to_numpy() for file in files]
        return np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)

    def instrument(self, symbol: str) -> Equity:
        """Return the stock of a symbol as the catalog has it, or as it would be written."""
        if (self._data / "equity" / symbol).is_dir():
            equity: Equity = ParquetDataCatalog(str(self.path)).instruments([symbol])[0]
            return equity
        return make_equity(symbol)

    def write(self, bar_type: str, frame: pd.DataFrame) -> WriteResult:
        """
        Merge bars into the catalog: a bar with the ``ts`` of one that is there replaces it.

        Prices are rounded to the tick, half up. Killed at any moment, the catalog holds for each year either
        what it held before or the union. Writing what is there already changes no file.

        """
        incoming, rounded = _to_ticks(frame)
        incoming = incoming.drop_duplicates("ts", keep="last").sort_values("ts", ignore_index=True)
        years = pd.DatetimeIndex(incoming["ts"].to_numpy().view("M8[ns]")).year
        added = replaced = 0
        for year in sorted(set(years)):
            new, changed = self._merge_year(bar_type, year, incoming[years == year])
            added, replaced = added + new, replaced + changed
        return WriteResult(added, replaced, rounded)

    def mark_synthetic(self, bar_type: str) -> None:
        """Record that the bars of a bar type are made up."""
        self.path.mkdir(parents=True, exist_ok=True)
        names = sorted({*self._synthetic(), bar_type})
        (self.path / SYNTHETIC_FILE).write_text("\n".join(names) + "\n", encoding="utf-8")

    def is_synthetic(self, bar_type: str) -> bool:
        """Return whether the bars of a bar type are made up (the sample)."""
        return bar_type in self._synthetic()

    @property
    def _data(self) -> Path:
        return self.path / "data"

    def _folders(self) -> list[Path]:
        return [folder for folder in (self._data / "bars").glob("*") if folder.is_dir()]

    def _synthetic(self) -> list[str]:
        file = self.path / SYNTHETIC_FILE
        return file.read_text(encoding="utf-8").split() if file.exists() else []

    def _merge_year(self, bar_type: str, year: int, incoming: pd.DataFrame) -> tuple[int, int]:
        start, end = (pd.Timestamp(year=y, month=1, day=1, tz="UTC").value for y in (year, year + 1))
        held = self.frame(bar_type, start, end - 1)
        union = pd.concat([held, incoming], ignore_index=True).drop_duplicates("ts", keep="last")
        union = union.sort_values("ts", ignore_index=True)
        added = len(union) - len(held)
        kept = union[union["ts"].isin(held["ts"])].reset_index(drop=True)
        replaced = int((kept != held).any(axis=1).sum())
        if added or replaced:
            self._replace(bar_type, union)
        return added, replaced

    def _replace(self, bar_type: str, bars: pd.DataFrame) -> None:
        # Written aside, then moved in: a reader never sees half a file. The new file covers the span of the
        # one it replaces, so what a kill leaves behind is known by its name and removed at the next opening.
        symbol, _ = split_bar_type(bar_type)
        self.path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path, prefix=".writing-") as aside:
            catalog = ParquetDataCatalog(aside, max_row_group_size=ROW_GROUP_BARS)
            if not (self._data / "equity" / symbol).is_dir():
                catalog.write_instruments([make_equity(symbol)])
            catalog.write_bars(_to_bars(bar_type, bars))
            for written in Path(aside).rglob("*.parquet"):
                target = self.path / written.relative_to(aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                written.replace(target)
        _remove_superseded(self._data / "bars" / bar_type)


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


def _read(file: Path, start_ns: int | None, end_ns: int | None) -> pd.DataFrame:
    bounds = ((">=", start_ns), ("<=", end_ns))
    tz_ns = pa.timestamp("ns", tz="UTC")
    filters = [("ts_init", op, pa.scalar(ts, tz_ns)) for op, ts in bounds if ts is not None]
    table = pq.read_table(file, columns=["ts_init", *PRICES, "volume"], filters=filters or None)
    columns = {"ts": table["ts_init"].cast(pa.int64()).to_numpy()}
    for name in PRICES:
        columns[name] = np.round(table[name].cast(pa.float64()).to_numpy(), PRICE_PRECISION)
    columns["volume"] = table["volume"].cast(pa.float64()).to_numpy()
    return pd.DataFrame(columns)


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: np.empty(0, "int64" if name == "ts" else "float64") for name in COLUMNS})


def _span(file: Path) -> tuple[int, int]:
    # Named by Nautilus: 2014-06-05T13-31-00-000000000Z_2014-06-09T20-00-00-000000000Z.parquet
    first, last = (pd.to_datetime(text[:-11], format="%Y-%m-%dT%H-%M-%S", utc=True) for text in file.stem.split("_"))
    return int(first.value), int(last.value) + 999_999_999


def _may_hold(file: Path, start_ns: int | None, end_ns: int | None) -> bool:
    first, last = _span(file)
    return (end_ns is None or first <= end_ns) and (start_ns is None or start_ns <= last)


def _remove_superseded(folder: Path) -> None:
    spans = {file: _span(file) for file in folder.glob("*.parquet")}
    for file, (first, last) in spans.items():
        if any(other != file and a <= first and last <= b for other, (a, b) in spans.items()):
            file.unlink(missing_ok=True)
