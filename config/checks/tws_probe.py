"""
A look at TWS or IB Gateway before the node is built: a blocking socket on which nothing waits for ever.

Every wait ends by its own limit and by the one of the whole look. It places no order. It uses the node's client id,
so ``close`` waits until the gateway has hung up too and the id is free again. Finding the address of a host name is
the operating system's and has its time limits, not these.

"""

import socket
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from threading import Event
from time import perf_counter
from typing import Final, Literal

from config.checks import tws_failures as failures
from config.checks import tws_wire as wire
from config.checks.tws_answers import DataAnswer, Resolved, ValueAnswer
from config.checks.tws_wire import Accounts, ContractFound, Message, NextOrderId, Refusal, ServerTime, WireError

TOTAL_SECS: Final = 20.0
ANSWER_SECS: Final = 3.0
VALUE_SECS: Final = 5.0  # a gateway that has just logged in is slow with it, and with the first contracts
CONTRACTS_SECS: Final = 5.0
CLOSE_SECS: Final = 2.0
MESSAGES_PER_SEC: Final = 40  # the gateway takes 50 and refuses or hangs up beyond (error 100)

FIRST_REQUEST: Final = 1_400_000_000  # beyond every order id, whose errors come in the same field
CLIENT_ID_TAKEN: Final = 326
_LINK_BACK: Final = {1101, 1102}  # between the gateway and IB
_GOOD_NEWS: Final = {2104, 2106, 2107, 2108, 2119, 2158}  # data farms connect or rest


def ask_as(symbol: str) -> tuple[str, str]:
    """Return ticker and exchange as the node's adapter asks for a symbol: BRK-B.NYSE gives ``BRK B``, NYSE."""
    ticker, _, exchange = symbol.rpartition(".")
    return ticker.replace("-", " "), exchange


