"""The journal's actor on the real engine: it hears first, has what the recorder has, and holds entries when it must."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from actors.component import Watcher
from actors.journal import journal
from actors.journal.file import PATIENCE_MS
from actors.journal.journal import Journal
from actors.journal.reader import JournalReader
from actors.journal.store import JournalStore
from actors.messages import (
    Action,
    AlertRaised,
    EntryRequested,
    HandlerFailed,
    HoldEntries,
    OrderFilled,
    OrderIntended,
    OrderRole,
    ReleaseEntries,
    SignalDecided,
    Topic,
)
from strategies.orders import OrderMaker
from strategies.signal_strategy import SignalStrategy
from tests.integration.rig import AAPL, MSFT, SIDES, Onlooker, at, build, opening, session_bars, store_of
from tests.unit.journal_builders import ALL_TIME, RUN

AT_ONCE = ('backtest.fill="signal_close"',)  # as live: an order leaves in the call that decides on it
BARS = session_bars([100.0 + number / 10 for number in range(30)])


def watch_the_orders_that_leave(monkeypatch, path: Path) -> list[tuple[int, bool]]:
    """Return how many orders leave together, and whether the journal on the disk has their intents by then."""
    left = []

    def watched(send: Callable[..., None]) -> Callable[..., None]:
        def sending(strategy: SignalStrategy, orders) -> None:
            batch = orders if isinstance(orders, list) else [orders]
            with JournalReader(path) as reader:
                left.append((len(batch), all(reader.is_ours(order.client_order_id.value) for order in batch)))
            send(strategy, orders)

        return sending

    for name in ("submit_order", "submit_order_list"):
        monkeypatch.setattr(SignalStrategy, name, watched(getattr(SignalStrategy, name)))
    return left


def count_flushes(monkeypatch) -> list[list[str]]:
    """Return what is written together, once it is."""
    written, write = [], JournalStore.write_together

    def writing(store: JournalStore, messages) -> None:
        batch = list(messages)
        write(store, batch)
        written.append([type(message).__name__ for message, _ in batch])

    monkeypatch.setattr(JournalStore, "write_together", writing)
    return written


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JournalStore]:
    with JournalStore(tmp_path / "journal.sqlite") as store:
        store.begin_run(RUN)
        yield store


def journalled(store: JournalStore, tables: list[str], *onlookers: Watcher | Onlooker, overrides: tuple[str, ...] = ()):
    """Run the tables over both symbols with a journal; return the record and the ledger."""
    runs = []

    def latest():
        return runs[0].components.ledger.latest()

    catalog = store_of(store.path.parent / "catalog", AAPL=BARS, MSFT=BARS)
    runs.append(build(catalog, tables, overrides, (*onlookers, Journal(store, latest))))
    record = runs[0].run()
    runs[0].dispose()
    return record, runs[0].components.ledger


def disk(store: JournalStore, *, refuses: bool):
    """Return what an onlooker does to let every write fail with SQLite's own error, or succeed again."""
    return lambda *_: store._db.execute(f"PRAGMA query_only = {refuses}")


@SIDES
def test_the_journal_has_what_the_recorder_has(store, side):
    record, ledger = journalled(store, [opening(side, 5, 20, closing=(15,)), opening(side, 8, symbol=MSFT)])

    assert not record.errors
    assert store.decisions(*ALL_TIME) == record.decisions
    assert store.fills(*ALL_TIME) == record.fills
    assert store.stops(*ALL_TIME) == record.stops
    assert store.alerts(*ALL_TIME) == record.alerts
    assert {intent.client_order_id for intent in store.intents(*ALL_TIME)} == {o.client_order_id for o in record.orders}
    assert store.cash_usd() == ledger.account.cash_usd
    assert store.equity(*ALL_TIME) == list(record.equity)
    assert set(store.open_trips()) == {AAPL, MSFT}
    assert [len(store.open_trips()[symbol].fills) for symbol in (AAPL, MSFT)] == [1, 1]


@SIDES
def test_a_mark_is_written_once(store, side):
    journalled(store, [opening(side, 5, closing=(15,))])
    times = [ts for (ts,) in store._rows("SELECT ts FROM equity")]

    assert len(times) == len(set(times)) > 5


