"""
Where the protective stop stands, and law 3: it never loosens and keeps a tick from the market.

A stop does not protect from gaps: past its trigger it fills at whatever the market then offers, and outside the
hours in which the broker works it, it does not fill at all.
"""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actors.messages import Side
from catalog.tick_size import clamp_to_market

__all__ = ["StopConfig", "clamp_to_market", "is_tighter", "protective_stop", "stop_distance", "tightened"]


class StopConfig(BaseModel):
    """Section ``[stop]``: the protective stop that leaves with every entry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["percent", "atr"] = Field(
        "percent", description="distance from the signal bar's close: percent of it, or a multiple of the ATR"
    )
    distance_pct: Decimal = Field(
        Decimal("5.0"), ge=Decimal("0.05"), le=50, description="kind percent: distance, % of the close"
    )
    atr_period: int = Field(14, ge=2, le=500, description="kind atr: bars of Wilder's average true range")
    atr_multiple: Decimal = Field(
        Decimal("3.0"), ge=Decimal("0.1"), le=20, description="kind atr: distance, multiple of the ATR"
    )


def stop_distance(config: StopConfig, close: Decimal, atr: Decimal | None) -> Decimal | None:
    """
    Return the distance from entry to stop, USD a share, before rounding to a tick.

    ``None`` means not known yet: the stop is set by ATR and ``atr`` is still ``None``. Without a distance there is no
    stop, and without a stop no entry (law 2): the caller must refuse.
    """
    if config.kind == "percent":
        return close * config.distance_pct / 100
    return None if atr is None else atr * config.atr_multiple


def protective_stop(side: Side, close: Decimal, distance: Decimal, tick: Decimal) -> Decimal:
    """
    Return the trigger price of the stop that leaves with an entry.

    ``distance`` from ``close``, rounded to a tick away from the market, at least one tick from it; a long stop that
    would be at or below zero is one tick. Because of the rounding the loss at the stop is ``abs(close - trigger)``,
    not ``distance``: size by that.

    Raises
    ------
    ValueError
        If ``close`` leaves no room for a stop: under two ticks for a long, not positive for a short.

    """
    least = 2 * tick if side is Side.LONG else tick
    if close < least:
        msg = f"protective_stop: expected a close of at least {least}, was {close}; no stop fits, refuse the entry"
        raise ValueError(msg)
    return clamp_to_market(side, close - side * distance, close, tick)


def is_tighter(side: Side, current: Decimal, candidate: Decimal) -> bool:
    """Return whether ``candidate`` stands strictly nearer to the market than ``current``."""
    return (candidate - current) * side > 0


def tightened(side: Side, current: Decimal, candidate: Decimal, market: Decimal, tick: Decimal) -> Decimal | None:
    """
    Return the trigger to move a stop to, or ``None`` to leave it: law 3 in one place.

    ``candidate`` is taken to a tick on its own side of ``market`` first, so a candidate beyond the market still
    tightens as far as the market allows. What would loosen, or change nothing, is ``None``.
    """
    trigger = clamp_to_market(side, candidate, market, tick)
    return trigger if is_tighter(side, current, trigger) else None
