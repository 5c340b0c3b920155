"""The preflight over real TCP: which account is traded, what it is worth, and what a dry run does without."""

from contextlib import ExitStack
from decimal import Decimal

import pytest
from preflight_flight import HEALTHY, MONDAY_OPEN, by_name, failed, fly
from preflight_time import TIME_PASSES, be_patient, stand_still
from scripted_gateway import ScriptedGateway, refusal, request_id, started, summary_end, summary_row

LIVE = ("account.mode=live", "account.id=U1234567")


@pytest.fixture
def gateway():
    """Return a maker of gateways with a script."""
    with ExitStack() as stack:
        yield lambda script=None: stack.enter_context(ScriptedGateway(MONDAY_OPEN, script))


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    be_patient(monkeypatch)


def logged_in(accounts):
    return {71: lambda _: started(accounts)}


def test_account_and_its_value_are_handed_on(gateway):
    preflight = fly(gateway().port)

    assert preflight.account == "DU1234567"
    assert preflight.net_liquidation_usd == Decimal("100000.00")
    assert by_name(preflight)["account"].found == "DU1234567 is there"
    assert by_name(preflight)["account value"].found == "100,000.00 USD"


def test_only_paper_account_is_taken_when_none_is_set(gateway):
    preflight = fly(gateway().port, account=None)

    assert [check.name for check in preflight.checks] == HEALTHY
    assert preflight.exit_code == 0
    assert preflight.account == "DU1234567"
    assert preflight.net_liquidation_usd == Decimal("100000.00")
    assert by_name(preflight)["account"].found == "DU1234567 is the gateway's only account"


@pytest.mark.parametrize("accounts", ["", "DU1234567,DU7654321", "U1234567", "DU1234567,U1234567", "F1234567"])
def test_account_is_not_guessed_and_nothing_more_is_asked(gateway, accounts):
    server = gateway(logged_in(accounts))

    preflight = fly(server.port, account=None)

    assert preflight.exit_code == 3
    assert any("set the account to trade under [account]" in check.found for check in preflight.checks)
    assert (preflight.account, preflight.net_liquidation_usd) == (None, None)
    assert server.heard == [0, 71]


@pytest.mark.parametrize("accounts", ["DU7654321", "U1234567", "DU1234567,U7654321", ""])
def test_wrong_account_is_refused_and_nothing_more_is_asked(gateway, accounts):
    server = gateway(logged_in(accounts))

    preflight = fly(server.port)

    assert preflight.exit_code == 3
    assert preflight.checks[-1].name == "account"
    assert accounts.rpartition(",")[2] in preflight.checks[-1].found
    assert preflight.account is None
    assert server.heard == [0, 71]


def test_armed_live_account_says_that_it_is_live_money(gateway):
    preflight = fly(gateway(logged_in("U1234567")).port, *LIVE, armed="U1234567")

    assert preflight.exit_code == 0
    assert preflight.checks[0].found.startswith("LIVE MONEY, armed by both keys, account U1234567")
    assert (preflight.account, preflight.net_liquidation_usd) == ("U1234567", Decimal("250000.00"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n: summary_row(n, value="0.00"), "expected more than 0 USD, found 0.00 USD"),
        (lambda n: summary_row(n, currency="EUR"), "100,000.00 EUR; the limits of this program are in USD"),
        (lambda n: summary_row(n, "DU7654321") + summary_end(n), "expected the value of DU1234567, found none"),
        (lambda n: refusal(n, 322, "Maximum number of requests"), '("322 Maximum number of requests")'),
    ],
)
def test_value_that_no_limit_can_stand_on_fails_and_the_rest_is_still_checked(gateway, answer, words):
    server = gateway({62: lambda data: answer(request_id(data))})

    preflight = fly(server.port)

    assert failed(preflight).name == "account value"
    assert words in failed(preflight).found
    assert [check.name for check in preflight.checks] == HEALTHY
    assert (preflight.exit_code, preflight.net_liquidation_usd) == (4, None)
    assert server.heard.count(63) == 1


@pytest.mark.parametrize("answer", [lambda _: b"", lambda n: summary_row(n, "DU7654321"), lambda n: summary_row(n + 1)])
def test_value_that_does_not_come_in_time_fails(gateway, monkeypatch, answer):
    stand_still(monkeypatch)
    server = gateway({62: lambda data: answer(request_id(data)) + TIME_PASSES})

    preflight = fly(server.port)

    assert failed(preflight).name == "account value"
    assert failed(preflight).found == "no answer in time"
    assert (preflight.exit_code, preflight.net_liquidation_usd) == (4, None)


def test_dry_run_needs_neither_keys_nor_value(gateway):
    server = gateway(logged_in("U1234567"))

    preflight = fly(server.port, *LIVE, is_dry_run=True)

    assert preflight.exit_code == 0
    assert preflight.checks[0].found.startswith("dry run, no order is sent; live money, account U1234567")
    assert [check.name for check in preflight.checks] == [name for name in HEALTHY if name != "account value"]
    assert (preflight.account, preflight.net_liquidation_usd) == ("U1234567", None)
    assert 62 not in server.heard


@pytest.mark.parametrize(
    ("overrides", "accounts"),
    [
        (LIVE, "DU1234567"),
        (("account.id=U1234567",), "U1234567"),
        ((), "U1234567"),
        (("session.hours=extended",), "DU1234567"),
    ],
)
def test_dry_run_is_refused_for_all_else(gateway, overrides, accounts):
    assert fly(gateway(logged_in(accounts)).port, *overrides, is_dry_run=True).exit_code == 3


@pytest.mark.parametrize("is_dry_run", [False, True])
def test_live_account_must_be_set_before_any_connection(gateway, is_dry_run):
    server = gateway(logged_in("U1234567"))

    preflight = fly(server.port, "account.mode=live", account=None, armed="U1234567", is_dry_run=is_dry_run)

    assert preflight.exit_code == 3
    assert "expected the account to trade, U… (live), found nothing" in failed(preflight).found
    assert server.connections == 0
