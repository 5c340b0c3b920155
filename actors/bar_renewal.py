"""
Makes a watcher's subscriptions of bars anew on command.

The engine counts who hears a bar type, and only the first subscription and the last withdrawal reach the adapter
(measured, 2.0.0rc7). So everybody withdraws on the command, and subscribes again a moment later.

"""

from collections.abc import Callable, Iterable
from datetime import timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import BarType

from actors.component import Watcher
from actors.messages import SubscribeAnew

MOMENT = timedelta(milliseconds=250)  # by then everybody has withdrawn


class BarRenewal:
    """
    Follows ``SubscribeAnew`` for a watcher.

    Parameters
    ----------
    watcher : Watcher
        Who hears the bars.
    subscribed : Callable[[], Iterable[BarType]]
        Which ones it hears at the moment; asked at the withdrawal and again after it.

    """

    def __init__(self, watcher: Watcher, subscribed: Callable[[], Iterable[BarType]]) -> None:
        self._watcher = watcher
        self._subscribed = subscribed
        self._dropped: set[BarType] = set()

    def follow(self, command: SubscribeAnew) -> None:
        """Withdraw, and subscribe again in a moment."""
        for bar_type in self._subscribed():
            if command.symbol in ("", str(bar_type.instrument_id)) and bar_type not in self._dropped:
                self._watcher.unsubscribe_bars(bar_type)
                self._dropped.add(bar_type)
        clock = self._watcher.clock
        clock.set_time_alert(f"{self._watcher.name}-bars", clock.utc_now() + MOMENT, callback=self._subscribe)

    def _subscribe(self, _event: TimeEvent) -> None:
        wanted = set(self._subscribed())
        for bar_type in self._dropped & wanted:
            self._watcher.subscribe_bars(bar_type)
        self._dropped.clear()
