"""What the journal says of the run before: what it left at the broker, and whether it had an end at all."""

from datetime import UTC, datetime
from pathlib import Path

from actors.alerts.day import holdings
from actors.journal.file import JournalError
from actors.journal.reader import JournalReader
from actors.log.news import ticker
from actors.report.format import held_for
from actors.status.line import Held
from config.live.state_dir import JOURNAL, StateError, existing_directory

NANOS_IN_SECOND = 1_000_000_000
UNKNOWN = "What rests at the broker is not known"


def rests_at_broker(chosen: Path | None, mode: str, account: str | None) -> str:
    """Return a sentence on what rests at the broker as last known, of the state directory that must be meant."""
    try:
        directory = existing_directory(chosen, mode, account)
        with JournalReader(directory / JOURNAL) as journal:
            return f"At the broker, as last known: {left_by(journal)}"
    except (JournalError, StateError):
        return f"{UNKNOWN}: there is no journal to say it" if chosen is None else UNKNOWN


def left_by(journal: JournalReader) -> str:
    """Return the positions of a journal with their stops, and the symbols with an order whose fate is not known."""
    held, pending = {}, []
    for symbol, trip in journal.open_trips().items():
        shares = sum(fill.side * fill.quantity for fill in trip.fills)
        if shares:
            held[symbol] = Held(shares, trip.stop_trigger if trip.stop_quantity else None)
        else:
            pending.append(ticker(symbol))
    parts = [holdings(held).removeprefix("holds ")] if held else []
    parts += [f"orders of {', '.join(pending)} may work"] if pending else []
    return "; ".join(parts) or "nothing of ours"


def crash_text(journal: JournalReader, now_ns: int) -> str:
    """Return what to tell when the latest run of a journal had no end, "" when it had one or there was none."""
    runs = journal.runs()
    if not runs or runs[-1].ended_ns is not None:
        return ""
    run, snapshot = runs[-1], journal.snapshot()
    heard_ns = snapshot.wall_ns if snapshot is not None and snapshot.run_id == run.run_id else run.info.started_ns
    return (
        "the run before had no end: it was killed, it crashed, or the machine went down. Last heard of at "
        f"{datetime.fromtimestamp(heard_ns // NANOS_IN_SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC, gone for "
        f"{held_for(now_ns - heard_ns)}; at the broker, as it knew: {left_by(journal)}"
    )
