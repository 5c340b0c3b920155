"""An owner, live, whose broker says nothing, or the wrong thing: its clock is played by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from actors.messages import AlertRaised, LockSymbol, OrderRole, PositionReported, Side, StopNode
from strategies.command_lane import CommandLane
from strategies.holding import Holding, Phase
from strategies.memory import Memory
from strategies.order_changes import ANSWERS
from strategies.position_owner import PositionOwner
from strategies.retries import FIRST, LAST, Retries
from strategies.signal_strategy import SignalStrategy
from tests.integration import desk
from tests.integration.desk import ENTER, HOLD, Desk
from tests.integration.rig import QUIET, SIDES, setup_of

SECOND_NS = 10**9


class HandClock:
    """A clock that stands until it is moved, and the timers that were set."""

    def __init__(self) -> None:
        self.secs, self.timers, self.delays = 0, {}, []

    def timestamp_ns(self) -> int:
        return self.secs * SECOND_NS

    def utc_now(self) -> datetime:
        return datetime.fromtimestamp(self.secs, UTC)

    def set_timer(self, name: str, _every: timedelta, callback) -> None:
        self.timers[name] = callback

    def set_time_alert(self, _name: str, at: datetime, callback) -> None:
        self.delays.append(at - self.utc_now())


class HandStrategy(SignalStrategy):
    """A strategy without a node: it remembers what it says."""

    clock = property(lambda self: self.hands)
    cache = property(lambda self: self.known)

    def publish_message(self, _topic, message) -> None:
        self.said.append(message)

    def subscribe_topic(self, _topic, _handler) -> None:
        pass


class LiveDesk(Desk):
    """A desk whose owner watches for answers, on a lane that may be shared."""

    def __init__(self, side: Side, lane: CommandLane, clock: HandClock) -> None:
        super().__init__(side)
        self.clock = clock
        self.owner = PositionOwner(self, replace(setup_of(QUIET), is_live=True), lane)
        self.owner.start(desk.make_equity(desk.AAPL))
        self.owner.market = self.market
        self._look = clock.timers["answers"]

    def subscribe_topic(self, _topic, handler) -> None:
        self.hears_data_age = handler

    def _hears(self, kind: str, number: str, **own: str) -> None:
        super()._hears(kind, number, **own)
        if getattr(desk.nm, f"Order{kind}") in ANSWERS:  # as the strategy does
            self.owner.changes.answered(f"O-{number}")

    def waits(self, secs: int) -> None:
        for _ in range(secs):
            self.clock.secs += 1
            self._look(SimpleNamespace(ts_event=self.clock.timestamp_ns()))


@pytest.fixture
def lane() -> CommandLane:
    return CommandLane(is_serial=True)


@SIDES
def test_an_exit_behind_a_cancel_of_another_symbol_that_is_not_answered_leaves_all_the_same(side, lane):
    clock = HandClock()
    silent, other = LiveDesk(side, lane, clock), LiveDesk(side, lane, clock)
    silent.plays(HOLD + "exit loss_limit > cancel 2")
    other.plays(HOLD)
    other.plays("exit loss_limit")
    other.waits(3)
    assert other.sent == ["cancel 2"]


@SIDES
def test_a_closing_order_that_is_not_answered_and_cannot_be_cancelled_ends_the_node(side, lane):
    """Its stop is gone: nothing protects what is held, and nobody would ever look again."""
    talker = LiveDesk(side, lane, HandClock())
    talker.plays(HOLD + "exit signal > cancel 2\n Canceled 2 > send -100")
    talker.waits(10)
    assert talker.sent.pop() == "cancel 3"
    talker.plays("CancelRejected 3")
    talker.waits(51)
    assert [alert.code for alert in talker.all_of(AlertRaised)] == ["no_answer"]
    assert [stop.exit_code for stop in talker.all_of(StopNode)] == [4]


@SIDES
def test_a_list_that_is_denied_leaves_the_lane_free(side, lane):
    """The stop is to be cancelled with its entry, and is denied itself: that is all that is ever said of it."""
    clock = HandClock()
    denied, other = LiveDesk(side, lane, clock), LiveDesk(side, lane, clock)
    denied.plays(ENTER + "Denied 1 > cancel 2\n Denied 2")
    assert denied.owner.holding.is_flat
    other.plays(HOLD + "exit signal > cancel 2")


def test_what_is_refused_for_hours_is_tried_again_at_the_longest_pause():
    clock = HandClock()
    retries = Retries(SimpleNamespace(clock=clock), print)
    for _ in range(200):
        retries.heard(desk.event("Denied", "O-1"))
    assert clock.delays[:3] == [FIRST, FIRST * 2, FIRST * 4]
    assert clock.delays[-1] == LAST
    retries.heard(desk.event("Canceled", "O-1"))
    retries.later()
    assert clock.delays[-1] == FIRST


@SIDES
def test_the_stop_of_a_locked_symbol_is_made_smaller_until_it_is(side):
    """A stop for more than the broker holds would turn what is left around."""
    locked = Desk(side)
    held = [SimpleNamespace(signed_qty=40 * side)]
    locked.cache = SimpleNamespace(positions_open=lambda **_: held)
    locked.plays(HOLD)
    locked.owner.link(is_up=False, ts=8)
    locked.owner.lock(8)
    assert locked.sent == []
    locked.owner.link(is_up=True, ts=9)
    assert locked.sent.pop().split() == ["modify", "2", "40"]
    locked.plays("ModifyRejected 2\n retry > modify 2 40\n Updated 2 40\n retry")
    held.clear()
    locked.plays("retry > cancel 2\n CancelRejected 2\n retry > cancel 2")


@SIDES
def test_of_two_stops_of_a_locked_symbol_only_the_latest_stays(side):
    locked = Desk(side)
    locked.plays(HOLD)
    locked.owner.holding.roles["O-9"], locked.owner.holding.working["O-9"] = OrderRole.STOP, 100
    locked.owner.lock(8)
    assert locked.sent == ["cancel 9"]


@SIDES
def test_a_stop_that_the_adapter_does_not_know_needs_a_new_start(side):
    """Else it would neither trail nor be made smaller for the rest of the session."""
    unknown = Desk(side)
    unknown.plays(HOLD + "raise_stop -2 > modify 2 at -2")
    unknown.owner.on_order_event(desk.event("ModifyRejected", "O-2", reason="IB order 7 is not tracked for modify"))
    assert [stop.restarts for stop in unknown.all_of(StopNode)] == [True]


@SIDES
def test_a_fill_that_comes_while_the_node_starts_is_ours_and_is_booked_once(side):
    """The owner takes up its round trip a moment after the start; until then it knows none of its orders."""
    holding = Holding(phase=Phase.OPEN, rule="rule", decision_id="D-1", side=side)
    holding.sent(OrderRole.ENTRY, "O-1", 100)
    order_side = desk.nm.OrderSide.BUY if side is Side.LONG else desk.nm.OrderSide.SELL
    price, quantity = desk.nm.Price.from_str("100.00"), desk.nm.Quantity.from_int(60)
    fill = desk.event("Filled", "O-1", last_qty=quantity, last_px=price, order_side=order_side)
    order = SimpleNamespace(events=lambda: [fill], is_closed=False, leaves_qty=desk.nm.Quantity.from_int(40))
    setup = replace(setup_of(QUIET), is_live=True)
    strategy = HandStrategy(setup, print, Memory(holding), CommandLane(is_serial=True))
    strategy.hands, strategy.said = HandClock(), []
    strategy.known = SimpleNamespace(
        order=lambda _: order,
        orders_open=lambda **_: [],
        positions_open=lambda **_: [SimpleNamespace(signed_qty=60 * side)],
    )
    strategy.owner.start(desk.make_equity(desk.AAPL))
    strategy.on_order_event(fill)
    assert strategy.said == []
    strategy.on_all_started(None)

    assert not [message for message in strategy.said if isinstance(message, LockSymbol)]
    assert [message.quantity for message in strategy.said if isinstance(message, PositionReported)] == [60 * side]
