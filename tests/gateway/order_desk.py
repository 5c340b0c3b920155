"""What one client does with orders, and what it is told of them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from google.protobuf.message import Message

from tests.gateway import messages
from tests.gateway.codec import schema
from tests.gateway.faults import text_of
from tests.gateway.model import Contract, Execution, Order, Refused, Status
from tests.gateway.requests import order_from
from tests.gateway.world import FIRST_ORDER_ID, World

if TYPE_CHECKING:
    from tests.gateway.client import Client

UNSOLICITED = -1  # request id of an execution nobody asked for
BY_HAND = 0
REJECTED = 201
CANCELLED = 202
UNKNOWN_CONTRACT = 200


class OrderDesk:
    """Orders of one client, and its questions about all orders."""

    def __init__(self, world: World, client: "Client") -> None:
        self._world = world
        self._client = client
        self.handlers = {
            "PlaceOrderRequest": self._place,
            "CancelOrderRequest": self._cancel,
            "GlobalCancelRequest": lambda _: self._cancel_all(),
            "OpenOrdersRequest": lambda _: self._open_orders(is_own_only=True),
            "AutoOpenOrdersRequest": lambda _: None,
            "AllOpenOrdersRequest": lambda _: self._open_orders(is_own_only=False),
            "CompletedOrdersRequest": self._completed_orders,
            "ExecutionRequest": self._executions,
        }

    # Requests

    def _place(self, message: Message) -> None:
        client_id = self._client.client_id
        ids = self._world.next_order_ids
        ids[client_id] = max(ids[client_id], message.orderId + 1, FIRST_ORDER_ID)
        known = self._world.book.find(client_id, message.orderId)
        if self._is_refused("modify" if known else "place", message.orderId, lambda: self._place(message)):
            return
        order = order_from(message, client_id, self._contract(message.contract).symbol)
        if known:
            self._world.book.modify(order)
        else:
            self._world.book.place(order)

    def _contract(self, wanted: Message) -> Contract:
        ticker = wanted.localSymbol or wanted.symbol
        contract = self._world.find_contract(wanted.conId, ticker, wanted.primaryExch or wanted.exchange)
        if contract is None:
            raise Refused(UNKNOWN_CONTRACT, "No security definition has been found for the request")
        return contract

    def _cancel(self, message: Message) -> None:
        if not self._is_refused("cancel", message.orderId, lambda: self._cancel(message)):
            self._world.book.cancel(self._client.client_id, message.orderId)

    def _cancel_all(self) -> None:
        for order in self._world.book.open_orders():
            if not order.is_done:
                self._world.book.cancel_by_hand(order.perm_id)

    def _is_refused(self, request: str, order_id: int, serve: Callable[[], None]) -> bool:
        faults = self._world.faults
        refusal = faults.take_refusal(request)
        if refusal is not None and refusal.code:
            refuse = partial(self._client.refuse, order_id, refusal.code, refusal.text)
            if refusal.after_secs:
                asyncio.get_running_loop().call_later(refusal.after_secs, refuse)
            else:
                refuse()
            faults.refused.append(lambda: self._serve_late(serve, order_id))
        elif refusal is not None:
            faults.swallowed.append(lambda: self._serve_late(serve, order_id))
        return refusal is not None

    def _serve_late(self, serve: Callable[[], None], order_id: int) -> None:
        try:
            serve()
        except Refused as refused:
            self._client.refuse(order_id, refused.code, refused.text)

    def _open_orders(self, *, is_own_only: bool) -> None:
        for order in self._world.book.open_orders():
            if not is_own_only or self._is_own(order):
                self._send_state(order)
        self._client.send(schema("OpenOrdersEnd")())

    def _is_own(self, order: Order) -> bool:
        # Client 0 is also told of what a person entered.
        return order.client_id == self._client.client_id

    def _completed_orders(self, message: Message) -> None:
        for order in self._world.book.completed_orders():
            if not message.apiOnly or order.order_id != BY_HAND:
                self._client.send(messages.completed_order(order, self._world.contract(order.symbol)))
        self._client.send(schema("CompletedOrdersEnd")())

    def _executions(self, message: Message) -> None:
        wanted = message.executionFilter
        for execution in self._world.book.executions():
            if wanted.clientId in (0, execution.order.client_id):
                contract = self._world.contract(execution.order.symbol)
                self._client.send(messages.execution_details(message.reqId, execution, contract))
                if not self._world.faults.is_commission_withheld:
                    self._client.send(messages.commission_report(execution))
        self._client.send(schema("ExecutionDetailsEnd")(reqId=message.reqId))

    # Events

    def changed(self, order: Order) -> None:
        """Tell the client the new state of one of its orders."""
        if order.status is Status.INACTIVE:
            self._send_state(order)
            self._client.refuse(order.order_id, REJECTED, text_of(REJECTED, None))
        elif order.status is Status.CANCELLED:
            self._client.send(messages.order_status(order, ""))
            self._client.refuse(order.order_id, CANCELLED, text_of(CANCELLED, None))
        else:
            self._send_state(order)

    def executed(self, execution: Execution) -> None:
        contract = self._world.contract(execution.order.symbol)
        self._client.send(messages.execution_details(UNSOLICITED, execution, contract))

    def _send_state(self, order: Order) -> None:
        self._client.send(messages.open_order(order, self._world.contract(order.symbol)))
        self._client.send(messages.order_status(order, self._world.book.why_held(order)))
