"""
The sample catalog: made-up 1-minute bars of three well-known stocks, the same on every machine.

A seeded random walk with news, trends, overnight gaps and the U shape of a day; price levels and
volumes are near the real ones of late 2024, nothing else is. Good for trying things out, worthless
as evidence for a strategy.

"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalog.errors import CatalogError
from catalog.instruments import make_bar_type
from catalog.sessions import Sessions, SessionWindow
from catalog.store import BarStore

FIRST_SESSION = date(2024, 10, 1)  # 64 sessions, with the half days of 29 November and 24 December
LAST_SESSION = date(2024, 12, 31)
STEP_SECS = 60
PATH_STEPS = 6  # prices drawn within a bar, for its high and low
NEWS_BARS = 8  # a piece of news is in the price after about so many bars
TREND_MEMORY = 0.985  # of the drift from bar to bar: half of it is gone after 46 bars
TREND_SHARE = 0.03  # standard deviation of the drift against that of a bar

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Stock:
    symbol: str
    seed: int
    price_usd: float
    day_volatility: float  # standard deviation of an open-to-close return
    gap_volatility: float  # of an overnight return
    news_volatility: float  # of a piece of news; one in three sessions
    bar_volume: float  # shares in a minute at midday


# The seeds are chosen so that a 5 % stop and a 5 % trailing stop are hit now and then in TSLA.
STOCKS = (
    _Stock("AAPL.NASDAQ", 15, 226.0, 0.011, 0.006, 0.012, 70_000),
    _Stock("MSFT.NASDAQ", 12, 421.0, 0.010, 0.006, 0.012, 30_000),
    _Stock("TSLA.NASDAQ", 33, 258.0, 0.028, 0.020, 0.050, 140_000),
)


def build_sample(path: Path | str, progress: Callable[[str], None] | None = None) -> list[str]:
    """
    Write the sample into a catalog directory and return its bar types; building it again changes nothing.

    Raises
    ------
    CatalogError
        If the directory holds other bars of these bar types, or cannot be written to.

    """
    store = BarStore(path)
    kinds = _kinds()
    for kind in kinds.values():
        if kind in store.bar_types() and not store.is_synthetic(kind):
            raise CatalogError(f"{kind} in {store.path} holds real bars; build the sample with another --catalog.")
    for stock, kind in kinds.items():
        if progress:
            progress(stock.symbol)
        store.mark_synthetic(kind)  # first, so that made-up bars never lie there unmarked
        store.write(kind, _bars(stock, Sessions().between(FIRST_SESSION, LAST_SESSION)))
    return list(kinds.values())


def is_unfinished(store: BarStore) -> bool:
    """Return whether a build of the sample was killed in this catalog: it was begun, and bar types are missing."""
    there = set(store.bar_types())
    kinds = set(_kinds().values())
    is_begun = any(store.is_synthetic(kind) for kind in kinds)
    return is_begun and not kinds <= there and all(store.is_synthetic(kind) for kind in kinds & there)


def sample_frame(symbol: str) -> pd.DataFrame:
    """Return the bars of one of the sample's symbols, prices not yet rounded to the tick."""
    stock = next(stock for stock in STOCKS if stock.symbol == symbol)
    return _bars(stock, Sessions().between(FIRST_SESSION, LAST_SESSION))


def _kinds() -> dict[_Stock, str]:
    return {stock: str(make_bar_type(stock.symbol, "1-MINUTE")[0]) for stock in STOCKS}


def _bars(stock: _Stock, windows: list[SessionWindow]) -> pd.DataFrame:
    rng = np.random.default_rng(stock.seed)
    sessions = Sessions()
    level = np.log(stock.price_usd)
    frames = []
    for window in windows:
        closes = sessions.bar_closes(window, STEP_SECS)
        level += stock.gap_volatility * float(rng.standard_t(4))
        path = level + _path(rng, stock, len(closes))
        frames.append(_to_frame(rng, stock, closes, np.concatenate([[level], path])))
        level = path[-1]
    return pd.concat(frames, ignore_index=True)


def _path(rng: np.random.Generator, stock: _Stock, bars: int) -> Floats:
    # Log prices within a session, PATH_STEPS to the bar, relative to its open.
    bar_volatility = stock.day_volatility / np.sqrt(390) * _u_shape(bars)
    drift = np.empty(bars)
    now = rng.normal()
    for bar, shock in enumerate(rng.normal(size=bars) * np.sqrt(1 - TREND_MEMORY**2)):
        now = TREND_MEMORY * now + shock
        drift[bar] = now
    moves = bar_volatility * TREND_SHARE * drift + _news(rng, stock, bars)
    noise = rng.normal(size=(bars, PATH_STEPS)) * bar_volatility[:, None] / np.sqrt(PATH_STEPS)
    path: Floats = np.cumsum(noise + moves[:, None] / PATH_STEPS)
    return path


def _news(rng: np.random.Generator, stock: _Stock, bars: int) -> Floats:
    moves = np.zeros(bars)
    happens, at, size = rng.random(), int(rng.integers(20, bars - 20)), stock.news_volatility * rng.normal()
    if happens < 1 / 3:
        fading = np.exp(-np.arange(bars - at) / NEWS_BARS)
        moves[at:] = size * fading / fading.sum()
    return moves


def _u_shape(bars: int) -> Floats:
    # Busy at the open, quiet at midday, busy again at the close; about 1 on average.
    minute = np.arange(bars)
    shape: Floats = 0.75 + 1.4 * np.exp(-minute / 25) + 0.6 * np.exp(-(bars - 1 - minute) / 20)
    return shape


def _to_frame(rng: np.random.Generator, stock: _Stock, closes: NDArray[np.int64], path: Floats) -> pd.DataFrame:
    bars = len(closes)
    # A bar starts where the one before ended, so each row of the path has that price first.
    inside = np.column_stack([path[:-1:PATH_STEPS], path[1:].reshape(bars, PATH_STEPS)])
    prices = np.exp(inside)
    activity = _u_shape(bars) ** 1.5 * np.exp(rng.normal(0, 0.35, bars))
    return pd.DataFrame(
        {
            "ts": closes,
            "open": prices[:, 0],
            "high": prices.max(axis=1),
            "low": prices.min(axis=1),
            "close": prices[:, -1],
            "volume": np.ceil(stock.bar_volume * activity),
        },
    )
