"""What a broker can do to the orders of a live node: parts, refusals, silence, delay, disorder. Over TCP."""

from decimal import Decimal

import pytest

from actors.messages import Action, ExitReason, OrderRole, Side
from tests.integration.live_rig import flat_market, floor
from tests.integration.live_steps import (
    A_MOMENT,
    EVER,
    alerts,
    codes,
    decisions,
    enter,
    fills,
    flat,
    is_over,
    is_told,
    opening,
    reports,
    shape,
)
from tests.integration.rig import AAPL, MSFT, SIDES

# What the node would else wait for: an answer of the broker to an order or a command
SOON = {"strategies.unanswered.TELL_SECS": 4}  # above what an answer takes on a busy machine
VERY_SOON = SOON | {"strategies.unanswered.GIVE_UP_SECS": 6}


def test_fills_in_parts_are_told_and_the_stop_covers_each(tmp_path):
    side = Side.SHORT
    with floor(tmp_path) as day:
        day.gateway.do.split_fills(4)
        node = day.start([opening(side, 2, closing=(4,))])
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        for held in (25, 50, 75, 100):
            day.prints()
            node.until(lambda: is_told(day, node), "the part")
            assert day.position() == held * side
            assert day.stop()["quantity"] == 100  # as IB holds a child: at full size from the first part on
        day.minute(4)
        node.until(lambda: len(day.orders()) == 3, "the closing order")
        for held in (75, 50, 25, 0):
            day.prints()
            node.until(lambda: is_told(day, node), "the part")
            assert day.position() == held * side
            assert shape(day.resting()) == ([("MKT", 100, "Submitted")] if held else [])

        assert [fill.quantity for fill in fills(node)] == [25] * 8
        assert [fill.commission_usd for fill in fills(node)] == [1, 0, 0, 0] * 2
        for report in reports(node):
            held = abs(report.quantity)
            assert report.is_exiting or report.is_resizing or held <= report.stop_quantity <= held + report.entry_open
        node.until_says("75 of 100")
        assert alerts(node) == []


def test_an_entry_that_is_refused_leaves_nothing_and_the_symbol_free(tmp_path):
    refusals = (201, 110, 460, 10147, 9999)  # 9999: a code nobody knows
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, *range(2, 8))])
        for minute, code in enumerate(refusals, start=2):
            day.gateway.do.reject("place", code)
            day.minute(minute)
            for words in ("entry rejected: ", "stop rejected: Missing parent order."):
                node.until_equal(lambda: node.terminal.count(words), minute - 1)  # noqa: B023
            assert day.orders() == []
        enter(day, node, 7)

        assert day.stop()["quantity"] == day.position() == 100
        assert [decision.action for decision in decisions(node)] == [Action.ENTERED] * 6
        assert alerts(node) == [("order_refused", "warning")] * 2 * len(refusals)


@SIDES
def test_a_stop_rejected_while_the_entry_fills_leaves_no_share_naked(tmp_path, side):
    with floor(tmp_path) as day:
        day.gateway.do.split_fills(2)
        node = day.start([opening(side, 2)])
        enter(day, node, 2)
        assert day.position() == 50 * side
        day.gateway.do.reject_accepted(day.stop()["perm_id"])
        ended = [("MKT", 100, "Cancelled"), ("STP", 100, "Inactive")]  # the entry too
        node.until_equal(lambda: shape(day.orders()), [*ended, ("STP", 50, "PreSubmitted")])
        node.until(lambda: ("stop_coverage", "critical") in alerts(node), "the alert")

        day.gateway.do.reject_accepted(day.stop()["perm_id"])
        node.until(lambda: len(day.orders()) == 4 and len(day.resting()) == 1, "the stop put back again")
        assert day.stop()["quantity"] == 50
        day.gateway.do.reject_accepted(day.stop()["perm_id"])
        node.until(lambda: len(day.orders()) == 5, "the closing order: what cannot be protected is closed")
        day.prints(2)
        flat(day, node)
        assert [code for code, severity in alerts(node) if severity == "critical"] == [
            "stop_coverage",
            "stop_lost",
            "stop_lost",
            "unprotected",
        ]


