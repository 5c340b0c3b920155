"""A start of the node's own waits for a gateway that restarts."""

import socket

import pytest

from config.checks import gateway_wait
from config.checks.gateway_wait import await_gateway


@pytest.fixture
def gateway():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        yield server


def test_gateway_that_comes_back_is_waited_for(gateway):
    pauses = []

    def pause(secs: float) -> None:
        pauses.append(secs)
        if len(pauses) == 3:
            gateway.listen()

    assert await_gateway(*gateway.getsockname(), pause)
    assert pauses == [1.0] * 3


def test_gateway_that_stays_away_is_not_waited_for_without_end(gateway):
    pauses = []

    assert not await_gateway(*gateway.getsockname(), pauses.append)
    assert len(pauses) == gateway_wait.PATIENCE_SECS
