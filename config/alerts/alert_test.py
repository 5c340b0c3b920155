"""``run_live.py alert-test``: one message to each alert target, and whether it was taken."""

from rich.console import Console

from actors.alerts.sender import AlertTarget, Outgoing
from config.alerts.sending import readable, unknown_events
from config.schema import Settings

EXIT_FAILED, EXIT_USAGE = 1, 2
TEXT = "This is a test: alerts of Ballast arrive here."
NO_TARGET = (
    "no alert target is set: expected addresses in the environment, BALLAST_ALERT_URLS='ntfys://my-topic "
    "mailtos://user:password@gmail.com' or BALLAST_ALERT_URLS_FILE=/path/to/a/file with one a line; "
    "docs/alerts.md has more"
)


def alert_test(settings: Settings, console: Console) -> int:
    """Send a test message to each target and print how it went; return the exit code: 0, 1 or 2."""
    config = settings.alerts
    if not config.targets:
        console.out(NO_TARGET, highlight=False)
        return EXIT_USAGE
    problems = unknown_events(config)
    for problem in problems:
        console.out(problem, highlight=False)
    failed = 0
    title = f"Ballast {settings.account.mode} {settings.account.id or ''}".rstrip()
    for number, address in enumerate(config.targets, start=1):
        target = readable(number, address.get_secret_value(), title)
        failure = _sent(target) if isinstance(target, AlertTarget) else target
        failed += bool(failure)
        name = f"{target.name}: " if isinstance(target, AlertTarget) else ""
        console.out(f"{name}{f'failed: {failure}' if name and failure else failure or 'ok'}", highlight=False)
    return EXIT_FAILED if failed or problems else 0


def _sent(target: AlertTarget) -> str:
    """Return "" once the message was taken, else what went wrong."""
    try:
        return target.deliver([Outgoing("info", TEXT)])
    except Exception as error:  # noqa: BLE001 - whatever a target's library raises; its text may show the address
        return type(error).__name__
