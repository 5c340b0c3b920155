"""One client of the gateway: its id, what it asks and who answers it; no sockets."""

import time
from collections.abc import Callable, Mapping

from google.protobuf.message import Message

from tests.gateway import messages
from tests.gateway.account_desk import AccountDesk
from tests.gateway.codec import BadFrame, decode_request, encode, kind_of, schema
from tests.gateway.data_desk import DataDesk
from tests.gateway.faults import text_of
from tests.gateway.model import Refused
from tests.gateway.order_desk import OrderDesk
from tests.gateway.world import FIRST_ORDER_ID, World

NO_CLIENT = -1
NO_REQUEST = -1
CLIENT_ID_IN_USE = 326
HELLO = (2104, 2106, 2158)  # the farms that are fine, as every session begins

Handler = Callable[[Message], None]


class Client:
    """
    One connection, from its first message to its end.

    Parameters
    ----------
    world : World
        What it is told of and trades in.
    write : Callable[[bytes], None]
        Takes frames to the wire.
    close : Callable[[], None]
        Ends the connection once what was written has left.

    """

    def __init__(self, world: World, write: Callable[[bytes], None], close: Callable[[], None]) -> None:
        self.world = world
        self.client_id = NO_CLIENT
        self.accounts = AccountDesk(world, self.send)
        self.orders = OrderDesk(world, self)
        self.data = DataDesk(world, self.send)
        self.write = write
        self.close = close
        self._handlers: Mapping[str, Handler] = {
            "StartApiRequest": self._start,
            "IdsRequest": lambda _: self._send_next_id(),
            "CurrentTimeRequest": self._current_time,
            "CurrentTimeInMillisRequest": self._current_time_in_millis,
            **self.accounts.handlers,
            **self.orders.handlers,
            **self.data.handlers,
        }

    def receive(self, payload: bytes) -> None:
        """Answer a frame; what cannot be served is refused with a code, as the broker does."""
        try:
            message = decode_request(payload)
        except BadFrame as bad:
            self.send(messages.error(NO_REQUEST, 320, f"Error reading request: {bad}", time.time_ns()))
            return
        self.world.log.add(True, self.client_id, message)
        try:
            self._handlers[kind_of(message)](message)
        except Refused as refused:
            self.refuse(_request_id(message), refused.code, refused.text)

    def send(self, message: Message) -> None:
        """Send a message, unless a fault has other plans for it; faults strike the client of the lowest id alone."""
        self.world.log.add(False, self.client_id, message)
        frame, is_struck = encode(message), self.client_id <= min(self.world.clients, default=self.client_id)
        for leaving in self.world.faults.on_the_way(kind_of(message), frame) if is_struck else [frame]:
            self.write(leaving)

    def refuse(self, req_id: int, code: int, text: str) -> None:
        self.send(messages.error(req_id, code, text, time.time_ns()))

    def gone(self) -> None:
        """Forget the connection; the client id is free again."""
        if self.world.clients.get(self.client_id) is self:
            del self.world.clients[self.client_id]
            self.world.last_requests[self.client_id] = self.data.last_request

    # Beginning

    def _start(self, message: Message) -> None:
        if message.clientId in self.world.clients:
            self.refuse(NO_REQUEST, CLIENT_ID_IN_USE, "Unable to connect as the client id is already in use.")
            self.close()
            return
        self.client_id = message.clientId
        self.world.clients[self.client_id] = self
        self.data.former_request = self.world.last_requests.get(self.client_id, 0)
        self.accounts.send_managed()
        self._send_next_id()
        for code in HELLO:
            self.refuse(NO_REQUEST, code, text_of(code, None))

    def _send_next_id(self) -> None:
        ids = self.world.next_order_ids
        ids[self.client_id] = max(ids[self.client_id], FIRST_ORDER_ID)
        self.send(schema("NextValidId")(orderId=ids[self.client_id]))

    # Time is wall time: a client compares it with its own clock

    def _current_time(self, _message: Message) -> None:
        self.send(schema("CurrentTime")(currentTime=int(time.time())))

    def _current_time_in_millis(self, _message: Message) -> None:
        self.send(schema("CurrentTimeInMillis")(currentTimeInMillis=time.time_ns() // 1_000_000))


def _request_id(message: Message) -> int:
    """Return the request or order id an error answers to."""
    for name in ("reqId", "orderId"):
        if name in message.DESCRIPTOR.fields_by_name:
            return int(getattr(message, name))
    return NO_REQUEST
