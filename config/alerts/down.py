"""
``run_live.py status --alert``: tells the alert targets when no node runs, for a supervisor that has given up.

It is asked from outside, so it tells of what the node could not. It tells each time it is asked.

"""

from pathlib import Path

from rich.console import Console

from actors.journal.file import JournalError
from actors.log.printed_line import shortened
from actors.messages import AlertRaised
from config.alerts.failed_start import outgoing, readable_targets, taken_by
from config.alerts.last_run import rests_at_broker
from config.commands.status import read_status
from config.live.state_dir import StateError
from config.loader import alert_addresses

WHAT_TO_DO = (
    "Nothing trades, trails or closes by signal; stops rest at the broker. See why (`journalctl -u ballast`), then "
    "`systemctl reset-failed ballast` and `systemctl start ballast`."
)


def tell_down(directory: Path, console: Console, now_ns: int) -> None:
    """Send the alert, and print who took it."""
    run, detail = _last_words(directory, now_ns)
    text = f"{run} is down: {detail}. {rests_at_broker(directory, '', None)}. {WHAT_TO_DO}"
    alert = AlertRaised(now_ns, "node_down", "critical", text)
    names = taken_by(readable_targets(alert_addresses(), f"Ballast {run}"), outgoing(alert))
    console.out(f"alert {alert.code} {f'sent to {", ".join(names)}' if names else 'was taken by no target'}")


def _last_words(directory: Path, now_ns: int) -> tuple[str, str]:
    """Return which node it was and how it ended; the directory's name and why when the journal does not say."""
    try:
        status = read_status(directory, now_ns)
    except (JournalError, StateError) as error:
        return shortened(directory.name), str(error).rstrip(".")
    return f"{status.node.mode} {shortened(status.node.account)}", status.detail
