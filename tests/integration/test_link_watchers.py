"""The link, the book check and the data sentinel on the real engine's bus: what each makes of what was heard."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from actors.link.book_check import BookCheck
from actors.link.broker_link import BrokerLink
from actors.link.data_sentinel import DataSentinel
from actors.link.heard import Connected, Heard, Lost, Notice, OrderStreamEnded, PositionsHeard
from actors.messages import (
    AlertRaised,
    DataAgeChanged,
    FetchMissedBars,
    HoldEntries,
    LinkChanged,
    LockSymbol,
    OrderProgressed,
    ReleaseEntries,
    Side,
    StopNode,
    SubscribeAnew,
    Topic,
)
from catalog.nautilus_v2 import NOT_READY
from catalog.sessions import Sessions
from tests.integration.rig import AAPL, MONDAY, QUIET, SIDES, Onlooker, opening, run, session_bars, store_of

SETTLE_SECS = 10.0
KINDS = (AlertRaised, DataAgeChanged, FetchMissedBars, HoldEntries, LinkChanged, LockSymbol, ReleaseEntries, StopNode)
KINDS = (*KINDS, SubscribeAnew)


class Ear:
    """Tells at the n-th bar what a script says, and remembers what the components said."""

    def __init__(self, script: dict[int, list[Heard]]) -> None:
        self.heard: list[Heard] = []
        self.said: list[object] = []
        self.onlooker = Onlooker({bar: self._tells(told) for bar, told in script.items()}, name="Ear")

    def poll(self) -> list[Heard]:
        heard, self.heard[:] = list(self.heard), []
        return heard

    def _tells(self, told: list[Heard]):
        return lambda _actor, _bar: self.heard.extend(told)

    def listen(self, *topics: Topic) -> Onlooker:
        def subscribe(actor, _bar) -> None:
            for topic in topics:
                actor.subscribe_topic(topic, self._note)

        return Onlooker({1: subscribe}, name="Notes")

    def _note(self, message: object) -> None:
        if isinstance(message, KINDS):
            self.said.append(message)

    def all_of(self, kind: type) -> list:
        return [message for message in self.said if isinstance(message, kind)]

    def codes(self) -> list[str]:
        return [alert.code for alert in self.all_of(AlertRaised)]


def play(tmp_path, ear: Ear, tables: Sequence[str], *watchers, bars: int = 12, onlookers: Sequence[Onlooker] = ()):
    notes = ear.listen(Topic.COMMANDS, Topic.LINK, Topic.ALERTS, Topic.DATA)
    store = store_of(tmp_path, AAPL=session_bars([100.0] * bars))
    record = run(store, tables, QUIET, (notes, *watchers, ear.onlooker, *onlookers))
    assert record.errors == []
    return record


def words(ear: Ear) -> list[str]:
    """Return what was said in short: commands by name and source, states, codes."""
    short = []
    for message in ear.said:
        match message:
            case HoldEntries(source=source) | ReleaseEntries(source=source):
                short.append(f"{type(message).__name__} {source}")
            case LinkChanged(state=state):
                short.append(f"LinkChanged {state}")
            case AlertRaised(code=code):
                short.append(code)
            case _:
                short.append(type(message).__name__)
    return short


def test_an_outage_holds_first_and_releases_last(tmp_path):
    ear = Ear({2: [Connected()], 4: [Lost("reset")], 6: [Connected()]})
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS))

    assert words(ear) == [
        "HoldEntries link",
        "LinkChanged down",
        "link_lost",
        "HoldEntries link",
        "LinkChanged degraded",
        "FetchMissedBars",
        "LinkChanged up",
        "ReleaseEntries link",
        "link_back",
    ]


def test_no_entry_leaves_while_the_link_is_down_and_the_next_signal_after_it_does(tmp_path):
    ear = Ear({2: [Connected()], 4: [Lost("reset")], 7: [Connected()]})
    record = play(tmp_path, ear, [opening(Side.LONG, 6, 10)], BrokerLink(ear.poll, SETTLE_SECS))

    assert [(decision.reason, decision.quantity > 0) for decision in record.decisions] == [
        ("not_ready", False),
        ("signal", True),
    ]
    assert "link: reset" in record.decisions[0].detail


def test_a_broken_farm_holds_entries_and_its_return_fetches_what_was_missed(tmp_path):
    ear = Ear({2: [Connected()], 4: [Notice(2103, "broken:usfarm")], 6: [Notice(2104, "OK:usfarm")]})
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS))

    assert words(ear) == ["HoldEntries farm", "farm_down", "FetchMissedBars", "ReleaseEntries farm", "farm_back"]


def test_lost_data_subscribes_anew_once_the_link_is_up(tmp_path):
    ear = Ear({2: [Connected()], 4: [Notice(1100, "lost")], 6: [Notice(1101, "restored, data lost")]})
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS))

    assert words(ear).count("SubscribeAnew") == 1
    assert words(ear).index("LinkChanged up") < words(ear).index("SubscribeAnew")


def test_a_dead_order_stream_ends_the_node_with_exit_code_4(tmp_path):
    ear = Ear({2: [Connected()], 4: [OrderStreamEnded("it ended")]})
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS))

    assert [stop.exit_code for stop in ear.all_of(StopNode)] == [4]
    assert words(ear)[0] == "HoldEntries link"
    assert ear.codes() == ["order_stream_dead"]
    assert ear.all_of(ReleaseEntries) == []


@pytest.mark.parametrize("reason", [f"{NOT_READY}: not ready", "client is not ready; refusing to modify order"])
def test_a_refusal_of_the_adapter_that_nothing_explains_ends_the_node(tmp_path, reason):
    ear = Ear({2: [Connected()]})
    refused = OrderProgressed(0, AAPL, "O-1", "", "denied", reason)
    teller = Onlooker({5: lambda actor, _: actor.publish_message(Topic.ORDER_STATES, refused)}, name="Adapter")
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS), onlookers=[teller])

    assert [stop.exit_code for stop in ear.all_of(StopNode)] == [4]


@SIDES
def test_books_that_agree_let_the_link_up_at_once(tmp_path, side):
    held = PositionsHeard({AAPL: Decimal(100 * side)})
    ear = Ear({4: [Connected()], 6: [Lost("reset")], 8: [Connected(), held]})
    check = BookCheck([AAPL])
    play(tmp_path, ear, [opening(side, 2)], BrokerLink(ear.poll, 3_600.0), check)

    assert ear.codes() == ["link_lost", "link_back"]
    assert check.agreed_ns > 0


@SIDES
def test_what_somebody_else_bought_locks_the_symbol_once(tmp_path, side):
    """A fraction of a share tells a stranger's trade from an engine that lags."""
    held = [PositionsHeard({AAPL: Decimal(100 * side) + Decimal("0.5")})]
    ear = Ear(dict.fromkeys(range(5, 11), held))
    play(tmp_path, ear, [opening(side, 2)], BrokerLink(ear.poll, SETTLE_SECS), BookCheck([AAPL]))

    assert [lock.symbol for lock in ear.all_of(LockSymbol)] == [AAPL]
    assert ear.codes() == ["position_break"]
    assert ear.all_of(StopNode) == []
    assert [hold.source for hold in ear.all_of(HoldEntries)] == ["book"]


