"""What went wrong once, each by the story that showed it; both sides."""

from datetime import date
from decimal import Decimal

import pytest
from nautilus_trader.model import InstrumentId, Quantity

from actors.messages import Action, ExitReason, Halt, OrderRole, PositionReported, Side, Topic
from actors.report.records import EquityLog, EquityPoint
from catalog.store import BarStore
from config.loader import ConfigError, load_settings
from strategies.orders import order_side
from tests.integration.desk import ENTER, HOLD, Desk
from tests.integration.rig import AAPL, SIDES, Onlooker, at, build, opening, run, scripted, session_bars, store_of
from tests.integration.unruly_rules import unruly


def path(side: Side, moves: list[float]) -> list[float]:
    return [100 + side * move for move in moves]


@SIDES
def test_the_loss_limits_halt_does_not_lift_the_operators(tmp_path, side):
    days = [session_bars([100.0] * 390), session_bars([100.0] * 30, "2024-10-08")]

    def loss(ts):
        return Halt(ts, date(2024, 10, 7), ExitReason.LOSS_LIMIT, "loss")

    halts = Onlooker(
        {
            10: lambda a, b: a.publish_message(Topic.COMMANDS, Halt(b.ts_init, None, ExitReason.OPERATOR, "by hand")),
            12: lambda a, b: a.publish_message(Topic.COMMANDS, loss(b.ts_init)),
        }
    )
    record = run(store_of(tmp_path, AAPL=days), [opening(side, 400)], onlookers=[halts])
    assert [d.detail for d in record.decisions] == ["halted: by hand"]


@SIDES
def test_a_failing_rule_does_not_keep_a_position_over_the_close(tmp_path, side):
    up = [5] if side > 0 else []
    table = scripted(up=up, down=[] if up else [5], short=True, fail=range(6, 391))
    overrides = ["session.flatten_before_close_mins=5", "session.avoid_last_mins=10"]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 390)), [table], overrides)
    assert record.trades[0].exit_reason is ExitReason.SESSION_CLOSE


@SIDES
def test_resizing_a_partly_filled_stop_counts_what_it_filled(side):
    Desk(side).plays(HOLD + "Filled 2 30 -5\n Updated 2 90 > modify 2 100")


@SIDES
def test_a_rejected_resize_is_tried_again(side):
    Desk(side).plays(
        ENTER + "Accepted 2\n Filled 1 60\n Canceled 1 > modify 2 60\n ModifyRejected 2\n retry > modify 2 60"
    )


@SIDES
def test_an_entry_whose_stop_was_refused_is_cancelled(side):
    Desk(side).plays(ENTER + "Rejected 2 > cancel 1")


@SIDES
def test_an_exit_whose_entry_cancel_was_rejected_is_tried_again(side):
    Desk(side).plays(ENTER + "exit operator > cancel 1\n CancelRejected 1\n retry > cancel 1")


def test_an_actors_failure_has_its_time(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [scripted(up=[5], down=[15])])
    backtest.components.guard.limit = None
    assert backtest.run().errors[0].ts > 0


@SIDES
def test_a_stop_that_closes_what_filled_takes_the_rest_of_the_entry_along(side):
    desk = Desk(side)
    desk.plays(ENTER + "Accepted 2\n Filled 1 60\n Filled 2 60 -5 > cancel 1")
    assert not desk.owner.holding.is_flat


@SIDES
def test_the_ledger_follows_a_symbol_that_reenters_while_another_is_silent(tmp_path, side):
    frame = session_bars([100 + side * m for m in [0.0] * 14 + [-4.0] * 10], spread=0)
    tables = [opening(side, 5, 11, closing=(10,)), opening(side, 5, symbol="MSFT.NASDAQ")]
    backtest = build(
        store_of(tmp_path, AAPL=frame, MSFT=session_bars([100.0] * 7)), tables, ["risk.max_daily_loss_usd=200"]
    )
    record = backtest.run()
    assert record.loss_limit_halts == 1


def test_a_run_stopped_after_its_last_chunk_is_complete(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [scripted(up=[5])])
    assert not backtest.run(should_stop=lambda: True).was_interrupted


@SIDES
def test_what_is_no_signal_closes_nothing_in_a_backtest_either(tmp_path, side):
    up, down = ((5,), ()) if side is Side.LONG else ((), (5,))
    table = unruly(short=True, up=up, down=down, garbage={"two": 7, "text": 8, "nan": 9})
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 20)), [table])

    assert [decision.action for decision in record.decisions] == [Action.ENTERED]
    assert [trade.exit_reason for trade in record.trades] == [ExitReason.OPEN]
    assert [error.error.partition(" of tests.")[0] for error in record.errors] == [
        f"ValueError: expected -1, 0 or 1 of update(), found {found}" for found in ("2", "'buy'", "nan")
    ]