@SIDES
def test_law_11_an_order_is_in_the_journal_before_it_leaves(store, side, monkeypatch):
    left = watch_the_orders_that_leave(monkeypatch, store.path)
    journalled(store, [opening(side, 5, closing=(15,))], overrides=AT_ONCE)

    assert left == [(2, True), (1, True)]


@SIDES
def test_an_entry_is_one_flush_and_so_is_what_closes(store, side, monkeypatch):
    written = count_flushes(monkeypatch)
    journalled(store, [opening(side, 5, closing=(15,))], overrides=AT_ONCE)

    entry = written.index(["SignalDecided", "OrderIntended", "OrderIntended"])
    assert written[entry + 1][0] == "PositionReported"  # of the entry: it waits for company
    assert len(written[entry + 1]) > 1
    assert ["OrderIntended", "PositionReported"] in written
    assert sum("OrderIntended" in batch for batch in written) == 2


@SIDES
@pytest.mark.parametrize("place", [(SignalStrategy, "publish_message"), (OrderMaker, "entry_with_stop")])
def test_what_waits_for_a_message_that_never_comes_is_written_in_the_same_call(store, side, monkeypatch, place):
    """The order cannot be made, or what follows the decision cannot be told: the failure takes it along."""
    owner, name = place
    method = getattr(owner, name)

    def failing(self, *args):
        if name == "entry_with_stop" or isinstance(args[1], EntryRequested):
            raise ZeroDivisionError("a bug")
        return method(self, *args)

    monkeypatch.setattr(owner, name, failing)
    written = count_flushes(monkeypatch)
    record, _ = journalled(store, [opening(side, 5)])

    assert [error.error for error in record.errors] == ["ZeroDivisionError: a bug"]
    assert ["SignalDecided", "HandlerFailed"] in written
    assert store.decisions(*ALL_TIME) == record.decisions


def test_law_11_what_is_published_is_on_the_disk_when_publish_returns(store):
    found = []

    def publish(actor: Onlooker, bar) -> None:
        actor.publish_message(Topic.ALERTS, AlertRaised(bar.ts_init, "test", "info", ""))
        with JournalReader(store.path) as reader:
            found.extend(alert.code for alert in reader.alerts(*ALL_TIME))

    onlooker = Onlooker({3: publish})
    journalled(store, [opening(1)], onlooker)

    assert (found, onlooker.errors) == (["test"], [])


@SIDES
def test_law_13_entries_are_held_and_exits_go_on_while_the_disk_refuses(store, side):
    script = {10: disk(store, refuses=True), 20: disk(store, refuses=False)}
    onlooker = Onlooker(script)
    tables = [opening(side, 5, 25, closing=(15,)), opening(side, 17, 26, symbol=MSFT)]
    record, _ = journalled(store, tables, onlooker)
    by_action = [(decision.symbol, decision.action) for decision in record.decisions]
    alerts = [(alert.code, alert.severity) for alert in record.alerts]

    assert onlooker.errors == []
    assert record.trades[0].exit_time is not None
    assert by_action[1:3] == [(AAPL, Action.EXITED), (MSFT, Action.REFUSED)]
    assert [action for _, action in by_action[3:]] == [Action.ENTERED, Action.ENTERED]
    assert alerts == [("journal", "critical"), ("journal_restored", "warning")]
    assert "0 messages are lost" in record.alerts[1].text
    for kind, recorded in (
        (SignalDecided, record.decisions),
        (OrderFilled, record.fills),
        (AlertRaised, record.alerts),
    ):
        assert store.messages(kind, *ALL_TIME) == recorded
    assert [hold.source for hold in store.messages(HoldEntries, *ALL_TIME)] == ["journal"]
    assert [release.source for release in store.messages(ReleaseEntries, *ALL_TIME)] == ["journal"]
    assert not record.errors


def test_law_13_a_journal_that_is_gone_is_not_taken_for_a_disk_that_fails(store):
    """SQLite may say "disk I/O error" of a file that was moved: what helps is to put it back."""
    refuse = disk(store, refuses=True)

    def move_away(actor: Onlooker, bar) -> None:
        refuse(actor, bar)
        store.path.rename(store.path.with_name("elsewhere"))
        actor.publish_message(Topic.ALERTS, AlertRaised(bar.ts_init, "test", "info", "to be written"))

    record, _ = journalled(store, [opening(1)], Onlooker({10: move_away}))

    [text] = [alert.text for alert in record.alerts if alert.code == "journal"]
    assert "found none in its place; put it back if it was moved" in text


