"""The closed bar as signal rules see it: plain floats, no engine types."""

from typing import Any, NamedTuple


class PriceBar(NamedTuple):
    """One closed bar; ``ts`` is its close in UTC nanoseconds, prices in USD a share, volume in shares."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


def price_bar_of(bar: Any) -> PriceBar:
    """Return the engine's bar as rules see it."""
    return PriceBar(bar.ts_init, float(bar.open), float(bar.high), float(bar.low), float(bar.close), float(bar.volume))
