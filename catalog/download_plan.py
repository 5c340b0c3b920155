"""
Which bars a catalog lacks, as requests that IB answers; pure.

One request asks for no more bars than IB allows of their length: some sessions of minutes, an hour of seconds. A day
that is over and has all its bars is not asked for again, nor one that was fetched whole and had fewer (a stock that
is not traded every minute). The bar that is forming is left for the next run.

"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalog.errors import CatalogError
from catalog.sessions import NANOS_IN_SECOND, Sessions, SessionWindow

# Lengths of bars that IB and the engine's adapter both have, measured with 2.0.0rc7, and the seconds one request of
# the short ones may span (https://interactivebrokers.github.io/tws-api/historical_limitations.html, "Step Sizes").
SPANS_SECS: Final = {1: 1_800, 5: 3_600, 15: 14_400, 30: 28_800}
LONG_STEPS_SECS: Final = (60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600)
LENGTHS: Final = "1-, 5-, 15- or 30-SECOND, 1-, 2-, 3-, 5-, 10-, 15-, 20- or 30-MINUTE, or 1-HOUR"
SESSIONS_AT_ONCE: Final = 5  # of a minute and more: under 2,000 bars, as IB wants "a few thousand"
SETTLE_NS: Final = 10 * NANOS_IN_SECOND  # the last trades of a bar are reported after its close


@dataclass(frozen=True, slots=True)
class Piece:
    """One request: the sessions it reaches, the first and last time of its bars (UTC ns), its length in IB's words."""

    windows: tuple[SessionWindow, ...]
    start: int
    end: int
    duration: str


def check_step(step: str, step_secs: int) -> None:
    """Raise CatalogError when IB has no bars of that length."""
    if step_secs not in SPANS_SECS and step_secs not in LONG_STEPS_SECS:
        raise CatalogError(f"Expected a bar that IB has ({LENGTHS}), was {step!r}.")


class DownloadPlan:
    """
    What is wanted of one symbol.

    Parameters
    ----------
    windows : Sequence[SessionWindow]
        The sessions asked for, in order.
    step_secs : int
        Length of a bar.
    sessions : Sessions
        The exchange.
    now_ns : int
        The broker's time: what closed less than ``SETTLE_NS`` before it is not asked for.

    """

    def __init__(self, windows: Sequence[SessionWindow], step_secs: int, sessions: Sessions, now_ns: int) -> None:
        self.step_secs = step_secs
        self._sessions = sessions
        self._last = now_ns - SETTLE_NS
        self.windows = [window for window in windows if len(self._expected(window))]

    def pieces(self, held: NDArray[np.int64], fetched: Mapping[date, int]) -> list[Piece]:
        """
        Return what to ask for, in order.

        Parameters
        ----------
        held : NDArray[np.int64]
            Closes of the bars in the catalog, sorted.
        fetched : Mapping[date, int]
            How many bars the sessions had that were fetched whole.

        """
        lacking = [window for window in self.windows if not self._is_there(window, held, fetched)]
        if self.step_secs in SPANS_SECS:
            return [piece for window in lacking for piece in self._spans(window, held)]
        return [self._whole(run) for run in self._runs(lacking)]

    def is_over(self, window: SessionWindow) -> bool:
        """Tell whether all bars of a session have closed."""
        return window.close <= self._last

    def closes(self, opens: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return when the bars that open at these times close; 0 = in none of the sessions.

        IB cuts bars on the clock: the hourly bar that opens with the session at 09:30 ends at 10:00.

        """
        closes = np.zeros(len(opens), dtype=np.int64)
        for window in self.windows:
            grid = self._sessions.bar_closes(window, self.step_secs)
            inside = (window.open <= opens) & (opens < window.close)
            closes[inside] = grid[np.searchsorted(grid, opens[inside], side="right")]
        return closes

    def _expected(self, window: SessionWindow) -> NDArray[np.int64]:
        closes = self._sessions.bar_closes(window, self.step_secs)
        return closes[closes <= self._last]

    def _is_there(self, window: SessionWindow, held: NDArray[np.int64], fetched: Mapping[date, int]) -> bool:
        of_day = held[(window.open < held) & (held <= window.close)]
        if bool(np.isin(self._expected(window), of_day).all()):
            return True
        return fetched.get(window.session) == len(of_day) > 0

    def _runs(self, lacking: list[SessionWindow]) -> Iterator[list[SessionWindow]]:
        """Yield sessions that follow each other, as many as one request may ask for; one that is not over alone."""
        run: list[SessionWindow] = []
        place = {window.session: number for number, window in enumerate(self.windows)}
        for window in lacking:
            follows = bool(run) and place[window.session] == place[run[-1].session] + 1
            if run and not (follows and len(run) < SESSIONS_AT_ONCE and self.is_over(window)):
                yield run
                run = []
            run.append(window)
        if run:
            yield run

    def _whole(self, run: list[SessionWindow]) -> Piece:
        first, last = run[0], run[-1]
        if self.is_over(last):
            return Piece(tuple(run), first.open, last.close, f"{len(run)} D")
        end = int(self._expected(last)[-1])
        return Piece((last,), last.open, end, _seconds(last.open, end))

    def _spans(self, window: SessionWindow, held: NDArray[np.int64]) -> Iterator[Piece]:
        expected = self._expected(window)
        span = SPANS_SECS[self.step_secs] * NANOS_IN_SECOND
        for start in range(window.open, int(expected[-1]), span):
            closes = expected[(start < expected) & (expected <= start + span)]
            if not np.isin(closes, held).all():
                end = int(closes[-1])
                yield Piece((window,), start, end, _seconds(start, end))


def _seconds(start: int, end: int) -> str:
    return f"{(end - start) // NANOS_IN_SECOND} S"
