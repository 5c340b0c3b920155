"""
The market data of a backtest, chunk by chunk: closed bars, twice, and the opening trade of each.

Each bar comes first for the simulated exchange alone, then for those who decide: what a stop of any symbol did within
a minute is known to every decision at its close, as it is live, whatever the order of the symbols.

The opening trade is what a market order held for the next open fills at, and what lets a stop that was gapped
through fill at the open. Strategies see it only while they hold such an order. Its size is a quarter of the bar's
volume, as the engine takes it for each price of a bar: a larger order is split, the rest a tick worse.

"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from nautilus_trader.model import AggressorSide, Bar, BarType, InstrumentId, Quantity, TradeId, TradeTick
from nautilus_trader.persistence import ParquetDataCatalog
from numpy.typing import NDArray

from catalog.sessions import Sessions
from catalog.store import BarStore

OPEN_AFTER_NS = 1  # the opening trade prints this long after the last bar's close, before any other event
VOLUME_SHARE = 4  # the engine lets an order take a quarter of a bar's volume at each of its prices
# The engine matches only the finest bar type of an instrument [ran], by its name; nobody listens to this one
MATCHED_STEP = "1-MILLISECOND-LAST-EXTERNAL"
LEAST_VOLUME = 4  # shares: it matches a thinner bar at a stale price [ran], so the few that are get this volume
NANOS_IN_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """Closing times of the bars to load, UTC nanoseconds, both ends included."""

    start: int
    end: int
    bars: int


class BacktestData:
    """
    Loads the bars of some symbols in canonical order: by time, then by symbol.

    Parameters
    ----------
    store : BarStore
        The catalog.
    bar_types : dict[str, str]
        Symbol → bar type; loaded in the order of the symbols' names.
    step_secs : int
        Length of a bar.
    sessions : Sessions
        A bar that begins before the open of its session opens with the session.

    """

    def __init__(self, store: BarStore, bar_types: dict[str, str], step_secs: int, sessions: Sessions) -> None:
        self._bar_types = dict(sorted(bar_types.items()))
        self._store = store
        self._step_ns = step_secs * NANOS_IN_SECOND
        self._sessions = sessions
        self.times = {symbol: store.timestamps(bar_type) for symbol, bar_type in self._bar_types.items()}

    def spans(self, start: int, end: int, chunk_bars: int) -> list[Span]:
        """Cut [start, end] at exchange midnights into spans of about ``chunk_bars`` bars (0 = one span)."""
        times = np.sort(np.concatenate([ts[(ts >= start) & (ts <= end)] for ts in self.times.values()]))
        if not chunk_bars or len(times) <= chunk_bars:
            return [Span(start, end, len(times))]
        spans, begin = [], start
        while begin <= end:
            first = int(np.searchsorted(times, begin))
            last = min(first + chunk_bars, len(times)) - 1
            finish = end if last >= len(times) - 1 else min(self._midnight_after(int(times[last])) - 1, end)
            spans.append(Span(begin, finish, int(np.searchsorted(times, finish, side="right")) - first))
            begin = finish + 1
        return spans

    def load(self, span: Span) -> Iterator[list[Bar] | list[TradeTick]]:
        """Yield the bars and the opening trades of each symbol in a span, to be sorted stably by time."""
        catalog = ParquetDataCatalog(str(self._store.path))
        told = []
        for symbol, bar_type in self._bar_types.items():
            bars = [_matchable(bar) for bar in catalog.query_bars([bar_type], start=span.start, end=span.end)]
            if bars:
                yield self._opening_trades(symbol, bars)
                yield _for_exchange(symbol, bars)
                told.append(bars)
        yield from told

    def _opening_trades(self, symbol: str, bars: list[Bar]) -> list[TradeTick]:
        instrument_id = InstrumentId.from_str(symbol)
        closes = np.fromiter((bar.ts_init for bar in bars), dtype=np.int64, count=len(bars))
        none, trade_id = AggressorSide.NO_AGGRESSOR, TradeId("open")
        sizes: dict[float, Quantity] = {}
        trades = []
        for bar, ts in zip(bars, self._openings(closes).tolist(), strict=True):
            volume = float(bar.volume)
            size = sizes.get(volume)
            if size is None:
                size = sizes[volume] = Quantity.from_int(int(volume) // VOLUME_SHARE)
            trades.append(TradeTick(instrument_id, bar.open, size, none, trade_id, ts, ts))
        return trades

    def _openings(self, closes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when bars open: a step before they close, but not before their session or the bar before them."""
        begins = closes - self._step_ns
        first, last = (self._sessions.local(int(ts)).date() for ts in (begins[0], closes[-1]))
        opens = np.array([window.open for window in self._sessions.between(first, last)], dtype=np.int64)
        if len(opens):
            next_open = opens[np.minimum(np.searchsorted(opens, begins), len(opens) - 1)]
            begins = np.where((begins < next_open) & (next_open < closes), next_open, begins)
        begins[1:] = np.maximum(begins[1:], closes[:-1])
        return begins + OPEN_AFTER_NS

    def _midnight_after(self, ts: int) -> int:
        local = self._sessions.local(ts)
        day: date = local.date() + timedelta(days=1)
        midnight = local.replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)
        return int(midnight.timestamp()) * NANOS_IN_SECOND


def _for_exchange(symbol: str, bars: list[Bar]) -> list[Bar]:
    kind = BarType.from_str(f"{symbol}-{MATCHED_STEP}")
    return [Bar(kind, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.ts_event, bar.ts_init) for bar in bars]


def _matchable(bar: Bar) -> Bar:
    if float(bar.volume) >= LEAST_VOLUME:
        return bar
    volume = Quantity.from_int(LEAST_VOLUME)
    return Bar(bar.bar_type, bar.open, bar.high, bar.low, bar.close, volume, bar.ts_event, bar.ts_init)
