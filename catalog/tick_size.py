"""Prices on the instrument's tick grid, for stops; ``side`` is 1 for a long position, -1 for a short one."""

from decimal import Decimal


def clamp_to_market(side: int, trigger: Decimal, market: Decimal, tick: Decimal) -> Decimal:
    """
    Return the stop trigger nearest to ``trigger`` that stands at least one tick on its own side of ``market``.

    Rounded to a tick away from the market: down for a long position, up for a short one. Never below one tick; so for
    a long position in a market under two ticks no stop stands below it, and the result does not either.

    Parameters
    ----------
    side : int
        1 long (the stop sells, below the market), -1 short (it buys, above).
    trigger, market, tick : Decimal
        USD a share; ``market`` is the last close, ``tick`` the instrument's price increment (> 0).

    """
    if side > 0:
        return max(min(trigger, market - tick), tick) // tick * tick
    wanted = max(trigger, market + tick)
    floor = wanted // tick * tick
    return floor if floor == wanted else floor + tick
