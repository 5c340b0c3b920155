"""When an order fills, and at what price: a rule on single trade prints, no matching engine; pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tests.gateway.model import Order, OrderType, Price

STOPS = (OrderType.STOP, OrderType.TRAIL)


def fill_price(order: Order, price: Price, last: Decimal | None) -> Decimal | None:
    """
    Return the price at which this print fills the order, None if it does not.

    A market order takes the print. A stop or a limit that the print reaches takes the print too, for the market
    jumped there; unless the print says that the market walked there from ``last``, the print before: then it
    passed the order's own price on the way, and that is the fill.
    """
    if order.type is OrderType.MARKET:
        return price.price
    bound = order.stop_price if order.type in STOPS else order.limit_price
    if bound is None or not _is_reached(order, bound, price.price):
        return None
    walked_over = not price.is_jump and last is not None and not _is_reached(order, bound, last)
    return bound if walked_over else price.price


def _is_reached(order: Order, bound: Decimal, price: Decimal) -> bool:
    rising = order.is_buy == (order.type in STOPS)  # a buy stop and a sell limit wait above the market
    return price >= bound if rising else price <= bound


def follow(order: Order, price: Decimal, tick: Decimal) -> None:
    """Let the trigger of a trailing stop follow the market; it never goes back."""
    if order.type is not OrderType.TRAIL:
        return
    trigger = trail_trigger(order, price, tick)
    if order.stop_price is None:
        order.stop_price = trigger
    else:
        order.stop_price = min(order.stop_price, trigger) if order.is_buy else max(order.stop_price, trigger)


def trail_trigger(order: Order, price: Decimal, tick: Decimal) -> Decimal:
    """Return where a trailing stop belongs at this price, rounded one tick away from the market."""
    offset = order.trail_amount if order.trail_amount is not None else price * (order.trail_pct or 0) / 100
    trigger = price + offset if order.is_buy else price - offset
    return (trigger / tick).to_integral_value(ROUND_CEILING if order.is_buy else ROUND_FLOOR) * tick


def part_of(order: Order, parts: int) -> int:
    """Return the shares of the next fill of an order that fills in this many parts of equal size, the last smaller."""
    return min(order.remaining, -(-order.quantity // parts))
