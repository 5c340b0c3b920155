"""
A round trip as the journal knows it: what a restart needs to own it again.

Pure: built of the rows of one round trip, each with its number in the order of writing.

"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from actors.messages import (
    ExitReason,
    OrderFilled,
    OrderIntended,
    OrderProgressed,
    OrderRole,
    PositionReported,
    StopMoved,
)

ENDED_STATUSES = frozenset({"canceled", "rejected", "denied", "expired", "filled"})

type Numbered[Message] = Sequence[tuple[int, Message]]


@dataclass(frozen=True, slots=True)
class TripRows:
    """What was written of one round trip, oldest first."""

    intents: Numbered[OrderIntended]  # at least one
    fills: Numbered[OrderFilled]
    states: Numbered[OrderProgressed]
    stops: Numbered[StopMoved]
    reports: Numbered[PositionReported]


@dataclass(frozen=True, slots=True)
class TripLog:
    """One round trip; ``ended`` are the orders known to fill no more."""

    symbol: str
    decision_id: str
    strategy: str  # the rule that opened
    entry_ts: int
    intents: list[OrderIntended]
    fills: list[OrderFilled]
    ended: set[str]
    stop_trigger: Decimal | None  # where the latest stop order was last known to rest, else where it was meant to
    stop_quantity: int  # shares of it that may still fill
    was_raised: bool
    exit_reason: ExitReason | None
    is_over: bool


def trip_log(rows: TripRows) -> TripLog:
    """Return what is known of a round trip."""
    intents = [intent for _, intent in rows.intents]
    first = intents[0]
    stop = next((intent for intent in reversed(intents) if intent.role is OrderRole.STOP), None)
    moved = [
        move.trigger for _, move in rows.stops if stop is not None and move.client_order_id == stop.client_order_id
    ]
    triggers = [trigger for trigger in moved if trigger is not None]
    reasons = [report.exit_reason for _, report in rows.reports if report.exit_reason is not None]
    ended = _ended(rows)
    return TripLog(
        symbol=first.symbol,
        decision_id=first.decision_id,
        strategy=first.strategy,
        entry_ts=first.ts,
        intents=intents,
        fills=[fill for _, fill in rows.fills],
        ended=ended,
        stop_trigger=triggers[-1] if triggers else None if stop is None else stop.trigger,
        stop_quantity=0 if stop is None or stop.client_order_id in ended else _open_shares(rows, stop),
        was_raised=any(move.is_raise for _, move in rows.stops),
        exit_reason=reasons[-1] if reasons else None,
        is_over=_is_over(rows),
    )


def _is_over(rows: TripRows) -> bool:
    """Whether its owner last called it flat, and nothing was sent or filled after that."""
    if not rows.reports or not rows.reports[-1][1].is_flat:
        return False
    said = rows.reports[-1][0]
    return all(number < said for number, _ in (*rows.intents, *rows.fills))


def _ended(rows: TripRows) -> set[str]:
    told = {state.client_order_id for _, state in rows.states if state.status.lower() in ENDED_STATUSES}
    filled = {intent.client_order_id for _, intent in rows.intents if _open_shares(rows, intent) <= 0}
    return told | filled


def _open_shares(rows: TripRows, intent: OrderIntended) -> int:
    """Return the shares of an order that may still fill: of a stop what rested when last told, less the fills since."""
    order_id = intent.client_order_id
    since, shares = 0, intent.quantity
    for number, move in rows.stops:
        if move.client_order_id == order_id:
            since, shares = number, move.quantity
    fills = (fill.quantity for number, fill in rows.fills if number > since and fill.client_order_id == order_id)
    return shares - sum(fills)
