"""From settings to a session and its end: checks, state directory, node, report."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Event

from rich.console import Console

from actors.journal.file import JournalError
from actors.journal.reader import JournalReader
from actors.loop.helm import EXIT_DONE
from actors.report.reports import ReportError
from config.alerts.failed_start import StartAttempt, preflight_failure
from config.alerts.sending import targets_check
from config.cautions import Caution, cautions
from config.checks.gateway_wait import await_gateway
from config.checks.preflight import Preflight, run_preflight
from config.checks.table import print_preflight
from config.checks.verdicts import Check
from config.components import traded_symbols, try_rules
from config.exit_codes import EXIT_UNREACHABLE, EXIT_USAGE
from config.live.beside import beside_our_own
from config.live.disowned import disowned_in
from config.live.end import print_end, write_live_report
from config.live.session import Desk, LiveSession
from config.live.state_dir import account_locked, locked, refuse_beside, refuse_second, state_directory
from config.live.unbuffered import unbuffered
from config.schema import Settings

HOUR_NS = 3_600_000_000_000
STARTS_ANEW_PER_HOUR = 3  # after that many the supervisor, or a person, has to look

Clock = Callable[[], int]  # UTC nanoseconds


def check(
    settings: Settings,
    armed_account: str | None,
    state: Path | None,
    console: Console,
    clock: Clock,
    *,
    is_dry_run: bool,
) -> int:
    """Run the checks before a start, make the rules, and print what came of it; return the exit code: 0, 2, 3 or 4."""
    problems, needs = try_rules(settings)
    rules = [Check("rules", "failed", problem) for problem in problems]
    rules = rules or [Check("rules", "ok", f"{len(settings.strategies)} can be made")]
    rules += _warnings(cautions(settings, needs))
    found = beside_our_own(run_preflight(settings, armed_account, clock, is_dry_run=is_dry_run), settings)
    if not is_dry_run:  # the positions of one ended with its process
        mode, account = settings.account.mode, found.account or settings.account.id
        orphans = disowned_in(state, mode, account, traded_symbols(settings))
        rules += [Check("held before", "failed", problem) for problem in orphans]
        problems += orphans
    exit_code = found.exit_code or (EXIT_USAGE if problems else 0)
    checks = (*rules, targets_check(settings.alerts), *found.checks)
    print_preflight(replace(found, checks=checks, exit_code=exit_code), console)
    return exit_code


def _warnings(found: Iterable[Caution]) -> list[Check]:
    return [Check(caution.name, "warning", caution.found, caution.remedy) for caution in found]


def start(
    settings: Settings,
    armed_account: str | None,
    attempt: StartAttempt,
    console: Console,
    clock: Clock,
) -> int:
    """
    Check, run a session until it ends, and report; return the exit code. What happens is entered in ``attempt``.

    Raises
    ------
    StateError
        If the state directory cannot be used, or another node runs on it.
    JournalError
        If the journal cannot be opened.
    ReportError
        If the report cannot be written.

    """
    is_dry_run = attempt.is_dry_run
    mode = "dry-run" if is_dry_run else settings.account.mode
    if attempt.state or settings.account.id:
        refuse_second(state_directory(attempt.state, mode, settings.account.id or ""))
    if not is_dry_run:
        refuse_beside(settings.account.id, settings.ib.host, settings.ib.port)
    preflight = run_preflight(settings, armed_account, clock, is_dry_run=is_dry_run)
    known = (*_warnings(cautions(settings)), targets_check(settings.alerts))
    print_preflight(replace(preflight, checks=(*known, *preflight.checks)), console)
    if preflight.exit_code or preflight.account is None:
        attempt.failure = preflight_failure(preflight)
        return preflight.exit_code
    attempt.account = preflight.account
    directory = state_directory(attempt.state, mode, preflight.account)
    with locked(directory), _account_of(settings, preflight.account, is_dry_run=is_dry_run):
        desk = _desk(settings, preflight, directory, is_dry_run=is_dry_run)
        session = LiveSession(_resolved(settings, desk.account), desk, clock(), unbuffered(console), attempt)
        try:
            session.run()
        except KeyboardInterrupt:
            session.helm.reason = session.helm.reason or "interrupted before it connected"
            raise
        finally:
            session.close(clock())
            print_end(session, console)
        if session.helm.wants_restart:
            _start_anew(session, console, clock)
        return _report(session, console, clock)


def _start_anew(session: LiveSession, console: Console, clock: Clock) -> None:
    """Put the very same command in the place of this process; return when it may not, or is asked not to."""
    ib = session.settings.ib
    if not session.is_stop_asked and may_start_anew(session, clock()):
        console.out("starting anew")
        await_gateway(ib.host, ib.port, Event().wait, lambda: session.is_stop_asked)
        if not session.is_stop_asked:
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - the very command that started this process
    if session.is_stop_asked:
        console.out("asked to stop: it does not start anew")
        session.helm.exit_code = EXIT_DONE


def _account_of(settings: Settings, account: str, *, is_dry_run: bool) -> AbstractContextManager[None]:
    # A dry run sends no order, so it may look on beside the node that trades
    return nullcontext() if is_dry_run else account_locked(account, settings.ib.host, settings.ib.port)


def may_start_anew(session: LiveSession, now_ns: int) -> bool:
    """Return whether a start of its own may help: not if the last ones did not."""
    with JournalReader(session.store.path) as journal:
        faults = [run for run in journal.runs() if run.exit_code == EXIT_UNREACHABLE and run.ended_ns is not None]
    return sum(now_ns - run.ended_ns < HOUR_NS for run in faults if run.ended_ns) <= STARTS_ANEW_PER_HOUR


def _report(session: LiveSession, console: Console, clock: Clock) -> int:
    try:
        write_live_report(session, console, clock())
    except (JournalError, ReportError) as error:
        if not session.helm.exit_code:
            raise
        console.out(f"no report: {error}")  # why the session ended says more
    return session.helm.exit_code


def _desk(settings: Settings, preflight: Preflight, directory: Path, *, is_dry_run: bool) -> Desk:
    simulated = settings.backtest.starting_cash_usd
    cash_usd = simulated if is_dry_run else preflight.net_liquidation_usd or Decimal(0)
    return Desk(preflight.account or "", cash_usd, directory, is_dry_run)


def _resolved(settings: Settings, account: str) -> Settings:
    return settings.model_copy(update={"account": settings.account.model_copy(update={"id": account})})
