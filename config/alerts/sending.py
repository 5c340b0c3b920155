"""From settings to what sends the alerts of a live session; nothing is built while no target is set."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from difflib import get_close_matches

from actors.alerts.alerter import MAX_CHARACTERS, Alerter, AlerterSetup
from actors.alerts.codes import ALERT_CODES
from actors.alerts.rules import AlertPolicy
from actors.alerts.sender import AlertSender, AlertTarget, Outgoing
from actors.alerts.targets import open_target
from actors.log.news import news
from actors.log.printed_line import LineStamp
from actors.messages import AccountView, AlertRaised
from actors.report.format import count
from catalog.sessions import Sessions
from config.checks.verdicts import Check
from config.components import traded_symbols
from config.errors import ConfigError
from config.schema import AlertsConfig, Settings


def make_sender(config: AlertsConfig, title: str) -> AlertSender | None:
    """
    Return what sends to the targets, None when there are none.

    Raises
    ------
    ConfigError
        If a target cannot be read, or a code of ``alerts.events`` is none; the text shows no address.

    """
    if not config.targets:
        return None
    targets, problems = [], unknown_events(config)
    for number, address in enumerate(config.targets, start=1):
        target = readable(number, address.get_secret_value(), title)
        if isinstance(target, AlertTarget):
            targets.append(target)
        else:
            problems.append(f"environment BALLAST_ALERT_URLS: {target}.")
    if problems:
        raise ConfigError(problems)
    return AlertSender(targets)


def readable(number: int, address: str, title: str) -> AlertTarget | str:
    """Return the target of an address, or why there is none."""
    try:
        return open_target(number, address, title)
    except ValueError as error:
        return str(error)


def targets_check(config: AlertsConfig) -> Check:
    """Return whether anybody is told of what happens."""
    if config.targets:
        return Check("alerts", "ok", count(len(config.targets), "target"))
    found = "none set; nobody is told when you are not at the terminal"
    return Check("alerts", "warning", found, "Set BALLAST_ALERT_URLS, then try it: uv run run_live.py alert-test")


def unknown_events(config: AlertsConfig) -> list[str]:
    """Return a sentence for each chosen code that no alert has: its alerts would never come."""
    found = []
    for code in config.events:
        if code not in ALERT_CODES:
            near = get_close_matches(code, ALERT_CODES, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            found.append(f"alerts.events: expected codes of docs/alerts.md, found '{code}'.{hint}")
    return found


def make_alerter(
    settings: Settings,
    title: str,
    sessions: Sessions,
    view: Callable[[], AccountView],
    ending: Callable[[], tuple[int, str]],
    sender: AlertSender,
) -> Alerter:
    """Return the actor that decides what is sent."""
    config = settings.alerts
    policy = AlertPolicy(config.min_level, frozenset(config.events), config.rate_per_min, config.dedupe_secs)
    run = f"{title}: {', '.join(traded_symbols(settings))}"
    limit: Decimal = settings.risk.max_daily_loss_usd
    return Alerter(AlerterSetup(run, policy, limit, config.loss_near_pct), sessions, view, ending, sender)


def hang_teller(
    config: AlertsConfig, sender: AlertSender | None, write: Callable[[str], None], sessions: Sessions, now_ns: int
) -> Callable[[AlertRaised], None]:
    """Return what tells of a hanging event loop and its end, past the alerter, which hangs with it; from any thread."""
    stamp = LineStamp(sessions.timezone, now_ns, MAX_CHARACTERS)
    is_chosen = not config.events or "node_hangs" in config.events

    def tell(alert: AlertRaised) -> None:
        if sender is not None and is_chosen:
            sender.put(Outgoing.of(alert, stamp))
        if alert.code == "node_hangs":  # the other one is told on the terminal by the loop that runs again
            with suppress(OSError, ValueError):  # a terminal that is gone
                write(f"{stamp.line(alert.ts, news(alert) or '')} (told while it hangs)")

    return tell
