"""What a catalog holds, as tables for the terminal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.table import Table

from catalog.errors import CatalogError
from catalog.instruments import parse_step, split_bar_type
from catalog.quality import Finding, check_bars, expected_closes
from catalog.sessions import Sessions
from catalog.store import BarStore


@dataclass(frozen=True, slots=True)
class Holding:
    """One bar type: first and last close on the exchange's clock; ``gaps`` = bars missing in regular sessions."""

    bar_type: str
    first: str
    last: str
    sessions: int
    bars: int
    gaps: int
    is_synthetic: bool


def list_holdings(store: BarStore) -> list[Holding]:
    """Return what the catalog holds; raise CatalogError when that is nothing."""
    return [_describe(store, kind) for kind in _bar_types(store)]


def verify(store: BarStore) -> dict[str, list[Finding]]:
    """Return what is odd about each bar type; raise CatalogError when the catalog is empty."""
    found = {}
    for kind in _bar_types(store):
        symbol, step = split_bar_type(kind)
        found[kind] = check_bars(store.frame(kind), parse_step(step), Sessions(), symbol)
    return found


def make_info_table(holdings: list[Holding]) -> Table:
    """Return the table of ``info``."""
    table = Table("symbol", "bar", "first close", "last close", title_justify="left")
    for name in ("sessions", "bars", "gaps"):
        table.add_column(name, justify="right")
    table.add_column("data")
    for held in holdings:
        origin = "synthetic" if held.is_synthetic else "imported"
        counts = (f"{count:,}" for count in (held.sessions, held.bars, held.gaps))
        table.add_row(*split_bar_type(held.bar_type), held.first, held.last, *counts, origin)
    return table


def make_verify_table(store: BarStore, found: dict[str, list[Finding]]) -> Table:
    """Return the summary of ``verify``."""
    table = Table("symbol", "bar")
    for name in ("bars", "errors", "notes"):
        table.add_column(name, justify="right")
    for kind, findings in found.items():
        errors = sum(finding.severity == "error" for finding in findings)
        counts = (f"{count:,}" for count in (store.count(kind), errors, len(findings) - errors))
        table.add_row(*split_bar_type(kind), *counts)
    return table


def _bar_types(store: BarStore) -> list[str]:
    kinds = store.bar_types()
    if not kinds:
        advice = "build the sample with `uv run python -m catalog sample`, or import files"
        raise CatalogError(f"No bars in {store.path}; {advice}.")
    return kinds


def _describe(store: BarStore, bar_type: str) -> Holding:
    sessions = Sessions()
    ts = store.frame(bar_type)["ts"].to_numpy()
    days = pd.DatetimeIndex(ts.view("M8[ns]"), tz="UTC").tz_convert(sessions.timezone).date
    windows = sessions.between(days[0], days[-1])
    expected = expected_closes(ts, windows, parse_step(split_bar_type(bar_type)[1]), sessions)
    return Holding(
        bar_type,
        first=f"{sessions.local(int(ts[0])):%Y-%m-%d %H:%M}",
        last=f"{sessions.local(int(ts[-1])):%Y-%m-%d %H:%M}",
        sessions=len(set(days) & {window.session for window in windows}),
        bars=len(ts),
        gaps=len(np.setdiff1d(expected, ts)),
        is_synthetic=store.is_synthetic(bar_type),
    )
