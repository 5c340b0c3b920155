"""
Round trips of ours that no rule of the settings names: with nobody to own them, a start is refused.

Their stop would rest but never trail, `flatten` would not know them, and the loss limit would see a price that stands
still. Whether the broker still holds them does not matter: one start with their table ends what was closed by hand,
takes its stop away and books it, and only then are the books right without them.

"""

from collections.abc import Collection
from pathlib import Path

from actors.journal.file import JournalError
from actors.journal.reader import JournalReader
from actors.journal.trips import TripLog
from actors.log.news import ticker
from config.live.state_dir import JOURNAL, StateError, existing_directory


def disowned(journal: JournalReader, symbols: Collection[str]) -> list[str]:
    """Return a paragraph for each round trip that is not over and not of one of the ``symbols`` that rules trade."""
    left = {symbol: trip for symbol, trip in journal.open_trips().items() if symbol not in symbols}
    return [f"{symbol}: {text}" for symbol, trip in left.items() if (text := _objection(trip))]


def disowned_in(chosen: Path | None, mode: str, account: str | None, symbols: Collection[str]) -> list[str]:
    """Return the same of the state directory that must be meant; without one that can be read there is none to tell."""
    try:
        directory = existing_directory(chosen, mode, account)
        with JournalReader(directory / JOURNAL) as journal:
            return disowned(journal, symbols)
    except (JournalError, StateError):
        return []


def _objection(trip: TripLog) -> str:
    shares = sum(fill.side * fill.quantity for fill in trip.fills)
    if not shares and all(intent.client_order_id in trip.ended for intent in trip.intents):
        return ""  # nothing of it can be at the broker
    stop = f"behind a stop at {trip.stop_trigger}" if trip.stop_quantity else "WITHOUT a stop"
    held = f"{shares:+} shares of ours are held {stop}" if shares else "an order of ours may work or have filled"
    return (
        f"{held}, and no rule of the settings names it. Expected a [[strategies]] table of it; put it back, or close "
        f"it first (start with the old settings, `flatten {ticker(trip.symbol)}`). What was closed by hand at the "
        "broker, and its stop cancelled there, a start with the old settings ends in the journal too."
    )
