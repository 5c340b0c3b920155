"""
Fetching history from the broker into a catalog: request by request, each written before the next one leaves.

Stopped or killed at any moment, what was fetched stays, and the same command goes on where it was. It does not
adjust prices: IB's are adjusted for splits as of the day they are fetched, so a catalog that was filled before a
split has the old ones (``verify`` finds the jump).

"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from time import perf_counter
from typing import Protocol

import pandas as pd

from catalog.bar_files import COLUMNS
from catalog.download_plan import DownloadPlan, Piece, check_step
from catalog.errors import CatalogError
from catalog.fetched_days import FetchedDays
from catalog.ib_answers import NoBars, PacingViolation
from catalog.ib_pacing import Pacing, retry_secs
from catalog.instruments import make_bar_type
from catalog.quality import Finding, check_bars
from catalog.sessions import NANOS_IN_SECOND, Sessions, SessionWindow
from catalog.store import BarStore, WriteResult

LONG_WAIT_SECS = 5.0  # a wait worth a word
SHOWN = 5  # of many days, so many are named

Progress = Callable[[str, str, int, int], None]  # symbol, days under way, sessions done, sessions in all
Tell = Callable[[str], None]


class History(Protocol):
    """Where bars come from; raises as ``ib_download.IbHistory`` does."""

    def check_symbol(self, symbol: str) -> None: ...

    def bars(self, symbol: str, step: str, end_ns: int, duration: str) -> pd.DataFrame: ...


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """What is wanted: symbols, length of a bar, first and last day (None = today)."""

    symbols: tuple[str, ...]
    bar: str
    start: date
    end: date | None = None


@dataclass(slots=True)
class DownloadReport:
    """What came of one symbol."""

    bar_type: str
    sessions: int = 0  # that have begun by now
    there: int = 0  # of those, how many were there already
    bars: int = 0
    added: int = 0
    replaced: int = 0
    empty: list[date] = field(default_factory=list)  # sessions of which IB has nothing
    open_session: date | None = None  # it goes on: the next run fetches the rest
    findings: list[Finding] = field(default_factory=list)

    def add(self, bars: int, written: WriteResult) -> None:
        self.bars += bars
        self.added += written.added
        self.replaced += written.replaced

    def lines(self) -> Iterator[str]:
        """Yield what a person wants to know of it, line by line."""
        yield f"{self.bar_type}: {self.sessions:,} sessions, {self.there:,} of them there already"
        unchanged = self.bars - self.added - self.replaced
        yield f"  {self.bars:,} bars fetched: {self.added:,} new, {self.replaced:,} replaced, {unchanged:,} unchanged"
        if self.empty:
            yield f"  IB has no bars of {_named(self.empty)}"
        if self.open_session:
            yield f"  {self.open_session} is not over: run this again after the close"
        yield from (f"  {each.severity}  {each.kind}: {each.detail} [{each.count:,}]" for each in self.findings)


@dataclass(frozen=True, slots=True)
class Pauses:
    """How time passes: a clock that never goes back, and a wait."""

    clock: Callable[[], float] = perf_counter
    wait: Callable[[float], object] = field(default_factory=lambda: Event().wait)


class Download:
    """
    Fetches what a catalog lacks.

    Parameters
    ----------
    store : BarStore
        The catalog.
    history : History
        The broker.
    now_ns : int
        The broker's time.
    tell : Tell
        Hears a line about each long wait.
    pauses : Pauses
        How time passes.

    """

    def __init__(
        self, store: BarStore, history: History, now_ns: int, tell: Tell, pauses: Pauses | None = None
    ) -> None:
        self._store = store
        self._history = history
        self._now_ns = now_ns
        self._tell = tell
        self._pauses = pauses or Pauses()
        self._pacing = Pacing()
        self._notes = FetchedDays(store.path)
        self._sessions = Sessions()

    def run(self, options: DownloadOptions, progress: Progress) -> Iterator[DownloadReport]:
        """
        Fetch and yield symbol by symbol.

        Raises
        ------
        CatalogError
            If an option cannot be used (nothing is asked then), or the broker refuses: what was fetched stays.

        """
        kinds = {symbol: self._check(symbol, options.bar) for symbol in dict.fromkeys(options.symbols)}
        windows = self._windows(options)
        for symbol in kinds:
            self._history.check_symbol(symbol)
        for symbol, (bar_type, step_secs) in kinds.items():
            plan = DownloadPlan(windows, step_secs, self._sessions, self._now_ns)
            yield self._fetch(symbol, options.bar, bar_type, plan, progress)

    def _check(self, symbol: str, bar: str) -> tuple[str, int]:
        kind, step_secs = make_bar_type(symbol, bar)
        check_step(bar, step_secs)
        if self._store.is_synthetic(str(kind)):
            raise CatalogError(f"{self._store.path} holds the synthetic {kind}; download into another --catalog.")
        return str(kind), step_secs

    def _windows(self, options: DownloadOptions) -> list[SessionWindow]:
        today = self._sessions.local(self._now_ns).date()
        last = min(options.end or today, today)
        if options.start > last:
            raise CatalogError(f"Expected --start on or before {last}, was {options.start}.")
        windows = self._sessions.between(options.start, last)
        if not any(window.open < self._now_ns for window in windows):
            raise CatalogError(f"There is no trading session from {options.start} to {last} that has begun.")
        return windows

    def _fetch(self, symbol: str, bar: str, bar_type: str, plan: DownloadPlan, progress: Progress) -> DownloadReport:
        pieces = plan.pieces(self._store.timestamps(bar_type), self._notes.of(bar_type))
        report = DownloadReport(bar_type, len(plan.windows))
        report.open_session = next((w.session for w in plan.windows if not plan.is_over(w)), None)
        lacking = {window.session for piece in pieces for window in piece.windows}
        report.there = report.sessions - len(lacking)
        done = report.there
        for number, piece in enumerate(pieces):
            progress(symbol, _days(piece), done, report.sessions)
            self._fetch_piece(symbol, bar, piece, plan, report)
            later = {window.session for piece in pieces[number + 1 :] for window in piece.windows}
            ended = [window for window in piece.windows if window.session not in later]
            self._note(bar_type, [window for window in ended if plan.is_over(window)], report)
            done += len(ended)
        progress(symbol, "", report.sessions, report.sessions)
        report.findings = self._judge(symbol, bar_type, plan)
        return report

    def _fetch_piece(self, symbol: str, bar: str, piece: Piece, plan: DownloadPlan, report: DownloadReport) -> None:
        try:
            found = self._ask(symbol, bar, piece)
        except NoBars:
            return
        _, step_secs = make_bar_type(symbol, bar)
        found["ts"] = plan.closes(found["ts"].to_numpy() - step_secs * NANOS_IN_SECOND)
        kept = found[(piece.start < found["ts"]) & (found["ts"] <= piece.end)].drop_duplicates("ts", keep="last")
        if not kept.empty:
            report.add(len(kept), self._store.write(report.bar_type, kept[COLUMNS]))

    def _ask(self, symbol: str, bar: str, piece: Piece) -> pd.DataFrame:
        refusals = 0
        words = f"{bar} {piece.end} {piece.duration}"
        while True:
            self._pause(self._pacing.wait_secs(symbol, words, self._pauses.clock()), "60 requests in 10 minutes")
            self._pacing.sent(symbol, words, self._pauses.clock())
            try:
                return self._history.bars(symbol, bar, piece.end, piece.duration)
            except PacingViolation as violation:
                refusals += 1
                pause = retry_secs(refusals)
                if pause is None:
                    raise CatalogError(
                        f"{symbol}: IB wants fewer requests, {refusals} times in a row ({violation}). What was fetched "
                        f"is in the catalog; run this again later, and see what else asks it for history."
                    ) from violation
                self._pause(pause, f"IB said: {violation}")

    def _pause(self, secs: float, why: str) -> None:
        if secs > LONG_WAIT_SECS:
            self._tell(f"Waiting {secs:.0f} s for IB's limit ({why}); Ctrl-C ends, what was fetched stays.")
        if secs > 0:
            self._pauses.wait(secs)

    def _note(self, bar_type: str, over: list[SessionWindow], report: DownloadReport) -> None:
        for window in over:
            bars = len(self._store.frame(bar_type, window.open + 1, window.close))
            if bars:
                self._notes.add(bar_type, window.session, bars)
            else:
                report.empty.append(window.session)

    def _judge(self, symbol: str, bar_type: str, plan: DownloadPlan) -> list[Finding]:
        over = [window for window in plan.windows if plan.is_over(window)]
        if not over:
            return []
        frame = self._store.frame(bar_type, over[0].open + 1, over[-1].close)
        return check_bars(frame, plan.step_secs, self._sessions, symbol) if len(frame) else []


def _named(days: list[date]) -> str:
    more = f" and {len(days) - SHOWN} more sessions" if len(days) > SHOWN else ""
    return ", ".join(str(day) for day in days[:SHOWN]) + more


def _days(piece: Piece) -> str:
    first, last = piece.windows[0].session, piece.windows[-1].session
    return f"{first}" if first == last else f"{first} to {last}"