@SIDES
def test_a_gap_over_night_is_not_booked_to_the_session_before_for_want_of_a_last_bar(tmp_path, side):
    """MSFT has no 16:00 bar on Friday; AAPL gaps through its stop on Monday: that is Monday's loss."""
    aapl = [session_bars([100.0] * 390, "2024-10-04"), session_bars(path(side, [-6.0] * 390), "2024-10-07")]
    msft = [session_bars([100.0] * 389, "2024-10-04"), session_bars([100.0] * 390, "2024-10-07")]
    tables = [opening(side, 5, 395), opening(side, 5, symbol="MSFT.NASDAQ")]
    record = run(store_of(tmp_path, AAPL=aapl, MSFT=msft), tables, ["risk.max_daily_loss_usd=500"])

    assert [(d.symbol, d.reason) for d in record.decisions if d.action is Action.REFUSED] == [(AAPL, "halted")]
    assert "in session 2024-10-07" in record.decisions[-1].detail


@SIDES
def test_the_guard_is_not_a_bar_late_when_a_position_opens_at_the_close(tmp_path, side):
    """AAPL opens at the close of bar 11, on which MSFT loses 400 of a limit of 300."""
    msft = session_bars(path(side, [0.0] * 10 + [-4.0] + [-10.0] * 19))
    tables = [opening(side, 11), opening(side, 5, symbol="MSFT.NASDAQ")]
    overrides = ["risk.max_daily_loss_usd=300", "stop.distance_pct=20", 'backtest.fill="signal_close"']
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 30), MSFT=msft), tables, overrides)

    assert [alert.ts for alert in record.alerts] == [int(msft["ts"].iloc[10])]
    assert {fill.ts for fill in record.fills if fill.role is OrderRole.EXIT} == {int(msft["ts"].iloc[10])}


@SIDES
def test_a_fill_on_the_last_bar_is_in_the_equity(tmp_path, side):
    store = store_of(tmp_path, AAPL=session_bars([100.0] * 10))
    record = run(store, [opening(side, 10)], ['backtest.fill="signal_close"'])

    assert [point.equity_usd for point in record.equity] == [100_000 - 1]


def test_many_positions_close_at_once_without_a_throttle(tmp_path):
    """The engine's own throttle denies the 101st order of a second, exits too."""
    symbols = [f"S{number:03d}.NASDAQ" for number in range(110)]
    store, bars = BarStore(tmp_path), session_bars([100.0] * 8)
    for symbol in symbols:
        store.write(f"{symbol}-1-MINUTE-LAST-EXTERNAL", bars)
    limits = ["risk.max_positions=200", "risk.max_orders_per_min=1000", "sizing.notional_usd=500"]
    record = run(store, [scripted(symbol, up=[3], down=[5]) for symbol in symbols], limits)

    assert [trade.exit_reason for trade in record.trades] == [ExitReason.SIGNAL] * 110
    assert not record.alerts


@SIDES
def test_a_trailing_stop_is_clamped_to_the_bar_it_was_found_on(tmp_path, side):
    """From 100 to 108 in one bar: 5 % from the best price, not a tick from the close before."""
    store = store_of(tmp_path, AAPL=session_bars(path(side, [0.0] * 6 + [8.0] * 4), spread=0))
    record = run(store, [opening(side, 5)], ['trailing_stop.kind="percent"'])
    best = Decimal(100) + side * 8

    assert abs(record.stops[1].trigger - best * (1 - side * Decimal("0.05"))) < Decimal("0.01")


@SIDES
def test_one_failing_rule_takes_neither_the_trailing_stop_nor_the_other_rules_along(tmp_path, side):
    closes = path(side, [0.0] * 6 + [8.0] * 10)
    rules = [opening(side, 5, closing=(12,)), scripted(fail=list(range(6, 17)))]
    record = run(store_of(tmp_path, AAPL=session_bars(closes, spread=0)), rules, ['trailing_stop.kind="percent"'])

    assert [trade.exit_reason for trade in record.trades] == [ExitReason.SIGNAL]
    assert len([stop for stop in record.stops if stop.trigger is not None]) == 2
    assert len(record.errors) == 11


@SIDES
def test_a_thin_tape_that_stops_out_half_an_entry_ends_flat_and_unlocked(tmp_path, side):
    """100 shares on bars of 200: half fills at the open, beyond the stop already; the rest a tick worse."""
    frame = session_bars(path(side, [0.0] * 5 + [-6.0] * 10)).assign(volume=200.0)
    frame.loc[5, "open"] = 100 - side * 6
    up = [5, 10] if side is Side.LONG else []
    table = scripted(up=up, down=[] if up else [5, 10], short=True)
    record = run(store_of(tmp_path, AAPL=frame), [table])

    assert sum(fill.quantity * fill.side for fill in record.fills if fill.ts < int(frame["ts"].iloc[8])) == 0
    assert [decision.action for decision in record.decisions] == [Action.ENTERED] * 2
    assert not [alert for alert in record.alerts if alert.code == "foreign_fill"]


