"""From what is known of the symbols to the parts of the status. Pure."""

from collections.abc import Sequence

from actors.messages import OrderRole
from actors.performance.histogram import Histogram
from actors.performance.measures import LATENCY_UNIT, MEASURES, Histograms, in_order
from actors.performance.order_tracks import OrderTracks
from actors.report.format import iso_utc
from actors.status.desk_facts import Objection, SymbolFacts, WorkingOrder
from actors.status.report import (
    BlockedStatus,
    EntriesStatus,
    MeasureStatus,
    OrderStatus,
    PositionStatus,
    SessionStatus,
    State,
)
from catalog.sessions import NANOS_IN_SECOND, Sessions, SessionWindow

_STATES: dict[str, State] = {  # by the reason for which no symbol may enter
    "disabled": "disabled",
    "halted": "halted",
    "not_ready": "holding",
    "session": "waiting",
    "warm_up": "warming_up",
}
_OF_ALL = {"disabled", "halted", "session", "max_positions", "order_rate"}  # not of one symbol


def entries_status(symbols: Sequence[SymbolFacts]) -> tuple[State, EntriesStatus]:
    """Return the state of the node and whether any symbol may enter."""
    objections = [facts.objection for facts in symbols]
    if not all(objection.reason for objection in objections):
        return "trading", EntriesStatus(are_allowed=True)
    reasons = {objection.reason for objection in objections}
    texts = list(dict.fromkeys(objection.detail for objection in objections))
    state: State = _STATES.get(objections[0].reason, "trading") if len(reasons) == 1 else "trading"
    return state, EntriesStatus(are_allowed=False, reason="; ".join(texts))


def blocked_status(symbols: Sequence[SymbolFacts]) -> tuple[BlockedStatus, ...]:
    """Return the symbols that may not enter for a reason that is not everybody's."""
    is_general = len({facts.objection for facts in symbols}) == 1
    return tuple(
        BlockedStatus(symbol=facts.symbol, reason=_named(facts).reason, detail=_named(facts).detail)
        for facts in symbols
        if facts.objection.reason and not (is_general and facts.objection.reason in _OF_ALL)
    )


def _named(facts: SymbolFacts) -> Objection:
    return Objection("locked", facts.lock) if facts.lock else facts.objection


def positions_status(symbols: Sequence[SymbolFacts], *, trails: bool) -> tuple[PositionStatus, ...]:
    """Return what is held."""
    return tuple(_position(facts, trails=trails) for facts in symbols if facts.quantity)


def _position(facts: SymbolFacts, *, trails: bool) -> PositionStatus:
    return PositionStatus(
        symbol=facts.symbol,
        side="long" if facts.quantity > 0 else "short",
        quantity=abs(facts.quantity),
        average_price=facts.average_price,
        last_close=facts.last_close or None,
        unrealised_pnl_usd=facts.unrealised_usd,
        stop_trigger=facts.stop_trigger,
        stop_quantity=facts.stop_shares,
        trailing=("raised" if facts.was_raised else "waiting") if trails else "off",
        rule=facts.rule,
        phase=facts.phase,
        exit_reason=facts.exit_reason,
    )


def orders_status(symbols: Sequence[SymbolFacts], tracks: OrderTracks) -> tuple[OrderStatus, ...]:
    """Return what may still fill."""
    return tuple(_order(facts, order, tracks) for facts in symbols for order in facts.orders)


def _order(facts: SymbolFacts, order: WorkingOrder, tracks: OrderTracks) -> OrderStatus:
    track = tracks.track(order.client_order_id)
    is_resting = order.role is OrderRole.STOP and facts.stop_trigger is not None
    return OrderStatus(
        symbol=facts.symbol,
        client_order_id=order.client_order_id,
        broker_order_id="" if track is None else track.broker_order_id,
        role=order.role,
        quantity=order.shares,
        stop_trigger=order.trigger,
        status="resting" if is_resting else "working" if track is None else track.status,
    )


def latencies_status(histograms: Histograms) -> dict[str, MeasureStatus]:
    """Return the measures of time that happened."""
    return {name: _measure(name, one) for name, one in in_order(histograms).items() if _is_latency(name)}


def load_status(histograms: Histograms) -> dict[str, MeasureStatus]:
    """Return what the process takes of the machine."""
    return {name: _measure(name, one) for name, one in in_order(histograms).items() if not _is_latency(name)}


def _is_latency(name: str) -> bool:
    return MEASURES[name].unit == LATENCY_UNIT


def _measure(name: str, histogram: Histogram) -> MeasureStatus:
    return MeasureStatus(
        count=histogram.count,
        p50=round(histogram.percentile(50), 3),
        p95=round(histogram.percentile(95), 3),
        max=round(histogram.max, 3),
        mean=round(histogram.mean, 3),
        goal=MEASURES[name].goal,
        is_met=MEASURES[name].is_met(histogram),
    )


def session_status(sessions: Sessions, ts: int) -> SessionStatus:
    """Return today's session while it is to come or runs, else the next one."""
    window = _coming(sessions, ts)
    is_open = window.open <= ts
    return SessionStatus(
        date=window.session.isoformat(),
        is_open=is_open,
        opens=iso_utc(window.open),
        closes=iso_utc(window.close),
        secs_to_open=None if is_open else (window.open - ts) // NANOS_IN_SECOND,
        secs_to_close=(window.close - ts) // NANOS_IN_SECOND if is_open else None,
    )


def _coming(sessions: Sessions, ts: int) -> SessionWindow:
    """Return the session that runs, or the next one."""
    day = sessions.session_of(ts)
    window = sessions.between(day, day)[0]
    if window.close > ts:
        return window
    day = sessions.session_of(ts + 24 * 3600 * NANOS_IN_SECOND)
    return sessions.between(day, day)[0]
