"""Whatever is written into the journal comes back as it was, and any beginning of a session tells what was open."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import get_args, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.journal.reader import JournalReader
from actors.journal.schema import KINDS
from actors.journal.store import JournalStore
from actors.messages import EquityMarked, OrderFilled, OrderIntended, PositionReported, Side
from actors.report.records import EquityPoint
from tests.unit.journal_builders import AAPL, ALL_TIME, RUN, TripTeller

FEW = settings(max_examples=60)  # each one makes a file and flushes every message
PLAIN = {
    Decimal: st.decimals(Decimal(-(10**9)), Decimal(10**9), places=6),
    int: st.integers(0, 10**6),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    float: st.floats(allow_nan=False),
    date: st.dates(),
}


def any_value(hint: type) -> st.SearchStrategy:
    if NoneType in get_args(hint):
        return st.none() | any_value(next(part for part in get_args(hint) if part is not NoneType))
    return PLAIN[hint] if hint in PLAIN else st.from_type(hint)


def any_of(kind: type) -> st.SearchStrategy:
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: any_value(hints[field.name]) for field in fields(kind)})


def in_journal(messages: list[object]) -> dict[type, list[object]]:
    """Return what of each kind is there, as a list in the order of writing."""
    told = {kind: [message for message in messages if type(message) is kind] for kind in KINDS}
    fills = {}
    for fill in told[OrderFilled]:
        fills.setdefault((fill.client_order_id, fill.trade_id), fill)
    marks = [message for message in messages if isinstance(message, EquityMarked | EquityPoint)]
    points = [EquityPoint(mark.ts, mark.equity_usd, mark.cash_usd, mark.gross_exposure_usd) for mark in marks]
    return told | {OrderFilled: list(fills.values()), EquityPoint: points}


@FEW
@given(st.lists(st.one_of([any_of(kind) for kind in KINDS]), max_size=20))
def test_what_is_written_is_read_as_it_was_by_anybody(messages):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        with JournalStore(path) as store, JournalReader(path) as reader:
            store.begin_run(RUN)
            for number, message in enumerate(messages):
                store.write(message, number)
            expected = in_journal(messages)
            paid = sum(f.side * f.quantity * f.price + f.commission_usd for f in expected[OrderFilled])

            assert {kind: reader.messages(kind, *ALL_TIME) for kind in KINDS} == expected
            assert reader.cash_usd() == RUN.starting_cash_usd - paid


def is_open(messages: list[object]) -> bool:
    """Whether an order was sent, and not all of its round trip has ended: said of the last one among the messages."""
    sent = [message for message in messages if isinstance(message, OrderIntended)]
    flat = [m.decision_id for m in messages if isinstance(m, PositionReported) and m.is_flat]
    return bool(sent) and sent[-1].decision_id not in flat


@FEW
@given(
    st.lists(st.tuples(st.sampled_from([AAPL, "MSFT.NASDAQ"]), st.sampled_from(Side)), min_size=1, max_size=4),
    st.data(),
)
def test_wherever_a_session_is_cut_what_was_open_is_known(trips, data):
    """The messages of the symbols come mixed in any way, those of one symbol in their order."""
    queues = {}
    for number, (symbol, side) in enumerate(trips, start=1):
        queues.setdefault(symbol, []).extend(TripTeller(side, number, symbol).whole_trip())
    turns = data.draw(st.permutations([symbol for symbol, queue in queues.items() for _ in queue]))
    mixed = [queues[symbol].pop(0) for symbol in turns]
    mixed = mixed[: data.draw(st.integers(0, len(mixed)))]
    with TemporaryDirectory() as folder, JournalStore(Path(folder) / "journal.sqlite") as store:
        for number, message in enumerate(mixed):
            store.write(message, number)
        told = {symbol: [message for message in mixed if message.symbol == symbol] for symbol in queues}

        assert set(store.open_trips()) == {symbol for symbol, messages in told.items() if is_open(messages)}
        for symbol, trip in store.open_trips().items():
            own = [m for m in told[symbol] if getattr(m, "decision_id", "") == trip.decision_id]
            assert trip.intents == [message for message in own if isinstance(message, OrderIntended)]
            assert trip.fills == [message for message in own if isinstance(message, OrderFilled)]
