"""A server that greets as TWS does and then answers by a script: for what the project's own gateway never does."""

import importlib
import socket
import struct
import threading
from contextlib import suppress

VALUES_USD = {"DU7654321": "5.00", "DU1234567": "100000.00", "U1234567": "250000.00"}
ISINS = {"AAPL": "US0378331005", "MSFT": "US5949181045", "TSLA": "US88160R1014"}
HANG_UP = object()


def schema(name, **values):
    return getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name)(**values)


def framed(payload):
    return struct.pack("!I", len(payload)) + payload


def message(number, name, **values):
    return framed(struct.pack("!I", number + 200) + schema(name, **values).SerializeToString())


def refusal(request_id, code, text="as the broker puts it"):
    return message(4, "ErrorMessage", id=request_id, errorCode=code, errorMsg=text)


def started(accounts="DU1234567"):
    return message(15, "ManagedAccounts", accountsList=accounts) + message(9, "NextValidId", orderId=1)


def contract(request_id, con_id=1, exchange="NASDAQ", isin="US0378331005"):
    details = schema("ContractDetails", secIdList={"ISIN": isin} if isin else {})
    found = schema("Contract", conId=con_id, primaryExch=exchange)
    return message(10, "ContractData", reqId=request_id, contract=found, contractDetails=details)


def contracts_end(request_id):
    return message(52, "ContractDataEnd", reqId=request_id)


def summary_row(request_id, account="DU1234567", value="100000.00", currency="USD"):
    row = {"account": account, "tag": "NetLiquidation", "value": value, "currency": currency}
    return message(63, "AccountSummary", reqId=request_id, **row)


def summary_end(request_id):
    return message(64, "AccountSummaryEnd", reqId=request_id)


def tick(request_id, tick_type=1, price=150.0):
    return message(1, "TickPrice", reqId=request_id, tickType=tick_type, price=price)


def data_kind(request_id, kind):
    return message(58, "MarketDataType", reqId=request_id, marketDataType=kind)


class ScriptedGateway:
    """
    Answers by ``script``: number of a request (0 = the greeting) to a function of its protobuf bytes.

    A function returns the bytes to send (none = no answer), or ``HANG_UP``, or an iterator of bytes sent until the
    client is gone. What is not in the script is answered as a healthy paper gateway does at ``now``.

    """

    def __init__(self, now, script=None):
        self.heard = []
        self.connections = 0
        self.script = {0: self.greet, 71: self.start, 49: self.time, 62: self.value, 9: self.contract, 1: self.price}
        self.script |= script or {}
        self.now = now
        self.clients = set()
        self.before_release = lambda: None
        self._sockets = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A plain close leaves a blocked accept sleeping
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    @staticmethod
    def greet(_):
        return framed(b"223\x0020261123 15:00:00 Greenwich Mean Time\0")

    @staticmethod
    def start(_):
        return started() + refusal(-1, 2104, "Market data farm connection is OK:usfarm")

    def time(self, _):
        return message(49, "CurrentTime", currentTime=self.now // 1_000_000_000)

    @staticmethod
    def value(data):
        number = request_id(data)
        rows = [summary_row(number, account, value) for account, value in VALUES_USD.items()]
        return b"".join(rows) + summary_end(number)

    @staticmethod
    def contract(data):
        asked = schema("ContractDataRequest")
        asked.ParseFromString(data)
        found = contract(asked.reqId, 100 + asked.reqId % 100, asked.contract.primaryExch, ISINS[asked.contract.symbol])
        return found + contracts_end(asked.reqId)

    @staticmethod
    def price(data):
        number = request_id(data)
        return data_kind(number, 1) + tick(number)

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self.connections += 1
                self._sockets.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        owned = set()
        with client, suppress(OSError), client.makefile("rb") as stream:
            stream.read(4)
            is_greeting = True
            while len(size := stream.read(4)) == 4:
                payload = stream.read(struct.unpack("!I", size)[0])
                number = 0 if is_greeting else struct.unpack("!I", payload[:4])[0] - 200
                data = payload if is_greeting else payload[4:]
                is_greeting = False
                self.heard.append(number)
                if number == 71 and not self._take_client(data, owned):
                    client.sendall(refusal(-1, 326, "Unable to connect as the client id is already in use."))
                    break
                if not self._answer(client, number, data):
                    break
            self.before_release()
            self.clients -= owned

    def _take_client(self, data, owned):
        asked = schema("StartApiRequest")
        asked.ParseFromString(data)
        if asked.clientId in self.clients:
            return False
        self.clients.add(asked.clientId)
        owned.add(asked.clientId)
        return True

    def _answer(self, client, number, data):
        answer = self.script.get(number, lambda _: b"")(data)
        if answer is HANG_UP:
            return False
        for chunk in [answer] if isinstance(answer, bytes) else answer:
            client.sendall(chunk)
        return True


def request_id(data):
    """Return the request id, the first field of every request that has one."""
    asked = schema("CancelMarketData")
    asked.ParseFromString(data)
    return asked.reqId
