"""The sample in the default catalog: built when there is nothing, finished when a build was killed, else left alone."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from catalog.errors import CatalogError
from catalog.sample import build_sample
from catalog.store import BarStore
from config.backtest import sample_catalog
from config.backtest.sample_catalog import open_catalog

SAMPLE = [f"{symbol}.NASDAQ-1-MINUTE-LAST-EXTERNAL" for symbol in ("AAPL", "MSFT", "TSLA")]


@pytest.fixture
def default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sample_catalog, "DEFAULT_CATALOG", tmp_path / "data")
    return tmp_path / "data"


def opened() -> tuple[BarStore, str]:
    shown = io.StringIO()
    return open_catalog(None, Console(file=shown, width=400)), shown.getvalue()


def kill_build(path: Path, symbol: str) -> None:
    """Build the sample until it comes to a symbol, which is marked and has no bars."""

    def die(now: str) -> None:
        if now == symbol:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_sample(path, die)
    BarStore(path).mark_synthetic(f"{symbol}-1-MINUTE-LAST-EXTERNAL")


def one_bar() -> pd.DataFrame:
    ts = np.array([pd.Timestamp("2024-10-01 13:31", tz="UTC").value])
    return pd.DataFrame({"ts": ts, "open": 9.0, "high": 9.0, "low": 9.0, "close": 9.0, "volume": 9.0})


def test_default_catalog_that_is_empty_gets_the_sample(default: Path) -> None:
    store, shown = opened()

    assert store.bar_types() == SAMPLE
    assert "No bars yet: building the synthetic sample in" in shown


@pytest.mark.parametrize("killed_at", ["AAPL.NASDAQ", "MSFT.NASDAQ", "TSLA.NASDAQ"])
def test_default_catalog_whose_build_was_killed_gets_the_rest(default: Path, killed_at: str) -> None:
    kill_build(default, killed_at)
    before = BarStore(default).bar_types()

    store, shown = opened()

    assert before == SAMPLE[: SAMPLE.index(f"{killed_at}-1-MINUTE-LAST-EXTERNAL")]
    assert {kind: store.count(kind) for kind in store.bar_types()} == dict.fromkeys(SAMPLE, 24_600)
    assert ("The sample is unfinished: building" in shown) == bool(before)


@pytest.mark.parametrize("kind", [SAMPLE[2], "IBM.NYSE-1-MINUTE-LAST-EXTERNAL"])
def test_default_catalog_with_own_bars_is_left_alone(default: Path, kind: str) -> None:
    BarStore(default).write(kind, one_bar())

    store, shown = opened()

    assert (store.bar_types(), shown) == ([kind], "")


def test_default_catalog_whose_killed_build_stands_in_the_way_of_own_bars_is_left_alone(default: Path) -> None:
    BarStore(default).mark_synthetic(SAMPLE[0])
    BarStore(default).write(SAMPLE[2], one_bar())

    assert opened()[1] == ""


def test_default_catalog_with_the_whole_sample_is_not_built_again(
    default: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_sample(default)
    monkeypatch.setattr(sample_catalog, "build_sample", lambda *_: pytest.fail("built again"))

    assert opened()[1] == ""


def test_named_catalog_never_gets_the_sample(default: Path, tmp_path: Path) -> None:
    assert open_catalog(tmp_path / "mine", Console(quiet=True)).bar_types() == []


def test_default_catalog_that_cannot_be_written_to_is_told(default: Path) -> None:
    default.parent.joinpath("file").touch()
    sample_catalog.DEFAULT_CATALOG = default.parent / "file" / "data"  # put back by the fixture

    with pytest.raises(CatalogError, match=r"Cannot write to .*file/data: Not a directory.*with --catalog"):
        opened()
