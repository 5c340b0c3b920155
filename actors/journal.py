"""
The journal's actor: writes what passes on the bus to the disk before anybody else hears of it (law 11).

Handlers run before ``publish_message`` returns, this one first: an order's intent is on the disk before the order
leaves. While the disk refuses, entries are held and exits go on (law 13); what could not be written is kept in memory
and written first when it works again. What is in memory when the process is killed meanwhile is lost.

"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta

from actors.component import Watcher
from actors.journal_file import JournalError
from actors.journal_schema import KINDS
from actors.journal_store import JournalStore
from actors.messages import AlertRaised, EquityMarked, HoldEntries, ReleaseEntries, Topic
from actors.records import EquityPoint
from catalog.nautilus_v2 import contained, contained_start

MARK_EVERY = timedelta(seconds=1)  # what is new is written: with bars of a minute, once a minute
MAX_WAITING = 10_000  # messages kept while the disk refuses: more than a day of three symbols
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
        self.clock.set_timer("journal", MARK_EVERY, callback=self.on_timer)

    @contained
    def on_message(self, message: object) -> None:
        """Write a message of a kind that is journalled."""
        if type(message) in KINDS:
            if isinstance(message, EquityMarked):
                self._marked_ts = message.ts
            self._keep(message)
            self._write_waiting()

    @contained
    def on_timer(self, _event: object) -> None:
        self._mark()

    @contained_start
    def on_stop(self) -> None:
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
                self._write_oldest()
        except JournalError as error:
            self._hold(str(error))

    def _write_oldest(self) -> None:
        message, wall_ns = self._waiting[0]
        try:
            self._store.write(message, wall_ns)
        except JournalError:
            raise
        except Exception:
            self._waiting.popleft()  # one that can never be written must not keep back the others
            self._lost += 1
            raise
        self._waiting.popleft()
        if self._is_holding and not self._waiting:
            self._release()

    def _hold(self, error: str) -> None:
        if self._is_holding:
            return
        self._is_holding = True
        ts = self.clock.timestamp_ns()
        self.publish_message(Topic.COMMANDS, HoldEntries(ts, SOURCE, error))
        text = f"entries are held, exits go on; a restart now would not know what is not written: {error}"
        self.publish_message(Topic.ALERTS, AlertRaised(ts, "journal", "critical", text))

    def _release(self) -> None:
        self._is_holding = False
        ts = self.clock.timestamp_ns()
        text = f"the journal is written again, entries are released; {self._lost} messages are lost"
        self._lost = 0
        self.publish_message(Topic.COMMANDS, ReleaseEntries(ts, SOURCE))
        self.publish_message(Topic.ALERTS, AlertRaised(ts, "journal_restored", "warning", text))