def test_an_entry_that_is_not_answered_blocks_its_symbol_until_the_broker_tells(tmp_path):
    with floor(tmp_path) as day:
        day.gateway.do.swallow("place", 2)
        node = day.start([opening(Side.SHORT, 2, 6, 7, 8, closing=(3,))], "risk.entry_timeout_secs=90")
        day.minute(2)
        node.until(lambda: day.gateway.received()["PlaceOrderRequest"] == 2, "the entry and its stop")
        day.prints()
        assert codes(node) == []  # neither refused nor filled, for all we know
        day.gateway.do.serve_swallowed()
        node.until(lambda: len(day.orders()) == 2, "the late answer")
        day.prints()
        node.until(lambda: day.position() == -100 and is_told(day, node), "the position")
        day.minute(3)
        node.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints()
        flat(day, node)

        day.gateway.do.swallow("place", 2)
        day.minute(7)
        node.until_equal(lambda: decisions(node)[-1].detail, "held: AAPL.NASDAQ is entering")
        day.minute(8)  # 120 s after the signal: it is cancelled, and the broker says that it knows none
        node.until(lambda: codes(node) == ["entry_timeout", "order_refused", "order_refused"], "the broker's word")
        assert day.gateway.received()["PlaceOrderRequest"] == 5
        assert day.position() == 0
        node.until_says("entry rejected: OrderId")


def test_an_entry_that_fills_too_late_is_cancelled_and_what_filled_is_covered(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2, 4)])
        day.gateway.do.withhold_fills(AAPL)
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.minute(3)
        node.until(lambda: day.resting() == [] and is_over(node), "the cancel: 60 s after the signal bar")
        assert codes(node) == ["entry_timeout"]

        day.gateway.do.withhold_fills(AAPL, False)
        day.gateway.do.split_fills(4)
        enter(day, node, 4)
        day.gateway.do.withhold_fills(AAPL)
        day.minute(5)
        node.until(lambda: shape(day.resting()) == [("STP", 25, "PreSubmitted")], "a stop equal to the position")
        assert day.position() == 25
        assert day.orders()[2]["status"] == "Cancelled"
        node.until_equal(lambda: reports(node)[-1].stop_quantity, 25)
        assert codes(node) == ["entry_timeout"] * 2


@SIDES
def test_a_stop_fills_at_its_trigger_inside_a_bar_and_at_the_price_of_a_gap(tmp_path, side):
    moved = 100 - 6 * side
    with floor(tmp_path, flat_market(AAPL=[100, 100, 100, *[moved] * 20])) as day:
        node = day.start([opening(side, 2, 6)])
        enter(day, node, 2)
        day.minute(4)
        flat(day, node)
        assert fills(node)[-1].price == 100 - 5 * side

        enter(day, node, 6)
        day.gateway.do.shock(AAPL, -8 * side)
        day.prints()
        flat(day, node)
        gap = fills(node)[-1]
        assert abs(gap.price - Decimal(moved) * (100 - 8 * side) / 100) < Decimal("0.05")
        assert [fill.exit_reason for fill in fills(node)] == [None, ExitReason.PROTECTIVE_STOP] * 2
        node.until_equal(lambda: node.terminal.count("protective stop"), 2)
        assert alerts(node) == []


