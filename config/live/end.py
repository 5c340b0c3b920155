"""What is told when a session ended: why, what rests at the broker, and the report of its sessions."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from actors.journal.reader import JournalReader
from actors.report.reports import ensure_writable, summarise, write_report
from actors.report.terminal_summary import print_summary
from catalog.sessions import NANOS_IN_SECOND
from config.backtest.record import peak_rss_mb
from config.live.session import LiveSession
from config.live_report.bars import recorded_frames
from config.live_report.record import LiveFacts, live_record
from config.live_report.window import report_window


def print_end(session: LiveSession, console: Console) -> None:
    """Print why the session ended and what it left at the broker."""
    helm = session.helm
    console.out(f"ended: {helm.reason} (exit {helm.exit_code})")
    if session.desk.is_dry_run:
        return
    for line in session.left() or ["nothing of ours"]:
        console.out(f"at the broker: {line}")


def write_live_report(session: LiveSession, console: Console, ended_ns: int) -> None:
    """Write the report of the exchange sessions that this run saw, and print its summary."""
    ended = datetime.fromtimestamp(ended_ns // NANOS_IN_SECOND, UTC)
    directory = Path("reports") / f"{session.mode}-{ended:%Y%m%dT%H%M%SZ}"
    ensure_writable(directory)
    latest = max(strategy.last_ts for strategy in session.components.strategies)
    moments = [session.started_ns, *([latest] if latest else [])]
    facts = LiveFacts(
        wall_secs=(ended_ns - session.started_ns) / NANOS_IN_SECOND,
        peak_rss_mb=peak_rss_mb(),
        bars={strategy.setup.symbol: strategy.bars_seen for strategy in session.components.strategies},
        last_closes={strategy.setup.symbol: strategy.close for strategy in session.components.strategies},
    )
    with JournalReader(session.store.path) as journal:
        window = report_window(session.sessions, moments)
        days = [each.session for each in session.sessions.between(*(session.sessions.session_of(ts) for ts in window))]
        frames = recorded_frames(session.desk.directory, session.bar_types, days, window)
        record = live_record(journal, session.settings, window, session.mode, facts, frames)
    write_report(record, directory)
    print_summary(record, summarise(record), directory, console)
