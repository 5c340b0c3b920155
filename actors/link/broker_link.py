"""
The link to the broker: what the ear and the adapter's log heard becomes states, holds of entries, commands, alerts.

Entries are held while the link is not UP; exits wait for it with their owners, and stops rest at the broker. After a
return the missed bars are asked for and trading goes on by itself. Where the adapter cannot recover (T3) the node ends,
for its supervisor to start it again. It does not see that an order was lost on the way: the engine's checks do.

"""

from collections.abc import Callable, Iterable
from datetime import timedelta

from nautilus_trader.common import TimeEvent

from actors.component import Watcher
from actors.link.heard import (
    BooksCompared,
    BrokerNoticed,
    BrokerOrdersTold,
    BrokerPositionsTold,
    Heard,
    Notice,
    OrdersHeard,
    PositionsHeard,
)
from actors.link.link_rules import LinkRules
from actors.messages import (
    AlertRaised,
    FetchMissedBars,
    HoldEntries,
    LinkChanged,
    LinkState,
    OrderProgressed,
    ReleaseEntries,
    StopNode,
    SubscribeAnew,
    Topic,
)
from catalog.nautilus_v2 import NOT_READY, contained, contained_start

LOOK_EVERY = timedelta(milliseconds=250)
LINK, FARM = "link", "farm"  # the names under which entries are held
EXIT_UNREACHABLE = 4
NOT_READY_WORDS = "client is not ready"  # what the adapter says of a change or a cancel, without the code


class BrokerLink(Watcher):
    """
    Watches the link.

    Parameters
    ----------
    poll : Callable[[], list[Heard]]
        Returns what was heard since the last call; it must not wait.
    settle_secs : float
        How long after a return the engine may take to compare orders and positions with the broker's.

    """

    def __init__(self, poll: Callable[[], list[Heard]], settle_secs: float) -> None:
        super().__init__()
        self.link = LinkRules(settle_secs)
        self._poll = poll
        self._state = LinkState.UP  # as told
        self._holds_for_farm = False
        self._is_ending = False

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.ORDER_STATES, self.on_progress)
        self.listen(Topic.LINK, self.on_compared)
        self.clock.set_timer("broker_link", LOOK_EVERY, callback=self.on_look)

    @contained
    def on_look(self, event: TimeEvent) -> None:
        for heard in self._poll():
            if isinstance(heard, Notice):  # first, so that it stands in the log before what it leads to
                self.publish_message(Topic.LINK, BrokerNoticed(event.ts_event, heard.code, heard.text))
            self._tell(self.link.hear(heard, event.ts_event), event.ts_event)
            if isinstance(heard, PositionsHeard):
                self.publish_message(Topic.LINK, BrokerPositionsTold(event.ts_event, heard))
            elif isinstance(heard, OrdersHeard):
                self.publish_message(Topic.LINK, BrokerOrdersTold(event.ts_event, heard))
        self._tell(self.link.look(event.ts_event), event.ts_event)

    @contained
    def on_compared(self, message: object) -> None:
        if isinstance(message, BooksCompared):
            self._tell(self.link.compared(message.ts, agrees=not message.differences), message.ts)

    @contained
    def on_progress(self, progress: OrderProgressed) -> None:
        if NOT_READY in progress.reason or NOT_READY_WORDS in progress.reason:
            now_ns = self.clock.timestamp_ns()
            self._tell(self.link.refused(now_ns), now_ns)

    def _tell(self, alerts: Iterable[AlertRaised], ts: int) -> None:
        """Act on a change first, then tell a person of it."""
        if self.link.state is not self._state:
            self._change(ts)
        self._follow_farms(ts)
        if self.link.has_lost_data and self.link.state is LinkState.UP:
            self.link.has_lost_data = False
            self.publish_message(Topic.COMMANDS, SubscribeAnew(ts))
        for alert in alerts:
            self.publish_message(Topic.ALERTS, alert)
        if self.link.is_dead and not self._is_ending:
            self._is_ending = True
            self.publish_message(Topic.COMMANDS, StopNode(ts, EXIT_UNREACHABLE, "the adapter needs a restart"))

    def _change(self, ts: int) -> None:
        self._state, detail = self.link.state, self.link.detail
        if self._state is LinkState.UP:
            self.publish_message(Topic.COMMANDS, FetchMissedBars(ts))
            self.publish_message(Topic.LINK, LinkChanged(ts, self._state, detail))
            self.publish_message(Topic.COMMANDS, ReleaseEntries(ts, LINK))
        else:
            self.publish_message(Topic.COMMANDS, HoldEntries(ts, LINK, detail))
            self.publish_message(Topic.LINK, LinkChanged(ts, self._state, detail))

    def _follow_farms(self, ts: int) -> None:
        if bool(self.link.farms) is self._holds_for_farm:
            return
        self._holds_for_farm = bool(self.link.farms)
        if self._holds_for_farm:
            self.publish_message(Topic.COMMANDS, HoldEntries(ts, FARM, f"{', '.join(self.link.farms.values())} broken"))
        else:
            self.publish_message(Topic.COMMANDS, FetchMissedBars(ts))
            self.publish_message(Topic.COMMANDS, ReleaseEntries(ts, FARM))
