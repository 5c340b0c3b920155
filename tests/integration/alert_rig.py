"""Nodes with alert targets on loopback, and what is expected to arrive there: each alert once, with its severity."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actors.alerts.alerter import Alerter
from actors.alerts.rules import LEVELS
from actors.alerts.sender import AlertSender, AlertTarget
from catalog.sessions import Sessions, SessionWindow
from config.alerts.sending import make_alerter
from tests.integration import live_rig
from tests.integration.alert_servers import Inbox
from tests.integration.live_rig import Floor

STAMP = r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d "  # exchange time, with the date when it is another one
PAGE = (live_rig.ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
SEVERITIES = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE, flags=re.MULTILINE))
ALL = ('alerts.min_level="info"', "alerts.rate_per_min=500")


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert: its code, and its text after the time as a regular expression; its severity is that of the docs."""

    code: str
    text: str

    @property
    def severity(self) -> str:
        return SEVERITIES[self.code]

    def is_in(self, line: str) -> bool:
        return re.fullmatch(f"{STAMP}{self.code} {self.text}", line) is not None


def give_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Give every node that is started from here on these variables."""
    real = live_rig.subprocess.Popen

    def started(command: Sequence[str], *, env: dict[str, str], **options: Any) -> Any:
        return real(command, env=env | variables, **options)

    monkeypatch.setattr(live_rig.subprocess, "Popen", started)


def check(inbox: Inbox, expected: Sequence[Expected]) -> None:
    """Check that these came, once each and nothing else, and each message under its gravest severity."""
    left = list(expected)
    for title, lines in inbox.messages:
        matches = []
        for line in lines:
            match = next((one for one in left if one.is_in(line)), None)
            assert match is not None, f"not expected, or once too often: {line}\nleft: {left}"
            left.remove(match)
            matches.append(match)
        severity = max((match.severity for match in matches), key=LEVELS.__getitem__).upper()
        about = rf" {matches[0].code}( (AAPL|MSFT))?" if len(matches) == 1 else ""
        assert re.fullmatch(f"{severity}{about}: Ballast paper DU…567", title), lines
    assert left == [], "\n".join(inbox.lines)
    assert "1234567" not in f"{inbox.messages}"


def codes_of(*scenarios: Sequence[Expected]) -> set[str]:
    """Return the codes that scenarios expect."""
    return {one.code for scenario in scenarios for one in scenario}


# -- Stand-ins that a node is started with, by the names of what they replace ---------------------


class Calendar(Sessions):
    """Whatever day and hour it is: the session that is played, which is over once there is a file of this name."""

    def __init__(self, played_ns: int) -> None:
        super().__init__()
        self._played = self.local(played_ns).date()

    def window(self, ts: int) -> SessionWindow:
        return SessionWindow(self._played, 2**62, 0 if Path("over").exists() else 2**62)


def alerter_on(played_ns: int) -> Callable[..., Alerter]:
    """Return what makes the alerter with that calendar; by the clock's another session may run, or end."""

    def make(settings: Any, title: str, _sessions: Sessions, *others: Any) -> Alerter:
        return make_alerter(settings, title, Calendar(played_ns), *others)

    return make


def make_hasty_sender(targets: Sequence[AlertTarget]) -> AlertSender:
    """Make a sender that does not wait long before it tries again."""
    return AlertSender(targets, (0.1,))


def stand_in(name: str) -> Any:
    """Return the words by which the rig starts a node with something of this module."""
    return f"__import__('{__name__}', fromlist=['x']).{name}"


def any_day(day: Floor) -> dict[str, Any]:
    """Return what makes the alerts the same at any time, and however slow the machine is."""
    return {
        "config.live.session.make_alerter": f"{stand_in('alerter_on')}({day.gateway.state()['session']['open']})",
        "actors.loop.loop_watch.MAX_LATE_SECS": live_rig.PATIENCE_SECS,
    }


HASTY = {
    "config.alerts.sending.AlertSender": stand_in("make_hasty_sender"),
    "actors.alerts.sender.STUCK_SECS": 3.0,  # far above what a target that is well takes
    "actors.alerts.sender.MAX_ATTEMPTS": 10_000,  # a quarter of an hour with the pauses of a real one
}
