"""What a journal remembers for the next start: who owns which order, the cash, where the loss limit stood (law 11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from actors.journal.reader import JournalReader, LossLatch
from actors.journal.trips import TripLog
from actors.messages import OrderFilled, OrderIntended, OrderRole, Side
from strategies.holding import Holding, Phase
from strategies.memory import Memory


@dataclass(frozen=True, slots=True)
class Past:
    """What the components go on from; ``open_…`` is of the round trips that were not over."""

    memories: dict[str, Memory]
    cash_usd: Decimal
    open_fills: tuple[OrderFilled, ...] = ()
    open_intents: tuple[OrderIntended, ...] = ()
    loss: LossLatch | None = None


def recall(journal: JournalReader, symbols: Iterable[str], cash_usd: Decimal) -> Past:
    """Return the past of some symbols; ``cash_usd`` is what a journal without one begins with."""
    trips = journal.open_trips()
    known = journal.cash_usd()
    return Past(
        memories={symbol: _memory(journal, symbol, trips.get(symbol)) for symbol in symbols},
        cash_usd=cash_usd if known is None else known,
        open_fills=tuple(sorted((fill for trip in trips.values() for fill in trip.fills), key=lambda fill: fill.ts)),
        open_intents=tuple(intent for trip in trips.values() for intent in trip.intents),
        loss=journal.loss_latch(),
    )


def forgotten(past: Past, cash_usd: Decimal) -> Past:
    """Return a past without positions, of which only the count of the decisions goes on."""
    memories = {symbol: Memory(decisions=memory.decisions) for symbol, memory in past.memories.items()}
    return Past(memories, cash_usd)


def _memory(journal: JournalReader, symbol: str, trip: TripLog | None) -> Memory:
    last = journal.last_trip(symbol)
    known = trip or last
    return Memory(
        holding=Holding() if trip is None else restored_holding(trip),
        last=restored_holding(last) if last is not None and trip is None else Holding(),
        booked_trades=frozenset() if known is None else frozenset(fill.trade_id for fill in known.fills),
        decisions=journal.decision_count(symbol),
        orders=journal.order_roles(symbol),
    )


def restored_holding(trip: TripLog) -> Holding:
    """Return a round trip as its owner knew it; what works and where the stop rests is the broker's to correct."""
    entry = next((intent for intent in trip.intents if intent.role is OrderRole.ENTRY), trip.intents[0])
    holding = Holding(
        phase=Phase.OPEN,
        rule=trip.strategy,
        decision_id=trip.decision_id,
        side=entry.side if entry.role is OrderRole.ENTRY else Side(entry.side.opposite),
        entry_time=trip.entry_ts,
    )
    for intent in trip.intents:
        holding.sent(intent.role, intent.client_order_id, intent.quantity, intent.trigger)
    for fill in trip.fills:
        if fill.client_order_id in holding.roles:
            holding.filled(fill.client_order_id, fill.side, fill.quantity, fill.price, fill.commission_usd)
    for order_id in trip.ended:
        holding.ended(order_id)
    holding.stop_trigger = trip.stop_trigger or holding.stop_trigger
    holding.was_raised = trip.was_raised
    holding.exit_reason = trip.exit_reason
    return holding
