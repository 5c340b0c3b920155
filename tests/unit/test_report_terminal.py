"""The summary on the terminal: short, narrow enough, and it says what matters."""

import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from report_builders import DAY, MINUTE, OPEN_MONDAY, equity, make_decision, make_note, make_record, make_trade
from rich.console import Console

from actors.report.reports import summarise
from actors.report.terminal_summary import print_summary


def printed(width=80, **overrides):
    record = make_record(**overrides)
    console = Console(file=io.StringIO(), width=width)
    print_summary(record, summarise(record), Path("reports/today"), console)
    return console.file.getvalue()


def test_busy_run_fits_thirty_lines_of_eighty_columns():
    text = printed(
        symbols=[f"SYMBOL{number}.NASDAQ" for number in range(40)],
        trades=[make_trade(str(number - 20), symbol=f"SYMBOL{number}.NASDAQ") for number in range(40)],
        decisions=[make_decision(reason=f"some_longer_reason_{number}") for number in range(20)],
        data_notes=[make_note("SYNTHETIC DATA: " + "made up " * 60, "synthetic")] * 30,
        errors=["boom"] * 9,
        was_interrupted=True,
    )

    assert len(text.splitlines()) <= 30
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize(
    "words",
    ["Net P&L", "Won", "AAPL.NASDAQ", "+$12.50", "max positions", "reports/today/report.html", "SYNTHETIC: made up"],
)
def test_summary_says_result_symbols_refusals_and_where_the_report_lies(words):
    notes = [make_note("gap"), make_note("gap"), make_note("SYNTHETIC: made up", "synthetic")]
    text = printed(trades=[make_trade("12.50")], decisions=[make_decision()], data_notes=notes)

    assert words in text


@pytest.mark.parametrize("width", [120, 80, 72, 60, 50, 40, 30])
def test_no_figure_is_cut_however_narrow_the_terminal(width):
    trades = [make_trade("1234567.89"), make_trade("-2345678.91", symbol="LONGERNAME.NASDAQ")]
    text = printed(
        width,
        trades=trades,
        equity=equity("12345678.90"),
        decisions=[make_decision()] * 1_500,
        starting_equity_usd=Decimal(10000000),
    )

    for figure in ("+$2,345,678.90", "$12,345,678.90", "+23.46 %", "+$1,234,567.89", "−$2,345,678.91", "1,500"):
        assert figure in text
    assert max(len(line) for line in text.splitlines() if "Report" not in line) <= width


def test_error_in_the_data_comes_before_notes_and_what_is_left_is_counted():
    notes = [make_note(f"gap {number}") for number in range(4)]
    notes += [make_note("made up", "synthetic"), make_note("a split", "error"), make_note("another split", "error")]
    lines = printed(data_notes=notes).splitlines()

    assert [line.strip() for line in lines[:3]] == [
        "made up",
        "WRONG DATA: a split",
        "and 5 more notes on the data in report.html (1 error among them)",
    ]


def test_period_shows_the_exchange_days_of_the_first_and_the_last_bar():
    # The last bar closes 20:00 in New York, which is the next day in UTC, as is the exchange midnight asked for.
    closes = np.array([OPEN_MONDAY + MINUTE, OPEN_MONDAY + DAY + 630 * MINUTE])

    assert "Backtest 2025-03-03 to 2025-03-04" in printed(bar_closes=closes, end=OPEN_MONDAY + 2 * DAY)


def test_run_without_trades_says_so():
    assert "No trade was made." in printed()


def test_markup_in_the_data_is_shown_as_it_is():
    assert "[red]A[/red]" in printed(trades=[make_trade(symbol="[red]A[/red]")])


def test_refusals_stand_in_a_line_below_the_symbols_exits_without_a_position_apart():
    reasons = ["held"] * 3 + ["session"] * 2 + ["no_position"] * 9 + ["a", "b", "c", "c"]
    lines = printed(trades=[make_trade("12.50")], decisions=[make_decision(reason=each) for each in reasons])
    only_exits = printed(decisions=[make_decision(reason="no_position")])

    below = lines.splitlines()[-2]
    assert below == "Refused: held 3, c 2, session 2, a 1, 1 more reason 1 (no position 9)"
    assert "Refused: none (no position 1)" in only_exits


def test_a_run_that_failed_says_so_before_anything_else():
    text = printed(errors=["boom"], data_notes=[make_note("made up", "synthetic")], bars_left=1_200)

    said = "1 error: the run failed, its figures mean nothing. It stopped there: 1,200 bars were not run."
    assert " ".join(text.split()).startswith(said)
