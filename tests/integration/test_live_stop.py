"""Ends of a live node that come at a bad moment: an exit under way, another symbol about to enter, no connection."""

import os
import signal

import pytest

from actors.messages import Side
from tests.integration.live_rig import PATIENCE_SECS, Floor, Node, at_minute, floor
from tests.integration.live_steps import A_MOMENT, enter, is_told, opening, shape
from tests.integration.operator_rig import Operator
from tests.integration.rig import AAPL, MSFT, SIDES


def holding(day: Floor, side: int, *overrides: str, others: tuple[str, ...] = ()) -> Node:
    node = day.start([opening(side, 2), *others], *overrides)
    day.minute(2)
    node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
    day.prints()
    node.until(lambda: day.position() == 100 * side and is_told(day, node), "the position")
    return node


@SIDES
def test_a_stop_waits_for_the_exit_that_takes_the_stop_away(tmp_path, side):
    with floor(tmp_path) as day:
        node, operator = holding(day, side), Operator(day.state)
        day.gateway.do.swallow("cancel")
        with operator.begin("flatten") as flatten:
            node.until_says("FLATTEN AAPL")
            with operator.begin("stop") as stop:
                node.until(lambda: operator.status()["state"] == "holding", "the end of entries")
                assert day.stop()["quantity"] == 100
                day.gateway.do.serve_swallowed()
                node.until(lambda: len(day.orders()) == 3, "the closing order")
                day.prints()
                said, _ = stop.communicate(timeout=PATIENCE_SECS)
            flatten.communicate(timeout=PATIENCE_SECS)

        assert (stop.returncode, node.exit_code()) == (0, 0)
        assert "stopping; the exit under way in AAPL is awaited;" in said
        assert (day.position(), day.resting()) == (0, [])


@SIDES
@pytest.mark.parametrize("parts", [1, 2], ids=["unfilled", "half filled"])
def test_a_stop_takes_back_what_has_not_filled_of_an_entry(tmp_path, side, parts):
    """Nobody would watch it: it may fill hours later, when a halt of the stock ends."""
    with floor(tmp_path) as day:
        day.gateway.do.split_fills(2)
        node = day.start([opening(side, 2)])
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        if parts == 2:
            day.prints()
            node.until(lambda: day.position() and is_told(day, node), "half of the position")
        day.gateway.do.withhold_fills(AAPL)
        day.gateway.do.reject("cancel", 10147, after_secs=A_MOMENT)  # it is made again
        with Operator(day.state).begin("stop") as stop:
            said, _ = stop.communicate(timeout=PATIENCE_SECS)

        assert (stop.returncode, node.exit_code()) == (0, 0)
        assert "what has not filled of the entry in AAPL is cancelled;" in said
        left = [("STP", 50, "PreSubmitted")] if parts == 2 else []
        assert (abs(day.position()), shape(day.resting())) == (50 * (parts - 1), left)


@pytest.mark.parametrize("on_stop", ["keep_stops", "flatten"])
def test_a_stop_knows_of_an_entry_that_the_broker_has_not_acknowledged(tmp_path, on_stop):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2)], f'trading.on_stop="{on_stop}"')
        day.gateway.do.withhold_fills(AAPL)
        for kind in ("OpenOrder", "OrderStatus"):
            day.gateway.do.lose(kind, 4)
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")

        assert node.terminate() == 0
        assert day.resting() == []


def test_an_entry_that_cannot_be_taken_back_is_told_at_the_end(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.SHORT, 2)], sooner={"actors.loop.helm.FLATTEN_SECS": 3})
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.gateway.do.withhold_fills(AAPL)
        day.gateway.do.swallow("cancel")

        assert node.terminate() == 1
        left = "AAPL.NASDAQ +0 shares with their stop at 105.00, an entry works for 100 more"
        assert f"an exit or entry did not end in 3 s: {left}" in node.terminal
        assert shape(day.resting()) == [("MKT", 100, "Submitted"), ("STP", 100, "PreSubmitted")]


@SIDES
def test_nobody_enters_while_all_is_closed_for_the_end(tmp_path, side):
    with floor(tmp_path) as day:
        others = (at_minute(MSFT, up=[3]),)
        node, operator = holding(day, side, 'trading.on_stop="flatten"', others=others), Operator(day.state)
        day.gateway.do.withhold_fills(AAPL)
        with operator.begin("stop") as stop:
            node.until(lambda: len(day.orders()) == 3, "the closing order")
            day.minute(3)
            node.until_says("MSFT refused: not_ready: stop: the node is ending")
            day.gateway.do.withhold_fills(AAPL, on=False)
            day.prints()
            said, _ = stop.communicate(timeout=PATIENCE_SECS)

        assert (stop.returncode, node.exit_code(), day.orders(MSFT)) == (0, 0, [])
        assert "so first all is closed" in said


@SIDES
def test_a_node_that_never_came_up_says_what_it_left_before(tmp_path, side):
    with floor(tmp_path) as day:
        holding(day, side).kill()
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        make = "config.live.session.make_node"
        waits = f"lambda *args, make={make}, **named: open({str(gate)!r}).read() or make(*args, **named)"
        sooner = {"config.live.node.CONNECT_SECS": 1, make: waits}
        node = Node(day.gateway.port, day.state, [opening(side, 2)], [], sooner=sooner)
        day.nodes.append(node)
        node.until(lambda: node.terminal.count("Ready") == 2, "the end of its checks")
        with gate.open("w"):  # until it is closed the node does not connect
            day.gateway.do.hang()

        assert node.exit_code() == 4
        assert "at the broker: nothing of ours" not in node.terminal
        assert f"at the broker: AAPL {100 * side:+} (stop {100 - 5 * side}" in node.terminal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_first_moment_of_a_session_is_an_orderly_end(tmp_path, number):
    with floor(tmp_path) as day:
        node = Node(day.gateway.port, day.state, [at_minute(up=[2])], [])
        day.nodes.append(node)
        while not day.gateway.received()["HistoricalDataRequest"]:  # no pause: that moment is a tenth of a second
            assert node.process.poll() is None
        node.process.send_signal(number)

        assert node.exit_code() == 0
        assert "ended: asked to stop (exit 0)" in node.terminal


def test_a_second_node_is_refused_before_the_broker_is_asked(tmp_path):
    with floor(tmp_path) as day:
        first = day.start([at_minute(up=[2])])
        second = Node(day.gateway.port, day.state, [at_minute(up=[2])], [])  # with the client id of the first
        day.nodes.append(second)

        assert second.exit_code() == 3
        assert f"Another node runs on {day.state} (process {first.process.pid})" in second.terminal
        assert first.process.poll() is None


@SIDES
def test_who_asks_for_the_end_while_the_node_starts_itself_anew_gets_it(tmp_path, side):
    """Its gateway stays away: it would wait a minute for it, and then trade on."""
    away = "lambda host, port, pause, is_given_up: [pause(0.05) for _ in iter(is_given_up, True)]"
    sooner = {"config.live.start.await_gateway": away, "actors.link.book_rules.LASTING_NS": 4e9}
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2)], sooner=sooner)
        enter(day, node, 2)
        day.gateway.do.misreport(day.stop()["perm_id"], "Cancelled")
        node.until_says("starting anew")

        assert node.terminate() == 0
        assert "asked to stop: it does not start anew" in node.terminal
        assert {order["type"] for order in day.resting()} == {"STP"}
