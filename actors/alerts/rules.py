"""
Which alerts leave: the chosen ones, each trouble once in a while, at a bounded rate with a count of the rest. Pure.

What is held back is not lost: it is in journal and log, and its number is told. Alerts that are critical, or that say
that a told trouble is over, have a rate of their own, which no flood of others can use up.

"""

import re
from collections import Counter, deque
from dataclasses import dataclass, replace

from actors.messages import AlertRaised
from actors.report.format import count, words

LEVELS = {"info": 0, "warning": 1, "critical": 2}
# What ends which troubles; it is sent if the trouble was, whatever is chosen
RECOVERIES = {
    "data_fresh": ("data_stale", "data_stale_held"),
    "farm_back": ("farm_down",),
    "journal_restored": ("journal",),
    "link_back": ("link_lost", "link_degraded"),
    "operator_resume": ("operator_halt",),
    "started": ("start_failed",),
    "stop_restored": ("stop_lost",),
}
ABOUT_ALERTS = {"alert_channel", "alert_channel_back", "held_back"}  # without these nobody could trust the others
SENT_AT_ONCE = {"node_hangs", "node_back"}  # by the thread that saw it, while the loop stood still
# Each of them is a fact of its own, not the same trouble again
FACTS = {
    *ABOUT_ALERTS,
    *("day_summary", "entry", "exit", "flatten", "halt", "partial", "started", "stop_raised", "stopped"),
    "stopped_early",
}
MINUTE_NS = 60 * 1_000_000_000
NANOS_IN_SECOND = 1_000_000_000

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """What is chosen to be sent, how often at most, and for how long the same trouble is not told again."""

    min_level: str = "warning"
    events: frozenset[str] = frozenset()  # codes; if any, they and no others, whatever their level
    rate_per_min: int = 20
    dedupe_secs: int = 300


@dataclass(slots=True)
class Told:
    """A trouble that was told, until when it is not told again, and how often it came since."""

    until_ns: int
    more: int = 0


class AlertRules:
    """Decides about each alert; ``now_ns`` is the clock's, and never goes back."""

    def __init__(self, policy: AlertPolicy) -> None:
        self._policy = policy
        self._told: dict[Key, Told] = {}
        self._troubles: set[tuple[str, str]] = set()  # code and symbol of those told whose end is told
        self._sent: dict[bool, deque[int]] = {urgent: deque(maxlen=policy.rate_per_min) for urgent in (False, True)}
        self._held: Counter[str] = Counter()
        self._counted_ns: int | None = None  # when what is held back was told last

    def admit(self, alert: AlertRaised, now_ns: int) -> AlertRaised | None:
        """Return the alert as it is to be sent, None when it is not."""
        ended = {(code, alert.symbol) for code in RECOVERIES.get(alert.code, ())} & self._troubles
        if not ended and not self._is_chosen(alert):
            return None
        key = _key(alert)
        told = self._told.get(key)
        if told is not None and now_ns < told.until_ns:
            told.more += 1
            return None
        is_urgent = bool(ended) or alert.severity == "critical"
        if not self._has_room(now_ns, is_urgent=is_urgent):
            self._held[alert.code] += 1
            return None
        self._keep(alert, key, ended, now_ns)
        if told is None or not told.more:
            return alert
        return replace(alert, text=f"{alert.text} ({told.more:,} more since it was told)")

    def told_before(self, code: str) -> None:
        """Go on from a trouble that an earlier process told: its end is told too."""
        self._troubles.add((code, ""))

    def held_back(self, now_ns: int, *, is_last: bool = False) -> AlertRaised | None:
        """Return the count of what was held back, once there is room and at most once a minute; None without any."""
        for key, told in list(self._told.items()):
            if is_last or now_ns >= told.until_ns:
                self._held[key[0]] += told.more
                del self._told[key]
        self._held += Counter()  # drops the zeros
        is_early = self._counted_ns is not None and now_ns - self._counted_ns < MINUTE_NS
        if not self._held or (not is_last and (is_early or not self._has_room(now_ns, is_urgent=False))):
            return None
        kinds = ", ".join(f"{number:,} {words(code)}" for code, number in self._held.most_common())
        text = f"held back: {count(self._held.total(), 'alert')} ({kinds}); the journal has them"
        self._held.clear()
        self._counted_ns = now_ns
        self._sent[False].append(now_ns)
        return AlertRaised(now_ns, "held_back", "warning", text)

    def _is_chosen(self, alert: AlertRaised) -> bool:
        policy = self._policy
        if alert.code in ABOUT_ALERTS:
            return True
        if alert.code in SENT_AT_ONCE:
            return False
        if policy.events:
            return alert.code in policy.events
        return LEVELS[alert.severity] >= LEVELS[policy.min_level]

    def _has_room(self, now_ns: int, *, is_urgent: bool) -> bool:
        sent = self._sent[is_urgent]
        return len(sent) < self._policy.rate_per_min or now_ns - sent[0] >= MINUTE_NS

    def _keep(self, alert: AlertRaised, key: Key, ended: set[tuple[str, str]], now_ns: int) -> None:
        self._sent[bool(ended) or alert.severity == "critical"].append(now_ns)
        for over in [key for key in self._told if key[:2] in ended]:
            self._held[over[0]] += self._told.pop(over).more  # should it come again, that is news
        if any(alert.code in troubles for troubles in RECOVERIES.values()):
            self._troubles.add((alert.code, alert.symbol))
        if alert.code not in FACTS and alert.code not in RECOVERIES:
            self._told[key] = Told(now_ns + self._policy.dedupe_secs * NANOS_IN_SECOND)


def _key(alert: AlertRaised) -> Key:
    """Return what makes two alerts the same trouble: all but the numbers."""
    return alert.code, alert.symbol, re.sub(r"\d+", "", alert.text)
