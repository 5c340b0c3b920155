"""
When an order leaves: at once, or with the next open of its symbol.

Live, in the sandbox and with ``fill = "signal_close"`` an order leaves at once. With ``fill = "next_open"`` a
backtest holds a market order until the opening trade of the symbol's next bar, so that it fills at that
open. The engine's own latency model cannot do this: it fills at the next event of *any* symbol or timer,
at a stale price (docs/decisions/0004-fill-timing.md).

"""

from nautilus_trader.model import InstrumentId, MarketOrder, StopMarketOrder
from nautilus_trader.trading import Strategy

Orders = list[MarketOrder | StopMarketOrder]


class OrderRelease:
    """Passes orders to the engine: ``hold_until_open`` decides when."""

    def __init__(self, strategy: Strategy, instrument: InstrumentId, *, hold_until_open: bool) -> None:
        self._strategy = strategy
        self._instrument = instrument
        self._hold_until_open = hold_until_open
        self._held: Orders = []

    def send(self, orders: Orders) -> None:
        """Send now, or hold until the symbol's next open; one batch at a time."""
        if not self._hold_until_open:
            self._submit(orders)
            return
        if self._held:
            message = f"Expected no held order for {self._instrument}, was {len(self._held)}"
            raise RuntimeError(message)
        self._held = orders
        self._strategy.subscribe_trades(self._instrument)

    def on_open(self) -> None:
        """Release what is held: the opening trade of the next bar has printed."""
        held = self._take()
        if held:
            self._submit(held)

    def drop(self) -> bool:
        """Forget what is held; True when something was, and so never left."""
        return bool(self._take())

    def _take(self) -> Orders:
        held, self._held = self._held, []
        if held:
            self._strategy.unsubscribe_trades(self._instrument)
        return held

    def _submit(self, orders: Orders) -> None:
        if len(orders) == 1:
            self._strategy.submit_order(orders[0])
        else:
            self._strategy.submit_order_list(orders)
