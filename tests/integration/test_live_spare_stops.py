"""A stop that the journal holds as ended and the broker still works: no two stops can meet (law 5). Over TCP."""

from actors.messages import ExitReason, ReleaseEntries, Side
from tests.integration.live_rig import floor
from tests.integration.live_steps import A_MOMENT, EVER, alerts, codes, decisions, enter, fills, flat, opening, shape
from tests.integration.rig import AAPL, SIDES

SOON = {"actors.link.book_rules.LASTING_NS": 4e9}  # how long books may differ
LATE = {"actors.link.book_rules.LASTING_NS": 600e9, "actors.link.book_rules.RECENT_NS": 600e9}


def of_stops(node):
    """Return the alerts about stops, in order."""
    return [code for code in codes(node) if code.startswith("stop")]


def is_released(node):
    """Tell whether the symbol may be entered again, after an order left over was cancelled."""
    with node.journal() as journal:
        return "left_over" in [release.source for release in journal.messages(ReleaseEntries, *EVER)]


def put_back_beside(day, node):
    """Let the node believe that its stop was cancelled; it puts one back, and two rest."""
    day.gateway.do.misreport(day.stop()["perm_id"], "Cancelled")
    node.until(lambda: len(day.resting()) == 2, "the stop put back")
    node.until(lambda: "stop_restored" in codes(node), "the alerts")


@SIDES
def test_of_two_stops_found_at_a_start_the_one_too_many_is_cancelled(tmp_path, side):
    with floor(tmp_path) as day:
        table = opening(side, 2, closing=(4,))
        first = day.start([table])
        enter(day, first, 2)
        put_back_beside(day, first)
        latest = day.resting()[-1]
        first.kill()

        second = day.start([table])
        second.until(lambda: len(day.resting()) == 1, "the cancel of the stop before")
        assert day.stop()["perm_id"] == latest["perm_id"]
        second.until(lambda: of_stops(second) == ["stop_lost", "stop_restored", "stop_spare"], "the alert")
        day.gateway.do.shock("AAPL.NASDAQ", -8 * side)
        day.prints()
        flat(day, second)
        assert [fill.exit_reason for fill in fills(second)] == [None, ExitReason.PROTECTIVE_STOP]
        assert of_stops(second) == ["stop_lost", "stop_restored", "stop_spare"]  # the one cancelled is not a stop lost


@SIDES
def test_a_running_node_finds_the_one_too_many_by_itself(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2)], sooner=SOON)
        enter(day, node, 2)
        put_back_beside(day, node)
        latest = day.resting()[-1]
        node.until(lambda: len(day.resting()) == 1, "the cancel of the stop before")
        assert day.stop()["perm_id"] == latest["perm_id"]
        assert "NautilusTrader holds it as ended; the node starts itself anew" in node.terminal
        node.until_equal(lambda: of_stops(node), ["stop_lost", "stop_restored", "stop_spare"])
        assert codes(node).count("engine_behind") == 1


@SIDES
def test_a_stop_that_still_works_is_not_put_back_beside_itself(tmp_path, side):
    """Killed when it was held for cancelled and the one to put back had not arrived."""
    with floor(tmp_path) as day:
        first = day.start([opening(side, 2)])
        enter(day, first, 2)
        stop, sent = day.stop(), day.gateway.received()["PlaceOrderRequest"]
        day.gateway.do.swallow("place")
        day.gateway.do.misreport(stop["perm_id"], "Cancelled")
        first.until(lambda: day.gateway.received()["PlaceOrderRequest"] > sent, "the stop put back, which is lost")
        first.kill()

        second = day.start([opening(side, 2)])
        assert second.terminate() == 0
        assert day.resting() == [stop]
        assert f"{100 * side:+} shares with their stop at {stop['stop_price']}" in second.terminal
        assert of_stops(second) == ["stop_lost"]


def stray_after_a_round_trip(day, node):
    """Leave a stop of a round trip that is over at the broker, and return it."""
    enter(day, node, 2)
    put_back_beside(day, node)
    stray = day.resting()[0]
    day.minute(4)
    node.until(lambda: shape(day.resting())[-1:] == [("MKT", 100, "Submitted")], "the closing order")
    day.prints()
    node.until_says("flat: round trip")
    assert day.resting() == [stray]
    return stray


@SIDES
def test_a_stop_left_over_from_a_round_trip_that_is_over_is_cancelled_at_the_next_start(tmp_path, side):
    with floor(tmp_path) as day:
        first = day.start([opening(side, 2, closing=(4,))])
        stray_after_a_round_trip(day, first)
        assert first.terminate() == 0

        second = day.start([opening(side, 6)])
        second.until(lambda: day.resting() == [], "the cancel")
        second.until(lambda: "stop_spare" in codes(second), "the alert")
        enter(day, second, 6)
        assert day.stop()["quantity"] == 100
        second.until_equal(lambda: second.terminal.count("fee $1.00"), 3)
        assert len(fills(second)) == 3  # those of before are not booked again


