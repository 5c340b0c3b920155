"""The orders that the broker knows, and how they hang together: parent and children, one-cancels-all; pure."""

from itertools import count

from tests.gateway.model import Order

FIRST_PERM_ID = 1_000_000_001
BY_HAND = 0  # client id and order id of what a person enters at the broker's own screen


class Orders:
    """Every order since the start, by its permanent id and by the ids its client gave it."""

    def __init__(self) -> None:
        self._perm_ids = count(FIRST_PERM_ID)
        self._all: dict[int, Order] = {}  # by permanent id, oldest first
        self._open: dict[int, Order] = {}
        self._by_client: dict[tuple[int, int], Order] = {}

    def add(self, order: Order) -> None:
        """Keep a new order under a permanent id of its own."""
        order.perm_id = next(self._perm_ids)
        self._all[order.perm_id] = self._open[order.perm_id] = order
        if order.order_id != BY_HAND:
            self._by_client[order.client_id, order.order_id] = order

    def find(self, client_id: int, order_id: int) -> Order | None:
        return self._by_client.get((client_id, order_id))

    def with_perm_id(self, perm_id: int) -> Order | None:
        return self._all.get(perm_id)

    def all(self) -> list[Order]:
        return list(self._all.values())

    def open(self) -> list[Order]:
        """Return the orders that are not done, the parked ones included, oldest first."""
        for order in [order for order in self._open.values() if order.is_done]:
            del self._open[order.perm_id]
        return list(self._open.values())

    def parent(self, order: Order) -> Order | None:
        return self.find(order.client_id, order.parent_id) if order.parent_id else None

    def children(self, order: Order) -> list[Order]:
        """Return the open children of an order."""
        if order.order_id == BY_HAND:
            return []
        ids = order.client_id, order.order_id
        return [child for child in self.open() if (child.client_id, child.parent_id) == ids]

    def rivals(self, order: Order) -> list[Order]:
        """Return the other open orders of its one-cancels-all group; the children of one parent are such a group."""
        group = _group(order)
        return [other for other in self.open() if group and other is not order and _group(other) == group]


def _group(order: Order) -> tuple[int, int] | str | None:
    if order.oca_group:
        return order.oca_group
    return (order.client_id, order.parent_id) if order.parent_id else None
