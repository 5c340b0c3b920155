"""The orders of a live session as its journal knows them: what was intended, and the latest that was said of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from actors.journal.trips import ENDED_STATUSES
from actors.messages import OrderFilled, OrderIntended, OrderProgressed, StopMoved
from actors.report.records import OrderRecord

UNKNOWN = "UNKNOWN"  # killed between the intent and the broker's word: it may have left or not
_EARLY = {"submitted": "SUBMITTED", "triggered": "TRIGGERED"}  # anything else that has not ended rests: ACCEPTED


@dataclass(slots=True)
class _Told:
    """What the journal holds of one order, oldest first."""

    states: list[OrderProgressed] = field(default_factory=list)
    fills: list[OrderFilled] = field(default_factory=list)
    moves: list[StopMoved] = field(default_factory=list)

    @property
    def filled(self) -> int:
        return sum(fill.quantity for fill in self.fills)


def order_records(
    intents: Sequence[OrderIntended],
    states: Sequence[OrderProgressed],
    fills: Sequence[OrderFilled],
    moves: Sequence[StopMoved],
) -> list[OrderRecord]:
    """Return a record of every intent, in their order; the rest is looked up by client order id."""
    told: defaultdict[str, _Told] = defaultdict(_Told)
    for state in states:
        told[state.client_order_id].states.append(state)
    for fill in fills:
        told[fill.client_order_id].fills.append(fill)
    for move in moves:
        told[move.client_order_id].moves.append(move)
    return [_record(intent, told[intent.client_order_id]) for intent in intents]


def _record(intent: OrderIntended, told: _Told) -> OrderRecord:
    status = _status(intent, told)
    triggers = [move.trigger for move in told.moves if move.trigger is not None]
    value = sum((fill.price * fill.quantity for fill in told.fills), Decimal(0))
    return replace(
        OrderRecord.of(intent),
        filled=told.filled,
        trigger_price=triggers[-1] if triggers else intent.trigger,
        status=status,
        average_price=value / told.filled if told.filled else None,
        last_event=max([intent.ts, *(state.ts for state in told.states), *(fill.ts for fill in told.fills)]),
        reason=told.states[-1].reason if told.states and status != "FILLED" else "",
    )


def _status(intent: OrderIntended, told: _Told) -> str:
    ended = [state.status.upper() for state in told.states if state.status in ENDED_STATUSES]
    if ended:
        return ended[-1]
    if told.filled:
        # A stop may have been made smaller than it was meant: then it is filled once it rests no more
        rests_no_more = bool(told.moves) and told.moves[-1].trigger is None
        return "FILLED" if rests_no_more or told.filled >= intent.quantity else "PARTIALLY_FILLED"
    return _EARLY.get(told.states[-1].status, "ACCEPTED") if told.states else UNKNOWN
