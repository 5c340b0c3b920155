"""The account over a live session: the marks of its journal, made whole where a fill was never marked."""

from collections.abc import Sequence
from decimal import Decimal

from actors.journal.reader import JournalReader
from actors.messages import OrderFilled
from actors.report.records import EquityPoint

WEEK_NS = 7 * 24 * 3_600 * 10**9


def opening_mark(journal: JournalReader, start: int, *, is_flat: bool) -> EquityPoint:
    """Return the account as it stood before ``start``; before the first mark, what the first run began with."""
    for since in (start - WEEK_NS, 0):  # nearly always found in the week before: years of marks are long to read
        marks = journal.equity(since, start - 1)
        if marks:
            break
    cash = journal.runs()[0].info.starting_cash_usd
    mark = marks[-1] if marks else EquityPoint(0, cash, cash, Decimal(0))
    return _after_fills(mark, journal.fills(mark.ts + 1, start - 1), is_flat=is_flat)


def equity_points(
    opening: EquityPoint, marks: Sequence[EquityPoint], fills: Sequence[OrderFilled], *, is_flat: bool
) -> list[EquityPoint]:
    """Return the marks of a session, and a last one where fills came after them: it was killed before the next bar."""
    latest = marks[-1] if marks else opening
    settled = _after_fills(latest, [fill for fill in fills if fill.ts > latest.ts], is_flat=is_flat)
    return [*marks] if settled is latest else [*marks, settled]


def _after_fills(mark: EquityPoint, fills: Sequence[OrderFilled], *, is_flat: bool) -> EquityPoint:
    """Return a mark with later fills booked; exact when ``is_flat`` after them, else to within the last bar's move."""
    if not fills:
        return mark
    cash, value, exposure = mark.cash_usd, mark.equity_usd - mark.cash_usd, mark.gross_exposure_usd
    for fill in fills:
        signed = fill.side * fill.quantity
        cash -= signed * fill.price + fill.commission_usd
        value += signed * fill.last_close
        exposure += (abs(fill.position_after) - abs(fill.position_after - signed)) * fill.last_close
    if is_flat:
        value = exposure = Decimal(0)
    return EquityPoint(max(fill.ts for fill in fills), cash + value, cash, max(exposure, Decimal(0)))
