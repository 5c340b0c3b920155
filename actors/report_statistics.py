"""
The figures of a report, from equity points and trades.

Equity is marked to market throughout. Percentages are 0-100. A ratio that is not defined is None, never zero or
infinite.

"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from actors.records import EquityPoint, Trade
from actors.report_format import EXCHANGE_ZONE

SESSIONS_PER_YEAR = 252
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Equity over time as arrays of one length, the last point of each instant only."""

    ts: npt.NDArray[np.int64]
    equity: Floats  # USD
    exposure: Floats  # USD, gross


@dataclass(frozen=True, slots=True)
class Group:
    """Trades that have something in common; closed ones count as win or loss, open ones add to ``net_usd`` alone."""

    name: str
    trades: int  # closed ones
    open: int
    wins: int
    losses: int
    net_usd: Decimal


def equity_curve(points: Sequence[EquityPoint]) -> EquityCurve:
    """Return the points as arrays."""
    last_of_each = {point.ts: point for point in points}.values()
    return EquityCurve(
        np.fromiter((point.ts for point in last_of_each), np.int64),
        np.fromiter((float(point.equity_usd) for point in last_of_each), np.float64),
        np.fromiter((float(point.gross_exposure_usd) for point in last_of_each), np.float64),
    )


def drawdown_pct(equity: Floats, starting_usd: float) -> Floats:
    """Return how far equity stands below its highest value so far, the starting value included (0 or negative)."""
    peak = np.maximum.accumulate(np.concatenate(([starting_usd], equity)))[1:]
    # An account that never held anything has no drawdown, and no division by its zero.
    return np.divide(equity - peak, peak, out=np.zeros_like(equity), where=peak > 0) * 100


def daily_closes(curve: EquityCurve) -> Floats:
    """Return the last equity of each calendar day of New York that has a point."""
    days = pd.to_datetime(curve.ts, utc=True).tz_convert(EXCHANGE_ZONE).normalize()
    return np.asarray(pd.Series(curve.equity).groupby(days, sort=False).last(), np.float64)


def sharpe_ratio(closes: Floats, starting_usd: float) -> float | None:
    """
    Return mean over standard deviation of the daily returns, times sqrt(252).

    None below two days, without any change, and for an account that stood at zero or below.

    """
    levels = np.concatenate(([starting_usd], closes))
    if len(closes) < 2 or levels[:-1].min() <= 0:
        return None
    returns = levels[1:] / levels[:-1] - 1
    deviation = float(returns.std(ddof=1))
    # Rounding leaves about 1e-17 where every day returned the same.
    return None if deviation < 1e-12 else float(returns.mean()) / deviation * math.sqrt(SESSIONS_PER_YEAR)


def profit_factor(trades: Iterable[Trade]) -> float | None:
    """Return what winning closed trades made over what losing ones lost, after commissions; None without a loss."""
    results = [trade.net_pnl_usd for trade in trades if not trade.is_open]
    lost = -sum((result for result in results if result < 0), Decimal(0))
    made = sum((result for result in results if result > 0), Decimal(0))
    return float(made / lost) if lost else None


def average_exposure_pct(curve: EquityCurve) -> float | None:
    """Return the mean of gross exposure in percent of equity, where there is any; None without points."""
    held = curve.equity > 0
    return float((curve.exposure[held] / curve.equity[held]).mean()) * 100 if held.any() else None


def group_trades(trades: Iterable[Trade], key: Callable[[Trade], str]) -> list[Group]:
    """Return trades by what ``key`` says of them, sorted by name."""
    grouped: dict[str, list[Trade]] = {}
    for trade in trades:
        grouped.setdefault(key(trade), []).append(trade)
    return [_group(name, grouped[name]) for name in sorted(grouped)]


def _group(name: str, trades: list[Trade]) -> Group:
    closed = [trade.net_pnl_usd for trade in trades if not trade.is_open]
    return Group(
        name=name,
        trades=len(closed),
        open=len(trades) - len(closed),
        wins=sum(result > 0 for result in closed),
        losses=sum(result < 0 for result in closed),
        net_usd=sum((trade.net_pnl_usd for trade in trades), Decimal(0)),
    )
