"""Cancels and changes the resting orders of one strategy, each in its turn."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from nautilus_trader.model import (
    ClientOrderId,
    Equity,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
    Price,
)
from nautilus_trader.trading import Strategy

from strategies.command_lane import CommandLane
from strategies.holding import Holding

# Events after which the next cancel or change may leave
ANSWERS = (
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
)


class OrderChanges:
    """
    What is sent about orders that exist already.

    Parameters
    ----------
    strategy : Strategy
        Whose orders they are.
    instrument : Equity
        For its precisions.
    lane : CommandLane
        Shared by all strategies.
    holding : Callable[[], Holding]
        The round trip as it is when the command's turn comes.
    asked : Callable[[str], None]
        Told of each order whose command leaves.

    """

    def __init__(
        self,
        strategy: Strategy,
        instrument: Equity,
        lane: CommandLane,
        holding: Callable[[], Holding],
        asked: Callable[[str], None],
    ) -> None:
        self._strategy = strategy
        self._instrument = instrument
        self._lane = lane
        self._holding = holding
        self._asked = asked

    def cancel(self, order_id: str) -> None:
        self._command(order_id, partial(self._strategy.cancel_order, ClientOrderId(order_id)))

    def cancel_open(self, order_id: str) -> None:
        """Cancel an order that is of no round trip under way, if it works when the command's turn comes."""
        cancel = partial(self._strategy.cancel_order, ClientOrderId(order_id))

        def is_wanted() -> bool:
            order = self._strategy.cache.order(ClientOrderId(order_id))
            return order is not None and order.is_open and not order.is_pending_cancel

        if is_wanted():
            self._turn(order_id, cancel, is_wanted)

    def is_open(self, order_id: str) -> bool:
        """Return whether an order works, as far as the engine knows."""
        order = self._strategy.cache.order(ClientOrderId(order_id))
        return order is not None and not order.is_closed

    def resize_stop(self, shares: int) -> None:
        """Ask for so many shares to be open of the stop; the broker counts those that filled in."""
        holding = self._holding()
        total = self._instrument.make_qty(shares + holding.stop_filled)
        change = partial(self._strategy.modify_order, ClientOrderId(holding.stop_id), quantity=total)
        self._command(holding.stop_id, change)

    def move_stop(self, trigger: Decimal) -> None:
        """Ask for another trigger of the stop, USD a share; when its turn comes it must tighten still (law 3)."""
        price = Price.from_decimal_dp(trigger, self._instrument.price_precision)
        order_id = self._holding().stop_id
        change = partial(self._strategy.modify_order, ClientOrderId(order_id), trigger_price=price)

        def tightens() -> bool:
            holding = self._holding()
            return (trigger - holding.stop_trigger) * holding.side > 0

        self._command(order_id, change, tightens)

    def answered(self, order_id: str) -> None:
        """Take in that the broker answered a command, or ended the order: the next one may leave."""
        self._lane.answered(order_id, self._strategy.clock.timestamp_ns)

    def look(self) -> None:
        """Send what waits for an answer that did not come in time, whoever asked for it."""
        self._lane.look(self._strategy.clock.timestamp_ns)

    def _command(
        self, order_id: str, command: Callable[[], None], is_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        def ask() -> None:
            self._asked(order_id)
            command()

        self._turn(order_id, ask, lambda: order_id in self._holding().working and is_wanted())

    def _turn(self, order_id: str, command: Callable[[], None], is_wanted: Callable[[], bool]) -> None:
        def send() -> None:
            if is_wanted():
                command()
            else:
                self.answered(order_id)  # it ended while the command waited its turn, or a raise of before did the same

        self._lane.send(order_id, send, self._strategy.clock.timestamp_ns)