def stray_beside_the_next_round_trip(day, node):
    """Leave such a stop, enter again, and return the stop of that."""
    stray = stray_after_a_round_trip(day, node)
    enter(day, node, 6)
    assert shape(day.resting()) == [("STP", 100, "PreSubmitted")] * 2
    before, latest = day.resting()
    assert before == stray
    return latest


@SIDES
def test_a_stop_of_an_earlier_round_trip_is_cancelled_at_a_start_within_the_next(tmp_path, side):
    with floor(tmp_path) as day:
        table = opening(side, 2, 6, closing=(4,))
        first = day.start([table], sooner=LATE)
        latest = stray_beside_the_next_round_trip(day, first)
        first.kill()
        by_hand = day.gateway.do.place(AAPL, "sell", 5, "STP", "50")

        second = day.start([table])
        second.until(lambda: len(day.resting()) == 2, "the cancel of the stop of before")
        assert {order["perm_id"] for order in day.resting()} == {latest["perm_id"], by_hand}  # law 11
        second.until(lambda: "stop_spare" in codes(second), "the alert")
        day.gateway.do.cancel(by_hand)
        day.gateway.do.shock(AAPL, -8 * side)
        day.prints(2)
        flat(day, second)
        assert fills(second)[-1].exit_reason is ExitReason.PROTECTIVE_STOP


@SIDES
def test_nothing_enters_beside_such_a_stop_while_the_broker_refuses_its_cancel(tmp_path, side):
    with floor(tmp_path) as day:
        table = opening(side, 2, 6, 10, 12, closing=(4, 8))
        first = day.start([table], sooner=LATE)
        latest = stray_beside_the_next_round_trip(day, first)
        day.minute(8)
        first.until(lambda: latest not in day.resting() and len(day.resting()) == 2, "the closing order")
        day.prints()
        first.until(lambda: first.terminal.count("flat: round trip") == 2, "the end of the second round trip")
        first.kill()

        day.gateway.do.reject("cancel", 10147, count=1000, after_secs=A_MOMENT)
        second = day.start([table], sooner=LATE | {"strategies.left_overs.TELL_SECS": 4})
        second.until(lambda: "cancel_refused" in codes(second), "the alert")
        second.until_says("after 4 s the broker refuses its cancel: OrderId that needs")
        day.minute(10)
        second.until(lambda: decisions(second)[-1].reason == "not_ready", "the decision")
        assert decisions(second)[-1].detail.startswith("not_ready: left_over: ")
        assert len(day.resting()) == 1

        day.gateway.do.accept("cancel")
        second.until(lambda: is_released(second), "entries are free again")
        assert day.resting() == []
        enter(day, second, 12)
        assert codes(second).count("stop_spare") == codes(second).count("cancel_refused") == 1


def test_a_cancel_of_such_a_stop_that_is_not_answered_is_told(tmp_path):
    with floor(tmp_path) as day:
        table = opening(Side.SHORT, 2, 6, closing=(4,))
        first = day.start([table], sooner=LATE)
        latest = stray_beside_the_next_round_trip(day, first)
        first.kill()

        day.gateway.do.swallow("cancel")
        second = day.start([table], sooner=LATE | {"strategies.left_overs.TELL_SECS": 4})
        second.until(lambda: ("no_answer", "critical") in alerts(second), "the alert")
        second.until_says("after 4 s its cancel has no answer")
        day.gateway.do.serve_swallowed()
        second.until(lambda: is_released(second), "entries are free again")
        assert day.resting() == [latest]


@SIDES
def test_an_exit_that_works_after_all_is_not_left_beside_the_stop_put_back(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, closing=(4,))], sooner=SOON)
        enter(day, node, 2)
        day.gateway.do.reject("place", 201)
        day.minute(4)
        node.until(lambda: "order_refused" in codes(node), "the refusal")
        node.until(lambda: shape(day.resting()) == [("STP", 100, "PreSubmitted")], "the stop put back")
        day.gateway.do.withhold_fills(AAPL)
        day.gateway.do.serve_refused()
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the cancel of the stop")
        node.until(lambda: "stop_spare" in codes(node), "the alert")
        day.gateway.do.withhold_fills(AAPL, False)
        day.gateway.do.shock(AAPL, -8 * side)
        day.prints()
        flat(day, node)
        assert fills(node)[-1].exit_reason is ExitReason.SIGNAL
