"""The wiring between strategy, owner and watchers: what no law's own test misses when it is cut."""

from decimal import Decimal

import nautilus_trader.model as nm
import pytest

from actors.messages import (
    AlertRaised,
    EntryEnded,
    ExitReason,
    Flatten,
    Halt,
    LockSymbol,
    OrderFilled,
    PositionReported,
    RaiseStop,
)
from tests.integration.desk import ENTER, HOLD, Desk, event
from tests.integration.rig import AAPL, MSFT, SIDES, at, build, opening, run, scripted, session_bars, store_of

# What happens > what the owner then sends; = position, entry and stop at the end, why a fill reduced it, alerts
TALKS = {
    "what is left of an entry is cancelled and the stop shrinks to the position": ENTER
    + "Accepted 2\n Filled 1 60\n time_out_entry > cancel 1\n Canceled 1 > modify 2 60\n "
    "Updated 2 60\n = 60/0/60 none entry_timeout",
    "a stop not known to rest is neither raised nor resized": ENTER
    + "Filled 1 60\n Canceled 1\n raise_stop -3\n Accepted 2 > modify 2 60\n = 60/0/100 none",
    "a smaller stop is no raised one": ENTER
    + "Accepted 2\n Filled 1 60\n Canceled 1 > modify 2 60\n Updated 2 60\n Filled 2 60 -5\n "
    "= 0/0/0 protective_stop",
    "a raised stop stays one when its quantity changes": HOLD
    + "Updated 2 100 -3\n Updated 2 100\n Filled 2 100 -3\n = 0/0/0 trailing_stop",
    "a stop is raised only under a whole position that nothing closes": ENTER
    + "Accepted 2\n Filled 1 60\n raise_stop -3\n Filled 1 40\n raise_stop -3 > modify 2 at -3\n "
    "raise_stop -6\n raise_stop 4 > modify 2 at -0.01\n exit signal > cancel 2\n raise_stop -3\n "
    "= 100/0/100 none",
    "an exit during the entry cancels it and closes what filled": ENTER
    + "Accepted 2\n Filled 1 60\n exit operator > cancel 1\n Canceled 1 > cancel 2\n "
    "Canceled 2 > send -60\n Filled 3 60\n = 0/0/0 operator",
    "a stop that fills while its cancel is awaited leaves the rest to close, once": HOLD
    + "exit signal > cancel 2\n Filled 2 30 -5\n Canceled 2 > send -70\n retry\n repair_stop\n "
    "exit operator\n = 70/0/0 protective_stop",
    "a partly filled stop that is raised goes on covering the rest": HOLD
    + "Filled 2 30 -5\n Updated 2 100 -3\n = 70/0/70 protective_stop",
    "a rejected cancel is tried again and the first reason stands": HOLD
    + "retry\n exit loss_limit > cancel 2\n exit signal\n retry\n CancelRejected 2\n "
    "retry > cancel 2\n Canceled 2 > send -100\n Filled 3 100\n = 0/0/0 loss_limit",
    "a rejected cancel of a stop that filled ends flat": HOLD
    + "exit signal > cancel 2\n CancelRejected 2\n Filled 2 100 -5\n retry\n exit signal\n "
    "= 0/0/0 protective_stop",
    "a rejected cancel that no exit asked for changes nothing": ENTER
    + "Accepted 2\n Filled 1 60\n CancelRejected 2\n exit signal > cancel 1\n = 60/40/100 none",
    "a modify that races the stop's fill ends quietly": HOLD
    + "raise_stop -3 > modify 2 at -3\n Filled 2 100 -5\n ModifyRejected 2\n "
    "= 0/0/0 protective_stop",
    "a modify rejected during an exit ends quietly": HOLD
    + "raise_stop -3 > modify 2 at -3\n exit signal > cancel 2\n ModifyRejected 2\n "
    "= 100/0/100 none",
    "a rejected modify is told": HOLD
    + "raise_stop -3 > modify 2 at -3\n ModifyRejected 2\n = 100/0/100 none stop_modify_rejected",
    "a refused exit puts the stop back and is tried again": HOLD
    + "exit signal > cancel 2\n Canceled 2 > send -100\n Rejected 3 > send -100 at -5\n "
    "Accepted 4\n retry > cancel 4\n Canceled 4 > send -100\n Filled 5 100\n "
    "= 0/0/0 signal order_refused",
    "a stop that the market has passed is not put back: the exit is tried again": HOLD
    + "exit signal > cancel 2\n mark -6\n Canceled 2 > send -100\n Filled 3 40 -6\n Expired 3\n "
    "retry > send -60\n = 60/0/0 signal order_refused unprotected uncovered",
    "a stop put back for a partly filled one counts from its own shares": HOLD
    + "Filled 2 30 -5\n Expired 2 > send -70 at -5\n Accepted 3\n Updated 3 70 -3\n "
    "= 70/0/70 protective_stop order_refused stop_lost stop_restored",
    "an entry that waits has nothing to repair": ENTER + "Accepted 2\n repair_stop\n Filled 1 100\n = 100/0/100 none",
    "a stop smaller than the position grows, and is replaced once it is used up": ENTER
    + "Accepted 2\n Filled 1 60\n Updated 2 60\n Filled 1 40 > modify 2 100\n Filled 2 60 -5 > send -40 at -5\n "
    "Accepted 3\n = 40/0/40 protective_stop",
}


