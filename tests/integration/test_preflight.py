"""The preflight over real TCP: what a gateway does wrong is told within limits, by name and with its remedy."""

import itertools
import os
import signal
import time
from contextlib import ExitStack

import pytest
from preflight_flight import HEALTHY, MONDAY_OPEN, failed, fly
from preflight_time import STEP_SECS, TIME_PASSES, be_patient, hurry, stand_still
from scripted_gateway import HANG_UP, ScriptedGateway, framed, message, refusal, started

from config.checks import tws_probe
from tests.gateway.wire_client import closed_port


@pytest.fixture
def gateway():
    """Return a maker of gateways with a script."""
    with ExitStack() as stack:
        yield lambda script=None, now=MONDAY_OPEN: stack.enter_context(ScriptedGateway(now, script))


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    be_patient(monkeypatch)


def test_healthy_gateway_passes_every_check_in_order(gateway):
    server = gateway()

    preflight = fly(server.port)

    assert [check.name for check in preflight.checks] == HEALTHY
    assert {check.verdict for check in preflight.checks} == {"ok"}
    assert preflight.exit_code == 0


def test_nothing_is_asked_but_what_is_reported_and_every_subscription_ends(gateway):
    server = gateway()

    fly(server.port)

    assert server.heard == [0, 71, 49, 62, 63, 9, 9, 9, 59, 1, 1, 1, 2, 2, 2]


def test_client_id_is_free_again_when_the_preflight_returns(gateway):
    server = gateway()
    server.before_release = lambda: time.sleep(0.2)

    assert [fly(server.port).exit_code for _ in range(3)] == [0, 0, 0]
    assert server.clients == set()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["account.mode=live", "account.id=U1234567"], "expected BALLAST_ARM_LIVE=U1234567 in the environment"),
        (["account.id=U1234567"], "expected DU… (paper)"),
        (["session.hours=extended"], "sleep outside regular hours"),
        (["bars.step=1-HOUR"], 'found "1-HOUR"'),
    ],
)
def test_interlock_refuses_before_any_connection(gateway, overrides, words):
    server = gateway()

    preflight = fly(server.port, *overrides)

    assert preflight.exit_code == 3
    assert words in failed(preflight).found
    assert server.connections == 0


def test_live_port_without_keys_is_refused():
    preflight = fly(4001, "account.mode=live", "account.id=U1234567")

    assert preflight.exit_code == 3
    assert "found nothing" in failed(preflight).found


def test_absent_gateway_is_told():
    with closed_port() as port:
        preflight = fly(port)

    assert preflight.exit_code == 4
    assert failed(preflight).name == "connection"
    assert f"nothing answers at 127.0.0.1:{port} (Connection refused)" in failed(preflight).found
    assert "Start IB Gateway or TWS and log in" in failed(preflight).remedy


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 80])
def test_host_that_does_not_exist_is_told(host):
    preflight = fly(5000, f"ib.host={host}")

    assert preflight.exit_code == 4
    assert f"nothing answers at {host}:5000" in failed(preflight).found


@pytest.mark.parametrize("version", [203, 212])
def test_gateway_too_old_is_told_which_one_to_install(gateway, version):
    server = gateway({0: lambda _: framed(b"%d\x0020261123 15:00:00 GMT\0" % version)})

    preflight = fly(server.port)

    assert preflight.exit_code == 4
    assert failed(preflight).found == f"server version {version}, expected 213 to 225"
    assert "Install IB Gateway or TWS 10.45 or later (version 223)" in failed(preflight).remedy
    assert server.heard == [0]


@pytest.mark.parametrize("version", [213, 223, 225])
def test_gateway_new_enough_is_accepted(gateway, version):
    server = gateway({0: lambda _: framed(b"%d\x0020261123 15:00:00 GMT\0" % version)})

    assert fly(server.port).exit_code == 0


def test_client_id_in_use_is_told(gateway):
    server = gateway()
    server.clients.add(1)

    preflight = fly(server.port)

    assert preflight.exit_code == 4
    assert failed(preflight).name == "client id"
    assert failed(preflight).found == "client id 1 is in use by another program"
    assert "ib.client_id" in failed(preflight).remedy
    assert fly(server.port, "ib.client_id=2").exit_code == 0


