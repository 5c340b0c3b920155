"""
What a session record tells of its decisions, orders, stops, fills and exits, as lines that both sides must share.

Left out is what cannot be equal. The backtest holds an order until the next open: so when a stop first rests, and the
stop of an entry that is dropped before that open. It knows the bar of a fill only: so the second. And ids.

"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import groupby

from actors.messages import OrderRole
from actors.report.records import OrderRecord, SessionRecord

NANOS_IN_MINUTE = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Side:
    """A record, and how its fills are stamped."""

    record: SessionRecord
    start: int  # open of the session; what is older is history
    bar_of: Callable[[int], int]  # from the time of a fill to the close of the bar it happened in


@dataclass(frozen=True, slots=True)
class Comparison:
    """The lines of one kind on both sides."""

    name: str
    live: list[str]
    backtest: list[str]

    @property
    def differences(self) -> list[str]:
        """Return the lines that only one side has, in their order, each with its side."""
        found = []
        for kind, first, last, begin, end in SequenceMatcher(None, self.live, self.backtest, False).get_opcodes():
            if kind != "equal":
                found += [f"live      {line}" for line in self.live[first:last]]
                found += [f"backtest  {line}" for line in self.backtest[begin:end]]
        return found


def compare(live: SessionRecord, backtest: SessionRecord, start: int) -> list[Comparison]:
    """Return what each side tells of a session that opens at ``start``, UTC nanoseconds."""
    # IB stamps a fill with the second it happened in; the engine an opening just after, a stop's fill at the bar's end
    sides = [
        Side(live, start, lambda ts: (ts // NANOS_IN_MINUTE + 1) * NANOS_IN_MINUTE),
        Side(backtest, start, lambda ts: -(-ts // NANOS_IN_MINUTE) * NANOS_IN_MINUTE),
    ]
    kinds = {"decisions": _decisions, "orders": _orders, "stops": _stops, "fills": _fills, "exits": _exits}
    told = {"equity": _equity} | kinds
    return [Comparison(name, *(list(lines(side)) for side in sides)) for name, lines in told.items()]


def _decisions(side: Side) -> Iterator[str]:
    for one in side.record.decisions:
        if one.ts > side.start:
            yield (
                f"{_time(one.ts)} {one.symbol} {one.strategy} {one.signal:+} at {one.close}: "
                f"{one.action} {one.quantity} {one.reason}"
            )


def _orders(side: Side) -> Iterator[str]:
    for one in sorted(side.record.orders, key=lambda order: order.symbol):
        yield f"{_time(one.created)} {one.symbol} {one.role} {one.side} {one.quantity} {_trigger(one)}({one.strategy})"


def _trigger(order: OrderRecord) -> str:
    return "" if order.trigger_price is None else f"{order.trigger_price} at the end "


def _stops(side: Side) -> Iterator[str]:
    orders = side.record.orders
    dropped = {(one.symbol, one.created) for one in orders if one.role is OrderRole.ENTRY and not one.filled}
    told = [point for point in side.record.stops if point.trigger is None or (point.symbol, point.ts) not in dropped]
    for symbol, points in groupby(sorted(told, key=lambda point: point.symbol), key=lambda point: point.symbol):
        rests: Decimal | None = None
        for point in points:
            if point.trigger is None and rests is not None:
                yield f"{symbol} ends"
            elif point.trigger is not None and rests is None:
                yield f"{symbol} rests at {point.trigger}"
            elif point.trigger != rests:
                yield f"{symbol} raised to {point.trigger} at {_time(point.ts)}"
            rests = point.trigger


def _fills(side: Side) -> Iterator[str]:
    for one in sorted(side.record.fills, key=lambda fill: fill.symbol):
        bought = "bought" if one.side > 0 else "sold"
        reason = one.exit_reason or "entry"
        yield (
            f"{_time(side.bar_of(one.ts))} {one.symbol} {one.role} {bought} {one.quantity} at {one.price} "
            f"for {one.commission_usd:.2f}: {reason}, {one.position_after:+} held"
        )


def _exits(side: Side) -> Iterator[str]:
    for one in sorted(side.record.trades, key=lambda trade: trade.symbol):
        yield (
            f"{one.symbol} {one.side.name} {one.quantity} {one.strategy} {one.entry_price} to {one.exit_price}: "
            f"{one.exit_reason}, net {one.net_pnl_usd:.2f}, worst {one.mae_usd:.2f}, best {one.mfe_usd:.2f}"
        )


def _equity(side: Side) -> Iterator[str]:
    record = side.record
    cash = worth = record.starting_equity_usd
    if record.equity:
        cash, worth = record.equity[-1].cash_usd, record.equity[-1].equity_usd
    yield f"{_usd(record.starting_equity_usd)} at the start, {_usd(worth)} at the end, {_usd(cash)} of it in cash"


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f} USD"


def _time(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 10**9, UTC):%Y-%m-%d %H:%M} UTC"
