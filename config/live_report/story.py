"""What a journal tells of a window of time, and of the round trips that were under way when it began."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import pandas as pd

from actors.journal.reader import JournalReader
from actors.journal.trips import TripLog
from actors.messages import OrderFilled, OrderRole, StopMoved
from actors.report.records import OrderRecord, StopPoint
from config.live_report.equity import WEEK_NS
from config.live_report.orders import order_records


class Story:
    """
    Reads a window once; everything comes in order of time.

    ``carried`` are the decisions whose round trips the window only goes on with, ``lost`` those whose entry the
    journal does not have (the disk refused it, and the program was killed before it could be written).

    """

    def __init__(self, journal: JournalReader, window: tuple[int, int]) -> None:
        start, end = window
        self._start = start
        self.decisions = _in_order(journal.decisions(start, end))
        self.fills = _in_order(journal.fills(start, end))
        self._open = {trip.decision_id: trip for trip in journal.open_trips().values() if trip.fills}
        self.carried = self._continued() | {
            decision_id for decision_id, trip in self._open.items() if trip.fills[-1].ts < start and _is_held(trip)
        }
        since = self._first_told(journal)
        self._known_fills = _in_order(journal.fills(since, end))
        self._intents = _in_order(journal.intents(since, end))
        self._states = journal.progress(since, end)
        self._moves = journal.messages(StopMoved, since, end)
        entered = {fill.decision_id for fill in self._known_fills if fill.role is OrderRole.ENTRY}
        self.lost = sorted({fill.decision_id for fill in self.fills} - entered)
        self.carried.intersection_update(entered)

    @property
    def trip_fills(self) -> list[OrderFilled]:
        """All fills of the round trips of the window, those before it too."""
        told = {fill.decision_id for fill in self.fills} | self.carried
        return [fill for fill in self._known_fills if fill.decision_id in told and fill.decision_id not in self.lost]

    @property
    def stops(self) -> list[StopPoint]:
        """Where the stops rested, those of the carried round trips from their first place on."""
        carried = {intent.client_order_id for intent in self._intents if intent.decision_id in self.carried}
        told = [move for move in self._moves if move.ts >= self._start or move.client_order_id in carried]
        return _in_order([StopPoint(move.ts, move.symbol, move.trigger) for move in told])

    def orders(self) -> list[OrderRecord]:
        """Return the orders that were intended in the window, something was told of, or that still work."""
        heard: set[str] = set()
        for events in (self._states, self._known_fills, self._moves):
            heard |= {event.client_order_id for event in events if event.ts >= self._start}
        for trip in self._open.values():
            heard |= {intent.client_order_id for intent in trip.intents} - trip.ended
        chosen = [one for one in self._intents if one.ts >= self._start or one.client_order_id in heard]
        return order_records(chosen, self._states, self._known_fills, self._moves)

    def closes(self, last_closes: Mapping[str, Decimal], bars: Mapping[str, pd.DataFrame]) -> dict[str, Decimal]:
        """Return the latest close known of each symbol: of the bars, of the run, else of the latest decision."""
        kept = {symbol: Decimal(str(frame["close"].iloc[-1])) for symbol, frame in bars.items()}
        filled = {fill.symbol: fill.ts for fill in self._known_fills}
        decided = {one.symbol: one.close for one in self.decisions if one.ts > filled.get(one.symbol, 0)}
        return decided | dict(last_closes) | kept

    def _continued(self) -> set[str]:
        """Return the decisions whose first fill in the window does not begin a position."""
        first: dict[str, OrderFilled] = {}
        for fill in self.fills:
            first.setdefault(fill.decision_id, fill)
        return {fill.decision_id for fill in first.values() if fill.position_after != fill.side * fill.quantity}

    def _first_told(self, journal: JournalReader) -> int:
        """Return from when on to read: years of orders are long to read, years of fills are not."""
        if not self.carried:
            return self._start
        filled = [fill.ts for fill in journal.fills(0, self._start - 1) if fill.decision_id in self.carried]
        sent = [self._open[decision_id].entry_ts for decision_id in self.carried if decision_id in self._open]
        # No entry works for a week: the orders of a round trip were sent at most that long before its first fill
        return min([self._start, *sent, *(ts - WEEK_NS for ts in filled)])


def _is_held(trip: TripLog) -> bool:
    # One that was killed before it told that it was flat is not over for the journal, yet nothing is held of it
    return sum(fill.side * fill.quantity for fill in trip.fills) != 0


class _Dated(Protocol):
    @property
    def ts(self) -> int: ...
    @property
    def symbol(self) -> str: ...


def _in_order[Item: _Dated](items: list[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.ts, item.symbol))
