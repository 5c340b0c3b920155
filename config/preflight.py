"""
The checks before a live node is built: what would stop it, or make it trade on wrong ground, is told here and in words.

Interlocks first, with no connection; then one short connection to the gateway, in the order in which a failure makes
the rest pointless. It does not protect from what changes between the check and the start.

"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from catalog.sessions import Sessions
from config.components import traded_symbols
from config.interlocks import interlock_problems
from config.preflight_verdicts import (
    Check,
    clock_check,
    instrument_check,
    market_data_check,
    session_check,
    version_check,
)
from config.schema import Settings
from config.tws_probe import ProbeFailed, TwsProbe

EXIT_REFUSED: Final = 3  # an interlock
EXIT_UNREACHABLE: Final = 4  # the gateway, or what it must know
INTERLOCKS: Final = {"interlocks", "account"}  # the checks of law 12


@dataclass(frozen=True, slots=True)
class Preflight:
    """The checks in their order, and the exit code that follows: 0, 3 or 4."""

    checks: tuple[Check, ...]
    exit_code: int


def run_preflight(settings: Settings, armed_account: str | None, clock: Callable[[], int]) -> Preflight:
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

    """
    return _Run(settings, armed_account, clock).result()


class _Run:
    def __init__(self, settings: Settings, armed_account: str | None, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._armed_account = armed_account
        self._clock = clock
        self._checks: list[Check] = []
        self._step = ""  # under way, named when the gateway fails in it

    def result(self) -> Preflight:
        if self._interlocks("interlocks", None):
            try:
                self._look()
            except ProbeFailed as failure:
                self._checks.append(Check(self._step, "failed", failure.found, failure.remedy))
        failed = {check.name for check in self._checks if check.verdict == "failed"}
        exit_code = EXIT_UNREACHABLE if failed else 0
        return Preflight(tuple(self._checks), EXIT_REFUSED if failed & INTERLOCKS else exit_code)

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
            if self._interlocks("account", accounts):
                self._clock_and_session(probe)
                self._symbols(probe)

    def _interlocks(self, name: str, accounts: tuple[str, ...] | None) -> bool:
        problems = interlock_problems(self._settings, self._armed_account, accounts)
        self._checks += [Check(name, "failed", problem) for problem in problems]
        if not problems:
            account, port = self._settings.account, self._settings.ib.port
            money = "LIVE MONEY, armed by both keys" if account.mode == "live" else "paper money"
            text = f"{money}, account {account.id}, port {port}" if accounts is None else f"{account.id} is there"
            self._checks.append(Check(name, "ok", text))
        return not problems

    def _clock_and_session(self, probe: TwsProbe) -> None:
        self._step = "clock"
        asked_ns = self._clock()
        server_secs = probe.server_time_secs()
        self._checks.append(clock_check(server_secs, asked_ns, self._clock()))
        session = self._settings.session
        self._checks.append(session_check(Sessions(session.calendar, session.hours), self._clock()))

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
