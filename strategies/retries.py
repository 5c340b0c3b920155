"""What was not taken is tried again in a moment, ever more slowly, and not only with the next bar."""

from collections.abc import Callable
from datetime import timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import OrderCanceled, OrderCancelRejected, OrderDenied, OrderModifyRejected, OrderUpdated
from nautilus_trader.trading import Strategy

FIRST, LAST = timedelta(milliseconds=250), timedelta(seconds=15)


class Retries:
    """The timer of one strategy's next try; ``on_time`` tries."""

    def __init__(self, strategy: Strategy, on_time: Callable[[TimeEvent], None]) -> None:
        self._strategy = strategy
        self._on_time = on_time
        self._count = 0  # in a row

    def heard(self, event: object) -> None:
        """Take in an order event: what was taken ends the row, what was refused is tried again."""
        if isinstance(event, OrderCanceled | OrderUpdated):
            self._count = 0
        elif isinstance(event, OrderCancelRejected | OrderModifyRejected | OrderDenied):
            self.later()

    def later(self) -> None:
        delay = min(FIRST * 2**self._count, LAST)
        self._count += 1
        clock = self._strategy.clock
        clock.set_time_alert("retry", clock.utc_now() + delay, callback=self._on_time)
