"""The preflight against the project's own gateway: the scenarios of a start, and a start right after it."""

import time
from contextlib import closing
from decimal import Decimal

import pytest
from preflight_flight import fly
from preflight_time import be_patient, hurry

from config.checks.tws_probe import TwsProbe
from tests.gateway.gateway import Gateway

DATA = ["market data AAPL.NASDAQ", "market data MSFT.NASDAQ", "market data TSLA.NASDAQ"]


@pytest.fixture
def gateway():
    with Gateway.start(speed=None) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    be_patient(monkeypatch)


def fly_now(port, *overrides, **options):
    return fly(port, *overrides, clock=time.time_ns, **options)


def verdicts(preflight):
    """Return the verdicts by name, but for the session, which is the wall clock's matter."""
    return {check.name: check.verdict for check in preflight.checks if check.name != "session"}


def test_gateway_passes_and_the_next_start_finds_the_client_id_free(gateway):
    for _ in range(3):
        preflight = fly_now(gateway.port)

        assert set(verdicts(preflight).values()) == {"ok"}
        assert preflight.exit_code == 0
        assert gateway.state()["clients"] == []


def test_only_account_and_its_value_are_found(gateway):
    preflight = fly_now(gateway.port, account=None)

    assert preflight.exit_code == 0
    assert preflight.account == "DU1234567"
    assert preflight.net_liquidation_usd == gateway.state()["equity_usd"] == 100_000


def test_account_without_money_is_told():
    with Gateway.start(speed=None, cash_usd=Decimal(0)) as gateway:
        preflight = fly_now(gateway.port)

    assert verdicts(preflight)["account value"] == "failed"
    assert preflight.exit_code == 4


def test_preflight_leaves_nothing_at_the_gateway(gateway):
    fly_now(gateway.port)

    received = gateway.received()
    assert received["MarketDataRequest"] == received["CancelMarketData"] == 3
    assert received["AccountSummaryRequest"] == received["CancelAccountSummary"] == 1
    assert received["PlaceOrderRequest"] == received["CancelOrderRequest"] == 0


def test_client_id_taken_is_told(gateway):
    with closing(TwsProbe("127.0.0.1", gateway.port)) as other:
        other.greet()
        other.start(1)

        preflight = fly_now(gateway.port)

    assert verdicts(preflight)["client id"] == "failed"
    assert preflight.exit_code == 4
    assert fly_now(gateway.port).exit_code == 0


@pytest.mark.parametrize("account", ["DU7654321", "U1234567"])
def test_wrong_account_is_refused(account):
    with Gateway.start(speed=None, account=account) as gateway:
        preflight = fly_now(gateway.port)

    assert preflight.exit_code == 3
    assert account in preflight.checks[-1].found


def test_live_account_needs_both_keys():
    with Gateway.start(speed=None, account="U1234567") as gateway:
        live = ("account.mode=live", "account.id=U1234567")

        assert fly_now(gateway.port, *live).exit_code == 3
        assert gateway.received().total() == 0
        assert fly_now(gateway.port, *live, armed="U1234567").exit_code == 0


def test_dry_run_on_a_live_account_needs_no_keys():
    with Gateway.start(speed=None, account="U1234567") as gateway:
        preflight = fly_now(gateway.port, "account.mode=live", "account.id=U1234567", is_dry_run=True)

        assert preflight.exit_code == 0
        assert gateway.received()["AccountSummaryRequest"] == 0


def test_gateway_that_refuses_connections_is_told(gateway):
    gateway.do.refuse_connections()

    assert fly_now(gateway.port).exit_code == 4


def test_hung_gateway_is_told(gateway, monkeypatch):
    hurry(monkeypatch, "greet")
    gateway.do.hang()

    preflight = fly_now(gateway.port)

    assert preflight.exit_code == 4
    assert preflight.checks[-1].verdict == "failed"


@pytest.mark.parametrize("code", [354, 10089, 10197])
def test_data_refused_is_told_for_each_symbol(gateway, code):
    gateway.do.refuse_data(code)

    preflight = fly_now(gateway.port)

    assert [name for name, verdict in verdicts(preflight).items() if verdict == "failed"] == DATA
    assert preflight.exit_code == 4


def test_silent_data_is_a_warning(gateway, monkeypatch):
    hurry(monkeypatch, "market_data")
    gateway.do.silence()

    preflight = fly_now(gateway.port)

    assert [name for name, verdict in verdicts(preflight).items() if verdict == "warning"] == DATA
    assert preflight.exit_code == 0


def test_symbol_the_gateway_does_not_know_is_told(gateway):
    preflight = fly_now(gateway.port, "strategies.0.symbol=ZZZZ.NYSE")

    assert verdicts(preflight)["instrument ZZZZ.NYSE"] == "failed"
    assert preflight.exit_code == 4
