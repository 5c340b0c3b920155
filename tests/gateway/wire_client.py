"""A client of the gateway for tests: says what it is told to say, and waits for what it is told to expect."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from google.protobuf.message import Message

from tests.gateway.codec import PREFIX, decode_answer, encode, framed, kind_of, length_of, schema

PATIENCE_SECS = 30.0  # beyond it a test has failed, however slow the machine
AAPL = {"symbol": "AAPL", "secType": "STK", "exchange": "SMART", "primaryExch": "NASDAQ"}
Wanted = Callable[[Any], bool]


@contextmanager
def closed_port() -> Iterator[int]:
    """Yield a port at which nothing answers, nor another process begins to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class WireClient:
    """
    One connection.

    Attributes
    ----------
    heard : list[Message]
        Everything that came, in order.

    """

    def __init__(self, port: int, client_id: int = 1) -> None:
        self.heard: list[Message] = []
        self._read = 0  # of what was heard, how much has been expected
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECS)
        try:
            self._socket.sendall(PREFIX + framed(b"v100..225"))
            self.version = self._frame().split(b"\0")[0].decode()
            self.send("StartApiRequest", clientId=client_id)
        except BaseException:
            self.close()
            raise

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message of the schema."""
        self._socket.sendall(encode(schema(kind)(**fields)))

    def place(self, order_id: int, side: str = "BUY", kind: str = "MKT", **fields: Any) -> None:
        """Place, or change, an order of AAPL."""
        order = {"action": side, "totalQuantity": "10", "orderType": kind, "tif": "DAY", "transmit": True} | fields
        self.send("PlaceOrderRequest", orderId=order_id, contract=AAPL, order=order)

    def expect(self, kind: str, wanted: Wanted = lambda _message: True) -> Any:
        """Wait for a message of a kind, after those expected before, and return it."""
        while True:
            while self._read < len(self.heard):
                message = self.heard[self._read]
                self._read += 1
                if kind_of(message) == kind and wanted(message):
                    return message
            self.heard.append(decode_answer(self._frame()))

    def ask(self) -> list[Message]:
        """Make a round trip, so that all that was sent before has arrived; return what came in the meantime."""
        before = len(self.heard)
        self.send("CurrentTimeRequest")
        self._read = before
        self.expect("CurrentTime")
        return self.heard[before:-1]

    def is_ended(self) -> bool:
        """Read on, and tell whether the gateway ended the connection."""
        try:
            while True:
                self.heard.append(decode_answer(self._frame()))
        except (ConnectionError, EOFError):
            return True

    def count(self, kind: str) -> int:
        """Return how many messages of a kind have come."""
        return sum(kind_of(message) == kind for message in self.heard)

    def _frame(self) -> bytes:
        return self._bytes(length_of(self._bytes(4)))

    def _bytes(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self._socket.recv(count - len(found))
            if not more:
                raise EOFError("The gateway has ended the connection.")
            found += more
        return found

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