def test_two_stops_trail_on_the_same_bar_and_a_refused_step_is_made_again(tmp_path):
    side, path = Side.SHORT, [100, 100, 99, 98, 97, 96, 95, 94]
    with floor(tmp_path, flat_market(AAPL=path, MSFT=path)) as day:
        tables = [opening(side, 2), opening(side, 2, symbol=MSFT)]
        node = day.start(tables, 'trailing_stop.kind="percent"', sooner=VERY_SOON)
        day.minute(2)
        node.until(lambda: len(day.orders()) == len(day.orders(MSFT)) == 2, "both entries")
        day.prints()
        node.until(lambda: is_told(day, node) and is_told(day, node, MSFT), "both positions")
        for minute, trigger in ((3, "103.90"), (4, "102.85"), (5, "101.80")):  # 5 % above the low, a tick rounded up
            day.minute(minute)
            node.until(lambda: day.stop()["stop_price"] == Decimal(trigger), "the step of AAPL")  # noqa: B023
            node.until(lambda: day.stop(MSFT)["stop_price"] == Decimal(trigger), "the step of MSFT")  # noqa: B023
        with node.journal() as journal:  # one command at a time: none got in the way of another
            assert "modifyrejected" not in {each.status for each in journal.progress(*EVER)}

        day.gateway.do.reject("modify", 201, after_secs=A_MOMENT)
        day.minute(6)
        node.until(lambda: day.stop()["stop_price"] == day.stop(MSFT)["stop_price"] == Decimal("100.75"), "both steps")
        node.until(lambda: codes(node) == ["stop_modify_rejected"], "the refusal told")

        day.gateway.do.swallow("modify")  # the adapter makes no further change while one is not answered
        day.minute(7)
        node.until_says("session ends with exit code 4")
        assert node.exit_code() == 4
        assert ("no_answer", "critical") in alerts(node)
        assert [len(day.resting()), len(day.resting(MSFT))] == [1, 1]  # the stops


@SIDES
def test_an_exit_whose_cancel_is_refused_late_or_overtaken_leaves_no_stop_and_never_reverses(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, 6, 10, closing=(4, 8, 12))])
        enter(day, node, 2)
        day.gateway.do.reject("cancel", 161, after_secs=A_MOMENT)
        day.minute(4)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the cancel made again, then the exit")
        day.prints()
        flat(day, node)

        enter(day, node, 6)
        day.gateway.do.swallow("cancel")
        day.minute(8)
        node.until(lambda: day.gateway.received()["CancelOrderRequest"] == 3, "the cancel")
        day.prints(2)
        assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]  # no exit before the stop has ended (T7)
        day.gateway.do.serve_swallowed()
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints()
        flat(day, node)

        enter(day, node, 10)
        day.gateway.do.swallow("cancel")
        day.minute(12)
        node.until(lambda: day.gateway.received()["CancelOrderRequest"] == 4, "the cancel")
        day.gateway.do.shock(AAPL, -8 * side)
        day.prints()
        flat(day, node)
        day.gateway.do.serve_swallowed()  # 10148: filled meanwhile
        day.prints(2)
        flat(day, node)
        assert len(day.orders()) == 8
        assert [fill.exit_reason for fill in fills(node)][1::2] == [
            ExitReason.SIGNAL,
            ExitReason.SIGNAL,
            ExitReason.PROTECTIVE_STOP,
        ]


@pytest.mark.parametrize("how", ["rejected", "swallowed"])
def test_a_closing_order_that_fails_is_made_again_behind_a_stop(tmp_path, how):
    side = Side.LONG if how == "rejected" else Side.SHORT
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, closing=(4,))], sooner=SOON)
        enter(day, node, 2)
        if how == "rejected":
            day.gateway.do.reject("place", 201)
        else:
            day.gateway.do.swallow("place")
        day.minute(4)
        node.until(lambda: len(day.orders()) == 3 and day.stop(), "the stop put back")
        assert (day.stop()["quantity"], day.stop()["stop_price"]) == (100, 100 - 5 * side)
        assert day.position() == 100 * side
        told = {"rejected": [], "swallowed": [("no_answer", "critical")]}
        node.until_equal(lambda: alerts(node), [*told[how], ("order_refused", "warning")])

        day.minute(5)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit made again")
        day.prints()
        flat(day, node)