@SIDES
@pytest.mark.parametrize("talk", TALKS.values(), ids=list(TALKS))
def test_the_owner_answers_the_broker(side, talk):
    desk = Desk(side)
    talk, _, end = talk.partition("=")
    desk.plays(talk)
    shares, reason, *codes = end.split()
    last = desk.all_of(PositionReported)[-1]

    assert f"{last.quantity * side}/{last.entry_open}/{last.stop_quantity}" == shares
    assert (last.stop_trigger is None) == (last.stop_quantity == 0)
    assert desk.owner.holding.is_flat == (last.quantity == 0)
    assert (desk.all_of(OrderFilled)[-1].exit_reason or "none") == reason
    assert [alert.code for alert in desk.all_of(AlertRaised)] == codes
    assert len(desk.all_of(EntryEnded)) == (not last.entry_open)


@SIDES
@pytest.mark.parametrize("kind", ["Rejected", "Denied", "Expired", "Canceled"])
def test_an_entry_that_ends_unfilled_takes_its_stop_along_and_frees_the_symbol(side, kind):
    desk = Desk(side)
    desk.plays(f"{ENTER} {kind} 1 > cancel 2\n exit signal\n enter > send 100, send -100 at -5")

    assert desk.returned == [None]  # no round trip, so nothing for the Kelly statistics
    assert len(desk.all_of(EntryEnded)) == 1


@SIDES
@pytest.mark.parametrize("kind", ["Rejected", "Denied", "Expired", "Canceled"])
def test_a_lost_stop_is_put_back_once_a_round_trip_then_the_position_is_closed(side, kind):
    desk = Desk(side)
    desk.plays(f"{HOLD} {kind} 2 > send -100 at -5\n Accepted 3\n Filled 3 100 -5")
    desk.plays("enter > send 100, send -100 at -5\n Filled 4 100\n Accepted 5")
    desk.plays(f"{kind} 5 > send -100 at -5\n {kind} 6 > send -100\n retry\n repair_stop\n Filled 7 100 -5")

    assert desk.returned[-1] == pytest.approx((-500 - 2) / 10_000)  # 5 a share on 100 shares, two fees of 1
    assert desk.owner.holding.is_flat


