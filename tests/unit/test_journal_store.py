"""What the journal remembers: round trips, cash, latches, rows."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from actors.journal.file import JournalError
from actors.journal.reader import JournalReader, LossLatch
from actors.journal.store import AnothersJournal, JournalStore
from actors.messages import (
    EquityMarked,
    ExitReason,
    Flatten,
    Halt,
    HoldEntries,
    LockSymbol,
    LossBaselineSet,
    LossLimitHit,
    OrderRole,
    ReleaseEntries,
    Side,
    StopMoved,
)
from actors.report.records import EquityPoint, StopPoint
from tests.unit.journal_builders import AAPL, ALL_TIME, RUN, SHARES, TripTeller, write

SIDES = pytest.mark.parametrize("side", list(Side))
ENTRY, STOP, EXIT = OrderRole.ENTRY, OrderRole.STOP, OrderRole.EXIT
MONDAY = date(2026, 11, 23)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[JournalStore]:
    with JournalStore(path) as store:
        store.begin_run(RUN)
        yield store


# -- Round trips --------------------------------------------------------------------------------


@SIDES
def test_a_round_trip_is_open_until_its_owner_calls_it_flat(store, side):
    *messages, flat = TripTeller(side).whole_trip()
    opened = []
    for message in messages:
        write(store, message)
        opened.append(store.open_trip(AAPL) is not None)
    write(store, flat)

    assert opened == [False] + [True] * 12  # the decision alone sends nothing; an intent with nothing after it counts
    assert store.open_trip(AAPL) is None
    assert store.open_trips() == {}
    assert store.last_trip(AAPL).is_over


@SIDES
def test_an_open_round_trip_is_told_with_all_that_a_restart_needs(store, side):
    teller = TripTeller(side, 7)
    messages = list(teller.whole_trip())[:9]
    write(store, *messages)
    trip = store.open_trips()[AAPL]

    assert (trip.symbol, trip.decision_id, trip.strategy) == (AAPL, f"{AAPL}-000007", "rule")
    assert trip.entry_ts == messages[1].ts
    assert trip.intents == messages[1:3]
    assert trip.fills == [messages[4]]
    assert trip.ended == {teller.id(ENTRY)}  # filled
    assert (trip.stop_trigger, trip.stop_quantity, trip.was_raised) == (teller.price("-3"), SHARES, True)
    assert trip.exit_reason is ExitReason.SIGNAL
    assert store.is_ours(teller.id(STOP))
    assert not store.is_ours("PERM-1")
    assert store.order_roles(AAPL) == {teller.id(ENTRY): ENTRY, teller.id(STOP): STOP}
    assert store.order_roles("MSFT.NASDAQ") == {}


@SIDES
@pytest.mark.parametrize("status", ["canceled", "rejected", "denied", "expired"])
def test_an_order_that_the_broker_ended_is_known_as_ended(store, side, status):
    teller = TripTeller(side)
    write(store, teller.intent(ENTRY), teller.intent(STOP, "-5"), teller.state(ENTRY, "accepted"))
    assert store.open_trip(AAPL).ended == set()
    write(store, teller.state(ENTRY, status), teller.state(STOP, status))
    trip = store.open_trip(AAPL)

    assert trip.ended == {teller.id(ENTRY), teller.id(STOP)}
    assert (trip.stop_trigger, trip.stop_quantity) == (teller.price("-5"), 0)  # meant to rest there


@SIDES
def test_the_open_shares_of_a_stop_are_those_last_told_less_its_fills_since(store, side):
    teller = TripTeller(side)
    write(store, teller.intent(ENTRY), teller.intent(STOP, "-5"), teller.fill(ENTRY, 60, 60), teller.stop("-5"))
    assert store.open_trip(AAPL).stop_quantity == SHARES
    write(store, teller.state(ENTRY, "canceled"), teller.stop("-5", 60), teller.fill(STOP, 20, 40, "-5"))
    assert store.open_trip(AAPL).stop_quantity == 20
    write(store, teller.stop("-4", 20, is_raise=True))
    assert store.open_trip(AAPL).stop_quantity == 20
    write(store, teller.fill(STOP, 0, 20, "-4"))

    assert store.open_trip(AAPL).stop_quantity == 0
    assert store.open_trip(AAPL).ended == {teller.id(ENTRY), teller.id(STOP)}


@SIDES
def test_a_stop_put_back_is_the_stop_that_counts(store, side):
    teller = TripTeller(side)
    write(store, teller.intent(ENTRY), teller.intent(STOP, "-5"), teller.fill(ENTRY, SHARES))
    write(store, teller.stop("-4", is_raise=True), teller.stop(None, 0))
    assert (store.open_trip(AAPL).stop_trigger, store.open_trip(AAPL).stop_quantity) == (teller.price("-4"), 0)
    write(store, teller.intent(STOP, "-4", "O-again"))
    trip = store.open_trip(AAPL)

    assert (trip.stop_trigger, trip.stop_quantity, trip.was_raised) == (teller.price("-4"), SHARES, True)
    assert trip.ended == {teller.id(ENTRY), teller.id(STOP)}


@SIDES
def test_a_fill_after_the_end_opens_the_round_trip_again(store, side):
    teller = TripTeller(side)
    write(store, *teller.whole_trip(), teller.fill(STOP, -SHARES))
    assert store.open_trip(AAPL).fills[-1].position_after == -SHARES * side
    write(store, teller.intent(EXIT, order_id="O-again"), teller.report(0))

    assert store.open_trip(AAPL) is None


@SIDES
def test_a_report_of_no_round_trip_neither_ends_nor_opens_one(store, side):
    over, under_way = TripTeller(side), TripTeller(side, 1, "MSFT.NASDAQ")
    nothing = replace(over.report(0), decision_id="")
    write(store, *over.whole_trip(), nothing, *list(under_way.whole_trip())[:7], replace(nothing, symbol="MSFT.NASDAQ"))

    assert list(store.open_trips()) == ["MSFT.NASDAQ"]


def test_the_next_round_trip_of_a_symbol_takes_the_place_of_the_last(store):
    write(store, *TripTeller(Side.LONG, 1).whole_trip(), *list(TripTeller(Side.SHORT, 2).whole_trip())[:3])

    assert store.open_trip(AAPL).decision_id == f"{AAPL}-000002"
    assert store.last_trip("IBM.NYSE") is None


def test_decisions_are_counted_by_symbol_also_those_that_only_an_order_tells(store):
    write(store, TripTeller(Side.LONG, 999_999).decision(), TripTeller(Side.LONG, 1_000_001).intent(ENTRY))
    write(store, TripTeller(Side.LONG, 3, "AAPL.NASDAQ-B").decision())

    assert [store.decision_count(symbol) for symbol in (AAPL, "AAPL.NASDAQ-B", "IBM.NYSE")] == [1_000_001, 3, 0]


# -- Cash ---------------------------------------------------------------------------------------


@SIDES
def test_cash_follows_fills_and_adjustments_over_runs(path, store, side):
    write(store, *TripTeller(side).whole_trip())
    store.adjust_cash(Decimal("-0.005"), 6, "interest")
    store.close()
    with JournalStore(path) as later:
        later.begin_run(replace(RUN, starting_cash_usd=Decimal(7)))

        assert later.cash_usd() == 100_000 + 2 * SHARES - 2 - Decimal("0.005")


@SIDES
def test_a_fill_told_twice_is_one_row_and_paid_once(store, side):
    fill = TripTeller(side).fill(ENTRY, SHARES)  # of an order that was never written
    write(store, fill, fill, replace(fill, trade_id="T-2", quantity=1))

    assert [known.quantity for known in store.fills(*ALL_TIME)] == [SHARES, 1]
    assert store.cash_usd() == 100_000 - side * (SHARES + 1) * 100 - 2


def test_cash_is_unknown_before_the_first_run_and_cannot_be_adjusted(path):
    with JournalStore(path) as store:
        write(store, TripTeller(Side.LONG).fill(ENTRY, SHARES))

        assert store.cash_usd() is None
        with pytest.raises(JournalError, match="expected a run begun before cash is adjusted, found none"):
            store.adjust_cash(Decimal(1), 6, "deposit")


# -- Latches and commands -----------------------------------------------------------------------


def test_the_loss_latch_is_that_of_the_latest_session(store):
    assert store.loss_latch() is None
    write(store, LossBaselineSet(1, MONDAY, Decimal(1000)))
    assert store.loss_latch() == LossLatch(MONDAY, Decimal(1000), Decimal(1000))
    write(store, EquityMarked(2, MONDAY, Decimal(900), Decimal(1), Decimal(2)))
    write(store, EquityPoint(1, Decimal(800), Decimal(1), Decimal(2)))  # written last, whatever its time
    write(store, LossLimitHit(3, MONDAY, Decimal(-200), Decimal(150), Decimal(1000)))
    assert store.loss_latch() == LossLatch(MONDAY, Decimal(1000), Decimal(800), "-200 USD <= -150 USD")
    tuesday = date(2026, 11, 24)
    write(store, LossBaselineSet(4, tuesday, Decimal(800)))

    assert store.loss_latch() == LossLatch(tuesday, Decimal(800), Decimal(800))


def test_a_lock_holds_over_runs_until_it_is_cleared(path, store):
    write(store, LockSymbol(1, AAPL, "foreign"), LockSymbol(2, "IBM.NYSE", "break"), LockSymbol(3, AAPL, "again"))
    with JournalStore(path) as later:
        later.begin_run(RUN)
        assert later.locks() == {AAPL: "again", "IBM.NYSE": "break"}
        assert later.unlock(AAPL, 9)
        assert not later.unlock(AAPL, 10)

        assert later.locks() == {"IBM.NYSE": "break"}


def test_commands_tell_whose_they_are(path, store):
    operators = [
        Halt(1, None, ExitReason.OPERATOR, ""),
        Flatten(2, ExitReason.OPERATOR, "", AAPL),
        HoldEntries(3, "operator", ""),
        ReleaseEntries(4, "operator"),
        HoldEntries(9, "halt_file", ""),
    ]
    components = [
        Halt(5, MONDAY, ExitReason.LOSS_LIMIT, ""),
        LockSymbol(6, AAPL, ""),
        HoldEntries(7, "link", "down"),
        ReleaseEntries(8, "link"),
    ]
    write(store, *operators, *components)
    with sqlite3.connect(path) as other:
        rows = other.execute("SELECT source, kind, holder FROM commands ORDER BY seq").fetchall()
    other.close()

    assert [row[0] for row in rows] == ["operator"] * 5 + ["component"] * 4
    assert rows[7] == ("component", "HoldEntries", "link")
    assert store.messages(Halt, *ALL_TIME) == [operators[0], components[0]]


# -- Rows ---------------------------------------------------------------------------------------


def test_runs_are_told_with_their_end_and_every_row_with_its_run_and_time(path, store):
    first = store.runs()[0].run_id
    store.end_run(first, 8, 5, "loss limit")
    second = store.begin_run(replace(RUN, started_ns=9))
    store.write(TripTeller(Side.LONG).decision(), wall_ns=77)
    ended, under_way = store.runs()

    assert (ended.run_id, ended.info, ended.ended_ns, ended.exit_code, ended.reason) == (first, RUN, 8, 5, "loss limit")
    assert (under_way.run_id, under_way.info.started_ns, under_way.ended_ns) == (second, 9, None)
    with JournalReader(path) as reader:
        assert reader._rows("SELECT run_id, wall_ns FROM decisions") == [(second, 77)]


def test_another_account_has_no_place_in_the_journal(store):
    for other in (replace(RUN, account="U7654321"), replace(RUN, mode="live")):
        found = f"{other.mode} {other.account}"
        with pytest.raises(AnothersJournal, match=f"expected runs of paper DU1234567, found {found}"):
            store.begin_run(other)


def test_windows_are_of_event_time_with_both_ends(store):
    messages = list(TripTeller(Side.LONG).whole_trip())
    write(store, *messages)
    fill, exit_fill = store.fills(*ALL_TIME)
    moves = [message for message in messages if isinstance(message, StopMoved)]

    assert store.fills(fill.ts, fill.ts) == [fill]
    assert store.fills(fill.ts + 1, exit_fill.ts) == [exit_fill]
    assert store.fills(fill.ts + 1, exit_fill.ts - 1) == []
    assert len(store.intents(*ALL_TIME)) == 3
    assert [state.status for state in store.progress(*ALL_TIME)] == ["submitted", "canceled"]
    assert store.decisions(*ALL_TIME) == messages[:1]
    assert store.stops(*ALL_TIME) == [StopPoint(move.ts, move.symbol, move.trigger) for move in moves]


def test_equity_is_told_in_order_of_time_once_a_moment(store):
    points = [EquityPoint(ts, Decimal(usd), Decimal(1), Decimal(2)) for ts, usd in ((2, 10), (1, 11), (2, 12))]
    write(store, *points, EquityMarked(3, MONDAY, Decimal(13), Decimal(1), Decimal(2)))

    assert [(point.ts, point.equity_usd) for point in store.equity(*ALL_TIME)] == [(1, 11), (2, 12), (3, 13)]


def test_rows_are_numbered_over_all_tables_and_writers(path, store):
    teller = TripTeller(Side.LONG)
    with JournalStore(path) as other:
        write(store, teller.decision())
        write(other, LockSymbol(1, AAPL, ""))
        write(store, teller.intent(ENTRY))
    tables = ("decisions", "commands", "orders")

    found = [store._rows(f"SELECT seq, run_id FROM {table}") for table in tables]  # noqa: S608
    assert found == [[(1, 1)], [(2, 1)], [(3, 1)]]


def test_the_loss_latch_takes_cash_that_came_or_went_for_no_profit_and_no_loss(store):
    write(store, LossBaselineSet(1, MONDAY, Decimal(1000)), EquityPoint(2, Decimal(900), Decimal(900), Decimal(0)))
    store.adjust_cash(Decimal(50), 3, "a deposit")
    assert store.loss_latch() == LossLatch(MONDAY, Decimal(1050), Decimal(950))
    write(store, EquityPoint(4, Decimal(940), Decimal(940), Decimal(0)))
    store.adjust_cash(Decimal(-500), 5, "a withdrawal")
    assert store.loss_latch() == LossLatch(MONDAY, Decimal(550), Decimal(440))
