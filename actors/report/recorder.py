"""The recorder: keeps what a report is made of, in memory, as the messages pass."""

from actors.component import Watcher
from actors.messages import (
    AlertRaised,
    LossLimitHit,
    OrderFilled,
    OrderIntended,
    SignalDecided,
    StopMoved,
    Topic,
)
from actors.report.failures import FailureTally
from actors.report.records import StopPoint
from catalog.nautilus_v2 import contained, contained_start


class Recorder(Watcher):
    """Collects decisions, orders, fills, stops, alerts and failures in the order they happened."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[SignalDecided] = []
        self.intents: list[OrderIntended] = []
        self.fills: list[OrderFilled] = []
        self.stops: list[StopPoint] = []
        self.loss_limit_hits: list[LossLimitHit] = []
        self.alerts: list[AlertRaised] = []
        self.failures = FailureTally()

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.DECISIONS, self.decisions.append)
        self.listen(Topic.ORDERS, self.intents.append)
        self.listen(Topic.FILLS, self.fills.append)
        self.listen(Topic.STOPS, self.on_stop_moved)
        self.listen(Topic.LOSS_LIMIT, self.on_loss_limit)
        self.listen(Topic.ALERTS, self.alerts.append)
        self.listen(Topic.FAILURES, self.failures.add)

    @contained
    def on_loss_limit(self, message: object) -> None:
        if isinstance(message, LossLimitHit):
            self.loss_limit_hits.append(message)

    @contained
    def on_stop_moved(self, move: StopMoved) -> None:
        self.stops.append(StopPoint(move.ts, move.symbol, move.trigger))
