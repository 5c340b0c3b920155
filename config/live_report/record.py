"""
From a journal to the record of a live session: what happened in it, before a crash or a restart of the same day too.

It knows what the journal knows. Cash that came or went without a fill (a deposit, interest) is in the equity, and so in
the profit of the session.

"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd

from actors.journal.performance import read_performance
from actors.journal.reader import JournalReader
from actors.report.failures import FailureTally
from actors.report.records import DataNote, LiveOrigin, SessionRecord
from catalog.sessions import Sessions
from config.components import traded_symbols
from config.live_report.equity import equity_points, opening_mark
from config.live_report.story import Story
from config.live_report.trades import trades_of
from config.printed import as_toml_text
from config.schema import Settings

LiveMode = Literal["paper", "live", "dry-run"]
Frames = Mapping[str, pd.DataFrame]
NO_BARS = "No bars were kept: there are no price charts, and the worst and best of a trade are those at its fills."


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """What a journal does not hold: of the run that makes the report, since its start."""

    wall_secs: float = 0.0
    peak_rss_mb: float = 0.0
    bars: Mapping[str, int] = field(default_factory=dict)  # closed ones seen, by symbol
    last_closes: Mapping[str, Decimal] = field(default_factory=dict)  # of the last one of each symbol, USD a share


def live_record(
    journal: JournalReader,
    settings: Settings,
    window: tuple[int, int],
    mode: LiveMode,
    facts: LiveFacts,
    price_series: Frames | None = None,
) -> SessionRecord:
    """
    Return everything a report says about a live session.

    Parameters
    ----------
    journal : JournalReader
        With at least one run begun.
    settings : Settings
        Of the run that makes the report.
    window : tuple[int, int]
        First and last event time, UTC nanoseconds (see ``report_window``). It ends where the journal does: a round
        trip that is open now counts as open at its end.
    mode : 'paper' | 'live' | 'dry-run'
        As ``summary.json`` says it.
    facts : LiveFacts
        What the journal does not hold.
    price_series : Mapping[str, pd.DataFrame] | None
        Bars by symbol with the columns ts, open, high, low, close, in order of time, as far as they were kept: for
        the charts, and for the worst and best profit of a trade. Without them its fills and its last mark are all
        that is known.

    """
    story = Story(journal, window)
    frames = {symbol: frame for symbol, frame in (price_series or {}).items() if len(frame)}
    run = journal.runs()[-1].info
    opening = opening_mark(journal, window[0], is_flat=not story.carried)
    record = SessionRecord(
        mode=mode,
        engine=run.engine,
        config_sha256=settings.fingerprint(),
        config_text=as_toml_text(settings).replace(run.account, shortened(run.account)),
        starting_equity_usd=opening.equity_usd,
        start=window[0],
        end=window[1],
        symbols=sorted({*traded_symbols(settings), *(fill.symbol for fill in story.trip_fills)}),
        bars=sum(facts.bars.values()),
        wall_secs=facts.wall_secs,
        peak_rss_mb=facts.peak_rss_mb,
        price_series=frames,
        data_notes=[] if frames else [DataNote("note", NO_BARS)],
        live=_origin(journal, window, len(story.carried)),
    )
    _add_activity(record, story, facts)
    is_flat = not any(trade.is_open for trade in record.trades)
    record.equity = equity_points(opening, journal.equity(*window), story.fills, is_flat=is_flat)
    _add_incidents(record, journal, story, window)
    _add_times(record, Sessions(settings.session.calendar))
    return record


def shortened(account: str) -> str:
    """Return an account's kind and its last three digits: enough to tell it, too little to use it."""
    return account if len(account) <= len("DU…123") else f"{account.rstrip('0123456789')}…{account[-3:]}"


def _add_activity(record: SessionRecord, story: Story, facts: LiveFacts) -> None:
    record.decisions = story.decisions
    record.orders = story.orders()
    record.fills = story.fills
    record.stops = story.stops
    record.trades = trades_of(
        story.trip_fills, record.price_series, story.closes(facts.last_closes, record.price_series)
    )


def _add_incidents(record: SessionRecord, journal: JournalReader, story: Story, window: tuple[int, int]) -> None:
    record.loss_limit_halts = len({hit.session for hit in journal.loss_hits(*window)})
    record.alerts = journal.alerts(*window)
    lost = [f"The journal lacks the entry of {name}: its fills are told, it is not a trade." for name in story.lost]
    failures = FailureTally(journal.failures(*window))
    record.errors, record.more_errors = [*failures.kept, *lost], failures.more


def _add_times(record: SessionRecord, sessions: Sessions) -> None:
    """Let the record begin and end with what is known of; the window may end at a midnight to come."""
    frames = record.price_series.values()
    record.bar_closes = reduce(np.union1d, (frame["ts"].to_numpy(np.int64) for frame in frames), record.bar_closes)
    times = [*record.bar_closes[:1].tolist(), *record.bar_closes[-1:].tolist()]
    times += [event.ts for events in (record.decisions, record.fills, record.equity) for event in events]
    if times:
        record.start, record.end = min(times), max(times)
    first, last = sessions.session_of(record.start), sessions.session_of(record.end)
    record.sessions = [one.session for one in sessions.between(first, last)]


def _origin(journal: JournalReader, window: tuple[int, int], carried: int) -> LiveOrigin:
    """Return where the record comes from; of a run that was killed the start of the next is the end."""
    runs = journal.runs()
    ends = [run.ended_ns for run in runs[:-1]]
    until = [end or later.info.started_ns for end, later in zip(ends, runs[1:], strict=True)]
    seen = [run for run, end in zip(runs, [*until, window[1]], strict=True) if end >= window[0]]
    return LiveOrigin(
        account=shortened(runs[-1].info.account),
        starts=len(seen),
        killed=sum(run.ended_ns is None for run in seen if run is not runs[-1]),
        carried=carried,
        performance=read_performance(journal, window[0]),
    )
