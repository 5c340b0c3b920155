"""
Watches, live, that the broker answers what it is asked about the orders of one symbol (law 10).

A closing order or a stop that is never answered leaves a position naked without a word: after a while it is told, and
the order is cancelled, for that brings an answer. A cancel or a change that is never answered cannot be repeated (the
engine and the adapter wait for the first one): then the node ends, stops stay, and the next start asks the broker. A
cancel that is refused again and again ends the same way: the exit that waits for it would wait for ever.

It does not protect from a broker that answers and does nothing.

"""

from datetime import timedelta
from typing import TYPE_CHECKING

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
)
from nautilus_trader.trading import Strategy

from actors.messages import FailureTeller, Topic
from catalog.nautilus_v2 import contained
from strategies.owner_voice import OwnerVoice
from strategies.unanswered import GIVE_UP_SECS, TELL_SECS, Unanswered

if TYPE_CHECKING:
    from strategies.position_owner import PositionOwner

LOOK_EVERY = timedelta(seconds=1)
ANSWERS = (
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
)


class AnswerWatch:
    """Tells of silence about the orders of one owner."""

    def __init__(self, owner: "PositionOwner", strategy: Strategy, voice: OwnerVoice, *, is_live: bool) -> None:
        self._owner = owner
        self._strategy = strategy
        self._voice = voice
        self._unanswered = Unanswered()
        self._failures = FailureTeller("AnswerWatch")
        self._orders: set[str] = set()  # that have never been answered
        if is_live:  # a simulated exchange always answers
            strategy.clock.set_timer("answers", LOOK_EVERY, callback=self.on_look)

    def sent(self, order_id: str) -> None:
        """Take in that an order leaves which protects or closes; an entry has a timeout of its own."""
        self._orders.add(order_id)
        self.asked(order_id)

    def asked(self, order_id: str) -> None:
        """Take in that a cancel or a change leaves."""
        self._unanswered.asked(order_id, self._strategy.clock.timestamp_ns())

    def heard(self, order_id: str, event: object) -> None:
        """Take in an event of an order; a fill alone answers no cancel, nor a refused cancel whether the order is."""
        if isinstance(event, OrderCancelRejected):
            if order_id not in self._orders:
                self._unanswered.refused(order_id, str(event.reason))
        elif isinstance(event, ANSWERS):
            self._orders.discard(order_id)
            self._unanswered.answered(order_id)

    @contained
    def on_look(self, event: TimeEvent) -> None:
        now, owner = event.ts_event, self._owner
        owner.look(now)
        self._unanswered.keep(owner.holding.working)
        if not owner.is_reachable:
            self._unanswered.begin_again(now)
        for order_id in self._unanswered.late(now):
            self._tell(order_id, max(now, owner.bar_ts))
            if order_id in self._orders and not owner.is_locked:
                owner.changes.cancel(order_id)
        if hopeless := self._unanswered.hopeless(now):
            self._unanswered.begin_again(now)
            self._voice.restart(now, f"{self._unanswered.words(hopeless[0], GIVE_UP_SECS)}; the next start asks it")

    def _tell(self, order_id: str, ts: int) -> None:
        text = f"{self._owner.holding.roles[order_id]} order {order_id}: {self._unanswered.words(order_id, TELL_SECS)}"
        if self._unanswered.is_refused(order_id):
            text += "; it works on, the cancel is tried again"
            self._voice.alert(ts, "cancel_refused", text, severity="critical")
        else:
            self._voice.alert(ts, "no_answer", text, severity="critical")

    def on_failure(self, handler: str, error: Exception) -> None:
        """Publish an exception of a look (law 13)."""
        message = self._failures.message(handler, error, self._strategy.clock.timestamp_ns())
        self._strategy.publish_message(Topic.FAILURES, message)
