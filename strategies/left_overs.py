"""
Cancels the orders of ours that a start found working for an earlier round trip; the symbol is not entered until then.

What such an order was to close is closed, or was never opened: a fill of it would reverse the next position. A cancel
that is refused is sent again whenever the owner tries again; one that IB never answers the engine takes for done after
some 40 s, and the book check finds the order.

It does not protect what is held already: there a fill of such an order closes or reverses, and locks the symbol.

"""

from collections.abc import Iterable

from nautilus_trader.model import ClientOrderId, OrderCancelRejected
from nautilus_trader.trading import Strategy

from actors.messages import HoldEntries, ReleaseEntries, Topic
from strategies.order_changes import OrderChanges
from strategies.owner_voice import OwnerVoice
from strategies.unanswered import NANOS_IN_SECOND, TELL_SECS

LEFT_OVER = "left_over"  # the name under which entries are held


class LeftOvers:
    """Those of one symbol."""

    def __init__(self, strategy: Strategy, symbol: str, changes: OrderChanges, voice: OwnerVoice) -> None:
        self._strategy = strategy
        self._symbol = symbol
        self._changes = changes
        self._voice = voice
        self._working: list[str] = []  # order ids, as of the last look
        self._since_ns = 0
        self._is_told = False

    def take(self, order_ids: Iterable[str], ts: int) -> None:
        """Take in what a start found, and hold entries."""
        self._working, self._since_ns = sorted(order_ids), ts
        if self._working:
            detail = f"{', '.join(self._working)} of an earlier round trip still works at the broker"
            self._strategy.publish_message(Topic.COMMANDS, HoldEntries(ts, LEFT_OVER, detail, self._symbol))

    def cancel(self) -> None:
        """Ask for the end of those that work still."""
        for order_id in self._working:
            self._changes.cancel_open(order_id)

    def look(self, now_ns: int, *, is_reachable: bool) -> None:
        """Release entries once all have ended; tell once of those that do not. Call it once a second."""
        if not self._working:
            return
        self._working = [each for each in self._working if self._changes.is_open(each)]
        if not self._working:
            self._strategy.publish_message(Topic.COMMANDS, ReleaseEntries(now_ns, LEFT_OVER, self._symbol))
        elif not is_reachable:
            self._since_ns = now_ns  # it could not end
        elif not self._is_told and now_ns - self._since_ns >= TELL_SECS * NANOS_IN_SECOND:
            self._is_told = True
            self._tell(now_ns)

    def _tell(self, ts: int) -> None:
        for order_id in self._working:
            reason = self._refusal(order_id)
            matter = f"the broker refuses its cancel: {reason}" if reason else "its cancel has no answer"
            text = f"no entry while {order_id} of an earlier round trip works; after {TELL_SECS} s {matter}"
            self._voice.alert(ts, "cancel_refused" if reason else "no_answer", text, severity="critical")

    def _refusal(self, order_id: str) -> str:
        order = self._strategy.cache.order(ClientOrderId(order_id))
        events = reversed(order.events()) if order is not None else ()
        return next((str(event.reason) for event in events if isinstance(event, OrderCancelRejected)), "")
