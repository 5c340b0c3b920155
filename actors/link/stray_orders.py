"""
Which orders of ours work at the broker though the engine holds them as ended? Pure.

A refusal or a cancel that was told and is not so (error 201 for an order that works, a cancel that the exchange did not
carry out) leaves an order that nobody here watches: a second stop beside the one put back would reverse the position.
An answer of the broker may be older than what the engine knows: what matters is a difference that lasts.

It does not see an order that carries no mark of ours, such as one entered by hand: its fills lock the symbol.

"""

from collections.abc import Callable, Iterable

from actors.link.book_rules import RECENT_NS
from actors.link.heard import WorkingOrder


class StrayOrders:
    """What was heard of such orders, and since when."""

    def __init__(self) -> None:
        self._since: dict[WorkingOrder, int] = {}
        self._now_ns = 0

    def hear(self, working: Iterable[WorkingOrder], has_ended: Callable[[str], bool], now_ns: int) -> None:
        """Take in what the broker works; ``has_ended`` tells whether the engine holds a client order id as ended."""
        self._now_ns = now_ns
        strays = [order for order in working if has_ended(order.client_order_id)]
        self._since = {order: self._since.get(order, now_ns) for order in strays}

    def told(self, symbol: str) -> list[str]:
        """Return in words what is no mere lag of the answers."""
        return [words(order) for order in self.lasting(RECENT_NS) if order.symbol == symbol]

    def lasting(self, patience_ns: int) -> list[WorkingOrder]:
        """Return those that were heard for longer than so many nanoseconds."""
        return [order for order, since in self._since.items() if self._now_ns - since > patience_ns]

    def forget(self) -> None:
        """Count anew: the link was down."""
        self._since.clear()


def words(order: WorkingOrder) -> str:
    return f"the broker works {order.client_order_id} ({order.broker_order_id}), NautilusTrader holds it as ended"