@SIDES
@pytest.mark.parametrize(
    ("command", "ended", "locked", "raised"),
    [
        (lambda ts, _: Flatten(ts, ExitReason.LOSS_LIMIT, ""), {AAPL, MSFT}, set(), set()),
        (lambda ts, _: Flatten(ts, ExitReason.LOSS_LIMIT, "", MSFT), {MSFT}, set(), set()),
        (lambda ts, _: LockSymbol(ts, MSFT, "by hand"), set(), {MSFT}, set()),
        (lambda ts, side: RaiseStop(ts, MSFT, Decimal(100 - 3 * side), Decimal(100)), set(), set(), {MSFT}),
    ],
)
def test_a_command_reaches_the_symbol_it_names_and_no_other(tmp_path, side, command, ended, locked, raised):
    tables = [opening(side, 5, 20, symbol=symbol) for symbol in (AAPL, MSFT)]
    bars = session_bars([100.0] * 30)
    record = run(store_of(tmp_path, AAPL=bars, MSFT=bars), tables, onlookers=[at(10, lambda ts: command(ts, side))])

    assert {trade.symbol for trade in record.trades if trade.exit_reason is ExitReason.LOSS_LIMIT} == ended
    assert {decision.symbol for decision in record.decisions if "locked: by hand" in decision.detail} == locked
    assert {stop.symbol for stop in record.stops if stop.trigger == 100 - 3 * side} == raised


@SIDES
def test_an_operators_halt_lasts_beyond_its_session(tmp_path, side):
    days = [session_bars([100.0] * 390), session_bars([100.0] * 30, "2024-10-08")]
    halt = at(10, lambda ts: Halt(ts, None, ExitReason.OPERATOR, "by hand"))
    record = run(store_of(tmp_path, AAPL=days), [opening(side, 20, 400)], onlookers=[halt])

    assert [decision.detail for decision in record.decisions] == ["halted: by hand"] * 2


@SIDES
@pytest.mark.parametrize(
    ("bar", "is_opposite", "reason"), [(5, True, "conflict"), (8, False, "held"), (12, True, "exiting")]
)
def test_a_second_rule_is_refused_with_the_true_reason(tmp_path, side, bar, is_opposite, reason):
    second = opening(side, closing=(bar,)) if is_opposite else scripted(**{"up" if side > 0 else "down": [bar]})
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [opening(side, 5, closing=(12,)), second])

    assert [decision.reason for decision in record.decisions if decision.strategy.endswith("#2")] == [reason]


@SIDES
def test_an_exit_whose_cancel_was_rejected_is_tried_again_on_the_next_bar_of_the_engine(tmp_path, side):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [opening(side, 5, closing=(12,))])
    strategy = backtest.components.strategies[0]
    asked, cancel = [], strategy.cancel_order

    def reject_once(order_id) -> None:
        asked.append(strategy.bars_seen)
        if len(asked) == 1:
            strategy.on_order_event(event("CancelRejected", order_id.value))
        else:
            cancel(order_id)

    strategy.cancel_order = reject_once
    record = backtest.run()

    entry, stop, closing = (
        backtest.engine.cache.order(nm.ClientOrderId(order.client_order_id)) for order in record.orders
    )

    assert asked == [12, 13]
    assert [order.side for order in record.orders] == (["BUY", "SELL", "SELL"] if side > 0 else ["SELL", "BUY", "BUY"])
    assert stop.parent_order_id == entry.client_order_id
    assert entry.time_in_force == closing.time_in_force == nm.TimeInForce.DAY
    assert record.trades[0].exit_reason is ExitReason.SIGNAL


@SIDES
def test_law_10_an_entry_of_unknown_fate_is_cancelled_after_its_timeout_and_blocks_its_symbol(tmp_path, side):
    """Signalled on bar 5 and never answered: from bar 7, later than 60 s, its cancel is asked for on every bar."""
    overrides = ["risk.entry_timeout_secs=60", 'backtest.fill="signal_close"']
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 20)), [opening(side, 5, 15)], overrides)
    strategy, cancelled = backtest.components.strategies[0], []
    strategy.submit_order_list = lambda orders: None
    strategy.cancel_order = lambda order_id: cancelled.append((strategy.bars_seen, order_id.value))
    record = backtest.run()

    assert cancelled == [(bar, record.orders[0].client_order_id) for bar in range(7, 21)]
    assert {alert.code for alert in record.alerts} == {"entry_timeout"}
    assert [decision.reason for decision in record.decisions] == ["signal", "held"]
