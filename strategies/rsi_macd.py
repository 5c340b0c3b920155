"""
RSI with MACD: after an oversold market buy the turn up of the MACD, after an overbought one sell its turn down.

Pure and incremental: O(1) a bar, closed bars only, no look-ahead. It knows nothing of positions, sizes or sessions.

"""

from math import sqrt
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.moving_average_cross import NOISE_TICKS, SeededAverage
from strategies.price_bar import PriceBar

# RSI points: nearer to a threshold than this is on it, not beyond it
RSI_NOISE = 1e-9


class RsiMacdConfig(BaseModel):
    """Settings of the RSI-MACD rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rsi_period: int = Field(default=14, ge=1, le=10_000, description="price changes averaged by the RSI")
    oversold: float = Field(default=30.0, gt=0.0, lt=100.0, description="oversold below this, RSI points 0-100")
    overbought: float = Field(default=70.0, gt=0.0, lt=100.0, description="overbought above this, RSI points 0-100")
    lookback_bars: int = Field(
        default=10, ge=1, le=10_000, description="how long oversold or overbought counts, bars, the signal's included"
    )
    macd_fast: int = Field(default=12, ge=1, le=10_000, description="bars of the MACD's fast average; below macd_slow")
    macd_slow: int = Field(default=26, ge=2, le=10_000, description="bars of the MACD's slow average")
    macd_signal: int = Field(default=9, ge=2, le=10_000, description="bars of the signal line, the MACD's own average")
    bollinger_period: int = Field(default=20, ge=2, le=10_000, description="bars of the Bollinger bands")
    bollinger_deviations: float = Field(
        default=2.0, gt=0.0, le=10.0, description="half width of the bands, standard deviations"
    )
    max_percent_b: float | None = Field(
        default=None,
        ge=-1.0,
        le=2.0,
        description="highest %B to buy at, its mirror 1 - this the lowest to sell at"
        " (0 = lower band, 1 = upper band); none = no limit",
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for lower, upper in (("oversold", "overbought"), ("macd_fast", "macd_slow")):
            low, high = getattr(self, lower), getattr(self, upper)
            if low >= high:
                msg = f"{lower} must be below {upper}, was {low} >= {high}"
                raise ValueError(msg)
        return self


class RsiMacd:
    """
    Signal the crosses of the MACD line and its signal line that follow an extreme RSI.

    +1 on the bar where the MACD line rises above its signal line, if the RSI lay below ``oversold`` on this bar or
    one of the ``lookback_bars - 1`` before; -1 on the bar where it falls below, if the RSI lay above ``overbought``.
    With ``max_percent_b``, +1 also needs %B <= that limit and -1 needs %B >= 1 - that limit.

    Parameters
    ----------
    config : RsiMacdConfig
        Periods and thresholds.
    tick_size : float
        Smallest price step, USD; must be > 0.

    Notes
    -----
    RSI is Wilder's; without any change of price it is 50. The MACD is the difference of two exponential averages,
    its signal line the exponential average of that. All of them start as the simple average of their first values.
    Two lines nearer than ``NOISE_TICKS`` have not crossed. The bands use the population standard deviation; when it
    is zero, %B is 0.5.

    """

    __slots__ = ("_bands", "_bars_needed", "_lookback_bars", "_macd", "_max_offset", "_rsi", "_tick_size")

    Config: ClassVar[type[BaseModel]] = RsiMacdConfig

    def __init__(self, config: RsiMacdConfig, tick_size: float) -> None:
        self._tick_size = tick_size
        self._lookback_bars = config.lookback_bars
        self._rsi = RsiExtremes(config)
        self._macd = MacdCross(config)
        self._bands: BollingerBands | None = None
        self._bars_needed = max(config.rsi_period + 1, config.macd_slow + config.macd_signal)
        if config.max_percent_b is not None:
            self._bands = BollingerBands(config.bollinger_period, config.bollinger_deviations)
            self._max_offset = config.max_percent_b - 0.5
            self._bars_needed = max(self._bars_needed, config.bollinger_period)

    @property
    def bars_needed(self) -> int:
        """Number of the first bar, counted from 1, that may carry a signal."""
        return self._bars_needed

    def update(self, bar: PriceBar) -> int:
        """Take the next closed bar and return the signal on it: -1, 0 or 1."""
        ticks = round(bar.close / self._tick_size)
        rsi, bands = self._rsi, self._bands
        rsi.update(ticks)
        if bands is not None:
            bands.update(ticks)
        signal = self._macd.update(ticks)
        if not signal:
            return 0
        bars_since = rsi.bars_since_oversold if signal > 0 else rsi.bars_since_overbought
        if bars_since is None or bars_since >= self._lookback_bars:
            return 0
        if bands is not None and not (bands.is_full and signal * bands.offset(ticks) <= self._max_offset):
            return 0
        return signal


class RsiExtremes:
    """Count the bars since Wilder's RSI was last extreme: 0 on such a bar, None before the first one."""

    __slots__ = (
        "_gain",
        "_loss",
        "_overbought",
        "_oversold",
        "_previous",
        "bars_since_overbought",
        "bars_since_oversold",
    )

    def __init__(self, config: RsiMacdConfig) -> None:
        self._gain = SeededAverage(config.rsi_period, 1 / config.rsi_period)
        self._loss = SeededAverage(config.rsi_period, 1 / config.rsi_period)
        self._oversold = config.oversold - RSI_NOISE
        self._overbought = config.overbought + RSI_NOISE
        self._previous: int | None = None
        self.bars_since_oversold: int | None = None
        self.bars_since_overbought: int | None = None

    def update(self, ticks: int) -> None:
        """Take the next close."""
        previous = self._previous
        self._previous = ticks
        if previous is None:
            return
        change = ticks - previous
        gain = self._gain.update(max(change, 0))
        loss = self._loss.update(max(-change, 0))
        if gain is None or loss is None:
            return
        rsi = 100 * gain / (gain + loss) if gain or loss else 50.0
        self.bars_since_oversold = _count(self.bars_since_oversold, is_now=rsi < self._oversold)
        self.bars_since_overbought = _count(self.bars_since_overbought, is_now=rsi > self._overbought)


