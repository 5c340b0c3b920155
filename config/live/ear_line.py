"""One connection of the ear: the greeting, then heartbeats, positions and orders by turns; every wait ends."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from time import perf_counter
from typing import Final

from actors.link.heard import Beat, Connected, Heard, Notice, OrdersHeard, PositionsHeard, WorkingOrder
from config.checks import tws_wire as wire
from config.checks.tws_orders import ASK_ORDERS, BrokerOrder, OrdersEnd, read_order
from config.checks.tws_positions import ASK_POSITIONS, CANCEL_POSITIONS, BrokerPosition, PositionsEnd, read_position
from config.checks.tws_wire import Accounts, Message, Refusal, ServerTime, WireError

NO_REQUEST: Final = -1
CLIENT_ID_TAKEN: Final = 326
WORKING: Final = ("PreSubmitted", "Submitted")


class LineEnded(Exception):  # noqa: N818 - it is what was heard
    """The connection ended, or there was none."""

    def __init__(self, reason: str, *, is_id_taken: bool = False, was_open: bool = False) -> None:
        super().__init__(reason)
        self.is_id_taken = is_id_taken
        self.was_open = was_open


class Hearing:
    """Makes of single positions and orders what the account has; of one account, our symbols by their own names."""

    def __init__(self, account: str, symbols: Mapping[str, str], *, asks_orders: bool = True) -> None:
        self.asks_orders = asks_orders
        self._account = account
        self._symbols = symbols  # by the broker's ticker
        self.begin()

    def begin(self) -> None:
        """Forget what was told before."""
        self._ours: dict[str, Decimal] = {}
        self._others: dict[str, Decimal] = {}
        self._working: list[WorkingOrder] = []

    def take_order(self, order: BrokerOrder) -> None:
        """Keep an order that works and carries a mark: the adapter marks ours with the client order id (2.0.0rc7)."""
        symbol = self._symbols.get(order.ticker) if order.kind == "STK" else None
        is_marked = order.reference.isascii() and bool(order.reference.strip())  # the engine takes no other id
        if symbol and is_marked and order.account == self._account and order.status in WORKING:
            self._working.append(WorkingOrder(symbol, order.reference, f"PERM-{order.permanent_id}"))

    def end_orders(self) -> OrdersHeard:
        """Return every order of ours that works."""
        return OrdersHeard(tuple(self._working))

    def take(self, position: BrokerPosition) -> None:
        if position.account != self._account:
            return
        symbol = self._symbols.get(position.ticker) if position.kind == "STK" else None
        kept = self._others if symbol is None else self._ours
        kept[symbol or f"{position.ticker} {position.kind}"] = position.quantity

    def end(self) -> PositionsHeard:
        """Return everything that is held."""
        ours, others = ({name: held for name, held in kept.items() if held} for kept in (self._ours, self._others))
        return PositionsHeard(ours, others)


class EarLine:
    """
    A connection that the gateway has accepted.

    Raises
    ------
    LineEnded
        From the constructor and from ``listen``, which ends in no other way.

    """

    def __init__(self, place: tuple[str, int], client_id: int, answer_secs: float) -> None:
        self._answer_secs = answer_secs
        self._buffer = bytearray()
        self._is_open = False
        try:
            self._socket = socket.create_connection(place, timeout=answer_secs)
        except (OSError, UnicodeError) as error:
            raise LineEnded(f"nothing answers at {place[0]}:{place[1]} ({_reason(error)})") from error
        try:
            self._open(client_id)
        except BaseException:
            self.close()
            raise

    def _open(self, client_id: int) -> None:
        until = perf_counter() + self._answer_secs
        self._send(wire.GREETING)
        try:
            version = wire.server_version(self._awaited(until, "the greeting"))
        except WireError as error:
            raise LineEnded(str(error)) from error
        if version < wire.MIN_SERVER_VERSION:
            raise LineEnded(f"expected server version {wire.MIN_SERVER_VERSION} or above, found {version}")
        self._send(wire.start_api(client_id))
        while True:
            match self._read(self._awaited(until, "the start")):
                case Refusal(code=code) if code == CLIENT_ID_TAKEN:
                    raise LineEnded(f"client id {client_id} is in use by another program", is_id_taken=True)
                case Accounts():
                    break
        self._is_open = True

    def listen(self, hearing: Hearing, tell: Callable[[Heard], None], beat_secs: float, positions_secs: float) -> None:
        """Tell what is heard, until the connection ends or a heartbeat stays unanswered."""
        tell(Connected())
        now = perf_counter()
        beat_at, positions_at, asked_at = now, now, 0.0
        while True:
            now = perf_counter()
            if asked_at and now > asked_at + self._answer_secs:
                raise LineEnded(f"no answer for {self._answer_secs:g} s", was_open=True)
            if now >= positions_at:
                hearing.begin()
                self._send(ASK_POSITIONS)
                positions_at = now + positions_secs
            if not asked_at and now >= beat_at:
                self._send(wire.ask_time())
                asked_at, beat_at = now, now + beat_secs
            wake_at = min(positions_at, asked_at + self._answer_secs if asked_at else beat_at)
            payload = self._frame(wake_at)
            if payload is not None and self._hear(payload, hearing, tell):
                tell(Beat(perf_counter() - asked_at))
                asked_at = 0.0

    def _hear(self, payload: bytes, hearing: Hearing, tell: Callable[[Heard], None]) -> bool:
        """Tell what a payload says; True when it answers the heartbeat."""
        match self._read(payload):
            case BrokerPosition() as position:
                hearing.take(position)
            case PositionsEnd():
                self._send(CANCEL_POSITIONS)  # it would be told again with every change, not as a whole
                tell(hearing.end())
                if hearing.asks_orders:
                    self._send(ASK_ORDERS)
            case BrokerOrder() as order:
                hearing.take_order(order)
            case OrdersEnd():
                tell(hearing.end_orders())
            case Refusal(request_id=request_id, code=code, text=text) if request_id == NO_REQUEST:
                tell(Notice(code, text))
            case ServerTime():
                return True
        return False

    def hang_up(self) -> None:
        """End the connection from another thread: what waits on it is woken."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _read(self, payload: bytes) -> Message | BrokerPosition | PositionsEnd | BrokerOrder | OrdersEnd | None:
        try:
            return wire.read_message(payload) or read_position(payload) or read_order(payload)
        except WireError as error:
            raise self._ended(str(error)) from error

    def _awaited(self, until: float, what: str) -> bytes:
        payload = self._frame(until)
        if payload is None:
            raise LineEnded(f"no answer to {what} within {self._answer_secs:g} s")
        return payload

    def _frame(self, until: float) -> bytes | None:
        """Return the next frame, None when there is none in time."""
        while True:
            try:
                if (payload := wire.take_frame(self._buffer)) is not None:
                    return payload
                if (left := until - perf_counter()) <= 0:
                    return None
                self._socket.settimeout(left)
                chunk = self._socket.recv(65_536)
            except TimeoutError:
                return None
            except (OSError, WireError) as error:
                raise self._ended(_reason(error)) from error
            if not chunk:
                raise self._ended("the gateway closed the connection")
            self._buffer += chunk

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._answer_secs)
            self._socket.sendall(data)
        except OSError as error:
            raise self._ended(_reason(error)) from error

    def _ended(self, reason: str) -> LineEnded:
        return LineEnded(reason, was_open=self._is_open)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