STEPS = [(0, "connection"), (71, "client id"), (49, "clock")]
ASKED_BY = {"connection": "greet", "client id": "start", "clock": "server_time_secs"}


@pytest.mark.parametrize(("number", "name"), STEPS)
def test_hung_gateway_is_told_within_the_limit(gateway, monkeypatch, number, name):
    hurry(monkeypatch, ASKED_BY[name])
    server = gateway({number: lambda _: b""})

    preflight = fly(server.port)

    assert preflight.exit_code == 4
    assert failed(preflight) is preflight.checks[-1]
    assert failed(preflight).name == name
    assert "unanswered" in failed(preflight).found


@pytest.mark.parametrize(("number", "name"), [*STEPS, (62, "account value"), (9, "instruments"), (1, "market data")])
def test_gateway_that_hangs_up_is_told(gateway, number, name):
    server = gateway({number: lambda _: HANG_UP})

    preflight = fly(server.port)

    assert preflight.exit_code == 4
    assert failed(preflight) is preflight.checks[-1]
    assert failed(preflight).name == name
    assert "hung up" in failed(preflight).found


@pytest.mark.parametrize("number", [0, 71, 49, 62, 9, 1])
@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", framed(b"\0"), framed(b"\0\0\0\xcc\x0a\x7f")])
def test_garbage_is_told_as_no_gateway(gateway, number, garbage):
    server = gateway({number: lambda _: garbage})

    preflight = fly(server.port)

    assert preflight.exit_code == 4
    assert "is no TWS or IB Gateway: expected" in failed(preflight).found
    assert "Correct ib.host and ib.port" in failed(preflight).remedy


def trickle(_):
    """Yield a frame of 1,000 bytes that comes byte by byte and takes longer than any limit."""
    yield b"\0\0\x03\xe8"
    for _ in itertools.count():
        yield b"\0"
        time.sleep(0.01)


def flood(_):
    """Yield messages that say nothing, without end."""
    while True:
        yield framed(b"\0\0\0\xff") * 100


@pytest.mark.parametrize(
    ("endless", "number", "name"),
    [(trickle, 0, "connection"), (trickle, 71, "client id"), (flood, 71, "client id"), (flood, 49, "clock")],
)
def test_endless_answer_is_ended_by_the_limit(gateway, monkeypatch, endless, number, name):
    hurry(monkeypatch, ASKED_BY[name])
    server = gateway({number: endless})

    preflight = fly(server.port)

    assert preflight.exit_code == 4
    assert failed(preflight).name == name
    assert "unanswered" in failed(preflight).found


def test_limit_of_the_whole_look_holds_over_its_steps(gateway, monkeypatch):
    stand_still(monkeypatch)
    monkeypatch.setattr(tws_probe, "ANSWER_SECS", 10 * STEP_SECS)
    monkeypatch.setattr(tws_probe, "TOTAL_SECS", STEP_SECS)
    server = gateway({71: lambda _: started() + TIME_PASSES})

    preflight = fly(server.port)

    assert failed(preflight).name == "clock"
    assert "unanswered" in failed(preflight).found


@pytest.mark.parametrize("half", [message(15, "ManagedAccounts", accountsList="DU1234567"), message(9, "NextValidId")])
def test_session_that_starts_by_half_is_not_taken_for_started(gateway, monkeypatch, half):
    stand_still(monkeypatch)
    server = gateway({71: lambda _: half + TIME_PASSES})

    assert "leaves the start of the session unanswered" in failed(fly(server.port)).found


def test_interrupt_ends_a_wait_and_frees_the_client_id(gateway):
    def interrupt(_):
        os.kill(os.getpid(), signal.SIGINT)
        return b""

    server = gateway({49: interrupt})

    with pytest.raises(KeyboardInterrupt):
        fly(server.port)
    assert server.clients == set()


def test_last_word_of_an_unwell_gateway_is_passed_on(gateway, monkeypatch):
    stand_still(monkeypatch)
    lost = refusal(-1, 1100, "Connectivity between IB and TWS has been lost.")
    server = gateway({71: lambda _: started() + lost, 49: lambda _: TIME_PASSES})
    healed = gateway({71: lambda _: started() + lost + refusal(-1, 1102), 49: lambda _: TIME_PASSES})

    assert 'its last word: "1100 Connectivity between IB and TWS' in failed(fly(server.port)).found
    assert "last word" not in failed(fly(healed.port)).found
