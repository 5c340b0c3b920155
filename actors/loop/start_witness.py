"""
The witness of a start: knows when the node has connected and taken over, and tells what it has to say by then.

It says nothing of a start that fails; that is told by the process itself (``config/alerts/failed_start.py``).

"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nautilus_trader.common import TimeEvent

from actors.component import Watcher
from actors.messages import AlertRaised, Topic
from catalog.nautilus_v2 import contained, contained_start


class StartWitness(Watcher):
    """
    Tells of the run before, once everybody listens.

    Parameters
    ----------
    news : Sequence[AlertRaised]
        What is to be told.
    came_up : Callable[[], None]
        Called once every component has started.

    """

    def __init__(self, news: Sequence[AlertRaised], came_up: Callable[[], None]) -> None:
        super().__init__()
        self._news = news
        self._came_up = came_up

    @contained_start
    def on_start(self) -> None:
        self.once_started(self.on_all_started)

    @contained
    def on_all_started(self, event: TimeEvent) -> None:
        self._came_up()
        for alert in self._news:
            self.publish_message(Topic.ALERTS, replace(alert, ts=event.ts_event))