def _count(bars_since: int | None, *, is_now: bool) -> int | None:
    if is_now:
        return 0
    return None if bars_since is None else bars_since + 1


class MacdCross:
    """Tell on which bar the MACD line crosses its signal line: 1 upwards, -1 downwards, 0 otherwise."""

    __slots__ = ("_fast", "_line", "_side", "_slow")

    def __init__(self, config: RsiMacdConfig) -> None:
        self._fast = SeededAverage(config.macd_fast, 2 / (config.macd_fast + 1))
        self._slow = SeededAverage(config.macd_slow, 2 / (config.macd_slow + 1))
        self._line = SeededAverage(config.macd_signal, 2 / (config.macd_signal + 1))
        self._side: int | None = None  # of the MACD line: 1 above, -1 below, 0 neither so far, None until full

    def update(self, ticks: int) -> int:
        """Take the next close and return the cross on it."""
        fast = self._fast.update(ticks)
        slow = self._slow.update(ticks)
        if fast is None or slow is None:
            return 0
        line = self._line.update(fast - slow)
        if line is None:
            return 0
        was = self._side
        height = fast - slow - line
        if abs(height) > NOISE_TICKS:
            self._side = 1 if height > 0 else -1
        elif was is None:
            self._side = 0
        return 0 if was is None or self._side == was else self._side or 0


class BollingerBands:
    """The place of a close between the bands, from integer sums of ticks and of their squares: nothing drifts."""

    __slots__ = ("_deviations", "_missing", "_next", "_period", "_ring", "_squares", "_sum")

    def __init__(self, period: int, deviations: float) -> None:
        self._period = period
        self._deviations = deviations
        self._ring = [0] * period
        self._next = 0
        self._sum = 0
        self._squares = 0
        self._missing = period

    @property
    def is_full(self) -> bool:
        return not self._missing

    def update(self, ticks: int) -> None:
        """Take the next close."""
        ring, index = self._ring, self._next
        old = ring[index]
        ring[index] = ticks
        self._next = index + 1 if index + 1 < self._period else 0
        self._sum += ticks - old
        self._squares += ticks * ticks - old * old
        if self._missing:
            self._missing -= 1

    def offset(self, ticks: int) -> float:
        """Return %B - 0.5 of the newest close: -0.5 on the lower band, 0.5 on the upper, 0.0 without any width."""
        variance = self._period * self._squares - self._sum * self._sum  # times period squared
        if not variance:
            return 0.0
        return (self._period * ticks - self._sum) / (2 * self._deviations * sqrt(variance))
