"""
The market that the gateway serves: contracts, history, and one session of prints and bars, mapped onto now or later.

It knows no orders and no clock: whoever plays ``slices`` decides when each goes out. Prices are made up
(``Market.demo``), a day of a catalog (``Market.of_day``) or given (``Market.of_frames``).

"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from catalog.bar_files import COLUMNS
from catalog.sessions import NANOS_IN_SECOND, Sessions, SessionWindow
from catalog.store import BarStore
from tests.gateway.contracts import contract_of
from tests.gateway.mapping import past_sessions, upcoming_session
from tests.gateway.minute import PRINT_SECS, bars_of_bars, bars_of_prints, prints_of
from tests.gateway.model import Contract, MarketBar, Price
from tests.gateway.path import WAVES, path_bar
from tests.gateway.recorded import Frames, map_frames, read_day

MINUTE_SECS = 60
FULL_SESSION_MINS = 390
HISTORY_SESSIONS = 10
NANOS_IN_PRINT = PRINT_SECS * NANOS_IN_SECOND


@dataclass(slots=True)
class Slice:
    """What the market does in the five seconds up to ``ts``: its prints, then the bars that close at ``ts``."""

    ts: int
    prices: list[Price] = field(default_factory=list)
    bars: list[MarketBar] = field(default_factory=list)


class Market:
    """
    Minute bars of some symbols, mapped onto real sessions, and what follows from them.

    Parameters
    ----------
    session : SessionWindow
        The session that is going to be played.
    minutes : Mapping[str, Sequence[MarketBar]]
        By symbol, in order of time: the bars of the sessions before, then those of ``session``.

    """

    def __init__(self, session: SessionWindow, minutes: Mapping[str, Sequence[MarketBar]]) -> None:
        self.session = session
        self.contracts: dict[str, Contract] = {symbol: contract_of(symbol) for symbol in sorted(minutes)}
        self._minutes = {symbol: list(minutes[symbol]) for symbol in self.contracts}
        self._closes = {symbol: [bar.ts for bar in bars] for symbol, bars in self._minutes.items()}
        self._sessions = Sessions()

    @classmethod
    def demo(
        cls, now_ns: int, symbols: Sequence[str] = tuple(WAVES), history_sessions: int = HISTORY_SESSIONS
    ) -> "Market":
        """Return the deterministic path on the next full session."""
        sessions = Sessions()
        session = upcoming_session(now_ns, FULL_SESSION_MINS, sessions)
        past = past_sessions(now_ns, [FULL_SESSION_MINS] * history_sessions, sessions)
        closes = np.concatenate([sessions.bar_closes(window, MINUTE_SECS) for window in (*reversed(past), session)])
        numbered = list(enumerate(closes.tolist(), start=-FULL_SESSION_MINS * history_sessions))
        return cls(session, {symbol: [path_bar(symbol, *minute) for minute in numbered] for symbol in symbols})

    @classmethod
    def of_day(cls, store: BarStore, day: date, now_ns: int, history_sessions: int = HISTORY_SESSIONS) -> "Market":
        """
        Return a day of a catalog, all its symbols that have minutes.

        Raises
        ------
        CatalogError
            If the day is no session, or the catalog has no minutes on it.

        """
        frames = read_day(store, day, history_sessions, Sessions())
        return cls.of_frames(frames, now_ns, day, history_sessions)

    @classmethod
    def of_frames(
        cls, frames: Frames, now_ns: int, day: date | None = None, history_sessions: int = HISTORY_SESSIONS
    ) -> "Market":
        """
        Return the day of some minutes, the last one unless named; what lies before it is history.

        The frames are as BarStore takes them, by symbol; several of one symbol are joined.

        """
        return cls(*map_frames(frames, now_ns, day, history_sessions, Sessions()))

    def frames(self, symbol: str) -> pd.DataFrame:
        """Return history and session as BarStore takes them, to write them into a catalog."""
        bars = self._minutes[symbol]
        columns = {name: np.array([getattr(bar, name) for bar in bars], dtype=float) for name in COLUMNS[1:]}
        return pd.DataFrame({"ts": np.array(self._closes[symbol], dtype=np.int64), **columns})

    def history(self, symbol: str, step_secs: int, end_ns: int, count: int) -> list[MarketBar]:
        """
        Return the last ``count`` bars closed by ``end_ns``, oldest first; regular hours only.

        It knows the whole session: ``end_ns`` must not lie after the last slice that was played.

        """
        enough = count * max(step_secs // MINUTE_SECS, 1) + FULL_SESSION_MINS
        closes = self._closes[symbol]
        last = bisect_left(closes, end_ns) + 1  # with the minute that is running: its first seconds may have closed
        bars = self._bars(self._minutes[symbol][max(last - enough, 0) : last], step_secs)
        closed = bars[: bisect_right(bars, end_ns, key=lambda bar: bar.ts)]
        return closed[-count:] if count > 0 else []

    def slices(self, start_ns: int = 0, steps_secs: Sequence[int] = (PRINT_SECS, MINUTE_SECS)) -> Iterator[Slice]:
        """Yield every five seconds of the session after ``start_ns``, quiet ones too, with bars of the given steps."""
        ends = range(self.session.open + NANOS_IN_PRINT, self.session.close + 1, NANOS_IN_PRINT)
        slices = {ts: Slice(ts) for ts in ends}
        for symbol in self.contracts:
            minutes = self._minutes[symbol][bisect_right(self._closes[symbol], self.session.open) :]
            for price in self._prints(minutes):
                slices[_slice_end(price.ts)].prices.append(price)
            for step_secs in steps_secs:
                for bar in self._bars(minutes, step_secs):
                    slices[bar.ts].bars.append(bar)
        yield from (piece for ts, piece in slices.items() if ts > start_ns)

    def _prints(self, minutes: Sequence[MarketBar]) -> list[Price]:
        return [price for bar in minutes for price in prints_of(bar, self.contracts[bar.symbol].tick)]

    def _bars(self, minutes: Sequence[MarketBar], step_secs: int) -> list[MarketBar]:
        if step_secs == MINUTE_SECS or not minutes:
            return list(minutes)
        first, last = (self._sessions.local(bar.ts).date() for bar in (minutes[0], minutes[-1]))
        windows = self._sessions.between(first, last)
        closes = np.concatenate([self._sessions.bar_closes(window, step_secs) for window in windows]).tolist()
        if step_secs < MINUTE_SECS:
            return bars_of_prints(self._prints(minutes), closes, step_secs)
        return bars_of_bars(minutes, closes, step_secs)


def _slice_end(ts: int) -> int:
    return -(-ts // NANOS_IN_PRINT) * NANOS_IN_PRINT
