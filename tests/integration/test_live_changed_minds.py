"""A broker that refuses an order and works it all the same: the engine drops its fills, the books find them."""

from actors.messages import ExitReason
from tests.integration.live_rig import floor
from tests.integration.live_steps import codes, enter, fills, flat, is_told, opening, shape
from tests.integration.rig import AAPL, SIDES

SOON = {"actors.link.book_rules.LASTING_NS": 4e9}  # how long books may differ


def changes_its_mind(day, node, orders):
    """Let the broker work what it refused, and the node find out by itself: it starts anew."""
    known = len(day.orders())
    day.gateway.do.serve_refused()
    assert len(day.orders()) == known + orders
    day.prints()
    node.until(lambda: "starting anew" in node.terminal, "the node's new start")
    node.until(lambda: is_told(day, node), "what filled")
    assert "engine_behind" in codes(node)


@SIDES
def test_an_entry_that_was_refused_and_fills_is_found_and_stays_behind_its_stop(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2)], sooner=SOON)
        day.gateway.do.reject("place", 201, count=2)
        day.minute(2)
        node.until(lambda: codes(node) == ["order_refused"] * 2, "the refusals")
        changes_its_mind(day, node, 2)
        assert day.position() == 100 * side
        node.until_says("held from before")
        assert day.stop()["quantity"] == 100


@SIDES
def test_an_exit_that_was_refused_and_fills_is_found_and_leaves_no_stop(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, closing=(4,))], sooner=SOON)
        enter(day, node, 2)
        day.gateway.do.reject("place", 201)
        day.minute(4)
        node.until_equal(
            lambda: (codes(node), shape(day.resting())), (["order_refused"], [("STP", 100, "PreSubmitted")])
        )
        changes_its_mind(day, node, 1)
        flat(day, node)
        assert fills(node)[-1].exit_reason is ExitReason.SIGNAL


def leave_for_want_of_a_stop(day, node):
    """Enter, and let the stop be lost, and the one put back be refused: the position is closed."""
    enter(day, node, 2)
    day.gateway.do.reject("place", 201)
    day.gateway.do.cancel(day.stop()["perm_id"])
    node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit: its second stop is lost")
    day.prints()
    flat(day, node)


@SIDES
def test_a_stop_that_was_refused_and_works_is_cancelled_before_it_can_fill(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, 6)], sooner=SOON)
        leave_for_want_of_a_stop(day, node)
        asked = day.asked()
        day.gateway.do.serve_refused()
        assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]
        node.until(lambda: day.resting() == [], "the cancel, by the node started anew")
        node.until(lambda: {"engine_behind", "stop_spare"} <= set(codes(node)), "the alerts")
        node.until(lambda: day.asked() > asked, "the subscription of bars")
        enter(day, node, 6)
        assert day.position() == 100 * side


@SIDES
def test_a_stop_that_was_refused_and_works_is_found_once_it_fills(tmp_path, side):
    """When all is flat: its round trip is not over after all, and what it opened is closed."""
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2)], sooner=SOON)
        leave_for_want_of_a_stop(day, node)
        day.gateway.do.shock(AAPL, -8 * side)
        changes_its_mind(day, node, 1)
        assert day.position() == -100 * side
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the closing order")
        day.prints()
        flat(day, node)
