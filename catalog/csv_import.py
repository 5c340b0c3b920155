"""Import of price files: read, judge every row, convert to bar closes, merge into the catalog."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalog.bar_files import COLUMNS
from catalog.errors import CatalogError
from catalog.instruments import MAX_PRICE_USD, MAX_VOLUME, TICK_USD, make_bar_type
from catalog.quality import expected_closes
from catalog.readers import VALUES, BadRow, PriceFile, Progress
from catalog.sessions import Sessions
from catalog.store import BarStore, WriteResult
from catalog.timestamps import NO_TIME, OUTSIDE, explain_time, load_timezone, parse_times, to_bar_closes

SHOWN = 20  # bad rows named; the rest is counted

Reason = Callable[[Mapping[str, Any]], str]  # from the values of a bad row


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read the files: what they hold, the zone of times without offset, what the times stand for."""

    symbol: str
    bar: str = "1-MINUTE"
    timezone: str = "America/New_York"
    timestamps: Literal["open", "close"] = "open"
    hours: Literal["regular", "all"] = "regular"
    on_bad: Literal["fail", "drop"] = "fail"


@dataclass(slots=True)
class ImportReport:
    """What came in: rows read, rows outside the hours, rows repeated with the same values, bad rows, bars kept."""

    bar_type: str
    rows: int = 0
    outside_hours: int = 0
    outside_times: list[int] = field(default_factory=list)  # of those rows, the first and last in each part of a file
    repeated: int = 0
    bad_count: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)  # the first ones
    bars: int = 0
    expected_bars: int = 0  # in the regular sessions that have a bar
    covered_bars: int = 0  # of those, how many are there: few means a wrong zone or step
    written: WriteResult = field(default_factory=lambda: WriteResult(0, 0, 0))

    def add_bad(self, rows: list[BadRow], count: int) -> None:
        """Count bad rows, and keep the first ones."""
        self.bad_count += count
        self.bad_rows += rows[: SHOWN - len(self.bad_rows)]

    def describe_bad(self) -> str:
        """Return the bad rows, one a line, and how many are not named."""
        lines = [f"  {row}" for row in sorted(self.bad_rows, key=lambda row: (row.file, row.line))]
        more = self.bad_count - len(self.bad_rows)
        return "\n".join([*lines, *([f"  and {more} more"] if more else [])])


def import_files(
    files: list[Path], options: ImportOptions, store: BarStore, progress: Progress | None = None
) -> ImportReport:
    """
    Merge the bars of files into the catalog; importing them again changes nothing.

    Raises
    ------
    CatalogError
        If an option or file cannot be used, no bar is left, the catalog holds the synthetic sample of this bar
        type, or a row is bad and ``on_bad`` is 'fail'. Nothing is written then.

    """
    kind, step_secs = make_bar_type(options.symbol, options.bar)
    report = ImportReport(str(kind))
    if store.is_synthetic(report.bar_type):
        raise CatalogError(f"{store.path} holds the synthetic {report.bar_type}; import into another --catalog.")
    kept = [rows for file in files for rows in _usable_rows(PriceFile(file, progress), options, step_secs, report)]
    bars = _drop_repeated(pd.concat(kept, ignore_index=True), report) if kept else pd.DataFrame(columns=COLUMNS)
    if report.bad_count and options.on_bad == "fail":
        count = f"{report.bad_count} bad row{'s' if report.bad_count > 1 else ''}"
        advice = "Mend them, or leave them out with --on-bad drop."
        raise CatalogError(f"{count}, nothing was written. {advice}\n{report.describe_bad()}")
    if bars.empty:
        raise CatalogError(_explain_empty(report, options))
    report.bars = len(bars)
    expected = _expected(bars, step_secs, Sessions())
    report.expected_bars, report.covered_bars = len(expected), int(np.isin(expected, bars["ts"]).sum())
    report.written = store.write(report.bar_type, bars[COLUMNS])
    return report


def _usable_rows(
    file: PriceFile, options: ImportOptions, step_secs: int, report: ImportReport
) -> Iterator[pd.DataFrame]:
    zone = load_timezone(options.timezone)
    for rows in file:
        report.rows += len(rows)
        times = parse_times(rows["time"], zone)
        is_regular_only = options.hours == "regular"
        closes = to_bar_closes(times, options.timestamps, step_secs, Sessions(), is_regular_only=is_regular_only)
        is_outside = closes == OUTSIDE
        if is_outside.any():
            report.outside_hours += int(is_outside.sum())
            report.outside_times += [int(times[is_outside].min()), int(times[is_outside].max())]
        inside = rows.assign(ts=closes, file=str(file.path))[~is_outside]
        is_bad = _judge(inside, str(file.path), zone, report)
        yield inside[~is_bad]
    report.rows += len(file.ragged)
    report.add_bad(file.ragged, len(file.ragged))


