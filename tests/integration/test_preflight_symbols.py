"""The preflight over real TCP: clock, session, instruments and market data, as a gateway tells of them."""

import itertools
from contextlib import ExitStack, closing

import pytest
from preflight_flight import HEALTHY, MONDAY_OPEN, NS, by_name, failed, fly
from preflight_time import be_patient, stand_still, time_passes_after
from scripted_gateway import (
    ScriptedGateway,
    contract,
    contracts_end,
    data_kind,
    message,
    refusal,
    request_id,
    tick,
)

from config.checks import tws_probe


@pytest.fixture
def gateway():
    """Return a maker of gateways with a script."""
    with ExitStack() as stack:
        yield lambda script=None, now=MONDAY_OPEN: stack.enter_context(ScriptedGateway(now, script))


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    be_patient(monkeypatch)


@pytest.mark.parametrize("skew_secs", [-3600, -7, 7, 3600])
def test_wrong_clock_fails_and_the_rest_is_still_checked(gateway, skew_secs):
    server = gateway()

    preflight = fly(server.port, clock=lambda: MONDAY_OPEN + skew_secs * NS)

    assert failed(preflight).name == "clock"
    assert ("ahead of" if skew_secs > 0 else "behind") in failed(preflight).found
    assert [check.name for check in preflight.checks] == HEALTHY
    assert preflight.exit_code == 4


def test_day_without_a_session_is_a_warning(gateway):
    sunday = MONDAY_OPEN - 86_400 * NS

    preflight = fly(gateway(now=sunday).port, clock=lambda: sunday)

    assert by_name(preflight)["session"].verdict == "warning"
    assert "opens next on Mon 2026-11-23 at 09:30" in by_name(preflight)["session"].found
    assert preflight.exit_code == 0


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (lambda n: refusal(n, 200, "No security definition"), "failed", '("200 No security definition")'),
        (contracts_end, "failed", "knows no such contract"),
        (lambda n: contract(n) + contract(n, 2, "ARCA") + contracts_end(n), "failed", "NASDAQ (1), ARCA (2)"),
        (lambda n: contract(n, isin="") + contracts_end(n), "warning", "without an ISIN"),
    ],
)
def test_symbol_that_is_not_one_contract_is_told_and_the_others_go_on(gateway, answer, verdict, words):
    first = itertools.count()
    server = gateway()
    server.script[9] = lambda data: server.contract(data) if next(first) else answer(request_id(data))

    preflight = fly(server.port)

    checks = by_name(preflight)
    assert checks["instrument AAPL.NASDAQ"].verdict == verdict
    assert words in checks["instrument AAPL.NASDAQ"].found
    assert checks["market data MSFT.NASDAQ"].verdict == "ok"
    assert ("market data AAPL.NASDAQ" in checks) == (verdict == "warning")
    assert preflight.exit_code == (4 if verdict == "failed" else 0)


@pytest.mark.parametrize("answer", [lambda _: b"", contract])
def test_symbol_without_a_whole_answer_is_told_and_the_others_go_on(gateway, monkeypatch, answer):
    stand_still(monkeypatch)
    first = itertools.count()
    server = gateway()
    server.script[9] = time_passes_after(
        3, lambda data: server.contract(data) if next(first) else answer(request_id(data))
    )

    preflight = fly(server.port)

    assert failed(preflight).name == "instrument AAPL.NASDAQ"
    assert failed(preflight).found == "no whole answer in time"
    assert by_name(preflight)["market data MSFT.NASDAQ"].verdict == "ok"
    assert preflight.exit_code == 4


def test_no_market_data_is_asked_of_symbols_unknown_to_the_broker(gateway):
    server = gateway({9: lambda data: refusal(request_id(data), 200)})

    assert fly(server.port).exit_code == 4
    assert server.heard == [0, 71, 49, 62, 63, 9, 9, 9]


SUBSCRIBE = "Subscribe to NASDAQ (Network C/UTP) in the Client Portal"


