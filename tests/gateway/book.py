"""
The broker's book: the life of every order, what it fills, and what the account holds. No sockets, no protobuf.

An order placed after a print is first considered at the next one; so is a stop whose entry has just filled.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from tests.gateway import refusals
from tests.gateway.account import Account
from tests.gateway.fills import STOPS, fill_price, follow, part_of
from tests.gateway.model import Execution, Order, OrderType, Price, Status
from tests.gateway.orders import BY_HAND, Orders


class BookListener(Protocol):
    """Hears what happens to orders, in the order in which the broker tells it: a fill, then the order's new state."""

    def order_changed(self, order: Order) -> None: ...

    def executed(self, execution: Execution) -> None: ...


class Book(Account):
    """
    The orders of an account, and what the market makes of them.

    Attributes
    ----------
    parts : int
        An order fills in this many parts over as many prints; 1 = whole.
    withheld : set[str]
        Symbols that do not fill; their stops trigger and their trailing stops follow all the same.

    """

    def __init__(
        self,
        account: str,
        cash_usd: Decimal,
        ticks: dict[str, Decimal],
        clock: Callable[[], int],
        listener: BookListener,
    ) -> None:
        super().__init__(cash_usd)
        self.account = account
        self.parts = 1
        self.withheld: set[str] = set()
        self._ticks = ticks
        self._clock = clock
        self._listener = listener
        self._orders = Orders()
        self._triggered: set[int] = set()  # permanent ids of stops that have become market orders

    # What clients ask for

    def place(self, order: Order) -> None:
        """Take a new order; one that is not transmitted waits, untold, until one of its family is."""
        if self.find(order.client_id, order.order_id):
            raise refusals.duplicate()
        refusals.check_terms(order, self._ticks)
        refusals.check_parent(order, self._orders.parent(order))
        self._orders.add(order)
        order.account = self.account
        order.placed = self._clock()
        order.status = Status.PRE_SUBMITTED
        if order.is_transmitted:
            self._transmit_family(order)

    def modify(self, order: Order) -> None:
        """Change quantity, prices or time in force of the order with this client and order id."""
        known = refusals.changeable(self.find(order.client_id, order.order_id), order)
        refusals.check_terms(order, self._ticks)
        known.quantity = order.quantity
        known.time_in_force = order.time_in_force
        known.limit_price = order.limit_price
        known.stop_price = order.stop_price if order.stop_price is not None else known.stop_price
        known.trail_amount, known.trail_pct = order.trail_amount, order.trail_pct
        if known.is_transmitted:
            self._listener.order_changed(known)
        elif order.is_transmitted:
            self._transmit_family(known)

    def cancel(self, client_id: int, order_id: int) -> None:
        """Cancel an order, and its children if nothing of it has filled."""
        self._cancel(refusals.cancellable(self.find(client_id, order_id), order_id))

    # What a person or the calendar does

    def place_by_hand(
        self,
        symbol: str,
        is_buy: bool,
        quantity: int,
        type: OrderType = OrderType.MARKET,  # noqa: A002 - the field's name
        price: Decimal | None = None,
    ) -> Order:
        """Place an order that no client sent; ``price`` is its limit or its trigger. It is good till cancelled."""
        limit, stop = (price, None) if type is OrderType.LIMIT else (None, price)
        order = Order(BY_HAND, BY_HAND, 0, symbol, is_buy, quantity, type, limit, stop, time_in_force="GTC")
        self.place(order)
        return order

    def trade_by_hand(self, symbol: str, is_buy: bool, quantity: int, price: Decimal) -> Order:
        """Trade at this price, at once and whole, by an order that no client sent."""
        order = self.place_by_hand(symbol, is_buy, quantity)
        self._fill(order, quantity, price)
        return order

    def cancel_by_hand(self, perm_id: int) -> None:
        """Cancel any order, whoever placed it."""
        self._cancel(refusals.cancellable(self._orders.with_perm_id(perm_id), perm_id))

    def think_again(self, perm_id: int) -> None:
        """Reject an order that was accepted, as the broker does when it finds its margin too small."""
        order = refusals.cancellable(self._orders.with_perm_id(perm_id), perm_id)
        order.completed = self._clock()
        self._move(order, Status.INACTIVE)

    def end_of_day(self) -> None:
        """Cancel what is good for the day only."""
        for order in self._orders.open():
            if order.time_in_force == "DAY":
                self._cancel(order)

    # What the market does

    def price(self, price: Price) -> None:
        """Let the market print: what this price triggers or fills, fills."""
        last = self._marks.get(price.symbol)
        self._marks[price.symbol] = price.price
        for order in [each for each in self._orders.open() if each.symbol == price.symbol and self.is_working(each)]:
            if not order.is_done:  # an earlier one of the list may have cancelled it
                self._consider(order, price, last)

    def _consider(self, order: Order, price: Price, last: Decimal | None) -> None:
        at = price.price if order.perm_id in self._triggered else fill_price(order, price, last)
        if at is None:
            follow(order, price.price, self._ticks[order.symbol])
            return
        if order.type in STOPS:
            self._triggered.add(order.perm_id)
        if order.symbol not in self.withheld:
            self._fill(order, part_of(order, self.parts), at)
        elif order.status is Status.PRE_SUBMITTED:
            self._move(order, Status.SUBMITTED)

    def _fill(self, order: Order, quantity: int, price: Decimal) -> None:
        execution = self._execute(order, quantity, price, self._clock())
        if not order.remaining:
            order.status = Status.FILLED
            order.completed = execution.ts
        else:
            order.status = Status.SUBMITTED
        self._listener.executed(execution)
        self._listener.order_changed(order)
        for rival in self._orders.rivals(order):
            self._cancel(rival)
        if order.filled == quantity:
            self._wake_children(order)

    def _wake_children(self, parent: Order) -> None:
        for child in self._orders.children(parent):
            if child.is_transmitted:
                self._listener.order_changed(child)  # it is held no longer, though a stop keeps its status
                self._submit(child)

    # The steps of an order's life

    def _transmit_family(self, order: Order) -> None:
        """Transmit an order with those of its family that were parked, and tell of them: the parent first."""
        head = self._orders.parent(order) or order
        family = [head, *self._orders.children(head)]
        told = [each for each in family if each is order or not (each.is_transmitted or each.is_done)]
        for each in told:
            each.is_transmitted = True
        for each in told:
            self._listener.order_changed(each)
        for each in told:
            self._submit(each)

    def _submit(self, order: Order) -> None:
        """Move an order to submitted once it works; a stop stays pre-submitted until it triggers."""
        if self.is_working(order) and order.type not in STOPS and order.status is Status.PRE_SUBMITTED:
            self._move(order, Status.SUBMITTED)

    def _cancel(self, order: Order) -> None:
        if order.is_done:  # it went with its parent, or a listener was faster
            return
        order.completed = self._clock()
        self._move(order, Status.CANCELLED)
        if not order.filled:  # after a partial fill the children go on to protect what was filled
            for child in self._orders.children(order):
                self._cancel(child)

    def _move(self, order: Order, status: Status) -> None:
        order.status = status
        self._listener.order_changed(order)

    # Questions

    def find(self, client_id: int, order_id: int) -> Order | None:
        """Return the order of a client, done or not; None if there is none."""
        return self._orders.find(client_id, order_id)

    def is_working(self, order: Order) -> bool:
        """Tell whether the market may fill the order now: transmitted, and its parent has filled at least in part."""
        parent = self._orders.parent(order)
        return order.is_transmitted and not order.is_done and (parent is None or parent.filled > 0)

    def why_held(self, order: Order) -> str:
        """Return the ``whyHeld`` of an order status: "child", "trigger", both or nothing."""
        if order.is_done:
            return ""
        waits = {"child": not self.is_working(order), "trigger": self._waits_for_trigger(order)}
        return ",".join(reason for reason, is_so in waits.items() if is_so)

    def _waits_for_trigger(self, order: Order) -> bool:
        return order.type in STOPS and order.perm_id not in self._triggered

    def open_orders(self) -> list[Order]:
        """Return the orders that were transmitted and are not done, oldest first."""
        return [order for order in self._orders.open() if order.is_transmitted]

    def completed_orders(self) -> list[Order]:
        """Return the orders that are filled or cancelled, oldest first."""
        return [order for order in self._orders.all() if order.is_done]
