"""What sizing measures as it goes, O(1) a step: the strategy's own closed trades, and the volatility of the price."""

import math
from collections import deque

# Log returns are kept as integers of this scale, so that the running sums stay exact however long they run.
_RETURN_SCALE = 10**12


class TradeStatistics:
    """Win rate and payoff of closed trades, in return per trade; a trade that broke even counts as a loss."""

    def __init__(self) -> None:
        self.trades = 0
        self._wins = 0
        self._win_sum_frac = 0.0
        self._loss_sum_frac = 0.0

    @property
    def win_rate(self) -> float:
        """Share of trades that won (0-1); 0 without trades."""
        return self._wins / self.trades if self.trades else 0.0

    @property
    def payoff(self) -> float:
        """Mean win over mean loss; 0 without wins, infinite if nothing was ever lost."""
        if not self._wins:
            return 0.0
        if not self._loss_sum_frac:
            return math.inf
        losses = self.trades - self._wins
        return (self._win_sum_frac / self._wins) / (self._loss_sum_frac / losses)

    @property
    def kelly_frac(self) -> float:
        """
        Kelly's p - (1 - p) / payoff: negative when the trades lose on average, -1 without wins, at most 1.

        It assumes that the past trades are a fair sample, all or nothing at their averages, of the next ones.
        """
        if not self._wins:
            return -1.0
        return self.win_rate - (1 - self.win_rate) / self.payoff

    def add(self, return_frac: float) -> None:
        """Take in a closed trade: net P&L over the value entered (0.02 = 2 %); must be finite."""
        if not math.isfinite(return_frac):
            msg = f"TradeStatistics: expected the finite return of a closed trade, was {return_frac}"
            raise ValueError(msg)
        self.trades += 1
        if return_frac > 0:
            self._wins += 1
            self._win_sum_frac += return_frac
        else:
            self._loss_sum_frac -= return_frac


class VolatilityEstimate:
    """
    Annualised standard deviation of the last ``bars`` close-to-close log returns.

    A return over night or over a gap in the data counts as one bar's. A close that is not a positive finite number is
    passed over.

    Parameters
    ----------
    bars : int
        Returns in the window (>= 2); one more close is needed.
    bars_per_year : float
        For the annualising, e.g. 252 * 390 for minutes of regular XNYS sessions.

    """

    def __init__(self, bars: int, bars_per_year: float) -> None:
        if bars < 2 or not bars_per_year > 0:
            msg = (
                f"VolatilityEstimate: expected bars >= 2 and bars_per_year > 0, was {bars} and {bars_per_year}; "
                "set sizing.volatility_bars"
            )
            raise ValueError(msg)
        self.bars = bars
        self._annual_factor = math.sqrt(bars_per_year) / _RETURN_SCALE
        self._returns: deque[int] = deque()
        self._sum = 0
        self._sum_of_squares = 0
        self._last_close: float | None = None

    @property
    def annual_vol(self) -> float | None:
        """As a fraction (0.2 = 20 % a year); None until ``bars`` returns have been seen."""
        count = len(self._returns)
        if count < self.bars:
            return None
        variance = (count * self._sum_of_squares - self._sum * self._sum) / (count * (count - 1))
        return math.sqrt(variance) * self._annual_factor

    def update(self, close: float) -> None:
        """Take in the close of one bar (USD a share)."""
        if not (math.isfinite(close) and close > 0):
            return
        last_close, self._last_close = self._last_close, close
        if last_close is None:
            return
        self._add(round(math.log(close / last_close) * _RETURN_SCALE))

    def _add(self, scaled_return: int) -> None:
        self._returns.append(scaled_return)
        self._sum += scaled_return
        self._sum_of_squares += scaled_return * scaled_return
        if len(self._returns) > self.bars:
            oldest = self._returns.popleft()
            self._sum -= oldest
            self._sum_of_squares -= oldest * oldest
