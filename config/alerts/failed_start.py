"""
Tells the alert targets of a start that failed, for then there is no node that could.

Told once for each cause, until a start succeeds or some hours are over; what no target took is told again at the next
attempt. It takes a few seconds at most, changes no exit code and raises nothing. What never gets to run this program
(no Python, no settings of the unit) it cannot tell: for that there is the supervisor.

"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actors.alerts.sender import AlertSender, AlertTarget, Outgoing
from actors.log.printed_line import LineStamp
from actors.messages import AlertRaised
from actors.report.format import EXCHANGE_ZONE, count
from config.alerts.last_run import rests_at_broker
from config.alerts.sending import readable
from config.alerts.start_memory import StartMemory
from config.checks.preflight import Preflight
from config.exit_codes import EXIT_BROKEN, EXIT_LOSS_LIMIT, EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_USAGE, exit_code_of
from config.live.desk import MASK
from config.live.state_dir import SecondInstance
from config.loader import alert_addresses
from config.schema import Settings

NANOS_IN_SECOND = 1_000_000_000
SEND_SECS = 5.0
MAX_CHARACTERS = 1_500
LEFT_DOWN = "A supervisor leaves it down: mend that, then start it."
REMEDIES = {
    EXIT_BROKEN: "Read the last lines on its terminal or in its log.",
    EXIT_USAGE: LEFT_DOWN,
    EXIT_REFUSED: LEFT_DOWN,
    EXIT_UNREACHABLE: "Look at the gateway. A supervisor tries again for a while.",
    EXIT_LOSS_LIMIT: "Start it for the next session.",
}
UNTIL_THEN = "Until a start succeeds nothing trades, trails or closes by signal; stops rest at the broker."


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why a start failed."""

    exit_code: int
    reason: str
    remedy: str = ""


@dataclass(slots=True)
class StartAttempt:
    """A start under way, for who tells of its failure: what is known of it so far."""

    state: Path | None  # --state
    is_dry_run: bool = False  # sends no order, so nothing rests that a person would have to look at: it is not told
    settings: Settings | None = None
    account: str = ""
    has_started: bool = False  # every component did
    failure: StartFailure | None = None

    def failed_before(self) -> str:
        """Return how many starts failed before this one, "" when none did or none was told."""
        failed = StartMemory.of(self.state).read()
        if self.is_dry_run or not failed.told:
            return ""
        since = datetime.fromtimestamp(failed.since_ns // NANOS_IN_SECOND, UTC)
        return f"{count(failed.count, 'start')} had failed since {since:%Y-%m-%d %H:%M} UTC"

    def came_up(self) -> None:
        """Enter that it succeeded; what failed before is settled."""
        self.has_started = True
        if not self.is_dry_run:
            StartMemory.of(self.state).clear()

    def ended(self, exit_code: int, reason: str) -> None:
        """Enter how the session ended; a failure if it never came up."""
        if exit_code and not self.has_started:
            self.failure = StartFailure(exit_code, reason)


def preflight_failure(preflight: Preflight) -> StartFailure:
    """Return what the checks before a start found, in one line."""
    failed = [check for check in preflight.checks if check.verdict == "failed"]
    reason = "; ".join(f"{check.name}: {check.found}" for check in failed)
    return StartFailure(preflight.exit_code, reason, " ".join(dict.fromkeys(check.remedy for check in failed)))


def told_if_it_fails(
    attempt: StartAttempt, start: Callable[[], int], clock: Callable[[], int], say: Callable[[str], None]
) -> int:
    """Start, and tell of it when that fails; return the exit code of the start, or raise what it raised."""
    try:
        exit_code = start()
    except SecondInstance:
        raise  # the node that runs trades on: there is nothing to tell a person who is not there
    except Exception as error:
        attempt.failure = StartFailure(exit_code_of(error), str(error) or type(error).__name__)
        _tell_contained(attempt, clock, say)
        raise
    _tell_contained(attempt, clock, say)
    return exit_code


def _tell_contained(attempt: StartAttempt, clock: Callable[[], int], say: Callable[[str], None]) -> None:
    failure = attempt.failure
    if failure is None or attempt.has_started or attempt.is_dry_run:
        return
    if failure.exit_code == EXIT_USAGE and sys.stderr.isatty():
        return  # whoever mistypes at a terminal reads it there
    try:
        _tell(attempt, failure, clock(), say)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the failure itself must not be lost for this
        say(f"alert start_failed not sent: {type(error).__name__}")


def _tell(attempt: StartAttempt, failure: StartFailure, now_ns: int, say: Callable[[str], None]) -> None:
    settings = attempt.settings
    if settings is not None and settings.alerts.events and "start_failed" not in settings.alerts.events:
        return
    addresses = alert_addresses()
    if not addresses:
        return
    memory = StartMemory.of(attempt.state)
    failed = memory.read()
    failed.since_ns, failed.count = failed.since_ns or now_ns, failed.count + 1
    cause = f"{failure.exit_code} {re.sub(r'\d+', '', failure.reason)[:200]}"
    if failed.needs_telling(cause, now_ns):
        targets = readable_targets(addresses, f"Ballast {_run(attempt)}".rstrip())
        names = taken_by(targets, _line(attempt, failure, addresses, now_ns))
        say(f"alert start_failed {f'sent to {", ".join(names)}' if names else 'was taken by no target'}")
        failed.told |= {cause: now_ns} if names else {}
    memory.write(failed)


def _run(attempt: StartAttempt) -> str:
    if attempt.settings is None:
        return ""
    account = attempt.settings.account
    return f"{account.mode} {attempt.account or account.id or ''}".rstrip()


def _line(attempt: StartAttempt, failure: StartFailure, addresses: tuple[str, ...], now_ns: int) -> Outgoing:
    settings = attempt.settings
    mode, account = ("*", None) if settings is None else (settings.account.mode, attempt.account or settings.account.id)
    text = (
        f"{_run(attempt)} start failed (exit {failure.exit_code}): {failure.reason.rstrip('.')}. "
        f"{failure.remedy or REMEDIES[failure.exit_code]} {rests_at_broker(attempt.state, mode, account)}. {UNTIL_THEN}"
    )
    for address in sorted(addresses, key=len, reverse=True):
        text = text.replace(address, MASK)
    return outgoing(AlertRaised(now_ns, "start_failed", "critical", text.lstrip()))


def outgoing(alert: AlertRaised) -> Outgoing:
    """Return an alert as it leaves, with the exchange's time."""
    return Outgoing.of(alert, LineStamp(EXCHANGE_ZONE, alert.ts, MAX_CHARACTERS))


def readable_targets(addresses: tuple[str, ...], title: str) -> list[AlertTarget]:
    """Return those that can be read: the rest may be why the start failed."""
    opened = (readable(number, address, title) for number, address in enumerate(addresses, start=1))
    return [target for target in opened if isinstance(target, AlertTarget)]


def taken_by(targets: list[AlertTarget], alert: Outgoing) -> list[str]:
    """Send an alert, and return the names of the targets that took it in time."""
    took: list[str] = []

    def counted(target: AlertTarget) -> AlertTarget:
        def deliver(alerts: Sequence[Outgoing]) -> str:
            problem = target.deliver(alerts)
            if not problem:
                took.append(target.name)
            return problem

        return AlertTarget(target.name, deliver)

    sender = AlertSender([counted(target) for target in targets])
    sender.open()
    sender.put(alert)
    sender.close(SEND_SECS)
    return list(took)