LATE = {
    "a fill after the entry's cancel is booked and protected": ENTER
    + "Accepted 2\n exit operator > cancel 1\n Canceled 1 > cancel 2\n Filled 1 100\n "
    "Canceled 2 > send -100\n Filled 3 100",
    "a stop that fills while the exit is on its way reverses nothing for long": HOLD
    + "exit signal > cancel 2\n Canceled 2 > send -100\n Filled 2 100 -5 > cancel 3\n "
    "Filled 3 100 > send 100\n Filled 4 100",
    "a part of the stop that fills late is bought back": HOLD
    + "exit signal > cancel 2\n Canceled 2 > send -100\n Filled 2 40 -5\n Filled 3 100 > send 40\n Filled 4 40",
    "an exit that fills after its end takes the stop put back with it": HOLD
    + "exit signal > cancel 2\n Canceled 2 > send -100\n Rejected 3 > send -100 at -5\n Accepted 4\n "
    "Filled 3 100 > cancel 4\n Canceled 4",
    "a lost stop that fills after all takes its successor along": HOLD
    + "Canceled 2 > send -100 at -5\n Accepted 3\n Filled 2 100 -5 > cancel 3\n Canceled 3",
    "a fill after all was over opens it again and closes it": HOLD
    + "exit signal > cancel 2\n Canceled 2 > send -100\n Filled 3 100\n Filled 2 100 -5 > send 100\n Filled 4 100",
    "a lost stop that fills after its successor did is bought back": HOLD
    + "Canceled 2 > send -100 at -5\n Accepted 3\n Filled 3 100 -5\n Filled 2 100 -5 > send 100\n Filled 4 100",
    "an entry that ended unfilled waits for the end of its stop": ENTER
    + "Accepted 2\n Canceled 1 > cancel 2\n CancelRejected 2\n retry > cancel 2\n Canceled 2",
}


@SIDES
@pytest.mark.parametrize("talk", LATE.values(), ids=list(LATE))
def test_a_fill_that_comes_late_leaves_nothing_held_and_nothing_working(side, talk):
    desk = Desk(side)
    desk.plays(talk)

    assert desk.owner.holding.is_flat
    assert desk.owner.holding.is_over
    assert desk.said[-1].quantity == 0
    assert len([value for value in desk.returned if value is not None]) <= 1  # a trade counts once


@SIDES
def test_a_stop_is_never_put_back_looser(side):
    Desk(side).plays(HOLD + "mark -10\n Canceled 2 > send -100")


@SIDES
def test_a_locked_symbol_sends_nothing_and_its_stop_shrinks_to_what_is_held(tmp_path, side):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 40)), [opening(side, 5, closing=(20,))])
    strategy = backtest.components.strategies[0]

    def trade_by_hand(*_):
        instrument, opposite = InstrumentId.from_str(AAPL), order_side(side.opposite)
        strategy.submit_order(strategy.order_factory.market(instrument, opposite, Quantity.from_int(60)))

    backtest.engine.add_actor(Onlooker({10: trade_by_hand}))
    record = backtest.run()
    stop = next(order for order in record.orders if order.role is OrderRole.STOP)

    assert [order.role for order in record.orders] == [OrderRole.ENTRY, OrderRole.STOP]
    assert (stop.status, stop.quantity) == ("ACCEPTED", 100)
    assert int(backtest.engine.cache.orders_open()[0].quantity) == 40
    assert record.decisions[-1].detail.startswith("held: locked: fill of unknown order")


@SIDES
def test_a_raise_asked_for_a_locked_symbol_is_not_sent(side):
    desk = Desk(side)
    desk.plays(HOLD)
    desk.owner.is_locked = True
    desk.plays("raise_stop -3\n repair_stop\n exit operator\n retry")


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (
            ["session.flatten_before_close_mins=30", "session.avoid_last_mins=30", "bars.step=1-HOUR"],
            "at least one bar",
        ),
        (
            ["session.hours=extended", "session.flatten_before_close_mins=60", "session.avoid_last_mins=0"],
            "avoid_last_mins: expected at least",
        ),
    ],
)
def test_a_flattening_that_cannot_work_is_refused(overrides, text):
    with pytest.raises(ConfigError, match=text):
        load_settings(None, overrides, {})


