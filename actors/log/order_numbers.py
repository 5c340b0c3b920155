"""
The number under which an order is told: ``#3`` is the third of its symbol, on over a restart. Pure.

The number at the end of a client order id begins anew with each run; the whole id is in log and journal.

"""

from collections.abc import Iterable

from actors.messages import OrderIntended


class OrderNumbers:
    """Numbers the orders of this run after those of earlier ones."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}  # of earlier runs, by client order id
        self._highest: dict[str, int] = {}  # of earlier runs, by symbol

    def restore(self, orders: Iterable[OrderIntended]) -> None:
        """Number orders of earlier runs."""
        start: dict[str, int] = {}  # by symbol: the highest number before the run that an order is of
        for order in sorted(orders, key=lambda order: order.ts):
            symbol, order_id = order.symbol, order.client_order_id
            if order_id in self._known:
                continue
            highest = self._highest.get(symbol, 0)
            if start.get(symbol, 0) + _of_run(order_id) <= highest:  # a run that counts from 1 again
                start[symbol] = highest
            self._known[order_id] = self._highest[symbol] = start.get(symbol, 0) + _of_run(order_id)

    def number(self, symbol: str, client_order_id: str) -> int:
        """Return the number of an order."""
        known = self._known.get(client_order_id)
        return self._highest.get(symbol, 0) + _of_run(client_order_id) if known is None else known


def _of_run(client_order_id: str) -> int:
    digits = client_order_id.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
