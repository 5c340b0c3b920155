"""The base of every actor: handlers are isolated, their exceptions told on the bus (law 13)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from nautilus_trader.common import DataActor, DataActorConfig, TimeEvent
from nautilus_trader.model import ActorId

from actors.messages import FailureTeller, Topic

ALL_STARTED = timedelta(milliseconds=1)  # the kernel starts its components without going back to the event loop


class Watcher(DataActor):
    """A Nautilus actor whose decorated handlers report their exceptions instead of losing them in the log (T6)."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> "Watcher":
        return super().__new__(cls)

    def __init__(self) -> None:
        name = type(self).__name__
        super().__init__(DataActorConfig(actor_id=ActorId(name), log_events=False, log_commands=False))
        self.name = name
        self._failure_teller = FailureTeller(name)

    def on_failure(self, handler: str, error: Exception) -> None:
        """Publish an exception of one of our handlers."""
        failed = self._failure_teller.message(handler, error, self.clock.timestamp_ns())
        self.publish_message(Topic.FAILURES, failed)

    def once_started(self, handler: Callable[[TimeEvent], None]) -> None:
        """Call a handler as soon as every component has started, and so listens."""
        self.clock.set_time_alert(f"{self.name}-started", self.clock.utc_now() + ALL_STARTED, callback=handler)

    def listen[Message](self, topic: Topic, handler: Callable[[Message], None]) -> None:
        """Subscribe a handler to the one kind of message of a topic."""
        self.subscribe_topic(topic, cast("Callable[[object], None]", handler))
