"""
The interlocks of a live start (law 12): which account may be traded, on which port, armed by which keys; no I/O.

Live money needs two keys, ``mode = "live"`` in the file and BALLAST_ARM_LIVE=<account id> in the environment, and
mode, account prefix, port and the gateway's own accounts must all mean the same kind of money, either way round.
Without ``account.id``, paper is traded on the gateway's only account. They believe the gateway: one that names its
accounts falsely is not found out.

"""

import re
from collections.abc import Sequence
from typing import Final, Literal

from config.schema import Settings
from config.secrets import ARM_LIVE

Kind = Literal["paper", "live"]

PORT_KINDS: Final[dict[int, Kind]] = {4001: "live", 4002: "paper", 7496: "live", 7497: "paper"}  # others: by prefix
_PAPER_ACCOUNT: Final = re.compile(r"DU\d+")
_LIVE_ACCOUNT: Final = re.compile(r"U\d+")


def interlock_problems(
    settings: Settings,
    armed_account: str | None,
    managed_accounts: Sequence[str] | None,
    *,
    is_dry_run: bool = False,
) -> list[str]:
    """
    Return why this node may not start, one sentence or two for each reason; empty when it may.

    Parameters
    ----------
    settings : Settings
        The whole configuration.
    armed_account : str | None
        The account in BALLAST_ARM_LIVE.
    managed_accounts : Sequence[str] | None
        The accounts the gateway is logged in to; None before it is asked.
    is_dry_run : bool
        Whether no order is sent; then the two keys are not asked for, and all else still agrees.

    """
    problems = _account_problems(settings)
    if not is_dry_run:
        problems += _key_problems(settings, armed_account)
    if managed_accounts is not None:
        problems += _managed_problems(settings, managed_accounts)
    return problems


def account_to_trade(settings: Settings, managed_accounts: Sequence[str]) -> str | None:
    """Return the account that is set, else the gateway's only one if it is a paper account and paper is meant."""
    if settings.account.id is not None:
        return settings.account.id
    is_only_paper = [account_kind(each) for each in managed_accounts] == ["paper"]
    return managed_accounts[0] if is_only_paper and settings.account.mode == "paper" else None


def account_kind(account_id: str) -> Kind | None:
    """Return whose money an account holds by its prefix, None for one that is neither DU… nor U…."""
    if _PAPER_ACCOUNT.fullmatch(account_id):
        return "paper"
    return "live" if _LIVE_ACCOUNT.fullmatch(account_id) else None


def _account_problems(settings: Settings) -> list[str]:
    mode, account_id, port = settings.account.mode, settings.account.id, settings.ib.port
    port_kind = PORT_KINDS.get(port, mode)
    wanted = "DU… (paper)" if mode == "paper" else "U… (live)"
    problems = []
    if account_id is None and mode == "live":
        problems.append(
            f"account.id: expected the account to trade, {wanted}, found nothing; set it under [account] or in "
            "BALLAST_ACCOUNT__ID. TWS and IB Gateway show it in their title."
        )
    elif account_id is not None and account_kind(account_id) != mode:
        problems.append(
            f'account.id: expected {wanted} with mode = "{mode}", found {account_id}; correct account.id, or '
            "account.mode if you mean the other kind of money."
        )
    if port_kind != mode:
        usual = " or ".join(str(number) for number, kind in PORT_KINDS.items() if kind == mode)
        problems.append(
            f'ib.port: expected a {mode} port ({usual}, or one of your own) with mode = "{mode}", found {port}, '
            f"which is a {port_kind} port; correct ib.port, or account.mode if you mean {port_kind} money."
        )
    return problems


def _key_problems(settings: Settings, armed_account: str | None) -> list[str]:
    # Of an account that is not live another problem tells; to arm it would mend nothing.
    if settings.account.mode != "live" or armed_account == settings.account.id:
        return []
    if settings.account.id is None or account_kind(settings.account.id) != "live":
        return []
    found = "nothing" if armed_account is None else f"{ARM_LIVE}={armed_account}"
    text = (
        f"{ARM_LIVE}: expected {ARM_LIVE}={settings.account.id} in the environment, the second key of live money, "
        f'found {found}; set it if live money is meant, else set account.mode = "paper".'
    )
    return [text]


def _managed_problems(settings: Settings, managed_accounts: Sequence[str]) -> list[str]:
    mode, account_id = settings.account.mode, settings.account.id
    offered = ", ".join(managed_accounts) or "none"
    problems = []
    if account_to_trade(settings, managed_accounts) is None:
        problems.append(
            f"account.id: expected one paper account (DU…) at the gateway, as none is set, found {offered}; set "
            "the account to trade under [account] or in BALLAST_ACCOUNT__ID."
        )
    elif account_id is not None and account_id not in managed_accounts:
        problems.append(
            f"account.id: expected {account_id} among the accounts of the gateway, found {offered}; correct "
            "account.id, or log the gateway in as the user of that account."
        )
    others = [name for name in managed_accounts if account_kind(name) != mode]
    if others:
        problems.append(
            f'gateway: expected {mode} accounts only with mode = "{mode}", found {", ".join(others)}; log the gateway '
            f"in for {mode} trading, or correct ib.host and ib.port."
        )
    return problems
