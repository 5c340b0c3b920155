"""
The figures of a report, from equity points and trades.

Equity is marked to market throughout. Percentages are 0-100. A ratio that is not defined is None, never zero or
infinite.

"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from actors.report.format import EXCHANGE_ZONE
from actors.report.records import SessionRecord, Trade

SESSIONS_PER_YEAR = 252
MIN_SHARPE_SESSIONS = 20  # of fewer returns the ratio is chance
Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
POINT = [("ts", np.int64), ("equity", np.float64), ("exposure", np.float64)]


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The account over time as arrays of one length, each instant once."""

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


def equity_curve(record: SessionRecord) -> EquityCurve:
    """
    Return the account at every closing time of the run's bars.

    The record has marks only while something is held; between them equity stays what it was at the last one, and
    before the first what the run started with.

    """
    rows = np.fromiter(
        ((point.ts, float(point.equity_usd), float(point.gross_exposure_usd)) for point in record.equity), POINT
    )
    marks = rows[np.append(rows["ts"][1:] != rows["ts"][:-1], [True])[: len(rows)]]  # the last of each instant
    ts = np.union1d(record.bar_closes, marks["ts"])
    latest = np.searchsorted(marks["ts"], ts, side="right")
    before = float(record.starting_equity_usd)
    equity, exposure = np.append(before, marks["equity"]), np.append(0.0, marks["exposure"])
    return EquityCurve(ts, equity[latest], exposure[latest])


def drawdown_pct(equity: Floats, starting_usd: float) -> Floats:
    """Return how far equity stands below its highest value so far, the starting value included (0 or negative)."""
    peak = np.maximum.accumulate(np.concatenate(([starting_usd], equity)))[1:]
    # An account that never held anything has no drawdown, and no division by its zero.
    return np.divide(equity - peak, peak, out=np.zeros_like(equity), where=peak > 0) * 100


def session_days(record: SessionRecord, curve: EquityCurve) -> Days:
    """Return the sessions of the run; the days of its curve when the record names none."""
    return np.array(record.sessions, "datetime64[D]") if record.sessions else np.unique(_exchange_days(curve))


def daily_closes(curve: EquityCurve, days: Days, starting_usd: float) -> Floats:
    """Return the equity at the end of each of these days; where nothing was held that of the day before."""
    latest = np.searchsorted(_exchange_days(curve), days, side="right")
    return np.append(starting_usd, curve.equity)[latest]


def sharpe_ratio(closes: Floats, starting_usd: float) -> float | None:
    """
    Return mean over standard deviation of the daily returns, times sqrt(252).

    None below 20 sessions, without any change, and for an account that stood at zero or below.

    """
    levels = np.append(starting_usd, closes)
    if len(closes) < MIN_SHARPE_SESSIONS or levels[:-1].min() <= 0:
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
    """Return the mean of gross exposure in percent of equity over all bar closes, flat ones included; None without."""
    there = curve.equity > 0
    return float((curve.exposure[there] / curve.equity[there]).mean()) * 100 if there.any() else None


def time_held_pct(curve: EquityCurve) -> float | None:
    """Return at what percent of all bar closes something was held; None without any."""
    return float((curve.exposure > 0).mean()) * 100 if len(curve.ts) else None


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


def _exchange_days(curve: EquityCurve) -> Days:
    local = pd.to_datetime(curve.ts, utc=True).tz_convert(EXCHANGE_ZONE).tz_localize(None)
    return np.asarray(local, "datetime64[D]")
