"""How the helm ends a session, its clock played by hand; and a signal while a node connects, over TCP."""

import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest

from actors.loop.helm import FLATTEN_SECS, Helm, StopRequest
from actors.messages import AlertRaised, Flatten, HoldEntries, LockSymbol, PositionReported, StopNode, WithdrawEntries
from tests.integration.live_rig import Node, at_minute, floor
from tests.integration.rig import AAPL, SIDES


class HandHelm(Helm):
    """A helm without a node: it remembers what it says, and when it ends."""

    def __init__(self, *, flattens_on_stop: bool) -> None:
        self.said, self.ended, self.request = [], [], StopRequest()
        self.request.take_signals = lambda: None
        super().__init__(self.request, flattens_on_stop=flattens_on_stop, ends_at_loss_limit=True)

    def publish_message(self, _topic, message) -> None:
        self.said.append(message)

    def shutdown_system(self, reason: str) -> None:
        self.ended.append(reason)

    def looks(self, secs: float) -> None:
        self.on_look(SimpleNamespace(ts_event=int(secs * 10**9)))


def held(quantity: int, *, is_exiting: bool = True) -> PositionReported:
    stop = 0 if is_exiting else abs(quantity)
    return PositionReported(
        1, AAPL, quantity, 0, stop, None, None, is_exiting=is_exiting, is_resizing=False, decision_id="D-1"
    )


def alerts(helm: HandHelm) -> list[str]:
    return [alert.code for alert in helm.said if isinstance(alert, AlertRaised)]


@SIDES
@pytest.mark.parametrize("flattens", [True, False])
def test_who_asks_for_the_end_at_the_loss_limit_is_not_kept_waiting_for_the_broker(side, flattens):
    helm = HandHelm(flattens_on_stop=flattens)
    helm.on_position(held(100 * side))
    helm.end_at_loss_limit("the daily loss limit")
    helm.looks(10_000)
    assert helm.ended == []  # by itself it waits until everything is flat
    helm.request.ask("asked to stop")
    helm.looks(10_001)
    helm.looks(10_001 + FLATTEN_SECS)
    assert helm.ended == []
    helm.looks(10_002 + FLATTEN_SECS)
    assert len(helm.ended) == 1
    assert helm.exit_code == 5
    assert alerts(helm) == ["not_flat"]


@SIDES
def test_an_exit_under_way_has_no_stop_so_the_end_waits_for_it(side):
    helm = HandHelm(flattens_on_stop=False)
    helm.on_position(held(100 * side))
    helm.request.ask("stopped by anna")
    helm.looks(1)
    helm.looks(20)
    assert helm.ended == []
    helm.on_position(held(0, is_exiting=False))
    helm.looks(21)
    assert (helm.ended, helm.exit_code, alerts(helm)) == (["stopped by anna"], 0, [])


@SIDES
@pytest.mark.parametrize("change", [{"entry_open": 50}, {"is_resizing": True}, {"stop_quantity": 49}], ids=str)
def test_the_end_waits_for_an_entry_that_is_withdrawn_and_its_stop(side, change):
    helm = HandHelm(flattens_on_stop=False)
    settled = held(50 * side, is_exiting=False)
    helm.on_position(replace(settled, **change))
    helm.request.ask("stopped by anna")
    helm.looks(1)
    helm.looks(20)
    assert helm.ended == []
    helm.on_position(settled)
    helm.looks(21)
    assert (helm.ended, helm.exit_code, alerts(helm)) == (["stopped by anna"], 0, [])


@SIDES
def test_an_exit_that_does_not_end_is_left_behind_and_told_of(side):
    helm = HandHelm(flattens_on_stop=False)
    helm.on_position(held(100 * side))
    helm.request.ask("stopped by anna")
    helm.looks(1)
    helm.looks(2 + FLATTEN_SECS)
    text = f"an exit or entry did not end in 30 s: {AAPL} {100 * side:+} shares WITHOUT A STOP, an exit is under way"
    assert (helm.ended, helm.exit_code, alerts(helm)) == ([text], 1, ["not_flat"])


@SIDES
def test_what_stays_behind_its_stop_or_is_not_ours_keeps_nobody_waiting(side):
    for message, lock in (
        (held(100 * side, is_exiting=False), None),
        (held(100 * side), LockSymbol(1, AAPL, "foreign")),
    ):
        helm = HandHelm(flattens_on_stop=False)
        helm.on_position(message)
        helm.on_command(lock)
        helm.request.ask("stopped by anna")
        helm.looks(1)
        assert helm.ended == ["stopped by anna"]


@pytest.mark.parametrize("flattens", [True, False])
def test_nobody_enters_a_session_that_ends(flattens):
    helm = HandHelm(flattens_on_stop=flattens)
    helm.on_position(held(100))
    helm.request.ask("stopped by anna")
    helm.looks(1)
    helm.looks(2)
    told = [HoldEntries, Flatten if flattens else WithdrawEntries]
    assert [type(message) for message in helm.said] == told  # once


@pytest.mark.parametrize("is_asked", [True, False])
def test_who_asked_for_the_end_gets_no_restart(is_asked):
    helm = HandHelm(flattens_on_stop=False)
    if is_asked:
        helm.request.ask("stopped by anna")
    helm.on_command(StopNode(1, 4, "the adapter needs a restart", restarts=True))
    helm.on_command(StopNode(2, 4, "the order stream is dead"))
    assert (helm.wants_restart, helm.exit_code) == (not is_asked, 4)
    assert helm.ended == ["the adapter needs a restart"]


@SIDES
def test_an_end_that_is_closing_what_is_held_is_not_cut_short_for_a_restart(side):
    helm = HandHelm(flattens_on_stop=True)
    helm.on_position(held(100 * side))
    helm.request.ask("stopped by anna")
    helm.looks(1)
    helm.on_command(StopNode(2, 4, "the books differ", restarts=True))
    assert helm.ended == []
    helm.on_position(held(0, is_exiting=False))
    helm.looks(3)
    assert (helm.ended, helm.wants_restart, helm.exit_code) == (["stopped by anna"], False, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_that_another_handler_takes_is_counted_all_the_same(number):
    request, taken = StopRequest(), []
    before = signal.signal(number, lambda *_: taken.append(number))  # as Nautilus has one while the node starts
    try:
        with request.overhears():
            assert request.signals == 0
            signal.raise_signal(number)
        with request.overhears():
            signal.raise_signal(number)
    finally:
        signal.signal(number, before)

    assert (taken, request.signals) == ([number] * 2, 1)


def test_signals_of_another_kind_ask_for_no_stop():
    request = StopRequest()
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    with request.overhears():
        signal.raise_signal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, before)

    assert request.signals == 0


def test_ctrl_c_while_the_node_connects_is_no_fault(tmp_path):
    with floor(tmp_path) as day:
        node = Node(day.gateway.port, day.state, [at_minute(up=[2])], [])
        day.nodes.append(node)
        node.until(lambda: day.gateway.received()["StartApiRequest"] > 1, "a connection after that of the checks")
        node.process.send_signal(signal.SIGINT)

        assert node.exit_code() == 0, node.terminal
        assert "(exit 0)" in node.terminal