def _judge(rows: pd.DataFrame, file: str, zone: ZoneInfo, report: ImportReport) -> NDArray[np.bool_]:
    is_bad = np.zeros(len(rows), dtype=bool)
    reasons = np.full(len(rows), None, dtype=object)
    for mask, reason in _rules(rows, zone):
        first = mask & ~is_bad  # the first rule that a row breaks is the one that is told
        reasons[first] = reason
        is_bad |= first
    shown = rows[is_bad].head(SHOWN)
    told = reasons[is_bad][:SHOWN]
    values = shown[["line", "time", *VALUES]].to_dict("records")
    bad = [BadRow(file, row["line"], reason(row)) for row, reason in zip(values, told, strict=True)]
    report.add_bad(bad, int(is_bad.sum()))
    return is_bad


def _rules(rows: pd.DataFrame, zone: ZoneInfo) -> Iterator[tuple[NDArray[np.bool_], Reason]]:
    yield (rows["ts"] == NO_TIME).to_numpy(), lambda row: explain_time(row["time"], zone)
    for mask, text in _value_rules(rows):
        yield mask, text.format_map


def _value_rules(rows: pd.DataFrame) -> Iterator[tuple[NDArray[np.bool_], str]]:
    for name in VALUES:
        yield ~np.isfinite(rows[name].to_numpy()), f"{name} is not a number"
    for name in ("open", "high", "low", "close"):
        yield (rows[name] < float(TICK_USD) / 2).to_numpy(), f"{name} {{{name}:g}} is not a positive price"
        yield (rows[name] > MAX_PRICE_USD).to_numpy(), f"{name} {{{name}:g}} is above {MAX_PRICE_USD:g} USD"
    yield (rows["high"] < rows["low"]).to_numpy(), "high {high:g} < low {low:g}"
    for name in ("open", "close"):
        outside = (rows[name] > rows["high"]) | (rows[name] < rows["low"])
        yield outside.to_numpy(), f"{name} {{{name}:g}} is outside low {{low:g}} to high {{high:g}}"
    yield (rows["volume"] < 0).to_numpy(), "volume {volume:g} is negative"
    yield (rows["volume"] > MAX_VOLUME).to_numpy(), f"volume {{volume:g}} is above {MAX_VOLUME:g} shares"


def _drop_repeated(rows: pd.DataFrame, report: ImportReport) -> pd.DataFrame:
    # The first row of a time is kept; a later one is harmless if it says the same, else bad.
    rows = rows.sort_values("ts", kind="stable", ignore_index=True)
    is_later = rows["ts"].duplicated().to_numpy()
    firsts = rows[~is_later].set_index("ts")
    later = rows[is_later]
    same_time = firsts.loc[later["ts"]].reset_index(drop=True)
    differs = (later[VALUES].reset_index(drop=True) != same_time[VALUES]).any(axis=1).to_numpy()
    report.repeated = int((~differs).sum())
    bad = [
        BadRow(row.file, row.line, f"same time as {first.file}:{first.line} with other values")
        for row, first in zip(
            later[differs].head(SHOWN).itertuples(), same_time[differs].head(SHOWN).itertuples(), strict=True
        )
    ]
    report.add_bad(bad, int(differs.sum()))
    return rows[~is_later]


def _expected(bars: pd.DataFrame, step_secs: int, sessions: Sessions) -> NDArray[np.int64]:
    ts = bars["ts"].to_numpy()
    days = set(pd.DatetimeIndex(ts.view("M8[ns]"), tz="UTC").tz_convert(sessions.timezone).date)
    windows = [window for day in sorted(days) if (window := sessions.on(day))]
    return expected_closes(ts, windows, step_secs, sessions)


def _explain_empty(report: ImportReport, options: ImportOptions) -> str:
    if report.rows == 0:
        return "The files hold no rows, only a header; nothing was written."
    if closed := _name_closed_days(report.outside_times):
        return f"None of {report.rows} rows lies in a regular session; nothing was written: {closed}."
    if report.outside_hours:
        return (
            f"None of {report.rows} rows lies in a regular session (09:30 to 16:00 New York); nothing was written. "
            f"Is --timezone {options.timezone} right? For bars before the open and after the close use --hours all."
        )
    return f"None of {report.rows} rows can be used; nothing was written.\n{report.describe_bad()}"


def _name_closed_days(times: list[int]) -> str:
    if not times:
        return ""
    sessions = Sessions()
    first, last = (sessions.local(ts).date() for ts in (min(times), max(times)))
    if sessions.between(first, last):
        return ""
    if first == last:
        return f"{first:%A} {first} is a holiday or weekend of the exchange"
    return f"{first} to {last} are holidays and weekends of the exchange"
