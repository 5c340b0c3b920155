"""A catalog whose writers are killed, work at once or may not write, and one with damaged files."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from nautilus_trader.persistence import ParquetDataCatalog

from catalog import store as store_module
from catalog.errors import CatalogError
from catalog.overview import list_holdings, verify
from catalog.store import BarStore, WriteResult
from catalog.write_lock import write_lock
from tests.integration.catalog_bars import KIND, make_bars


@pytest.mark.parametrize("killed_at", ["write", "remove"])
def test_store_killed_while_writing_loses_and_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    store = BarStore(tmp_path)
    store.write(KIND, make_bars([1, 2]))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    name = {"write": "_to_bars", "remove": "_remove"}[killed_at]
    with monkeypatch.context() as patch:
        patch.setattr(store_module, name, die)
        with pytest.raises(KeyboardInterrupt):
            store.write(KIND, make_bars([3, 4]))

    BarStore(tmp_path)  # the next opening tidies up
    bars = ParquetDataCatalog(str(tmp_path)).query_bars([KIND])
    assert [bar.ts_init for bar in bars] == make_bars([1, 2] if killed_at == "write" else [1, 2, 3, 4])["ts"].tolist()


def test_store_killed_with_files_aside_removes_them_at_the_next_opening(tmp_path: Path) -> None:
    BarStore(tmp_path).write(KIND, make_bars([1, 2]))
    aside = tmp_path / ".writing-killed" / "data"
    aside.mkdir(parents=True)

    with write_lock(tmp_path):
        BarStore(tmp_path)
        assert aside.is_dir()  # somebody may be writing there
    BarStore(tmp_path)

    assert not aside.parent.exists()


def test_store_writers_at_once_wait_for_each_other_and_lose_nothing(tmp_path: Path) -> None:
    stores = [BarStore(tmp_path) for _ in range(4)]
    parts = [[0, 1, 2, 3, 4], [3, 4, 5, 6, 7], [6, 7, 8, 9], [-2, 1, 8, 12]]

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda store, part: store.write(KIND, make_bars(part)), stores, parts))

    assert BarStore(tmp_path).frame(KIND)["ts"].tolist() == make_bars([-2, *range(10), 12])["ts"].tolist()


def test_store_whose_writer_does_not_end_names_it_and_gives_up(tmp_path: Path) -> None:
    with write_lock(tmp_path), pytest.raises(CatalogError) as caught, write_lock(tmp_path, wait_secs=0.2):
        pass

    text = str(caught.value)
    assert text.startswith(f"Process {os.getpid()} has been writing to {tmp_path} for 0.2 s or more; wait until")


def lay_over_each_other(folder: Path, *parts: pd.DataFrame) -> BarStore:
    """Leave what two writers at once used to leave: a file of each, partly of the same time."""
    for part in parts:
        BarStore(folder / "each").write(KIND, part)
        for file in (folder / "each").rglob("data/bars/*/*.parquet"):
            target = folder / "both" / file.relative_to(folder / "each")
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
    return BarStore(folder / "both")


def test_store_with_files_over_each_other_is_an_error_to_verify_and_refused_to_a_backtest(tmp_path: Path) -> None:
    store = lay_over_each_other(tmp_path, make_bars([1, 2, 3]), make_bars([2, 3, 4]))

    (found,) = verify(store).values()

    assert {"order", "duplicates"} <= {finding.kind for finding in found if finding.severity == "error"}
    with pytest.raises(CatalogError, match=r"has bars twice or out of order.*import any file of AAPL\.NASDAQ-1-MINUTE"):
        store.timestamps(KIND)


@pytest.mark.parametrize("minute", [3, 9, 600_000], ids=["held", "new", "another year"])
def test_store_with_files_over_each_other_is_mended_by_the_next_write(tmp_path: Path, minute: int) -> None:
    store = lay_over_each_other(tmp_path, make_bars([1, 2, 3]), make_bars([2, 3, 4], 50.0))

    result = store.write(KIND, make_bars([minute], 7.0))

    frame = store.frame(KIND)
    expected = sorted({1, 2, 3, 4, minute})
    assert store.timestamps(KIND).tolist() == frame["ts"].tolist() == make_bars(expected)["ts"].tolist()
    assert frame["close"][expected.index(minute)] == 7.0
    assert result == WriteResult(added=int(minute != 3), replaced=int(minute == 3), rounded_prices=0)
    assert len(list(tmp_path.rglob("both/data/bars/*/*.parquet"))) == len({minute > 500_000, False})


def test_store_keeps_two_files_that_differ_by_less_than_a_second(tmp_path: Path) -> None:
    late = make_bars([1, 2]).assign(ts=lambda bars: bars["ts"] + 500_000_000)
    store = lay_over_each_other(tmp_path, make_bars([1, 2]), late)

    assert sorted(store.frame(KIND)["ts"]) == sorted([*make_bars([1, 2])["ts"], *late["ts"]])


READS = {
    "frame": lambda store: store.frame(KIND),
    "count": lambda store: store.count(KIND),
    "timestamps": lambda store: store.timestamps(KIND),
    "verify": verify,
    "info": list_holdings,
    "write": lambda store: store.write(KIND, make_bars([5])),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("damage", ["truncated", "no parquet", "empty"])
def test_store_with_a_damaged_file_names_it(tmp_path: Path, damage: str, read: Callable[[BarStore], object]) -> None:
    BarStore(tmp_path).write(KIND, make_bars([1, 2]))
    (file,) = tmp_path.rglob("data/bars/*/*.parquet")
    content = {"truncated": file.read_bytes()[:-40], "no parquet": b"prices" * 99, "empty": b""}
    file.write_bytes(content[damage])

    with pytest.raises(
        CatalogError, match=r"cannot be read; is it damaged\? Remove it and import its bars again"
    ) as told:
        read(BarStore(tmp_path))

    assert str(told.value).startswith(str(file))


def test_store_with_a_parquet_file_of_other_columns_names_it(tmp_path: Path) -> None:
    BarStore(tmp_path).write(KIND, make_bars([1, 2]))
    (file,) = tmp_path.rglob("data/bars/*/*.parquet")
    make_bars([1, 2]).to_parquet(file)

    for read in READS:
        if read != "count":
            with pytest.raises(CatalogError, match="cannot be read"):
                READS[read](BarStore(tmp_path))


@pytest.mark.parametrize("name", ["foo.parquet", "a_b.parquet", "2020-01-01_2020-01-02.parquet"])
def test_store_with_a_strange_file_among_its_own_names_it(tmp_path: Path, name: str) -> None:
    BarStore(tmp_path).write(KIND, make_bars([1, 2]))
    strange = tmp_path / "data" / "bars" / KIND / name
    strange.touch()

    with pytest.raises(CatalogError, match=r"is no file of a catalog.*Remove it") as caught:
        BarStore(tmp_path)

    assert str(caught.value).startswith(str(strange))


def test_store_killed_before_the_instrument_was_there_has_it_after_the_next_write(tmp_path: Path) -> None:
    store = BarStore(tmp_path)
    (tmp_path / "data" / "equity" / "AAPL.NASDAQ").mkdir(parents=True)

    assert str(store.instrument("AAPL.NASDAQ").id) == "AAPL.NASDAQ"
    store.write(KIND, make_bars([1]))
    assert [str(equity.id) for equity in ParquetDataCatalog(str(tmp_path)).instruments()] == ["AAPL.NASDAQ"]


@pytest.mark.parametrize(
    "change", [lambda store: store.write(KIND, make_bars([1])), lambda store: store.mark_synthetic(KIND)]
)
def test_store_that_cannot_be_written_to_says_so(tmp_path: Path, change: Callable[[BarStore], object]) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CatalogError, match=r"Cannot write to .*/file/bars: Not a directory; name another directory"):
        change(BarStore(tmp_path / "file" / "bars"))
