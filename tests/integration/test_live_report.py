"""The report of a live session, on the page and the terminal: it says what it is of."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from actors.journal.store import JournalStore
from actors.messages import Side
from actors.report.reports import summarise, write_report
from actors.report.terminal_summary import print_summary
from tests.integration.live_session import MONDAY_BARS, TUESDAY_BARS, busy, journalled, kept, live_of
from tests.integration.rig import SIDES, opening
from tests.unit.journal_builders import RUN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JournalStore]:
    with JournalStore(tmp_path / "journal.sqlite") as store:
        store.begin_run(RUN)
        yield store


MODES = {"paper": "Paper session", "live": "Live session", "dry-run": "Dry run"}


@pytest.mark.parametrize("mode", MODES)
def test_the_report_says_what_it_is_of(store, tmp_path, mode):
    run, _ = journalled(store, busy(Side.LONG), settings=['account.id="DU1234567"'])
    record = live_of(run, store, mode=mode, bars=kept(MONDAY_BARS))
    write_report(record, tmp_path / "report")
    html = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    words = html.split("<main>")[1]

    assert f"<title>{MODES[mode]} · AAPL, MSFT</title>" in html
    assert (summary["mode"], summary["bars_per_sec"], summary["engine_secs"]) == (mode, None, 0.0)
    assert "account DU…567" in words
    assert "DU1234567" not in html
    assert "ackte" not in words.replace("[backtest]", "")
    assert (
        "the fills are simulated on its prices" if mode == "dry-run" else "prices are the broker's"
    ) in words.replace("&#x27;", "'")
    assert "1 min since the last start" in words


@SIDES
def test_open_positions_are_rows_that_say_so(store, tmp_path, side):
    run, _ = journalled(store, [opening(side, 3)])
    record = live_of(run, store)
    write_report(record, tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "trades.csv").read_text(encoding="utf-8"))))
    html = (tmp_path / "report.html").read_text(encoding="utf-8")

    assert [(row["exit_reason"], row["exit_time"], row["side"]) for row in rows] == [("open", "", side.name.lower())]
    assert "still open" in html
    assert "1 open at the end" in html
    assert f"of all {len(record.equity)} marks" in html
    assert "No bars, so no chart" in html


def test_the_page_tells_of_restarts_and_of_what_came_from_before(store, tmp_path):
    store.begin_run(RUN)
    run, _ = journalled(store, [opening(Side.LONG, 3)], bars=[MONDAY_BARS, TUESDAY_BARS])
    record = live_of(run, store, moments=[int(TUESDAY_BARS["ts"].iloc[0])])
    record = replace(record, live=replace(record.live, starts=3, killed=2))
    write_report(record, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")

    assert "The program was started 3 times; 2 of its runs did not end in order." in html
    assert "1 round trip from before: counted whole as a trade" in html


def test_the_terminal_says_what_it_is_of(store):
    run, _ = journalled(store, busy(Side.LONG))
    record = live_of(run, store)
    console = Console(file=io.StringIO(), width=80)
    print_summary(record, summarise(record), Path("reports/today"), console)
    text = " ".join(console.file.getvalue().split())

    assert "Paper session 2024-10-07 " in text
    assert "2024-10-07 to" not in text
    assert "Paper account DU…567. Orders, fills and prices are the broker's" in text
    assert "Still open 1" in text
    assert "Bars a second" not in text
