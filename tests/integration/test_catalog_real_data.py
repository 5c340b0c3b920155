"""Real bars, imported and verified; skipped where the shared data does not lie beside the repository."""

from pathlib import Path

import pandas as pd
import pytest

from catalog.csv_import import ImportOptions, import_files
from catalog.overview import list_holdings, verify
from catalog.store import BarStore

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared price data is not here")


def imported(folder: Path, file: str, symbol: str, bar: str = "1-MINUTE", hours: str = "regular") -> BarStore:
    store = BarStore(folder)
    import_files([DATA / file], ImportOptions(symbol, bar, hours=hours), store)  # type: ignore[arg-type]
    return store


@pytest.mark.parametrize("hours", ["regular", "all"])
def test_apple_minutes_name_the_split_of_june_2014(tmp_path: Path, hours: str) -> None:
    store = imported(tmp_path, "minute/AAPL.csv", "AAPL.NASDAQ", hours=hours)

    errors = [finding for found in verify(store).values() for finding in found if finding.severity == "error"]

    assert [error.detail[:24] for error in errors] == ["7:1 split on 2014-06-09?"]


def test_apple_minutes_in_regular_hours_are_three_whole_sessions(tmp_path: Path) -> None:
    (held,) = list_holdings(imported(tmp_path, "minute/AAPL.csv", "AAPL.NASDAQ"))

    assert (held.sessions, held.bars, held.gaps) == (3, 3 * 390, 0)


def test_ibm_hours_name_the_split_the_bad_print_and_the_late_open(tmp_path: Path) -> None:
    store = imported(tmp_path, "hour/IBM.csv.gz", "IBM.NYSE", "1-HOUR")

    (found,) = verify(store).values()

    assert [finding.kind for finding in found] == ["split", "missing_bars", *["bad_print"] * 6]
    assert found[0].detail.startswith("2:1 split on 1999-05-27?")
    assert "2002-09-11 (2)" in found[1].detail  # opened at 11:00 that day, which the calendar does not know
    assert found[2].detail.startswith("2002-12-23 10:00: a print at 159.58")


def test_spy_hours_have_no_error_and_keep_the_closing_prices(tmp_path: Path) -> None:
    store = imported(tmp_path, "hour/SPY.csv.gz", "SPY.ARCA", "1-HOUR")
    source = pd.read_csv(DATA / "hour/SPY.csv.gz")

    (found,) = verify(store).values()
    last = store.frame("SPY.ARCA-1-HOUR-LAST-EXTERNAL").iloc[-1]

    assert {finding.severity for finding in found} == {"note"}
    assert last["ts"] == pd.Timestamp("2021-03-31 16:00", tz="America/New_York").value
    assert last["close"] == round(source["close"].iloc[-1], 2)
