"""What was not taken is tried again in a moment, ever more slowly, and not only with the next bar."""

from collections.abc import Callable
from datetime import timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import (
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
)
from nautilus_trader.trading import Strategy

FIRST, LAST = timedelta(milliseconds=250), timedelta(seconds=15)


class Retries:
    """The timer of one strategy's next try; ``on_time`` tries."""

    def __init__(self, strategy: Strategy, on_time: Callable[[TimeEvent], None]) -> None:
        self._strategy = strategy
        self._on_time = on_time
        self._delay = FIRST

    def heard(self, event: object) -> None:
        """Take in an order event: what was taken ends the row, what was refused is tried again."""
        if isinstance(event, OrderCanceled | OrderUpdated):
            self._delay = FIRST
        elif isinstance(event, OrderCancelRejected | OrderModifyRejected | OrderDenied):
            self.later()

    def heard_naked(self, event: object) -> None:
        """Take in an event after which nothing protects or closes what is held; a denial is tried again anyway."""
        if isinstance(event, OrderCanceled | OrderExpired | OrderRejected):
            self.later()

    def later(self) -> None:
        clock = self._strategy.clock
        clock.set_time_alert("retry", clock.utc_now() + self._delay, callback=self._on_time)
        self._delay = min(self._delay * 2, LAST)
