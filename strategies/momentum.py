"""
Momentum: buy when the gain over the last bars rises above a threshold, sell when it falls below its negative.

Pure and incremental: O(1) a bar, closed bars only, no look-ahead. It knows nothing of positions, sizes or sessions.

"""

from collections import deque
from fractions import Fraction
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from strategies.price_bar import PriceBar


class MomentumConfig(BaseModel):
    """Settings of the momentum rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lookback: int = Field(default=14, ge=1, le=10_000, description="bars over which the gain is measured")
    threshold_pct: float = Field(default=2.0, ge=0.0, lt=100.0, description="gain or loss that must be exceeded, %")
    volume_factor: float | None = Field(
        default=None,
        gt=0.0,
        le=1_000.0,
        description="a signal needs this many times the mean volume of the bars before it; none = no volume filter",
    )
    volume_period: int = Field(default=20, ge=1, le=10_000, description="bars of the mean volume")


class Momentum:
    """
    Signal the bars on which ``close / close[lookback] - 1`` leaves the band of plus and minus the threshold.

    +1 where it rises above ``threshold_pct`` and did not lie above on the previous bar, -1 where it falls below
    ``-threshold_pct`` and did not lie below on the previous bar, 0 otherwise. Exactly on the threshold is inside.

    Parameters
    ----------
    config : MomentumConfig
        Lookback, threshold and the volume filter.
    tick_size : float
        Smallest price step, USD; must be > 0.

    Notes
    -----
    With ``volume_factor`` a signal also needs ``volume >= factor * mean`` of the ``volume_period`` bars before its
    own. One that fails is skipped for good; where no bar has volume (midpoint bars), all pass.

    Closes count in whole ticks and volumes in whole shares, compared as integers: 102.00 is not above 100.00 + 2 %.

    """

    __slots__ = ("_bars_needed", "_closes", "_lookback", "_threshold", "_tick_size", "_volume_filter", "_zone")

    Config: ClassVar[type[BaseModel]] = MomentumConfig

    def __init__(self, config: MomentumConfig, tick_size: float) -> None:
        self._tick_size = tick_size
        # As written: 0.1 means one tenth, not the nearest binary number to it
        self._threshold = (Fraction(str(config.threshold_pct)) / 100).as_integer_ratio()
        self._lookback = config.lookback
        self._closes: deque[int] = deque(maxlen=config.lookback)
        self._zone: int | None = None  # 1 above the band, 0 inside, -1 below, None until known
        self._bars_needed = config.lookback + 2
        self._volume_filter: VolumeFilter | None = None
        if config.volume_factor is not None:
            self._volume_filter = VolumeFilter(config.volume_period, config.volume_factor)
            self._bars_needed = max(self._bars_needed, config.volume_period + 1)

    @property
    def bars_needed(self) -> int:
        """Number of the first bar, counted from 1, that may carry a signal."""
        return self._bars_needed

    def update(self, bar: PriceBar) -> int:
        """Take the next closed bar and return the signal on it: -1, 0 or 1."""
        has_volume = self._volume_filter is None or self._volume_filter.update(round(bar.volume))
        was = self._zone
        self._zone = zone = self._zone_of(round(bar.close / self._tick_size))
        if not zone or was is None or zone == was or not has_volume:
            return 0
        return zone

    def _zone_of(self, ticks: int) -> int | None:
        closes = self._closes
        if len(closes) < self._lookback:
            closes.append(ticks)
            return None
        past = closes[0]
        closes.append(ticks)
        numerator, denominator = self._threshold
        gain = (ticks - past) * denominator
        limit = past * numerator
        return 1 if gain > limit else -1 if gain < -limit else 0


class VolumeFilter:
    """Tell whether a bar's volume reaches a multiple of the mean of the bars before it."""

    __slots__ = ("_factor", "_period", "_sum", "_volumes")

    def __init__(self, period: int, factor: float) -> None:
        self._period = period
        self._factor = Fraction(str(factor)).as_integer_ratio()
        self._volumes: deque[int] = deque()
        self._sum = 0

    def update(self, volume: int) -> bool:
        """Take a volume and return whether it is enough; False until ``period`` bars came before it."""
        volumes = self._volumes
        numerator, denominator = self._factor
        is_full = len(volumes) == self._period
        is_enough = is_full and volume * self._period * denominator >= self._sum * numerator
        volumes.append(volume)
        self._sum += volume - (volumes.popleft() if is_full else 0)
        return is_enough
