"""The journal's actor on the real engine: it hears first, has what the recorder has, and holds entries when it must."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from actors import journal
from actors.component import Watcher
from actors.journal import Journal
from actors.journal_reader import JournalReader
from actors.journal_store import JournalStore
from actors.messages import (
    Action,
    AlertRaised,
    HoldEntries,
    OrderFilled,
    OrderIntended,
    ReleaseEntries,
    SignalDecided,
    Topic,
)
from tests.integration.rig import AAPL, MSFT, SIDES, Onlooker, at, build, opening, session_bars, store_of
from tests.unit.journal_builders import ALL_TIME, RUN

BARS = session_bars([100.0 + number / 10 for number in range(30)])


class AnyListener(Watcher):  # by name and by its start before the journal
    """Looks into the journal with eyes of its own whenever an order is intended."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.found: list[bool] = []

    def on_start(self) -> None:
        self.listen(Topic.ORDERS, self.on_order)

    def on_order(self, intent: OrderIntended) -> None:
        with JournalReader(self._path) as reader:
            self.found.append(reader.is_ours(intent.client_order_id))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JournalStore]:
    with JournalStore(tmp_path / "journal.sqlite") as store:
        store.begin_run(RUN)
        yield store


def journalled(store: JournalStore, tables: list[str], *onlookers: Watcher | Onlooker):
    """Run the tables over both symbols with a journal; return the record and the ledger."""
    runs = []

    def latest():
        return runs[0].components.ledger.latest()

    catalog = store_of(store.path.parent / "catalog", AAPL=BARS, MSFT=BARS)
    runs.append(build(catalog, tables, onlookers=(*onlookers, Journal(store, latest))))
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
def test_law_11_the_intent_is_on_the_disk_before_anybody_else_hears_of_it(store, side):
    listener = AnyListener(store.path)
    journalled(store, [opening(side, 5, closing=(15,))], listener)

    assert listener.found == [True] * 3


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
