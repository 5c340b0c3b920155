"""Law 12: paper unless armed by two keys; mode, account, port and the gateway's accounts agree, either way round."""

import pytest

from config.checks.interlocks import account_kind, account_to_trade, interlock_problems
from config.loader import armed_account, load_settings

PAPER, LIVE = "DU1234567", "U1234567"


def settings(mode="paper", account=PAPER, port=4002):
    overrides = [f"account.mode={mode}", f"ib.port={port}"]
    return load_settings(None, overrides + ([f"account.id={account}"] if account else []), {})


def problems(mode="paper", account=PAPER, port=4002, armed=None, managed=None, **more):
    return interlock_problems(settings(mode, account, port), armed, managed, **more)


@pytest.mark.parametrize("port", [4002, 7497, 5000])
@pytest.mark.parametrize("managed", [None, [PAPER], ["DU7654321", PAPER]])
def test_paper_account_on_a_paper_port_may_start(port, managed):
    assert problems(port=port, managed=managed) == []


@pytest.mark.parametrize("port", [4001, 7496, 5000])
@pytest.mark.parametrize("managed", [None, [LIVE], ["U7654321", LIVE]])
def test_live_account_with_both_keys_may_start(port, managed):
    assert problems("live", LIVE, port, armed=LIVE, managed=managed) == []


@pytest.mark.parametrize(
    ("armed", "found"),
    [(None, "found nothing"), ("U7654321", "U7654321"), ("u1234567", "u1234567"), (f"{LIVE} ", f"{LIVE} ")],
)
def test_live_account_without_the_second_key_is_refused(armed, found):
    [problem] = problems("live", LIVE, 4001, armed=armed)

    assert f"expected BALLAST_ARM_LIVE={LIVE} in the environment" in problem
    assert found in problem


def test_second_key_alone_does_not_open_live_money():
    [account, port] = problems("paper", LIVE, 4001, armed=LIVE)

    assert f'expected DU… (paper) with mode = "paper", found {LIVE}' in account
    assert "expected a paper port (4002 or 7497, or one of your own)" in port
    assert "found 4001, which is a live port" in port


@pytest.mark.parametrize("port", [4001, 7496])
def test_paper_account_on_a_live_port_is_refused(port):
    [problem] = problems(port=port)

    assert f"found {port}, which is a live port" in problem


@pytest.mark.parametrize("port", [4002, 7497])
def test_live_account_on_a_paper_port_is_refused(port):
    [problem] = problems("live", LIVE, port, armed=LIVE)

    assert f"found {port}, which is a paper port" in problem


@pytest.mark.parametrize("port", [4002, 7497, 5000])
def test_live_account_in_paper_mode_is_refused_on_any_port(port):
    [problem] = problems("paper", LIVE, port, armed=LIVE)

    assert f'expected DU… (paper) with mode = "paper", found {LIVE}' in problem


@pytest.mark.parametrize("port", [4001, 7496, 5000])
def test_paper_account_in_live_mode_is_refused_on_any_port(port):
    [problem] = problems("live", PAPER, port, armed=PAPER)

    assert f'expected U… (live) with mode = "live", found {PAPER}' in problem


@pytest.mark.parametrize("managed", [None, [LIVE], [PAPER]])
def test_live_account_that_is_not_set_is_asked_for(managed):
    problem = problems("live", None, 4001, armed=LIVE, managed=managed)[0]

    assert "expected the account to trade, U… (live), found nothing" in problem
    assert "BALLAST_ACCOUNT__ID" in problem
    assert account_to_trade(settings("live", None, 4001), managed or []) is None


@pytest.mark.parametrize("managed", [None, [PAPER]])
def test_paper_account_need_not_be_set_when_it_is_the_only_one(managed):
    assert problems(account=None, managed=managed) == []
    assert account_to_trade(settings(account=None), managed or []) == (managed and PAPER)


