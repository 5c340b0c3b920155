"""What a person reads of orders and fills: one short line each, nothing twice."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from tests.gateway.messages import new_york_time
from tests.gateway.model import Execution, Order, OrderType, Status

Show = Callable[[str], None]


class Telling:
    """Puts what the book tells into lines; a state that was told is not told again."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._told: dict[int, str] = {}

    def order_changed(self, order: Order, now: int) -> None:
        """Tell a new, changed or cancelled order; a fill tells itself."""
        if order.status in (Status.FILLED, Status.INACTIVE):
            return
        what = "cancelled" if order.status is Status.CANCELLED else f"{_verb(order)} {_terms(order)}"
        if self._told.get(order.perm_id) == what:
            return
        word = "change" if order.perm_id in self._told else "order"
        self._told[order.perm_id] = what
        self._show(f"{_time(now)}  {word:<6}  {order.perm_id}  {what}")

    def executed(self, execution: Execution, now: int) -> None:
        order = execution.order
        verb = "bought" if order.is_buy else "sold"
        fee = execution.commission_usd.quantize(Decimal("0.01"), ROUND_HALF_UP)
        rest = f", {order.remaining} to go" if order.remaining else ""
        what = f"{verb} {execution.quantity} {order.symbol} at {execution.price}, commission ${fee}{rest}"
        self._show(f"{_time(now)}  fill    {order.perm_id}  {what}")


def _verb(order: Order) -> str:
    return "buy" if order.is_buy else "sell"


def _terms(order: Order) -> str:
    what = f"{order.quantity} {order.symbol}"
    if order.type is OrderType.MARKET:
        return f"{what} at market"
    if order.type is OrderType.LIMIT:
        return f"{what} at {order.limit_price} or better"
    word = "stop" if order.type is OrderType.STOP else "trailing stop"
    return f"{what}, {word} {order.stop_price}"


def _time(now: int) -> str:
    return new_york_time(now)[9:17]
