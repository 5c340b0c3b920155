"""Starts that are refused, interrupted or fail: exit code and words of ``run_live.py``, and nothing at the broker."""

import signal
import time
from dataclasses import replace

import pytest
from scripted_gateway import ScriptedGateway, framed, message, started

from actors.journal.store import JournalStore
from tests.gateway.gateway import Gateway
from tests.gateway.wire_client import closed_port
from tests.integration.live_rig import LOOK_SECS, PATIENCE_SECS, Node, at_minute, floor
from tests.unit.journal_builders import RUN

TABLES = [at_minute(up=[2])]
LIVE = ('account.mode="live"', 'account.id="U1234567"')


def too_old(_):
    return framed(b"203\x0020261123 15:00:00 Greenwich Mean Time\0")


def time_now(_):
    return message(49, "CurrentTime", currentTime=int(time.time()))


def told(tmp_path, port, *overrides):
    """Start a node that must end by itself; return its exit code and its words in one line."""
    node = Node(port, tmp_path / "state", TABLES, overrides)
    return node.exit_code(), " ".join(node.terminal.split())


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_SECS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECS)


@pytest.mark.parametrize(
    ("script", "overrides", "exit_code", "words"),
    [
        ({71: lambda _: started("DU7654321")}, ('account.id="DU1234567"',), 3, "expected DU1234567 among the accounts"),
        ({71: lambda _: started("U1234567")}, ('account.id="DU1234567"',), 3, "expected paper accounts only"),
        ({}, ("ib.port=4001",), 3, "which is a live port"),
        ({}, LIVE, 3, "expected BALLAST_ARM_LIVE=U1234567 in the environment"),
        ({0: too_old}, (), 4, "10.37 (version 203) is too old"),
        ({0: lambda _: b""}, (), 4, "takes the connection and leaves"),
    ],
    ids=["another account", "live account", "live port", "one key only", "too old", "hung"],
)
def test_a_start_that_may_not_be_says_why_and_leaves_no_state(tmp_path, script, overrides, exit_code, words):
    with ScriptedGateway(time.time_ns(), script) as gateway:
        code, text = told(tmp_path, gateway.port, *overrides)

    assert code == exit_code
    assert words in text
    assert "Traceback" not in text
    assert not (tmp_path / "state" / "journal.sqlite").exists()


def test_an_absent_gateway_is_told(tmp_path):
    with closed_port() as port:
        code, text = told(tmp_path, port)

    assert code == 4
    assert f"nothing answers at 127.0.0.1:{port}" in text


def test_a_second_node_is_refused_on_the_same_state_directory_and_on_the_same_client_id(tmp_path):
    with floor(tmp_path) as day:
        first = day.start(TABLES)
        same_state = Node(day.gateway.port, first.state, TABLES, ["ib.client_id=20"])
        day.nodes.append(same_state)
        assert same_state.exit_code() == 3
        assert f"Another node runs on {first.state} (process {first.process.pid})" in first.terminal
        same_client = Node(day.gateway.port, tmp_path / "other", TABLES, [])
        day.nodes.append(same_client)
        assert same_client.exit_code() == 3
        known = f"a node already runs here (process {first.process.pid}): uv run run_live.py status"
        assert known in same_client.terminal
        assert "client id" not in same_client.terminal
        assert first.terminate() == 0


def test_a_damaged_journal_ends_the_start_before_anything_is_sent(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.sqlite").write_bytes(b"no journal" * 500)
    with Gateway.start(speed=None) as gateway:
        code, text = told(tmp_path, gateway.port)

        assert code == 1
        assert "expected a journal, found something else, or a damaged header" in text
        assert "Traceback" not in text
        assert gateway.received()["PlaceOrderRequest"] == 0


def test_a_journal_of_another_account_is_an_interlock(tmp_path):
    """A supervisor leaves it down: no start of its own can mend the name of the directory."""
    (tmp_path / "state").mkdir()
    with JournalStore(tmp_path / "state" / "journal.sqlite") as journal:
        journal.begin_run(replace(RUN, account="DU7654321"))
    with Gateway.start(speed=None) as gateway:
        code, text = told(tmp_path, gateway.port)

    assert code == 3
    assert "expected runs of paper DU7654321, found paper DU1234567; use the state directory of that account" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_checks_ends_the_start(tmp_path, number):
    with ScriptedGateway(time.time_ns(), {62: lambda _: b""}) as gateway:  # the account's value is not answered
        node = Node(gateway.port, tmp_path / "state", TABLES, [])
        wait_until(lambda: 62 in gateway.heard)
        node.process.send_signal(number)

        assert node.exit_code() == 0
        assert "interrupted before the node started; nothing was sent" in node.terminal


def test_a_termination_while_the_node_connects_ends_it_at_once(tmp_path):
    """While the engine waits for the gateway no signal is taken: the process dies, or had not yet given it the word."""
    hung = []

    def greet_for_the_checks(data):
        if (tmp_path / "state" / "journal.sqlite").exists():
            hung.append(data)
            return b""
        return ScriptedGateway.greet(data)

    with ScriptedGateway(0, {0: greet_for_the_checks, 49: time_now}) as gateway:
        node = Node(gateway.port, tmp_path / "state", TABLES, [])
        wait_until(lambda: hung)

        assert node.terminate() in (0, -signal.SIGTERM)
        assert 3 not in gateway.heard  # no order was placed


def test_asking_twice_to_stop_is_no_other_than_once(tmp_path):
    with floor(tmp_path) as day:
        node = day.start(TABLES)
        node.process.send_signal(signal.SIGTERM)
        node.process.send_signal(signal.SIGINT)

        assert node.terminate() == 0
        assert "ended: asked to stop (exit 0)" in node.terminal
