"""The lines themselves: the status line, how a line is printed, and the thread that prints it."""

import os
from datetime import date
from decimal import Decimal
from io import StringIO
from queue import Queue
from tempfile import TemporaryFile
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from actors.log.line_writer import LineWriter
from actors.log.printed_line import LineStamp
from actors.messages import LinkState
from actors.status.line import DayTally, Held, StatusFacts, status_line
from config.live.unbuffered import unbuffered

AAPL, MINUTE_NS = "AAPL.NASDAQ", 60 * 10**9
NOON = 1_728_316_800 * 10**9  # 2024-10-07 16:00 UTC, 12:00 in New York


def facts(held: dict[str, Held], symbols: tuple[str, ...], **own: object) -> StatusFacts:
    day = DayTally(date(2024, 10, 7), Decimal(100_000), 4, 2, 1)
    values = {"exposure_usd": Decimal("9812.40"), "equity_usd": Decimal("100034.10"), "bar_ages_ns": {AAPL: 3 * 10**9}}
    return StatusFacts(
        **{"held": held, "symbols": symbols, "max_daily_loss_usd": Decimal(1000), "day": day} | values | own
    )


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({}, "status: AAPL -; exposure $9,812; day P&L +$34.10; 4 signals, 2 orders, 1 blocked; data 3 s"),
        ({"held": {AAPL: Held(39, Decimal("248.10"))}}, "status: AAPL +39 (stop 248.10); "),
        ({"held": {AAPL: Held(-39, None)}}, "status: AAPL -39 (NO STOP); "),
        ({"equity_usd": Decimal("99500.00")}, "day P&L −$500.00 of −$1,000; "),
        ({"equity_usd": Decimal("99500.01")}, "day P&L −$499.99; "),
        ({"link": LinkState.DOWN}, "status: AAPL -; LINK DOWN; exposure "),
        ({"bar_ages_ns": {}}, "; no bar yet"),
        ({"symbols": (AAPL, "MSFT.NASDAQ")}, "; MSFT no bar yet"),
        ({"bar_ages_ns": {AAPL: 125 * 10**9, "MSFT.NASDAQ": 10**9}}, "; data 2 min"),  # the oldest
    ],
)
def test_status_line_shows_the_facts(own, line):
    assert line in status_line(facts(**{"held": {}, "symbols": (AAPL,)} | own))


@pytest.mark.parametrize(
    ("number", "positions"),
    [(1, "S0 +40 (stop 248.10)"), (2, "S0 +40, S1 +40, 2 flat"), (4, "4 positions")],
)
def test_status_line_fits_by_shortening_the_positions(number, positions):
    symbols = tuple(f"S{index}.NASDAQ" for index in range(4))
    held = dict.fromkeys(symbols[:number], Held(40, Decimal("248.10")))
    line = status_line(facts(held, symbols, bar_ages_ns=dict.fromkeys(symbols, 0)))

    assert line.startswith(f"status: {positions}; exposure")
    assert len(line) <= 111


def test_status_line_of_many_positions_still_names_those_without_a_stop():
    symbols = tuple(f"LONGNAME{index}.NASDAQ" for index in range(20))
    held = dict.fromkeys(symbols, Held(40, Decimal(1))) | {symbols[3]: Held(40, None)}
    line = status_line(facts(held, symbols, bar_ages_ns=dict.fromkeys(symbols, 0)))

    assert line.startswith("status: 20 positions, 1 with NO STOP; exposure")


def test_printed_line_has_exchange_time_and_the_date_only_when_it_changes():
    stamp = LineStamp(ZoneInfo("America/New_York"), NOON)
    day = 24 * 60 * MINUTE_NS

    assert [stamp.line(NOON + days * day, "x") for days in (0, 0, -1, -1, 0)] == [
        "12:00:00 x",
        "12:00:00 x",
        "2024-10-06 12:00:00 x",
        "12:00:00 x",
        "2024-10-07 12:00:00 x",
    ]
    assert LineStamp(ZoneInfo("Europe/London"), NOON).line(NOON, "x") == "17:00:00 x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("IB-DU1234567 and U7654321", "IB-DU…567 and U…321"),
        ("DUN123456: x", "DUN…456: x"),
        ("O-20241007-001-AAPL-1 for 100000", "O-20241007-001-AAPL-1 for 100000"),
        ("two\n  rows\tand \x1b[31mcolour", "two rows and [31mcolour"),
        ("x" * 201, "x" * 199 + "…"),
    ],
)
def test_printed_line_is_one_short_row_without_account_numbers(text, shown):
    assert LineStamp(ZoneInfo("America/New_York"), NOON).line(NOON, text) == f"12:00:00 {shown}"


def test_writer_does_not_wait_for_a_terminal_that_takes_nothing():
    taken, is_stuck, may_go_on = [], Event(), Event()

    def write(line: str) -> None:
        is_stuck.set()
        may_go_on.wait()
        taken.append(line)

    writer = LineWriter(write, max_waiting=2)
    writer.open()
    writer.put("first")
    is_stuck.wait()
    for number in range(5):
        writer.put(str(number))
    may_go_on.set()
    writer.close(timeout_secs=10)

    assert taken == ["first", "(3 lines given up: the terminal took none)", "3", "4"]


def test_writer_goes_on_once_lines_can_be_printed_and_tells_how_many_were_lost():
    """A terminal redirected to a file, whose disk is full for a while; nothing comes twice."""
    with open("/dev/full", "w") as terminal, TemporaryFile("r+") as roomy:  # noqa: PTH123 - no file but a device
        tried = Queue()
        write = unbuffered(Console(file=terminal))

        def tell(line: str) -> None:
            try:
                write(line)
            finally:
                tried.put(line)

        writer = LineWriter(tell)
        writer.open()
        for number in range(3):
            writer.put(f"lost {number}")
            tried.get(timeout=10)
        os.dup2(roomy.fileno(), terminal.fileno())
        writer.put("printed")
        writer.put("as well: ±")
        writer.close(timeout_secs=10)
        roomy.seek(0)

        assert roomy.read().splitlines() == ["(3 lines given up: the terminal took none)", "printed", "as well: ±"]


def test_lines_for_no_file_go_to_the_console():
    written = StringIO()
    unbuffered(Console(file=written))("a line")
    assert written.getvalue() == "a line\n"
