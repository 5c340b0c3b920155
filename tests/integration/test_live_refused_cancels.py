"""A broker that refuses every cancel: an exit that waits for it is not silent, and not for ever. Over TCP."""

from actors.messages import ExitReason
from tests.integration.live_rig import flat_market, floor
from tests.integration.live_steps import A_MOMENT, alerts, codes, enter, fills, flat, opening, shape
from tests.integration.rig import SIDES

SOON = {"strategies.unanswered.TELL_SECS": 4}  # above what an answer takes on a busy machine
VERY_SOON = SOON | {"strategies.unanswered.GIVE_UP_SECS": 6}
REFUSED = "OrderId that needs to be cancelled is not found."
EACH = 1000


@SIDES
def test_an_exit_at_the_loss_limit_that_cannot_cancel_its_stop_is_told_and_made_by_the_next_start(tmp_path, side):
    path = [100, 100, 100, *[100 - 3 * side] * 20]
    table, limit = opening(side, 2), "risk.max_daily_loss_usd=200"
    with floor(tmp_path, flat_market(AAPL=path)) as day:
        node = day.start([table], limit, sooner=VERY_SOON)
        enter(day, node, 2)
        day.gateway.do.reject("cancel", 10147, count=EACH, after_secs=A_MOMENT)
        day.minute(4)
        node.until_says("session ends with exit code 4")
        assert node.exit_code() == 4
        assert day.position() == 100 * side
        assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]
        assert alerts(node) == [("loss_limit", "critical"), ("cancel_refused", "critical")]
        assert f"the broker refuses its cancel for 4 s: {REFUSED}; it works on" in node.terminal
        assert node.terminal.count(f"WARNING AAPL #2 stop cancel rejected: {REFUSED}") >= 3

        day.gateway.do.accept("cancel")
        second = day.start([table], limit)
        second.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints()
        flat(day, second)
        assert second.exit_code() == 5
        assert [fill.exit_reason for fill in fills(second)] == [None, ExitReason.LOSS_LIMIT]


@SIDES
def test_a_cancel_that_is_refused_for_a_moment_is_a_line_and_no_alert(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, closing=(4,))])
        enter(day, node, 2)
        day.gateway.do.reject("cancel", 10147, count=2, after_secs=A_MOMENT)
        day.minute(4)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        node.until(lambda: node.terminal.count("stop cancel rejected") == 2, "the lines")
        day.prints()
        flat(day, node)
        assert alerts(node) == []


@SIDES
def test_a_stop_too_many_that_cannot_be_cancelled_is_told(tmp_path, side):
    with floor(tmp_path) as day:
        table = opening(side, 2)
        first = day.start([table])
        enter(day, first, 2)
        day.gateway.do.misreport(day.stop()["perm_id"], "Cancelled")
        first.until(lambda: len(day.resting()) == 2, "the stop put back")
        first.until(lambda: "stop_restored" in codes(first), "the alerts")
        first.kill()

        day.gateway.do.reject("cancel", 10147, count=EACH, after_secs=A_MOMENT)
        second = day.start([table], sooner=SOON)
        second.until(lambda: ("cancel_refused", "critical") in alerts(second), "the alert")
        day.gateway.do.accept("cancel")
        second.until(lambda: len(day.resting()) == 1, "the cancel")
        assert codes(second).count("cancel_refused") == 1