@SIDES
def test_law_13_what_the_memory_cannot_keep_is_counted(store, side, monkeypatch):
    monkeypatch.setattr(journal, "MAX_WAITING", 4)
    script = {10: disk(store, refuses=True), 20: disk(store, refuses=False)}
    record, _ = journalled(store, [opening(side, 5, 25, closing=(15,))], Onlooker(script))
    kept = sum(len(rows) for rows in (record.decisions, record.fills))
    lost = kept - len(store.decisions(*ALL_TIME)) - len(store.fills(*ALL_TIME))
    said = int(record.alerts[1].text.partition(";")[2].split()[0])

    assert said >= lost > 0


def test_law_13_a_message_that_can_never_be_written_keeps_back_no_other(store):
    poison = at(3, lambda ts: AlertRaised(2**70, "poison", "info", ""), Topic.ALERTS)
    record, _ = journalled(store, [opening(1, 5, closing=(15,))], poison)

    assert [error.component for error in record.errors] == ["Journal"]
    assert store.failures(*ALL_TIME) == record.errors
    assert store.fills(*ALL_TIME) == record.fills
    assert store.cash_usd() != Decimal(RUN.starting_cash_usd)


def unwritable(monkeypatch, *kinds: type, role: OrderRole | None = None) -> None:
    """Let messages of some kinds be of a kind that no journal can hold; of orders those of a role."""
    write = JournalStore._write

    def writing(store: JournalStore, message: object, wall_ns: int) -> None:
        if isinstance(message, kinds) and (role is None or message.role is role):
            raise OverflowError("too large")
        write(store, message, wall_ns)

    monkeypatch.setattr(JournalStore, "_write", writing)


@SIDES
@pytest.mark.parametrize("role", [OrderRole.ENTRY, OrderRole.STOP])
def test_law_11_an_entry_whose_intent_can_never_be_written_is_dropped(store, side, monkeypatch, role):
    unwritable(monkeypatch, OrderIntended, role=role)
    left = watch_the_orders_that_leave(monkeypatch, store.path)
    record, _ = journalled(store, [opening(side, 5)], overrides=AT_ONCE)

    assert left == []
    assert [alert.code for alert in record.alerts] == ["journal", "entry_dropped", "journal_restored"]
    assert "1 messages are lost" in record.alerts[2].text


@SIDES
def test_law_11_an_exit_leaves_though_its_intent_can_never_be_written(store, side, monkeypatch):
    unwritable(monkeypatch, OrderIntended, role=OrderRole.EXIT)
    record, _ = journalled(store, [opening(side, 5, closing=(15,))], overrides=AT_ONCE)

    assert record.trades[0].exit_time is not None
    assert record.alerts[0].code == "journal"


def test_law_13_a_failure_that_can_never_be_written_is_not_told_without_end(store, monkeypatch):
    unwritable(monkeypatch, HandlerFailed)
    poison = at(3, lambda ts: AlertRaised(2**70, "poison", "info", ""), Topic.ALERTS)
    record, _ = journalled(store, [opening(1, 5, closing=(15,))], poison)

    assert [error.component for error in record.errors] == ["Journal"]
    assert store.fills(*ALL_TIME) == record.fills
    [restored] = [alert for alert in record.alerts if alert.code == "journal_restored"]
    assert "2 messages are lost" in restored.text


def test_a_node_waits_for_a_locked_journal_shorter_than_an_operators_command(store):
    found = []
    onlooker = Onlooker({3: lambda *_: found.append(patience(store))})
    journalled(store, [opening(1)], onlooker)

    assert (found, patience(store)) == ([journal.NODE_PATIENCE_MS], PATIENCE_MS)
    assert journal.NODE_PATIENCE_MS < PATIENCE_MS


def patience(store: JournalStore) -> int:
    return store._rows("PRAGMA busy_timeout")[0][0]
