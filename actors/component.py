"""The base of every actor: handlers are isolated, their exceptions told on the bus (law 13)."""

from collections.abc import Callable
from typing import Any, cast

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId

from actors.messages import Topic, failure


class Watcher(DataActor):
    """A Nautilus actor whose decorated handlers report their exceptions instead of losing them in the log (T6)."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> "Watcher":
        return super().__new__(cls)

    def __init__(self) -> None:
        name = type(self).__name__
        super().__init__(DataActorConfig(actor_id=ActorId(name), log_events=False, log_commands=False))
        self.name = name

    def on_failure(self, handler: str, error: Exception) -> None:
        """Publish an exception of one of our handlers."""
        self.publish_message(Topic.FAILURES, failure(self.name, handler, error, self.clock.timestamp_ns()))

    def listen[Message](self, topic: Topic, handler: Callable[[Message], None]) -> None:
        """Subscribe a handler to the one kind of message of a topic."""
        self.subscribe_topic(topic, cast("Callable[[object], None]", handler))
