"""The round trips of a live session, from the fills of its journal and the bars that were kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

import pandas as pd

from actors.messages import OrderFilled, OrderRole
from actors.report.records import RoundTrips, Trade

type Bar = tuple[int, float, float, float]  # when it closed, high, low, close


def trades_of(
    fills: Iterable[OrderFilled], price_series: Mapping[str, pd.DataFrame], closes: Mapping[str, Decimal]
) -> list[Trade]:
    """
    Return a trade for every decision that opened one: the closed ones as they ended, then those still open.

    Each decision is a round trip of its own: one that ended behind our back (closed by hand, say) stays open for us,
    and must not swallow the fills of the next.

    Parameters
    ----------
    fills : Iterable[OrderFilled]
        All of each round trip, from its first on.
    price_series : Mapping[str, pd.DataFrame]
        Bars by symbol, for the worst and the best profit. Of a round trip without bars only its fills and its last
        mark are known: its worst and best are then those.
    closes : Mapping[str, Decimal]
        What each open position is marked at; the close known at its last fill where there is none.

    """
    ordered = sorted(fills, key=lambda fill: (fill.decision_id, fill.ts))
    closed: list[Trade] = []
    still_open: list[Trade] = []
    for _, group in groupby(ordered, key=lambda fill: fill.decision_id):
        trips = _replayed(list(group), price_series, closes)
        closed += trips.closed
        still_open += trips.open_trades()
    return [*sorted(closed, key=lambda trade: (trade.exit_time, trade.symbol)), *still_open]


def _replayed(
    fills: Sequence[OrderFilled], price_series: Mapping[str, pd.DataFrame], closes: Mapping[str, Decimal]
) -> RoundTrips:
    trips, symbol, booked = RoundTrips(), fills[0].symbol, 0
    for ts, high, low, close in _bars(price_series.get(symbol), fills[0].ts):
        while booked < len(fills) and _is_before(fills[booked], ts):
            trips.add_fill(fills[booked])
            booked += 1
        trips.mark(symbol, ts, high, low, close)
    for fill in fills[booked:]:
        trips.add_fill(fill)
    if symbol in closes:
        trips.mark(symbol, fills[0].ts, *[closes[symbol]] * 3)  # as of the entry: it moves the mark alone
    return trips


def _is_before(fill: OrderFilled, bar_ts: int) -> bool:
    """Whether a fill came before the close of a bar; of one at that moment: a stop was hit in the bar, others wait."""
    return fill.ts < bar_ts or (fill.ts == bar_ts and fill.role is OrderRole.STOP)


def _bars(frame: pd.DataFrame | None, since: int) -> Iterator[Bar]:
    if frame is None:
        return iter(())
    later = frame[frame["ts"] > since]
    return zip(*(later[column].tolist() for column in ("ts", "high", "low", "close")), strict=True)
