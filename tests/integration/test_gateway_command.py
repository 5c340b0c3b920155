"""The gateway as a command, and its control port, from outside."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.__main__ import main
from tests.gateway.control import names
from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.gateway.wire_client import AAPL, PATIENCE_SECS, WireClient

ROOT = Path(__file__).parents[2]
SYMBOL = "AAPL.NASDAQ"


class ControlLine:
    """A connection to a control port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECS)
        self._file = self._socket.makefile("rw")

    def say(self, line: str) -> dict[str, Any]:
        self._file.write(line + "\n")
        self._file.flush()
        return json.loads(self._file.readline())

    def do(self, word: str, **arguments: Any) -> Any:
        answer = self.say(json.dumps({"do": word} | arguments))
        assert answer["ok"], answer["error"]
        return answer["answer"]

    def __enter__(self) -> "ControlLine":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    market = Market.demo(soon(), [SYMBOL], history_sessions=1)
    with Gateway.start(market, speed=None, control=0) as gateway:
        yield gateway


@pytest.fixture
def line(gateway: Gateway) -> Iterator[ControlLine]:
    with ControlLine(gateway.control_port) as line:
        yield line


def test_the_control_port_knows_every_command(line: ControlLine) -> None:
    known = line.do("help")
    assert list(known) == names()
    assert "count: int = 1" in known["reject"]


def test_a_line_is_carried_out_and_answered(gateway: Gateway, line: ControlLine) -> None:
    with WireClient(gateway.port) as client:
        line.do("reject", request="place", code=201)
        client.place(1)
        assert client.expect("ErrorMessage", lambda error: error.id == 1).errorCode == 201
    assert line.do("step", count=2) == gateway.state()["now"]
    assert line.do("state")["cash_usd"] == "100000"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("nonsense", "Expected a line of JSON, was 'nonsense'"),
        ("[]", 'Expected an object with "do"'),
        ('{"do": "explode"}', "Expected one of accept, accept_connections, "),
        ('{"do": "notice"}', "missing a required argument: 'code'"),
        ('{"do": "trade", "symbol": "AAPL.NASDAQ", "side": "up", "quantity": 1}', "Expected side 'buy' or 'sell'"),
        ('{"do": "cancel", "perm_id": 4}', "10147"),
        ('{"do": "__init__"}', "Expected one of"),
        ('{"do": "shock", "symbol": "NOPE.NASDAQ", "pct": 1}', "NOPE.NASDAQ"),
    ],
)
def test_a_line_that_cannot_be_carried_out_is_answered_with_what_is_wrong(
    line: ControlLine, said: str, answer: str
) -> None:
    told = line.say(said)
    assert not told["ok"]
    assert answer in told["error"]


# The command


def test_the_command_serves_tells_and_ends_cleanly() -> None:
    command = [sys.executable, "-m", "tests.gateway", "--port", "0", "--speed", "10000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - ourselves
        first = process.stdout.readline()
        port = int(first.split("127.0.0.1:")[1].split(",")[0])
        with WireClient(port) as client:
            client.place(1)
            client.send("RealTimeBarsRequest", reqId=1, contract=AAPL, barSize=5, whatToShow="TRADES")
            client.expect("CommissionAndFeesReport")
        process.send_signal(signal.SIGINT)
        told, errors = process.stdout.read(), process.stderr.read()
    assert f"uv run run_live.py --set account.id=DU1234567 --set ib.port={port}" in told
    assert "bought 10 AAPL.NASDAQ at" in told
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--speed", "0"], "expected a number above 0"),
        (["--port", "x"], "expected a port from 0"),
        (["--catalog", "somewhere"], "expected --catalog and --day together"),
        (["--catalog", "/nowhere", "--day", "2026-07-01"], "Expected 1-MINUTE bars of 2026-07-01 in /nowhere"),
        (["--day", "yesterday", "--catalog", "x"], "expected a date such as 2026-07-01"),
    ],
)
def test_wrong_arguments_are_answered_in_words(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert code_of(arguments) == 2
    assert problem in capsys.readouterr().err


def test_a_port_in_use_is_answered_in_words(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(["--port", str(gateway.port)]) == 2
    assert f"Expected a free port, was {gateway.port}" in capsys.readouterr().err


def code_of(arguments: list[str]) -> int | str | None:
    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code
