"""The short visit to the gateway: its time, and what is wrong with it in words."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from catalog import ib_clock
from catalog.errors import CatalogError
from catalog.ib_clock import broker_time_ns
from tests.gateway.gateway import Gateway
from tests.gateway.wire_client import PATIENCE_SECS, closed_port


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway.start(speed=None) as gateway:
        yield gateway


def test_time_is_the_gateways_and_the_client_id_is_free_afterwards(gateway: Gateway) -> None:
    before = time.time_ns() - 10**9
    times = [broker_time_ns("127.0.0.1", gateway.port, client_id) for client_id in (9, 9, 300)]

    assert all(before <= each <= time.time_ns() for each in times)
    assert gateway.state()["clients"] == []


def test_client_id_in_use_is_told(gateway: Gateway) -> None:
    line = socket.create_connection(("127.0.0.1", gateway.port))
    line.sendall(ib_clock.GREETING)
    ib_clock._frame(line, "")
    line.sendall(ib_clock._message(ib_clock.START_API, 7))
    ib_clock._frame(line, "")

    with line, pytest.raises(CatalogError, match=r"Client id 7 is in use at .* name another one with --client-id"):
        broker_time_ns("127.0.0.1", gateway.port, 7)


def answering(answer: bytes | None) -> int:
    """Open a port that says this to whoever comes and hangs up; None = it says nothing. Return the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as line:
            line.recv(100)
            if answer is None:
                line.recv(100)
            else:
                line.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "hung up. Update IB Gateway"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "found something else. Correct --port"),
        (b"\0\0\0\4oops", "found something else. Correct --port"),
        (None, "does not answer within 0.2 s. Restart"),
    ],
)
def test_what_is_no_gateway_is_told(monkeypatch: pytest.MonkeyPatch, answer: bytes | None, told: str) -> None:
    monkeypatch.setattr(ib_clock, "ANSWER_SECS", 0.2 if answer is None else PATIENCE_SECS)

    with pytest.raises(CatalogError, match=told):
        broker_time_ns("127.0.0.1", answering(answer), 9)


def test_visit_ends_when_the_gateway_has_hung_up_too() -> None:
    """Only then is the client id free for who comes next."""
    listener = socket.create_server(("127.0.0.1", 0))
    hung_up = []

    def serve() -> None:
        with listener, listener.accept()[0] as line:
            line.recv(100)
            line.sendall(b"\0\0\0\x04" + b"223\0")
            line.recv(100)
            line.sendall(ib_clock._message(ib_clock.READY, 1))
            line.recv(100)
            line.sendall(ib_clock._message(ib_clock.TIME, 1_795_000_000))
            assert line.recv(100) == b""
            time.sleep(0.2)
            hung_up.append(True)

    threading.Thread(target=serve, daemon=True).start()

    assert broker_time_ns("127.0.0.1", listener.getsockname()[1], 9) == 1_795_000_000 * 10**9
    assert hung_up == [True]


def test_nobody_there_is_told() -> None:
    with (
        closed_port() as port,
        pytest.raises(CatalogError, match=f"Nothing answers at 127.0.0.1:{port} \\(Connection refused\\)"),
    ):
        broker_time_ns("127.0.0.1", port, 9)