@pytest.mark.parametrize("code", [354, 10089, 10168, 10186])
def test_data_that_is_not_subscribed_fails_and_says_what_to_subscribe(gateway, code):
    server = gateway({1: lambda data: refusal(request_id(data), code)})

    check = by_name(preflight := fly(server.port))["market data AAPL.NASDAQ"]

    assert check.verdict == "failed"
    assert f'("{code} as the broker puts it")' in check.found
    assert SUBSCRIBE in check.remedy
    assert 'set ib.market_data = "delayed"' in check.remedy
    assert preflight.exit_code == 4


@pytest.mark.parametrize(
    "answer",
    [
        lambda n: refusal(n, 10167) + data_kind(n, 3) + tick(n, 66),
        lambda n: data_kind(n, 3),
        lambda n: data_kind(n, 4),
        lambda n: tick(n, 68),
    ],
)
def test_delayed_data_is_a_failure_only_when_real_time_is_wanted(gateway, answer):
    server = gateway({1: lambda data: answer(request_id(data))})

    realtime = fly(server.port)
    delayed = fly(server.port, "ib.market_data=delayed")

    assert by_name(realtime)["market data AAPL.NASDAQ"].verdict == "failed"
    assert realtime.exit_code == 4
    assert by_name(delayed)["market data AAPL.NASDAQ"].verdict == "ok"
    assert delayed.exit_code == 0


@pytest.mark.parametrize("wanted", ["realtime", "delayed"])
def test_competing_session_is_told_apart(gateway, wanted):
    server = gateway({1: lambda data: refusal(request_id(data), 10197, "No market data during competing live session")})

    check = by_name(fly(server.port, f"ib.market_data={wanted}"))["market data TSLA.NASDAQ"]

    assert check.verdict == "failed"
    assert "Log out the other session" in check.remedy


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: b"",
        lambda n: data_kind(n, 1),
        lambda n: tick(n, 50),  # a yield
        lambda n: message(2, "TickSize", reqId=n, tickType=0, size="3"),
    ],
)
def test_data_without_a_price_is_a_warning(gateway, monkeypatch, answer):
    stand_still(monkeypatch)
    server = gateway({1: time_passes_after(3, lambda data: answer(request_id(data)))})

    preflight = fly(server.port)

    check = by_name(preflight)["market data TSLA.NASDAQ"]
    assert check.verdict == "warning"
    assert "neither a price nor a refusal" in check.found
    assert preflight.exit_code == 0


def test_data_from_some_exchanges_is_a_warning(gateway):
    server = gateway({1: lambda data: refusal(request_id(data), 10090) + tick(request_id(data))})

    preflight = fly(server.port)

    check = by_name(preflight)["market data AAPL.NASDAQ"]
    assert check.verdict == "warning"
    assert '("10090 as the broker puts it")' in check.found
    assert preflight.exit_code == 0


@pytest.mark.parametrize(("wanted", "kind"), [("realtime", 1), ("delayed", 3)])
def test_kind_of_data_is_asked_as_it_is_set(gateway, wanted, kind):
    asked = []
    server = gateway({59: lambda data: asked.append(data) or b""})

    fly(server.port, f"ib.market_data={wanted}")

    assert asked == [bytes([8, kind])]


def test_long_list_of_symbols_is_asked_at_the_pace_the_gateway_takes(gateway, monkeypatch):
    clock, waits = stand_still(monkeypatch), []

    class Pause:
        def wait(self, secs):
            waits.append(secs)
            clock.secs += secs

    monkeypatch.setattr(tws_probe, "Event", Pause)
    monkeypatch.setattr(tws_probe, "TOTAL_SECS", 15)  # fewer than the pauses take
    server = gateway({9: lambda data: contracts_end(request_id(data))})

    with closing(tws_probe.TwsProbe("127.0.0.1", server.port)) as probe:
        probe.greet()
        probe.start(1)
        found = probe.resolve([f"S{number}.NYSE" for number in range(16 * tws_probe.MESSAGES_PER_SEC)])

    assert all(each.is_answered for each in found.values())
    assert waits == [1] * 16
