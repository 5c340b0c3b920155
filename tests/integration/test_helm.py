"""How the helm ends a session, its clock played by hand."""

from types import SimpleNamespace

import pytest

from actors.helm import FLATTEN_SECS, Helm, StopRequest
from actors.messages import AlertRaised, PositionReported
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


def held(quantity: int) -> PositionReported:
    return PositionReported(1, AAPL, quantity, 0, 0, None, None, is_exiting=True, is_resizing=False, decision_id="D-1")


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
    assert [alert.code for alert in helm.said if isinstance(alert, AlertRaised)] == ["not_flat"]
