"""What the broker refuses, with the codes and texts of TWS; pure."""

from decimal import Decimal

from tests.gateway.model import Order, OrderType, Refused, Status


def duplicate() -> Refused:
    return Refused(103, "Duplicate order id")


def check_terms(order: Order, ticks: dict[str, Decimal]) -> None:
    """Refuse an order whose symbol, quantity or prices cannot be traded."""
    tick = ticks.get(order.symbol)
    if tick is None:
        raise Refused(200, "No security definition has been found for the request")
    if order.quantity <= 0:
        raise Refused(434, "The order size cannot be zero.")
    if missing := _missing_price(order):
        raise Refused(321, f"Error validating request.-'bN' : cause - {missing}")
    if any(price is not None and price % tick for price in (order.limit_price, order.stop_price)):
        raise Refused(110, "The price does not conform to the minimum price variation for this contract.")


def _missing_price(order: Order) -> str:
    if order.type is OrderType.LIMIT and not order.limit_price:
        return "Please enter a valid limit price"
    if order.type is OrderType.STOP and not order.stop_price:
        return "Please enter a valid stop price"
    if order.type is OrderType.TRAIL and not (order.trail_amount or order.trail_pct):
        return "Please enter a valid trailing amount"
    return ""


def check_parent(order: Order, parent: Order | None) -> None:
    """Refuse a child whose parent is not known, or over without a fill."""
    if order.parent_id and (parent is None or (parent.is_done and not parent.filled)):
        raise Refused(10006, "Missing parent order.")


def changeable(known: Order | None, wanted: Order) -> Order:
    """Return the known order; refuse the change if it is over, or of what may not change."""
    if known is None:
        raise Refused(135, f"Can't find order with id = {wanted.order_id}")
    if known.status is Status.FILLED:
        raise Refused(104, "Cannot modify a filled order.")
    if known.is_done:
        raise duplicate()  # TWS forgets a cancelled order, not its id
    if wanted.oca_group != known.oca_group:
        raise Refused(10326, "OCA group revision is not allowed.")
    same = (wanted.symbol, wanted.is_buy, wanted.type) == (known.symbol, known.is_buy, known.type)
    if not same or wanted.quantity <= known.filled:
        raise Refused(105, "Order being modified does not match original order")
    return known


def cancellable(known: Order | None, number: int) -> Order:
    """Return the known order; refuse to cancel one that is not known, or over."""
    if known is None:
        raise Refused(10147, f"OrderId {number} that needs to be cancelled is not found.")
    if known.is_done:
        raise Refused(10148, f"OrderId {number} that needs to be cancelled cannot be cancelled, state: {known.status}.")
    return known
