"""The record of a session whose program was killed: what the journal has, and what it cannot have."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from actors.journal.reader import JournalReader
from actors.journal.store import JournalStore
from actors.messages import Action, OrderRole, SignalDecided
from actors.report.reports import summarise
from config.live_report.record import live_record
from config.live_report.window import report_window
from tests.integration.live_session import FACTS, FIRST, LAST, SESSIONS, SETTINGS, Journalled
from tests.integration.rig import AAPL, SIDES
from tests.unit.journal_builders import RUN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JournalStore]:
    with JournalStore(tmp_path / "journal.sqlite") as store:
        store.begin_run(RUN)
        yield store


@SIDES
def test_an_order_is_as_far_as_the_journal_knows_it(store, side):
    told = Journalled(store, side)
    told.intent(OrderRole.ENTRY)
    told.intent(OrderRole.STOP)
    told.intent(OrderRole.EXIT)
    told.state(OrderRole.ENTRY, "submitted")
    told.state(OrderRole.STOP, "accepted")
    assert [order.status for order in told.record().orders] == ["SUBMITTED", "ACCEPTED", "UNKNOWN"]

    told.fill(OrderRole.ENTRY, 60, held=60)
    told.state(OrderRole.STOP, "modifyrejected", "too late")
    assert [(order.status, order.reason) for order in told.record().orders[:2]] == [
        ("PARTIALLY_FILLED", ""),
        ("ACCEPTED", "too late"),
    ]

    told.state(OrderRole.ENTRY, "canceled", "timeout")
    told.move(Decimal(100 - 5 * side), 60)
    told.fill(OrderRole.STOP, 60, held=0)
    assert [order.status for order in told.record().orders[:2]] == ["CANCELED", "PARTIALLY_FILLED"]

    told.move(None, 0)
    orders = told.record().orders
    assert [(order.status, order.filled, order.reason) for order in orders[:2]] == [
        ("CANCELED", 60, "timeout"),
        ("FILLED", 60, ""),
    ]
    assert orders[1].average_price == 100


@SIDES
def test_an_open_position_is_not_marked_at_a_close_before_its_fill(store, side):
    told = Journalled(store, side)
    store.write(SignalDecided(told.decision_id, FIRST, AAPL, "rule", side, Decimal(90), Action.ENTERED, 100, "", ""), 1)
    told.intent(OrderRole.ENTRY)
    told.fill(OrderRole.ENTRY, 100, held=100)

    assert told.record().trades[0].exit_price == 101


@SIDES
def test_fills_that_no_mark_followed_are_in_the_ending_equity(store, side):
    told = Journalled(store, side)
    told.intent(OrderRole.ENTRY)
    told.fill(OrderRole.ENTRY, 100, held=100)
    told.mark(99_999, 99_999 - side * 10_000, 10_000)
    told.fill(OrderRole.EXIT, 40, held=60, price=100 + side)
    partly = told.record()
    assert partly.equity[-1].cash_usd == 99_999 - side * 10_000 + side * 40 * (100 + side) - 1

    told.fill(OrderRole.EXIT, 60, held=0, price=100 + side)
    record = told.record()
    expected = 100_000 - 3 + 100
    assert [point.equity_usd for point in record.equity] == [99_999, expected]
    assert record.equity[-1].gross_exposure_usd == 0
    assert summarise(record)["net_pnl_usd"] == float(record.trades[0].net_pnl_usd) == 97.0


@SIDES
def test_a_session_killed_before_its_last_mark_begins_the_next_one_right(store, side):
    told = Journalled(store, side)
    told.intent(OrderRole.ENTRY)
    told.fill(OrderRole.ENTRY, 100, held=100)
    told.mark(99_999, 99_999 - side * 10_000, 10_000)
    told.fill(OrderRole.EXIT, 100, held=0, price=100 + side)
    with JournalReader(store.path) as reader:
        record = live_record(reader, SETTINGS, report_window(SESSIONS, [LAST + 86_400 * 10**9]), "paper", FACTS)

    assert record.starting_equity_usd == 100_000 - 2 + 100


@SIDES
def test_a_round_trip_without_its_entry_is_an_error_not_a_trade_of_the_other_side(store, side):
    told = Journalled(store, side)
    told.fill(OrderRole.EXIT, 100, held=0)
    record = told.record()

    assert record.trades == []
    assert len(record.fills) == 1
    assert record.errors == [f"The journal lacks the entry of {AAPL}-000001: its fills are told, it is not a trade."]


@SIDES
def test_a_position_that_went_without_a_fill_does_not_swallow_the_next_trade(store, side):
    told = Journalled(store, side)
    told.intent(OrderRole.ENTRY)
    told.fill(OrderRole.ENTRY, 100, held=100)
    told.decision_id = f"{AAPL}-000002"
    told.intent(OrderRole.ENTRY)
    told.fill(OrderRole.ENTRY, 50, held=50)
    told.fill(OrderRole.EXIT, 50, held=0, price=101)

    assert [(trade.quantity, trade.is_open) for trade in told.record().trades] == [(50, False), (100, True)]
