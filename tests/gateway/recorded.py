"""Recorded minutes, as frames of a catalog or of a test, mapped onto real sessions of now or later."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd

from catalog.bar_files import COLUMNS
from catalog.errors import CatalogError
from catalog.instruments import split_bar_type
from catalog.sessions import NANOS_IN_MINUTE, Sessions, SessionWindow
from catalog.store import BarStore
from tests.gateway.mapping import minutes_in, past_sessions, upcoming_session
from tests.gateway.model import MarketBar

Frames = Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]]
Minutes = dict[str, list[MarketBar]]

STEP = "1-MINUTE"
LEAST_VOLUME = 4  # shares: a minute has four prices, each of which somebody traded at; so does the backtest


def read_day(store: BarStore, day: date, history_sessions: int, sessions: Sessions) -> dict[str, pd.DataFrame]:
    """
    Return the minutes of all symbols of a catalog on a day, and of some sessions before it.

    Raises
    ------
    CatalogError
        If the day is no session, or no symbol has a minute on it.

    """
    window = sessions.on(day)
    if window is None:
        raise CatalogError(f"Expected a day of trading, was {day}, which is no {sessions.calendar} session.")
    kinds = [kind for kind in store.bar_types() if split_bar_type(kind)[1] == STEP]
    first = sessions.between(day - timedelta(days=2 * history_sessions + 10), day)[0].open  # more than enough
    frames = {split_bar_type(kind)[0]: store.frame(kind, first + 1, window.close) for kind in kinds}
    if not any((frame["ts"] > window.open).any() for frame in frames.values()):
        raise CatalogError(f"Expected {STEP} bars of {day} in {store.path}, found {_found(store, kinds)}.")
    return frames


def _found(store: BarStore, kinds: Sequence[str]) -> str:
    stamps = [int(ts) for kind in kinds for ts in store.timestamps(kind)[[0, -1]]]
    if not stamps:
        return f"no {STEP} bars at all; import some or build the sample (uv run python -m catalog --help)"
    first, last = (datetime.fromtimestamp(ts // 1_000_000_000, UTC).date() for ts in (min(stamps), max(stamps)))
    return f"{first} to {last}; name a day that has some"


def map_frames(
    frames: Frames, now_ns: int, day: date | None, history_sessions: int, sessions: Sessions
) -> tuple[SessionWindow, Minutes]:
    """
    Return the session onto which a day is mapped, and the minutes of its history and its own by symbol.

    Raises
    ------
    CatalogError
        If there is no bar on that day.

    """
    joined = {symbol: _join(frame) for symbol, frame in frames.items()}
    recorded = _recorded_sessions(joined, day, sessions)[: history_sessions + 1]
    lengths = [minutes_in(window) for window in recorded]
    session = upcoming_session(now_ns, lengths[0], sessions)
    targets = [session, *past_sessions(now_ns, lengths[1:], sessions)]
    pairs = list(zip(reversed(recorded), reversed(targets), strict=True))
    minutes = {
        symbol: [bar for pair in pairs for bar in _moved(symbol, frame, *pair)] for symbol, frame in joined.items()
    }
    return session, minutes


def _join(frame: pd.DataFrame | Sequence[pd.DataFrame]) -> pd.DataFrame:
    parts = [frame] if isinstance(frame, pd.DataFrame) else list(frame)
    return pd.concat(parts).sort_values("ts", ignore_index=True)


def _recorded_sessions(frames: Mapping[str, pd.DataFrame], day: date | None, sessions: Sessions) -> list[SessionWindow]:
    """Return the sessions that have bars up to a day, the latest first."""
    stamps = pd.concat([frame["ts"] for frame in frames.values()]) if frames else pd.Series(dtype="int64")
    if (stamps % NANOS_IN_MINUTE).any():
        raise CatalogError("Expected bars that close on full minutes, found others; replay a catalog of 1-MINUTE bars.")
    days = {sessions.local(ts).date() for ts in stamps.drop_duplicates().tolist()}
    windows = [window for each in sorted(days, reverse=True) if (window := sessions.on(each))]
    chosen = [window for window in windows if day is None or window.session <= day]
    if not chosen or (day is not None and chosen[0].session != day):
        there = f"{windows[-1].session} to {windows[0].session}" if windows else "nothing"
        raise CatalogError(f"Expected minute bars on {day or 'some day'}, found {there}; name a day that has some.")
    return chosen


def _moved(symbol: str, frame: pd.DataFrame, source: SessionWindow, target: SessionWindow) -> list[MarketBar]:
    inside = frame[(frame["ts"] > source.open) & (frame["ts"] <= source.close)]
    columns = (inside[name].tolist() for name in COLUMNS)
    return [
        MarketBar(symbol, 60, ts - source.open + target.open, *map(_to_ticks, prices), max(round(volume), LEAST_VOLUME))
        for ts, *prices, volume in zip(*columns, strict=True)
    ]


def _to_ticks(price: float) -> Decimal:
    return Decimal(f"{price:.2f}")
