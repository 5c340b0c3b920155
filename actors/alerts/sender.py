"""
Sends alerts to their targets, each on a thread of its own behind a bounded queue of plain data. Pure.

``put`` never waits and never raises, so a dead or slow target delays neither an order nor another target. A target
that fails is tried again with growing pauses; what waits too long is given up, and how many were is told. An alert may
come twice, when a target took it and its answer was lost. The threads know texts and targets, no component (T16).

"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from time import perf_counter

from actors.alerts.rules import LEVELS
from actors.log.printed_line import LineStamp
from actors.messages import AlertRaised

MAX_WAITING = 200  # alerts a target; of more the oldest of the least severe are given up
MAX_TOGETHER, MAX_CHARACTERS = 20, 20_000  # alerts and their characters in one message
RETRY_SECS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # pauses after failures; the last one again and again
MAX_ATTEMPTS = 20  # a quarter of an hour; then a message is given up, it may be what the target refuses
DEAD_AFTER = 3  # failures in a row
STUCK_SECS = 30.0  # without an answer
LAST_ALERTS_SECS = 5.0  # for what still waits at the end
LAST_RETRY_SECS = 0.5


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An alert as it leaves: one row of text, its time and its code in front; code and symbol once more for a title."""

    severity: str
    text: str
    code: str = ""
    symbol: str = ""

    @classmethod
    def of(cls, alert: AlertRaised, stamp: LineStamp) -> "Outgoing":
        """Return an alert with the time of a stamp; by its code a person finds what to do in docs/alerts.md."""
        return cls(alert.severity, stamp.line(alert.ts, f"{alert.code} {alert.text}"), alert.code, alert.symbol)


@dataclass(frozen=True, slots=True)
class AlertTarget:
    """
    Where alerts go: a name that shows no secret, and what delivers and returns "" or what went wrong.

    Alerts that have more characters together come in more than one message.

    """

    name: str
    deliver: Callable[[Sequence[Outgoing]], str]
    max_characters: int = MAX_CHARACTERS


class AlertSender:
    """All targets; ``retry_secs`` are the pauses after failures."""

    def __init__(self, targets: Sequence[AlertTarget], retry_secs: Sequence[float] = RETRY_SECS) -> None:
        self._channels = [_Channel(target, retry_secs) for target in targets]
        self._told: dict[str, str] = {}

    def open(self) -> None:
        """Begin to send."""
        for channel in self._channels:
            channel.thread.start()

    def put(self, alert: Outgoing) -> None:
        """Send an alert to every target as soon as may be."""
        for channel in self._channels:
            channel.put(alert)

    def changes(self) -> list[tuple[str, str]]:
        """Return the targets that died (with what is wrong) or came back ("") since the last call."""
        found = []
        for channel in self._channels:
            problem = channel.problem()
            if bool(problem) != (channel.name in self._told):
                found.append((channel.name, problem))
                self._told.pop(channel.name, None)
                if problem:
                    self._told[channel.name] = problem
        return found

    def finish(self, timeout_secs: float = LAST_ALERTS_SECS) -> None:
        """Let the threads end once what waits is sent, or this time is over; do not wait for that."""
        for channel in self._channels:
            channel.finish(timeout_secs)

    def close(self, timeout_secs: float = LAST_ALERTS_SECS) -> None:
        """Finish, and wait for it."""
        self.finish(timeout_secs)
        until = perf_counter() + timeout_secs
        for channel in self._channels:
            if channel.thread.is_alive():
                channel.thread.join(max(0.0, until - perf_counter()))


class _Channel:
    """One target with its queue and thread."""

    def __init__(self, target: AlertTarget, retry_secs: Sequence[float]) -> None:
        self.name = target.name
        # A stuck one must not keep the process
        self.thread = Thread(target=self._work, name=f"alerts to {target.name}", daemon=True)
        self._deliver = target.deliver
        self._max_characters = target.max_characters
        self._retry_secs = retry_secs
        self._changed = Condition()
        self._waiting: deque[Outgoing] = deque()
        self._given_up = 0
        self._failures = 0  # in a row
        self._problem = ""
        self._begun: float | None = None  # a delivery, not answered yet
        self._deadline: float | None = None  # the end has come

    def put(self, alert: Outgoing) -> None:
        with self._changed:
            self._waiting.append(alert)
            if len(self._waiting) > MAX_WAITING:
                self._waiting.remove(min(self._waiting, key=lambda one: LEVELS[one.severity]))
                self._given_up += 1
            self._changed.notify()

    def problem(self) -> str:
        """Return what is wrong with the target, "" while it is well."""
        with self._changed:
            if self._begun is not None and perf_counter() - self._begun > STUCK_SECS:
                self._failures = max(self._failures, DEAD_AFTER)  # only a delivery brings it back, not an answer of no
                return f"no answer for {STUCK_SECS:.0f} s"
            return self._problem if self._failures >= DEAD_AFTER else ""

    def finish(self, timeout_secs: float) -> None:
        with self._changed:
            if self._deadline is None:
                self._deadline = perf_counter() + timeout_secs
            self._changed.notify()

    def _work(self) -> None:
        while batch := self._taken():
            attempts = 1
            while not self._is_delivered(batch):
                if self._is_over_after_a_pause():
                    return
                if attempts == MAX_ATTEMPTS:
                    with self._changed:
                        self._given_up += len(batch)
                    break
                attempts += 1

    def _taken(self) -> list[Outgoing]:
        """Return what waits, once something does; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._deadline is not None)
            batch: list[Outgoing] = []
            characters = 0
            while self._waiting and len(batch) < MAX_TOGETHER:
                characters += len(self._waiting[0].text)
                if batch and characters > self._max_characters:
                    break
                batch.append(self._waiting.popleft())
            return batch

    def _is_delivered(self, batch: list[Outgoing]) -> bool:
        with self._changed:
            self._begun = perf_counter()
            given_up = self._given_up
        notice = [Outgoing("warning", f"({given_up:,} alerts given up: this target took none)")] if given_up else []
        try:
            problem = self._deliver([*notice, *batch])
        except Exception as error:  # noqa: BLE001 - law 13; its text may show the address
            problem = type(error).__name__
        with self._changed:
            self._begun = None
            self._problem = problem
            self._failures = self._failures + 1 if problem else 0
            self._given_up -= 0 if problem else given_up
        return not problem

    def _is_over_after_a_pause(self) -> bool:
        """Wait before the next attempt, at the end only shortly; return whether there is none."""
        with self._changed:
            pause = self._retry_secs[min(self._failures, len(self._retry_secs)) - 1]
            self._changed.wait_for(lambda: self._deadline is not None, pause)
            if self._deadline is None:
                return False
            self._changed.wait(min(pause, LAST_RETRY_SECS))
            return perf_counter() >= self._deadline
