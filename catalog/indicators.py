"""Indicators that protective and trailing stops share: incremental, O(1) a bar, no engine types."""

from decimal import Decimal


class AverageTrueRange:
    """
    Wilder's average true range of closed bars.

    The first value is the plain mean of the first ``period`` true ranges, the first of which is high - low; from then
    on each bar weighs 1 / ``period``. Held in floats: it is fed on every bar, and read only when a stop is set.

    Parameters
    ----------
    period : int
        Bars to average over (>= 1).

    """

    def __init__(self, period: int) -> None:
        if period < 1:
            msg = f"ATR period: expected at least 1 bar, was {period}; set atr_period"
            raise ValueError(msg)
        self._period = period
        self._bars_seen = 0
        self._average = 0.0  # until full: the sum of the true ranges seen
        self._last_close: float | None = None

    @property
    def value(self) -> Decimal | None:
        """USD a share; None until ``period`` bars have been seen."""
        if self._bars_seen < self._period:
            return None
        # Eight decimals: float noise must not push a stop over to the next tick.
        return round(Decimal(self._average), 8)

    def update(self, high: float, low: float, close: float) -> None:
        """Take in one closed bar (USD a share)."""
        true_range = high - low
        if self._last_close is not None:
            true_range = max(true_range, high - self._last_close, self._last_close - low)
        self._last_close = close
        if self._bars_seen >= self._period:
            self._average += (true_range - self._average) / self._period
            return
        self._bars_seen += 1
        self._average += true_range
        if self._bars_seen == self._period:
            self._average /= self._period
