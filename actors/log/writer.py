"""
The log: every message of the session as a line of ``ballast.log``, for people and programs that look for what happened.

What only repeats what was said has no line: each notice of the broker has one a session. It changes nothing. While the
file cannot be written it is told once and lines are lost; the journal has what counts.

"""

from dataclasses import replace
from typing import Any

from actors.component import Watcher
from actors.link.heard import BooksCompared, BrokerNoticed, BrokerOrdersTold, BrokerPositionsTold
from actors.log.file import LogFile
from actors.log.lines import LogLines
from actors.messages import AlertRaised, HandlerFailed, PositionReported, StopMoved, Topic
from catalog.nautilus_v2 import contained, contained_start

EARLY = 75  # priority on the bus: after the journal (100), before the narrator (50)


class LogWriter(Watcher):
    """
    Writes the log.

    Parameters
    ----------
    file : LogFile
        Where to.
    lines : LogLines
        Makes the lines.

    """

    def __init__(self, file: LogFile, lines: LogLines) -> None:
        super().__init__()
        self._file = file
        self._lines = lines
        self._is_failing = False
        self._said: dict[tuple[object, ...], object] = {}  # the last word on a thing, without its time

    @contained_start
    def on_start(self) -> None:
        self.subscribe_topic(Topic.DECISIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ENTRIES, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDERS, self.on_message, EARLY)
        self.subscribe_topic(Topic.ORDER_STATES, self.on_message, EARLY)
        self.subscribe_topic(Topic.FILLS, self.on_message, EARLY)
        self.subscribe_topic(Topic.POSITIONS, self.on_message, EARLY)
        self.subscribe_topic(Topic.STOPS, self.on_message, EARLY)
        self.subscribe_topic(Topic.EQUITY, self.on_message, EARLY)
        self.subscribe_topic(Topic.LOSS_LIMIT, self.on_message, EARLY)
        self.subscribe_topic(Topic.LINK, self.on_message, EARLY)
        self.subscribe_topic(Topic.DATA, self.on_message, EARLY)
        self.subscribe_topic(Topic.MISSED_BARS, self.on_message, EARLY)
        self.subscribe_topic(Topic.FAILURES, self.on_message, EARLY)
        self.subscribe_topic(Topic.ALERTS, self.on_message, EARLY)
        self.subscribe_topic(Topic.COMMANDS, self.on_message, EARLY)

    @contained_start
    def on_stop(self) -> None:
        self._file.close()  # what is told after this opens it again

    @contained
    def on_message(self, message: Any) -> None:
        """Write a message's line."""
        if isinstance(message, HandlerFailed) and message.component == self.name:
            return  # to tell of our own failure might fail again
        if self._is_routine(message):
            return
        now_ns = self.clock.timestamp_ns()
        try:
            self._file.put(self._lines.line(message, now_ns))
        except OSError as error:
            self._failed(error, now_ns)
        else:
            self._is_failing = False

    def _is_routine(self, message: object) -> bool:
        """Return whether it says nothing new."""
        match message:
            case BrokerPositionsTold() | BrokerOrdersTold():
                return True  # every few seconds; what they differ in is told by `BooksCompared`
            case BrokerNoticed(code=code, text=text):
                key: tuple[object, ...] = (code, text)
            case BooksCompared():
                key = (BooksCompared,)
            case StopMoved(symbol=symbol) | PositionReported(symbol=symbol):
                key = (type(message), symbol)
            case _:
                return False
        word = replace(message, ts=0)
        is_known = self._said.get(key) == word
        self._said[key] = word
        return is_known

    def _failed(self, error: OSError, now_ns: int) -> None:
        if not self._is_failing:
            self._is_failing = True
            text = f"the log cannot be written, lines are lost: {error.strerror}; the journal goes on"
            self.publish_message(Topic.ALERTS, AlertRaised(now_ns, "log_file", "warning", text))