def test_a_stop_that_is_put_back_and_never_answered_is_not_taken_for_one_that_rests(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2)], sooner=SOON)
        enter(day, node, 2)
        day.gateway.do.swallow("place")
        day.gateway.do.cancel(day.stop()["perm_id"])
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit: its second stop is lost")
        expected = ["stop_lost", "no_answer", "order_refused", "stop_lost", "unprotected"]
        node.until_equal(lambda: codes(node), expected)
        day.prints()
        flat(day, node)


def test_a_cancel_that_is_never_answered_ends_the_node_and_the_next_start_closes(tmp_path):
    with floor(tmp_path) as day:
        table = opening(Side.SHORT, 2, closing=(4,))
        node = day.start([table], sooner=VERY_SOON)
        enter(day, node, 2)
        day.gateway.do.swallow("cancel")
        day.minute(4)
        node.until_says("session ends with exit code 4")
        assert node.exit_code() == 4
        assert ("no_answer", "critical") in alerts(node)
        assert day.stop()["quantity"] == 100
        assert "AAPL.NASDAQ -100 shares with their stop at 105.00, an exit is under way" in node.terminal

        second = day.start([table])
        second.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints()
        flat(day, second)


def test_a_commission_that_is_not_told_is_booked_by_the_price_list_and_told(tmp_path):
    wide = ("sizing.notional_usd=50_000", "risk.max_position_value_usd=50_000")
    with floor(tmp_path) as day:
        day.gateway.do.withhold_commissions()
        day.gateway.do.split_fills(2)
        node = day.start([opening(Side.LONG, 2, closing=(4,))], *wide)
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints(2)
        node.until(lambda: is_told(day, node), "the fills, 5 s late")  # the adapter waits that long
        day.gateway.do.withhold_commissions(False)
        day.minute(4)
        node.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints(2)
        flat(day, node)

        assert [fill.commission_usd for fill in fills(node)] == [Decimal("1.25")] * 4
        assert alerts(node) == [("commission_missing", "warning")] * 2
        with node.journal() as journal:
            assert journal.cash_usd() == day.gateway.state()["cash_usd"]


def test_messages_that_come_twice_or_in_disorder_change_nothing(tmp_path):
    kinds = ("OpenOrder", "OrderStatus", "ExecutionDetails", "CommissionAndFeesReport")
    with floor(tmp_path) as day:
        day.gateway.do.split_fills(2)
        for kind in kinds:
            day.gateway.do.double(kind, 8)
        node = day.start([opening(Side.SHORT, 2, closing=(4,))])
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints(2)
        node.until(lambda: day.position() == -100 and is_told(day, node), "the position")
        for kind in kinds:
            day.gateway.do.double(kind, 0)
            day.gateway.do.overtake(kind, 2)
        day.minute(4)
        node.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints(2)
        flat(day, node)

        assert [(fill.role, fill.quantity) for fill in fills(node)] == [
            *[(OrderRole.ENTRY, 50)] * 2,
            *[(OrderRole.EXIT, 50)] * 2,
        ]
        assert set(codes(node)) <= {"commission_missing"}  # of a second part that came first, and set right after it
        with node.journal() as journal:
            assert journal.cash_usd() == day.gateway.state()["cash_usd"]


@SIDES
def test_a_closing_order_that_is_refused_past_the_trigger_does_not_wait_naked_for_the_next_bar(tmp_path, side):
    with floor(tmp_path, flat_market(AAPL=[100, 100, 100, *[100 - 6 * side] * 20])) as day:
        node = day.start([opening(side, 2, closing=(4,))])
        enter(day, node, 2)
        day.gateway.do.withhold_fills(AAPL)
        day.gateway.do.reject("place", 201)
        day.minute(4)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit made again, no bar later")
        day.gateway.do.withhold_fills(AAPL, False)
        day.prints()
        flat(day, node)
        assert "unprotected" in codes(node)