@SIDES
def test_a_command_that_a_fill_provokes_meets_a_round_trip_that_is_over(side):
    """The mark of a stop's last fill may breach the loss limit: "go flat" comes before the fill is settled."""
    desk = Desk(side)
    desk.plays(HOLD)
    tell = desk.publish_message

    def tell_and_halt(topic, message):
        tell(topic, message)
        if topic is Topic.FILLS:
            desk.owner.exit(ExitReason.LOSS_LIMIT, 9)

    desk.publish_message = tell_and_halt
    desk.plays("Filled 2 100 -5")

    assert desk.owner.holding.is_flat


@SIDES
def test_what_is_said_of_an_order_after_its_round_trip_changes_nothing(side):
    desk = Desk(side)
    desk.plays(HOLD + "Filled 2 100 -5")
    told = len(desk.said)
    desk.plays("Canceled 2\n Canceled 1\n Accepted 2\n Updated 2 50\n ModifyRejected 2\n CancelRejected 2")

    assert desk.owner.holding.is_flat
    assert len(desk.said) == told
    assert [value for value in desk.returned if value is not None] == [desk.returned[2]]


@SIDES
def test_an_entry_that_fills_after_it_was_given_up_gets_its_stop_back(side):
    Desk(side).plays(
        ENTER + "Accepted 2\n Canceled 1 > cancel 2\n Filled 1 100\n Canceled 2 > send -100 at -5\n Accepted 3"
    )


@SIDES
def test_a_resize_under_way_is_not_sent_twice(side):
    Desk(side).plays(
        ENTER + "Accepted 2\n Filled 1 60\n Canceled 1 > modify 2 60\n repair_stop\n repair_stop\n Updated 2 60"
    )


@SIDES
@pytest.mark.parametrize(("is_resizing", "codes"), [(True, []), (False, ["stop_coverage"])])
def test_a_stop_that_is_being_resized_is_no_alarm(tmp_path, side, is_resizing, codes):
    def report(ts: int) -> PositionReported:
        price = Decimal(100)
        return PositionReported(ts, AAPL, 60 * side, 0, 100, price, price, is_exiting=False, is_resizing=is_resizing)

    store = store_of(tmp_path, AAPL=session_bars([100.0] * 30))
    record = run(store, [opening(side, 5, closing=(20,))], onlookers=[at(10, report, Topic.POSITIONS)])

    assert [alert.code for alert in record.alerts] == codes


def test_equity_of_one_moment_is_one_point():
    log = EquityLog()
    log.add(1, Decimal("100.01"), Decimal(50), Decimal("50.01"))
    log.add(2, Decimal(7), Decimal(7), Decimal(0))
    log.add(2, Decimal("-8.5"), Decimal(9), Decimal(0))

    assert list(log) == [
        EquityPoint(1, Decimal("100.01"), Decimal(50), Decimal("50.01")),
        EquityPoint(2, Decimal("-8.5"), Decimal(9), Decimal(0)),
    ]


@SIDES
def test_the_ledger_follows_a_symbol_stopped_out_and_entered_again_while_another_is_silent(tmp_path, side):
    """AAPL is stopped on bar 11, enters again on bar 13 and falls on; MSFT has no bars from 10 to 15."""
    aapl = session_bars(path(side, [0.0] * 10 + [-6.0] * 9 + [-10.0] * 11))
    msft = session_bars([100.0] * 30).drop(index=range(9, 15))
    tables = [opening(side, 5, 13), opening(side, 5, symbol="MSFT.NASDAQ")]
    record = run(store_of(tmp_path, AAPL=aapl, MSFT=msft), tables, ["risk.max_daily_loss_usd=700"])

    assert [t.exit_reason for t in record.trades if t.symbol == AAPL] == [
        ExitReason.PROTECTIVE_STOP,
        ExitReason.LOSS_LIMIT,
    ]
    assert record.loss_limit_halts == 1


@SIDES
@pytest.mark.parametrize("fill", ["next_open", "signal_close"])
def test_the_last_mark_of_a_run_takes_no_stop_away(tmp_path, side, fill):
    """AAPL's last bar breaches the limit, MSFT lacks it: the mark is made while all is stopping."""
    aapl, msft = session_bars(path(side, [0.0] * 19 + [-10.0])), session_bars([100.0] * 19)
    overrides = ["risk.max_daily_loss_usd=500", "stop.distance_pct=20", f'backtest.fill="{fill}"']
    tables = [opening(side, 5), opening(side, 5, symbol="MSFT.NASDAQ")]
    record = run(store_of(tmp_path, AAPL=aapl, MSFT=msft), tables, overrides)

    assert [order.status for order in record.orders if order.role is OrderRole.STOP] == ["ACCEPTED"] * 2
    assert [trade.exit_reason for trade in record.trades] == [ExitReason.OPEN] * 2
    assert record.equity[-1].equity_usd == 100_000 - 1_000 - 2
