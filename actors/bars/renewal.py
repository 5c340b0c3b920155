"""
The base of the actors that hear bars: they make their subscriptions anew on command.

The engine counts who hears a bar type, and only the first subscription and the last withdrawal reach the adapter
(measured, 2.0.0rc7). So everybody withdraws on the command, and subscribes again a moment later: one that does not
keeps a dead subscription dead for all.

"""

from datetime import timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import BarType

from actors.component import Watcher
from actors.messages import SubscribeAnew, Topic
from catalog.nautilus_v2 import contained

MOMENT = timedelta(milliseconds=250)  # by then everybody has withdrawn


class BarWatcher(Watcher):
    """A watcher that subscribes to bars by ``hear_bars`` alone."""

    def __init__(self) -> None:
        super().__init__()
        self._hears: dict[BarType, None] = {}  # in the order of the subscriptions
        self._withdrawn: set[BarType] = set()  # of these, until the moment is over
        self._follows = False

    def hear_bars(self, bar_type: BarType) -> None:
        """Subscribe; for one that is being made anew that comes by itself."""
        if not self._follows:
            self._follows = True
            self.listen(Topic.COMMANDS, self.on_subscribe_anew)
        self._hears[bar_type] = None
        if bar_type not in self._withdrawn:
            self.subscribe_bars(bar_type)

    def ignore_bars(self, bar_type: BarType) -> None:
        """Give a subscription up."""
        del self._hears[bar_type]
        if bar_type not in self._withdrawn:
            self.unsubscribe_bars(bar_type)

    @contained
    def on_subscribe_anew(self, command: object) -> None:
        if not isinstance(command, SubscribeAnew):
            return
        for bar_type in self._hears:
            if command.symbol in ("", str(bar_type.instrument_id)) and bar_type not in self._withdrawn:
                self._withdrawn.add(bar_type)
                self.unsubscribe_bars(bar_type)
        self.clock.set_time_alert(f"{self.name}-bars", self.clock.utc_now() + MOMENT, callback=self.on_moment)

    @contained
    def on_moment(self, _event: TimeEvent) -> None:
        anew = [bar_type for bar_type in self._hears if bar_type in self._withdrawn]
        self._withdrawn.clear()
        for bar_type in anew:
            self.subscribe_bars(bar_type)
