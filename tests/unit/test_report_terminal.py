"""The summary on the terminal: short, narrow enough, and it says what matters."""

import io
from pathlib import Path

import pytest
from report_builders import make_decision, make_record, make_trade
from rich.console import Console

from actors.reports import summarise
from actors.terminal_summary import print_summary


def printed(**overrides):
    record = make_record(**overrides)
    console = Console(file=io.StringIO(), width=80)
    print_summary(record, summarise(record), Path("reports/today"), console)
    return console.file.getvalue()


def test_busy_run_fits_thirty_lines_of_eighty_columns():
    text = printed(
        symbols=[f"SYMBOL{number}.NASDAQ" for number in range(40)],
        trades=[make_trade(str(number - 20), symbol=f"SYMBOL{number}.NASDAQ") for number in range(40)],
        decisions=[make_decision(reason=f"some_longer_reason_{number}") for number in range(20)],
        data_notes=["SYNTHETIC DATA: " + "made up " * 60] * 30,
        errors=["boom"] * 9,
        was_interrupted=True,
    )

    assert len(text.splitlines()) <= 30
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize(
    "words",
    ["Net P&L", "AAPL.NASDAQ", "+$12.50", "max positions", "reports/today/report.html", "SYNTHETIC: made up"],
)
def test_summary_says_result_symbols_refusals_and_where_the_report_lies(words):
    text = printed(trades=[make_trade("12.50")], decisions=[make_decision()], data_notes=["gap", "SYNTHETIC: made up"])

    assert words in text


def test_run_without_trades_says_so():
    assert "No trade was made." in printed()


def test_markup_in_the_data_is_shown_as_it_is():
    assert "[red]A[/red]" in printed(trades=[make_trade(symbol="[red]A[/red]")])