class TwsProbe:
    """
    One connection, asked step by step: ``greet``, ``start``, then the rest in any order; ``close`` in any case.

    Raises
    ------
    ProbeFailed
        From the constructor, which connects, and from every step that the gateway does not answer.

    """

    def __init__(self, host: str, port: int) -> None:
        self._place = f"{host}:{port}"
        self._ends = perf_counter() + TOTAL_SECS
        self._buffer = bytearray()
        self._sent: deque[float] = deque(maxlen=MESSAGES_PER_SEC)
        self._last_word = ""
        self._is_started = False
        self._next_request = FIRST_REQUEST
        try:
            self._socket = socket.create_connection((host, port), timeout=ANSWER_SECS)
        except (OSError, UnicodeError) as error:
            raise failures.absent(self._place, error) from error

    def greet(self) -> int:
        """Return the server version, which may be one that is too old to go on with."""
        self._send(wire.GREETING)
        payload = self._frame(self._limit(ANSWER_SECS))
        if payload is None:
            raise failures.unanswered(self._place, "the greeting", self._last_word)
        try:
            return wire.server_version(payload)
        except WireError as error:
            raise failures.not_tws(self._place, error) from error

    def start(self, client_id: int) -> tuple[str, ...]:
        """Take the client id and return the accounts the gateway is logged in to."""
        self._is_started = True
        self._send(wire.start_api(client_id))
        accounts: tuple[str, ...] | None = None
        has_order_id = False
        for message in self._messages(ANSWER_SECS):
            match message:
                case Refusal(code=code) if code == CLIENT_ID_TAKEN:
                    raise failures.client_id_taken(client_id)
                case Accounts(ids):
                    accounts = ids
                case NextOrderId():
                    has_order_id = True
            if accounts is not None and has_order_id:
                return accounts
        raise failures.unanswered(self._place, "the start of the session", self._last_word)

    def server_time_secs(self) -> int:
        """Return the gateway's time, seconds since 1970, cut to whole ones."""
        self._send(wire.ask_time())
        for message in self._messages(ANSWER_SECS):
            if isinstance(message, ServerTime):
                return message.secs
        raise failures.unanswered(self._place, "the question for its time", self._last_word)

    def account_value(self, account: str) -> ValueAnswer:
        """Return what the gateway says an account is worth, as far as it says it."""
        number, answer = self._request_id(), ValueAnswer(account)
        self._send(wire.ask_net_liquidation(number))
        for message in self._messages(VALUE_SECS):
            if getattr(message, "request_id", 0) == number:
                answer.take(message)
            if answer.is_answered:
                break
        self._send(wire.cancel_account_summary(number))
        return answer

    def resolve(self, symbols: Collection[str]) -> dict[str, Resolved]:
        """Return what the gateway knows under each symbol; unanswered ones are among them."""
        asked = {self._request_id(): symbol for symbol in symbols}
        found = {symbol: Resolved() for symbol in symbols}
        for number, symbol in asked.items():
            self._send(wire.ask_contract(number, *ask_as(symbol)))
        for message in self._messages(CONTRACTS_SECS):
            if subject := asked.get(getattr(message, "request_id", 0)):
                found[subject].take(message)
            if all(each.is_answered for each in found.values()):
                break
        return found

    def market_data(
        self, contracts: Mapping[str, ContractFound], wanted: Literal["realtime", "delayed"]
    ) -> dict[str, DataAnswer]:
        """Return which data each symbol is served with, as far as the first prices or refusals tell it."""
        asked = {self._request_id(): symbol for symbol in contracts}
        found = {symbol: DataAnswer() for symbol in contracts}
        self._send(wire.ask_data_kind(1 if wanted == "realtime" else 3))
        for number, symbol in asked.items():
            self._send(wire.ask_market_data(number, contracts[symbol].con_id, *ask_as(symbol)))
        for message in self._messages(ANSWER_SECS):
            if subject := asked.get(getattr(message, "request_id", 0)):
                found[subject].take(message)
            if all(each.verdict != "silent" for each in found.values()):
                break
        for number in asked:
            self._send(wire.cancel_market_data(number))
        return found

    def close(self) -> None:
        """Hang up, and wait shortly until the gateway has too: then the client id is free."""
        with self._socket, suppress(OSError):
            if not self._is_started:
                return
            self._socket.shutdown(socket.SHUT_WR)
            until = perf_counter() + CLOSE_SECS
            while (left := until - perf_counter()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(65_536):
                    return

    def _request_id(self) -> int:
        self._next_request += 1
        return self._next_request

    def _limit(self, secs: float) -> float:
        return min(perf_counter() + secs, self._ends)

    def _send(self, data: bytes) -> None:
        if len(self._sent) == MESSAGES_PER_SEC and (wait := self._sent[0] + 1 - perf_counter()) > 0:
            Event().wait(wait)
            self._ends += wait  # a long list of symbols is not the gateway's fault
        self._sent.append(perf_counter())
        try:
            self._socket.settimeout(ANSWER_SECS)
            self._socket.sendall(data)
        except OSError as error:
            raise failures.hung_up(self._place, error, self._last_word) from error

    def _messages(self, secs: float) -> Iterator[Message]:
        until = self._limit(secs)
        while (payload := self._frame(until)) is not None:
            try:
                message = wire.read_message(payload)
            except WireError as error:
                raise failures.not_tws(self._place, error) from error
            if isinstance(message, Refusal):
                self._note(message)
            if message is not None:
                yield message

    def _frame(self, until: float) -> bytes | None:
        """Return the next frame, None when there is none in time; also in a stream that never pauses."""
        while (left := until - perf_counter()) > 0:
            try:
                if (payload := wire.take_frame(self._buffer)) is not None:
                    return payload
                self._socket.settimeout(left)
                chunk = self._socket.recv(65_536)
            except TimeoutError:
                return None
            except OSError as error:
                raise failures.hung_up(self._place, error, self._last_word) from error
            except WireError as error:
                raise failures.not_tws(self._place, error) from error
            if not chunk:
                raise failures.hung_up(self._place, "it closed the connection", self._last_word)
            self._buffer += chunk
        return None

    def _note(self, refusal: Refusal) -> None:
        if refusal.code in _LINK_BACK:
            self._last_word = ""
        elif refusal.code not in _GOOD_NEWS:
            self._last_word = f'; its last word: "{refusal.code} {refusal.text}"'
