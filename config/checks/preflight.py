"""
The checks before a live node is built: what would stop it, or make it trade on wrong ground, is told here and in words.

Interlocks first, with no connection; then one short connection to the gateway, in the order in which a failure makes
the rest pointless. It does not protect from what changes between the check and the start.

"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from catalog.sessions import Sessions
from config.checks.interlocks import account_to_trade, interlock_problems
from config.checks.tws_failures import ProbeFailed
from config.checks.tws_probe import TwsProbe
from config.checks.verdicts import (
    Check,
    bars_check,
    clock_check,
    hours_check,
    instrument_check,
    market_data_check,
    session_check,
    value_check,
    version_check,
)
from config.components import traded_symbols
from config.schema import Settings

EXIT_REFUSED: Final = 3  # an interlock
EXIT_UNREACHABLE: Final = 4  # the gateway, or what it must know
INTERLOCKS: Final = {"interlocks", "hours", "bars", "account"}  # they refuse a start whatever the gateway says


@dataclass(frozen=True, slots=True)
class Preflight:
    """
    The checks in their order, and what follows from them.

    ``exit_code`` is 0, 3 or 4. ``account`` is the one to trade, once the gateway has it: the one that is set, or the
    only one there. ``net_liquidation_usd`` is its value, None in a dry run. With exit code 0 what is needed is there.

    """

    checks: tuple[Check, ...]
    exit_code: int
    account: str | None = None
    net_liquidation_usd: Decimal | None = None


def run_preflight(
    settings: Settings, armed_account: str | None, clock: Callable[[], int], *, is_dry_run: bool = False
) -> Preflight:
    """
    Check whether a live node may start; connects to the gateway unless an interlock refuses before.

    Parameters
    ----------
    settings : Settings
        The whole configuration.
    armed_account : str | None
        The account in BALLAST_ARM_LIVE.
    clock : Callable[[], int]
        This machine's time, UTC nanoseconds.
    is_dry_run : bool
        Whether no order is sent: neither the two keys nor the value of the account are needed then.

    """
    return _Run(settings, armed_account, clock, is_dry_run=is_dry_run).result()


class _Run:
    def __init__(
        self, settings: Settings, armed_account: str | None, clock: Callable[[], int], *, is_dry_run: bool
    ) -> None:
        self._settings = settings
        self._armed_account = armed_account
        self._clock = clock
        self._is_dry_run = is_dry_run
        self._checks: list[Check] = []
        self._step = ""  # under way, named when the gateway fails in it
        self._account: str | None = None
        self._net_liquidation_usd: Decimal | None = None

    def result(self) -> Preflight:
        may_connect = self._interlocks()
        bars, symbols = self._settings.bars, len(traded_symbols(self._settings))
        wishes = [hours_check(self._settings.session.hours), bars_check(bars.step, bars.source, symbols)]
        self._checks += wishes
        if may_connect and all(check.verdict != "failed" for check in wishes):
            try:
                self._look()
            except ProbeFailed as failure:
                self._checks.append(Check(self._step, "failed", failure.found, failure.remedy))
        return Preflight(tuple(self._checks), self._exit_code(), self._account, self._net_liquidation_usd)

    def _exit_code(self) -> int:
        failed = {check.name for check in self._checks if check.verdict == "failed"}
        if failed & INTERLOCKS:
            return EXIT_REFUSED
        return EXIT_UNREACHABLE if failed else 0

    def _look(self) -> None:
        ib = self._settings.ib
        self._step = "connection"
        with closing(TwsProbe(ib.host, ib.port)) as probe:
            version = version_check(probe.greet())
            self._ok(f"{ib.host}:{ib.port} answers")
            self._checks.append(version)
            if version.verdict == "failed":
                return
            self._step = "client id"
            accounts = probe.start(ib.client_id)
            self._ok(f"{ib.client_id} is free")
            self._account = self._account_among(accounts)
            if self._account is not None:
                self._clock_and_session(probe)
                if not self._is_dry_run:
                    self._value(probe, self._account)
                self._symbols(probe)

    def _interlocks(self) -> bool:
        problems = interlock_problems(self._settings, self._armed_account, None, is_dry_run=self._is_dry_run)
        self._checks += [Check("interlocks", "failed", problem) for problem in problems]
        if not problems:
            account, port = self._settings.account, self._settings.ib.port
            money = "LIVE MONEY, armed by both keys" if account.mode == "live" else "paper money"
            if self._is_dry_run:
                money = f"dry run, no order is sent; {account.mode} money"
            which = f"account {account.id}" if account.id else "the gateway's only account"
            self._checks.append(Check("interlocks", "ok", f"{money}, {which}, port {port}"))
        return not problems

    def _account_among(self, accounts: tuple[str, ...]) -> str | None:
        self._step = "account"
        problems = interlock_problems(self._settings, self._armed_account, accounts, is_dry_run=self._is_dry_run)
        self._checks += [Check(self._step, "failed", problem) for problem in problems]
        if problems:
            return None
        account = account_to_trade(self._settings, accounts)
        self._ok(f"{account} is {'there' if self._settings.account.id else "the gateway's only account"}")
        return account

    def _clock_and_session(self, probe: TwsProbe) -> None:
        self._step = "clock"
        asked_ns = self._clock()
        server_secs = probe.server_time_secs()
        self._checks.append(clock_check(server_secs, asked_ns, self._clock()))
        session = self._settings.session
        self._checks.append(session_check(Sessions(session.calendar, session.hours), self._clock()))

    def _value(self, probe: TwsProbe, account: str) -> None:
        self._step = "account value"
        answer = probe.account_value(account)
        check = value_check(answer)
        self._checks.append(check)
        if check.verdict == "ok":
            self._net_liquidation_usd = answer.amount

    def _symbols(self, probe: TwsProbe) -> None:
        self._step = "instruments"
        contracts = {}
        for symbol, resolved in probe.resolve(traded_symbols(self._settings)).items():
            check = instrument_check(symbol, resolved)
            self._checks.append(check)
            if check.verdict != "failed":
                contracts[symbol] = resolved.contracts[0]
        if not contracts:
            return
        self._step = "market data"
        wanted = self._settings.ib.market_data
        for symbol, answer in probe.market_data(contracts, wanted).items():
            self._checks.append(market_data_check(symbol, wanted, answer))

    def _ok(self, found: str) -> None:
        self._checks.append(Check(self._step, "ok", found))
