"""
The journal's actor: writes what passes on the bus to the disk before anybody else hears of it (law 11).

Handlers run before ``publish_message`` returns, this one first: an order's intent is on the disk before the order
leaves. What is always followed by another message before anything leaves waits for that one, and is written with it.
While the disk refuses, or the file is not what it was, entries are held and exits go on (law 13); what could not be
written is kept in memory and written first when it works again. What is in memory when the process is killed meanwhile
is lost.

"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from itertools import islice

from actors.component import Watcher
from actors.journal.file import PATIENCE_MS, JournalError
from actors.journal.schema import KINDS
from actors.journal.store import JournalStore
from actors.journal.watch import JournalWatch
from actors.messages import (
    Action,
    AlertRaised,
    EquityMarked,
    HandlerFailed,
    HoldEntries,
    OrderIntended,
    OrderRole,
    PositionReported,
    ReleaseEntries,
    SignalDecided,
    Topic,
)
from actors.report.records import EquityPoint
from catalog.nautilus_v2 import contained, contained_start

MARK_EVERY = timedelta(seconds=1)  # what is new is written: with bars of a minute, once a minute
MAX_WAITING = 10_000  # messages kept while the disk refuses: more than a day of three symbols
MAX_TOGETHER = 500  # messages in one transaction
NODE_PATIENCE_MS = 500  # that one write waits for another process: so long no exit leaves
FIRST = 100  # priority on the bus; everybody else has 0
SOURCE = "journal"


class Journal(Watcher):
    """
    Writes every journalled message, and each new mark of the account.

    Parameters
    ----------
    store : JournalStore
        With its run begun; closed by its owner.
    view : Callable[[], EquityPoint | None]
        Asked for the latest mark of the account.

    """

    def __init__(self, store: JournalStore, view: Callable[[], EquityPoint | None]) -> None:
        super().__init__()
        self._store = store
        self._view = view
        self._waiting: deque[tuple[object, int]] = deque(maxlen=MAX_WAITING)
        self._lost = 0
        self._is_holding = False
        self._marked_ts = 0
        self._watch = JournalWatch(store.path)

    @contained_start
    def on_start(self) -> None:
        self.subscribe_topic(Topic.DECISIONS, self.on_message, FIRST)
        self.subscribe_topic(Topic.ORDERS, self.on_message, FIRST)
        self.subscribe_topic(Topic.ORDER_STATES, self.on_message, FIRST)
        self.subscribe_topic(Topic.FILLS, self.on_message, FIRST)
        self.subscribe_topic(Topic.POSITIONS, self.on_message, FIRST)
        self.subscribe_topic(Topic.STOPS, self.on_message, FIRST)
        self.subscribe_topic(Topic.EQUITY, self.on_message, FIRST)
        self.subscribe_topic(Topic.LOSS_LIMIT, self.on_message, FIRST)
        self.subscribe_topic(Topic.LINK, self.on_message, FIRST)
        self.subscribe_topic(Topic.DATA, self.on_message, FIRST)
        self.subscribe_topic(Topic.FAILURES, self.on_message, FIRST)
        self.subscribe_topic(Topic.ALERTS, self.on_message, FIRST)
        self.subscribe_topic(Topic.COMMANDS, self.on_message, FIRST)
        self._store.wait_at_most(NODE_PATIENCE_MS)
        self.clock.set_timer("journal", MARK_EVERY, callback=self.on_timer)

    @contained
    def on_message(self, message: object) -> None:
        """Write a message of a kind that is journalled."""
        if type(message) in KINDS:
            if isinstance(message, EquityMarked):
                self._marked_ts = message.ts
            self._keep(message)
            if not _may_wait(message):
                self._write_waiting()

    @contained
    def on_timer(self, _event: object) -> None:
        self._mark()
        trouble = self._watch.trouble(self.clock.timestamp_ns())
        if trouble:
            self._hold(trouble)
        elif self._is_holding and not self._waiting:
            self._release()

    @contained_start
    def on_stop(self) -> None:
        self._store.wait_at_most(PATIENCE_MS)  # no exit waits any more
        self._mark()

    def _mark(self) -> None:
        """Write the latest mark if it is new, and whatever waits."""
        point = self._view()
        if point is not None and point.ts != self._marked_ts:
            self._marked_ts = point.ts
            self._keep(point)
        self._write_waiting()

    def _keep(self, message: object) -> None:
        self._lost += len(self._waiting) == MAX_WAITING
        self._waiting.append((message, self.clock.timestamp_ns()))

    def _write_waiting(self) -> None:
        """Write what waits, oldest first; what is told of a failure or its end comes back here by the bus."""
        try:
            while self._waiting:
                self._write_oldest(min(len(self._waiting), MAX_TOGETHER))
        except JournalError as error:
            self._hold(self._watch.absence() or str(error))

    def _write_oldest(self, count: int) -> None:
        try:
            self._store.write_together(islice(self._waiting, count))
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever its values are
            if count > 1:
                for _ in range(count):
                    self._write_oldest(1)
                return
            self._give_up_oldest(error)
        else:
            for _ in range(count):
                self._waiting.popleft()

    def _give_up_oldest(self, error: Exception) -> None:
        """Lose one that can never be written, for it must not keep back the others; it may be an entry's intent."""
        message, _ = self._waiting.popleft()
        self._lost += 1
        self._hold(f"{type(message).__name__} cannot be written: {error}")
        if not isinstance(message, HandlerFailed):
            raise error

    def _hold(self, error: str) -> None:
        if self._is_holding:
            return
        self._is_holding = True
        ts = self.clock.timestamp_ns()
        self.publish_message(Topic.COMMANDS, HoldEntries(ts, SOURCE, error))
        text = f"entries are held, exits go on, a restart would not know what is not written: {error}"
        self.publish_message(Topic.ALERTS, AlertRaised(ts, "journal", "critical", text))

    def _release(self) -> None:
        self._is_holding = False
        ts = self.clock.timestamp_ns()
        text = f"the journal is written again, entries are released; {self._lost} messages are lost"
        self._lost = 0
        self.publish_message(Topic.COMMANDS, ReleaseEntries(ts, SOURCE))
        self.publish_message(Topic.ALERTS, AlertRaised(ts, "journal_restored", "warning", text))


def _may_wait(message: object) -> bool:
    """
    Return whether a message is written with the one that follows.

    That is so when the same call tells more before anything leaves: an entry's stop, what an exit closes. And of the
    report of an entry that has not filled: its orders are in the journal, and a flush now would only delay them.

    """
    match message:
        case SignalDecided(action=Action.ENTERED):
            return True
        case OrderIntended(role=OrderRole.ENTRY | OrderRole.EXIT):
            return True
        case PositionReported(quantity=0, entry_open=entry_open) if entry_open:
            return True
    return False
