"""The closed bar as signal rules see it: plain floats, no engine types."""

from typing import NamedTuple


class PriceBar(NamedTuple):
    """One closed bar; ``ts`` is its close in UTC nanoseconds, prices in USD a share, volume in shares."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
