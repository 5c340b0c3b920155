"""
The moving-average cross: buy when the fast average of the closes rises above the slow one, sell when it no longer is.

Pure and incremental: O(1) a bar, closed bars only, no look-ahead. It knows nothing of positions, sizes or sessions.

"""

from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.price_bar import PriceBar

# Exponential averages are floats: what lies nearer than this is rounding noise, not a cross
NOISE_TICKS = 1e-6


class MovingAverageCrossConfig(BaseModel):
    """Settings of the moving-average cross."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fast_period: int = Field(default=20, ge=1, le=10_000, description="bars of the fast average; below slow_period")
    slow_period: int = Field(default=50, ge=2, le=10_000, description="bars of the slow average")
    average: Literal["simple", "exponential"] = Field(default="simple", description="kind of both averages")
    min_separation_pct: float = Field(
        default=0.0,
        ge=0.0,
        lt=100.0,
        description="a cross counts only if the averages lie this far apart on its bar, % of the slow average",
    )

    @model_validator(mode="after")
    def _check_periods(self) -> Self:
        if self.fast_period >= self.slow_period:
            msg = f"fast_period must be below slow_period, was {self.fast_period} >= {self.slow_period}"
            raise ValueError(msg)
        return self


class MovingAverageCross:
    """
    Signal the turns of "up": the fast average lies strictly above the slow one.

    +1 on the bar where up turns true, -1 on the bar where it turns false (a tie is not up), 0 otherwise.
    The first bar on which both averages are full sets up; the second one may turn it.

    Parameters
    ----------
    config : MovingAverageCrossConfig
        The periods and the filter.
    tick_size : float
        Smallest price step, USD; must be > 0.

    Notes
    -----
    ``min_separation_pct`` judges a turn on its own bar only: a weak cross is skipped for good, also when the
    averages drift apart later, and nothing is said until the next turn. That turn may be one that would have
    closed a position: what then limits the loss is the stop.

    Simple averages are sums of whole ticks, compared by cross-multiplication: no rounding takes part. Exponential
    averages nearer than ``NOISE_TICKS`` leave up as it was.

    """

    __slots__ = ("_averages", "_is_up", "_separation", "_slow_period", "_tick_size")

    Config: ClassVar[type[BaseModel]] = MovingAverageCrossConfig

    def __init__(self, config: MovingAverageCrossConfig, tick_size: float) -> None:
        kind = SimpleAverages if config.average == "simple" else ExponentialAverages
        self._averages: SimpleAverages | ExponentialAverages = kind(config.fast_period, config.slow_period)
        self._slow_period = config.slow_period
        self._tick_size = tick_size
        # As written: 0.1 means one tenth, not the nearest binary number to it
        self._separation = (Fraction(str(config.min_separation_pct)) / 100).as_integer_ratio()
        self._is_up: bool | None = None

    @property
    def bars_needed(self) -> int:
        """Number of the first bar, counted from 1, that may carry a signal."""
        return self._slow_period + 1

    def update(self, bar: PriceBar) -> int:
        """Take the next closed bar and return the signal on it: -1, 0 or 1."""
        is_up = self._averages.update(round(bar.close / self._tick_size))
        was_up = self._is_up
        if is_up is was_up:
            return 0
        self._is_up = is_up
        if was_up is None or not self._is_wide():
            return 0
        return 1 if is_up else -1

    def _is_wide(self) -> bool:
        numerator, denominator = self._separation
        difference, slow = self._averages.spread()
        return abs(difference) * denominator >= numerator * slow


class SimpleAverages:
    """A fast and a slow simple average of whole ticks, kept as integer sums over one ring of the last closes."""

    __slots__ = ("_fast_period", "_fast_sum", "_missing", "_next", "_ring", "_slow_period", "_slow_sum")

    def __init__(self, fast_period: int, slow_period: int) -> None:
        self._fast_period = fast_period
        self._slow_period = slow_period
        self._ring = [0] * slow_period
        self._next = 0
        self._fast_sum = 0
        self._slow_sum = 0
        self._missing = slow_period

    def update(self, ticks: int) -> bool | None:
        """Take a close and return whether the fast average lies above the slow one, None until both are full."""
        ring, index, fast_period, slow_period = self._ring, self._next, self._fast_period, self._slow_period
        self._fast_sum = fast_sum = self._fast_sum + ticks - ring[index - fast_period]
        self._slow_sum = slow_sum = self._slow_sum + ticks - ring[index]
        ring[index] = ticks
        index += 1
        self._next = index if index < slow_period else 0
        if self._missing:
            self._missing -= 1
            if self._missing:
                return None
        return fast_sum * slow_period > slow_sum * fast_period

    def spread(self) -> tuple[int, int]:
        """Return fast minus slow, and slow, both times the two periods."""
        slow = self._slow_sum * self._fast_period
        return self._fast_sum * self._slow_period - slow, slow


class ExponentialAverages:
    """A fast and a slow exponential average, in ticks."""

    __slots__ = ("_fast", "_is_up", "_slow")

    def __init__(self, fast_period: int, slow_period: int) -> None:
        self._fast = SeededAverage(fast_period, 2 / (fast_period + 1))
        self._slow = SeededAverage(slow_period, 2 / (slow_period + 1))
        self._is_up = False

    def update(self, ticks: int) -> bool | None:
        """Take a close and return whether the fast average lies above the slow one, None until both are full."""
        fast = self._fast.update(ticks)
        slow = self._slow.update(ticks)
        if slow is None or fast is None:
            return None
        # After a move the two meet again only in the limit: in a flat market rounding would decide
        if abs(fast - slow) > NOISE_TICKS:
            self._is_up = fast > slow
        return self._is_up

    def spread(self) -> tuple[float, float]:
        """Return fast minus slow, and slow."""
        return self._fast.value - self._slow.value, self._slow.value


class SeededAverage:
    """
    An exponential average that starts as the simple average of its first ``period`` values.

    From then on ``value += alpha * (x - value)``: alpha is 2 / (period + 1) for the common exponential average,
    1 / period for Wilder's. ``value`` is the running sum, not yet an average, until ``update`` returns a number.

    """

    __slots__ = ("_alpha", "_missing", "_period", "value")

    def __init__(self, period: int, alpha: float) -> None:
        self._period = period
        self._alpha = alpha
        self._missing = period
        self.value = 0.0

    def update(self, x: float) -> float | None:
        """Take a value and return the average, None until it is full."""
        if self._missing:
            self.value += x
            self._missing -= 1
            if self._missing:
                return None
            self.value /= self._period
        else:
            self.value += self._alpha * (x - self.value)
        return self.value
