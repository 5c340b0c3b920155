"""How far a stop should trail: the rule for one open position, a closed bar at a time."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actors.messages import Side
from catalog.indicators import AverageTrueRange
from catalog.tick_size import clamp_to_market


class TrailingStopConfig(BaseModel):
    """Section ``[trailing_stop]``: how the protective stop follows the market."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "percent", "atr"] = Field(
        "none", description="distance from the best price since entry: percent of it, a multiple of the ATR, or off"
    )
    distance_pct: Decimal = Field(
        Decimal("5.0"), ge=Decimal("0.05"), le=50, description="kind percent: distance, % of the best price since entry"
    )
    activate_after_pct: Decimal = Field(
        Decimal("0.0"), ge=0, le=100, description="trail only once the best price is this far beyond entry, %"
    )
    min_step_bps: Decimal = Field(
        Decimal(5), ge=0, le=1_000, description="smallest improvement worth an order, bps of the close (0.01 %)"
    )
    atr_period: int = Field(14, ge=2, le=500, description="kind atr: bars of Wilder's average true range")
    atr_multiple: Decimal = Field(
        Decimal("3.0"), ge=Decimal("0.1"), le=20, description="kind atr: distance, multiple of the ATR"
    )


_ROOM = 1e-9  # of the price: far above float noise, far below a tick


class TrailingRule:
    """
    Trail the best price since entry, never loosening.

    The rule only asks; the owner of the position moves the stop, and tells where it then rests by setting
    ``current_stop``. Until told it goes on asking, so a lost or rejected move is asked for again on the next bar.

    It does NOT protect from gaps through the stop, nor within a bar: it sees closed bars, so a spike that is over by
    the close was never trailed. It starts from the entry price, also after a restart: a best price from before is
    forgotten, the stop it earned is not. In the bar of the fill it takes extremes from before the fill for its own.

    Parameters
    ----------
    config : TrailingStopConfig
        Its kind "none" never asks.
    side : Side
        Of the position.
    entry_price, tick, current_stop : Decimal
        USD a share: average entry, price increment, where the protective stop rests.
    atr : AverageTrueRange | None
        Of the symbol, for kind "atr"; its owner feeds it each bar before ``update``. Until it has a value the stop
        stays where it is.

    Raises
    ------
    ValueError
        If the kind is "atr" and there is no ``atr``.

    """

    def __init__(
        self,
        config: TrailingStopConfig,
        side: Side,
        entry_price: Decimal,
        tick: Decimal,
        current_stop: Decimal,
        atr: AverageTrueRange | None = None,
    ) -> None:
        if config.kind == "atr" and atr is None:
            msg = 'TrailingRule: expected an AverageTrueRange with kind "atr", was None; pass the one of the symbol'
            raise ValueError(msg)
        self.current_stop = current_stop
        self._config = config
        self._side = side
        self._tick = tick
        self._atr = atr
        self._best = float(entry_price)
        self._activation = entry_price + side * entry_price * config.activate_after_pct / 100
        self._distance_frac = config.distance_pct / 100
        self._keep_frac = 1 - side * float(self._distance_frac)
        self._min_step_frac = config.min_step_bps / 10_000
        self._least_gain_frac = float(self._min_step_frac) - _ROOM
        self._is_percent = config.kind == "percent"

    @property
    def current_stop(self) -> Decimal:
        """Where the protective stop rests, USD a share."""
        return self._current_stop

    @current_stop.setter
    def current_stop(self, trigger: Decimal) -> None:
        self._current_stop = trigger
        self._stop = float(trigger)

    def update(self, high: float, low: float, close: float) -> Decimal | None:
        """Take in a closed bar (USD a share); return the trigger to move the stop to, or ``None`` to leave it."""
        if self._side > 0:
            self._best = best = max(self._best, high)
            gain = best * self._keep_frac - self._stop
        else:
            self._best = best = min(self._best, low)
            gain = self._stop - best * self._keep_frac
        # Most bars change nothing: floats rule them out with room to spare, the decision itself is made in Decimal
        if self._is_percent and gain < self._least_gain_frac * close:
            return None
        return self._ask(_decimal(best), _decimal(close))

    def _ask(self, best: Decimal, close: Decimal) -> Decimal | None:
        side = self._side
        if (best - self._activation) * side < 0:
            return None
        distance = self._distance(best)
        if distance is None:
            return None
        trigger = clamp_to_market(side, best - side * distance, close, self._tick)
        improvement = (trigger - self.current_stop) * side
        if improvement <= 0 or improvement < close * self._min_step_frac:
            return None
        return trigger

    def _distance(self, best: Decimal) -> Decimal | None:
        if self._is_percent:
            return best * self._distance_frac
        value = self._atr.value if self._atr is not None and self._config.kind == "atr" else None
        return None if value is None else value * self._config.atr_multiple


def _decimal(price: float) -> Decimal:
    return Decimal(repr(price))  # the shortest text of a price's float is the price