@pytest.mark.parametrize(
    "managed", [[], [LIVE], [PAPER, "DU7654321"], [PAPER, LIVE], [PAPER, PAPER], ["DF1234567"], ["F1234567"]]
)
def test_paper_account_is_not_guessed(managed):
    problem = problems(account=None, managed=managed)[0]

    assert f"expected one paper account (DU…) at the gateway, as none is set, found {', '.join(managed) or 'none'}" in (
        problem
    )
    assert "set the account to trade under [account] or in BALLAST_ACCOUNT__ID" in problem
    assert account_to_trade(settings(account=None), managed) is None


def test_account_that_is_set_is_the_one_to_trade():
    assert account_to_trade(settings(), ["DU7654321"]) == PAPER


@pytest.mark.parametrize("port", [4001, 7496])
def test_paper_account_that_is_not_set_is_refused_on_a_live_port(port):
    [problem] = problems(account=None, port=port)

    assert f"found {port}, which is a live port" in problem


@pytest.mark.parametrize("armed", [None, "U7654321", LIVE])
def test_dry_run_on_a_live_account_needs_no_keys(armed):
    assert problems("live", LIVE, 4001, armed=armed, managed=[LIVE], is_dry_run=True) == []


@pytest.mark.parametrize(
    ("mode", "account", "port", "managed"),
    [
        ("live", LIVE, 4002, [LIVE]),
        ("live", PAPER, 4001, [LIVE]),
        ("live", None, 4001, [LIVE]),
        ("live", LIVE, 4001, [PAPER]),
        ("paper", PAPER, 4001, [PAPER]),
        ("paper", LIVE, 4002, [LIVE]),
        ("paper", None, 4002, [LIVE]),
        ("paper", PAPER, 4002, [PAPER, LIVE]),
    ],
)
def test_dry_run_needs_all_else_to_agree(mode, account, port, managed):
    assert problems(mode, account, port, armed=LIVE, managed=managed, is_dry_run=True)


@pytest.mark.parametrize("account", ["du1234567", "DU", "U", "F1234567", "DF1234567", "X1", "DU12A"])
def test_account_of_no_known_kind_is_refused_in_either_mode(account):
    assert account_kind(account) is None
    assert problems(account=account)
    assert problems("live", account, 4001, armed=account)


def test_account_that_the_gateway_does_not_serve_is_refused():
    [problem] = problems(managed=["DU7654321"])
    [without] = problems(managed=[])

    assert f"expected {PAPER} among the accounts of the gateway, found DU7654321" in problem
    assert "found none" in without


@pytest.mark.parametrize(
    ("mode", "account", "port", "managed", "odd"),
    [
        ("paper", PAPER, 4002, [PAPER, LIVE], LIVE),
        ("live", LIVE, 4001, [LIVE, PAPER], PAPER),
        ("paper", PAPER, 5000, [PAPER, "F1234567"], "F1234567"),
    ],
)
def test_gateway_with_an_account_of_another_kind_is_refused(mode, account, port, managed, odd):
    [problem] = problems(mode, account, port, armed=account, managed=managed)

    assert f'expected {mode} accounts only with mode = "{mode}", found {odd}' in problem


def test_gateway_of_the_other_kind_is_told_twice_over():
    refused = problems(managed=[LIVE])

    assert len(refused) == 2
    assert "log the gateway in for paper trading" in refused[1]


def test_all_problems_are_told_at_once():
    refused = problems("live", LIVE, 4002, managed=[PAPER])

    starts = ("ib.port", "BALLAST_ARM_LIVE", "account.id", "gateway")
    assert [problem.partition(":")[0] for problem in refused] == list(starts)


def test_arming_a_paper_account_is_not_proposed():
    assert not any("BALLAST_ARM_LIVE" in problem for problem in problems("live", PAPER, 4001))


@pytest.mark.parametrize("environ", [{}, {"BALLAST_ARM_LIVE": ""}])
def test_environment_without_the_key_arms_nothing(environ):
    assert armed_account(environ) is None


def test_key_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("BALLAST_ARM_LIVE", LIVE)

    assert armed_account() == armed_account({"BALLAST_ARM_LIVE": LIVE}) == LIVE