@SIDES
def test_an_engine_that_does_not_follow_the_broker_ends_the_node_and_never_trades(tmp_path, side):
    ear = Ear({bar: [PositionsHeard({})] for bar in range(5, 11)})
    record = play(tmp_path, ear, [opening(side, 2)], BrokerLink(ear.poll, SETTLE_SECS), BookCheck([AAPL]))

    assert [stop.exit_code for stop in ear.all_of(StopNode)] == [4]
    assert ear.codes() == ["engine_behind"]
    assert len(record.fills) == 1


def test_a_difference_that_ends_is_released(tmp_path):
    ear = Ear({3: [PositionsHeard({AAPL: Decimal(5)})], 5: [PositionsHeard({})]})
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS), BookCheck([AAPL]))

    assert words(ear) == ["HoldEntries book", "ReleaseEntries book"]


def test_positions_that_are_not_ours_are_told_once_and_left_alone(tmp_path):
    other = PositionsHeard({}, {"NVDA STK": Decimal(5)})
    ear = Ear({3: [other], 5: [other]})
    play(tmp_path, ear, [opening(Side.LONG, 99)], BrokerLink(ear.poll, SETTLE_SECS), BookCheck([AAPL]))

    assert words(ear) == ["other_positions"]


def gap(tmp_path, table: str, minutes: tuple[int, ...]) -> Ear:
    """Run the minutes of a session, some of which are not there, before a sentinel."""
    ear = Ear({})
    frame = session_bars([100.0] * max(minutes), MONDAY)
    store = store_of(tmp_path, AAPL=frame.iloc[[minute - 1 for minute in minutes]])
    sentinel = DataSentinel({AAPL: f"{AAPL}-1-MINUTE-LAST-EXTERNAL"}, "1-MINUTE", Sessions())
    notes = ear.listen(Topic.COMMANDS, Topic.ALERTS, Topic.DATA)
    record = run(store, [table], QUIET, (notes, sentinel))
    assert record.errors == []
    return ear


@pytest.mark.parametrize(("entry", "code"), [(99, "data_stale"), (2, "data_stale_held")])
def test_overdue_bars_hold_the_entries_until_one_comes(tmp_path, entry, code):
    ear = gap(tmp_path, opening(Side.LONG, entry), (1, 2, 3, 4, 8, 9, 10))

    assert ear.codes() == [code, "data_fresh"]
    assert [(hold.source, hold.symbol) for hold in ear.all_of(HoldEntries)] == [("data", AAPL)]
    assert [(release.source, release.symbol) for release in ear.all_of(ReleaseEntries)] == [("data", AAPL)]
    stale, fresh = ear.all_of(DataAgeChanged)
    assert stale.is_stale
    assert 160 < stale.age_secs < 162
    assert (fresh.is_stale, round(fresh.age_secs)) == (False, 240)
    assert ear.all_of(SubscribeAnew) == []


def test_bars_that_stay_away_are_subscribed_to_anew(tmp_path):
    ear = gap(tmp_path, opening(Side.LONG, 99), (1, 2, 3, 4, 14, 15))

    [anew] = ear.all_of(SubscribeAnew)
    assert anew.symbol == AAPL


def test_a_minute_or_two_without_a_bar_is_nothing(tmp_path):
    assert gap(tmp_path, opening(Side.LONG, 99), (1, 2, 4, 6, 7)).said == []
