"""Bars in and out of a catalog directory, as we and as Nautilus see them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nautilus_trader.persistence import ParquetDataCatalog

from catalog.bar_files import COLUMNS
from catalog.store import BarStore, WriteResult
from tests.integration.catalog_bars import KIND, MINUTE, NEW_YEAR, make_bars


def test_store_gives_back_what_was_written(tmp_path: Path) -> None:
    bars = make_bars([-2, -1, 1, 2])  # over the turn of a year: two files

    assert BarStore(tmp_path).write(KIND, bars) == WriteResult(4, 0, 0)

    store = BarStore(tmp_path)
    pd.testing.assert_frame_equal(store.frame(KIND), bars)
    assert (store.bar_types(), store.count(KIND)) == ([KIND], 4)
    assert len(list(tmp_path.rglob("data/bars/*/*.parquet"))) == 2


def test_store_is_read_by_nautilus_with_close_as_both_times(tmp_path: Path) -> None:
    BarStore(tmp_path).write(KIND, make_bars([-2, -1, 1, 2], 12.34))

    catalog = ParquetDataCatalog(str(tmp_path))
    bars = catalog.query_bars([KIND])

    assert [bar.ts_init for bar in bars] == [bar.ts_event for bar in bars] == make_bars([-2, -1, 1, 2])["ts"].tolist()
    assert {str(bar.close) for bar in bars} == {"12.34"}
    assert {str(bar.volume) for bar in bars} == {"10"}
    assert [str(equity.id) for equity in catalog.instruments()] == ["AAPL.NASDAQ"]


def test_store_takes_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    store = BarStore("prices")
    store.write(KIND, make_bars([1]))

    assert store.path == tmp_path / "prices"
    assert BarStore(tmp_path / "prices").count(KIND) == 1


@settings(max_examples=8)
@given(st.lists(st.lists(st.integers(-30, 30), min_size=1, max_size=20), min_size=1, max_size=4))
def test_store_merges_any_writes_to_the_union_with_the_last_word(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[int]]
) -> None:
    store = BarStore(tmp_path_factory.mktemp("catalog"))
    expected: dict[int, float] = {}
    for price, minutes in enumerate(writes, start=10):
        store.write(KIND, make_bars(minutes, price))
        expected |= {NEW_YEAR + minute * MINUTE: float(price) for minute in minutes}

    frame = store.frame(KIND)

    assert dict(zip(frame["ts"], frame["close"], strict=True)) == expected
    assert frame["ts"].tolist() == sorted(expected)
    assert [bar.ts_init for bar in ParquetDataCatalog(str(store.path)).query_bars([KIND])] == sorted(expected)


def test_store_counts_what_is_new_and_what_is_replaced(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    store.write(KIND, make_bars([1, 2, 3]))
    mixed = pd.concat([make_bars([2]), make_bars([3], 50.0), make_bars([4])])

    assert store.write(KIND, mixed) == WriteResult(added=1, replaced=1, rounded_prices=0)


def test_store_writes_no_file_when_nothing_changes(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    store.write(KIND, make_bars([1, 2]))
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")}

    assert store.write(KIND, make_bars([1, 2])) == WriteResult(0, 0, 0)

    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")} == before


@pytest.mark.parametrize(("start", "end", "minutes"), [(-1, 1, [-1, 1]), (2, 9, [2]), (3, 9, []), (None, -2, [-2])])
def test_store_reads_a_range_with_both_ends(
    tmp_path: Path, start: int | None, end: int | None, minutes: list[int]
) -> None:
    store = BarStore(tmp_path)
    store.write(KIND, make_bars([-2, -1, 1, 2]))
    bounds = [None if minute is None else NEW_YEAR + minute * MINUTE for minute in (start, end)]

    found = store.frame(KIND, *bounds)

    assert found["ts"].tolist() == make_bars(minutes)["ts"].tolist()
    assert found.columns.tolist() == COLUMNS


@pytest.mark.parametrize(
    ("price", "rounded"), [(1.005, 1.01), (397.125, 397.13), (10.004, 10.0), (0.1 + 0.2, 0.3), (99.99, 99.99)]
)
def test_store_rounds_half_up_to_the_tick(tmp_path: Path, price: float, rounded: float) -> None:
    store = BarStore(tmp_path)
    bars = make_bars([1]).assign(high=1000.0, low=0.01, close=price)

    result = store.write(KIND, bars)

    assert store.frame(KIND)["close"].tolist() == [rounded]
    assert result.rounded_prices == (abs(price - rounded) > 1e-9)


def test_store_at_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices"
    file.touch()

    with pytest.raises(ValueError, match="Expected a directory for the catalog, was a file"):
        BarStore(file)


@pytest.mark.parametrize("ask", [lambda s: s.bar_types(), lambda s: s.frame(KIND)["ts"].tolist()])
def test_store_that_is_not_there_is_empty(tmp_path: Path, ask: Callable[[BarStore], list[object]]) -> None:
    assert ask(BarStore(tmp_path / "none")) == []


def test_store_remembers_what_is_synthetic(tmp_path: Path) -> None:
    BarStore(tmp_path).mark_synthetic(KIND)

    assert BarStore(tmp_path).is_synthetic(KIND)
    assert not BarStore(tmp_path).is_synthetic(KIND.replace("AAPL", "IBM"))


def test_store_knows_the_instrument_written_or_not(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    before = store.instrument("AAPL.NASDAQ")
    store.write(KIND, make_bars([1]))

    assert str(before.id) == str(store.instrument("AAPL.NASDAQ").id) == "AAPL.NASDAQ"
