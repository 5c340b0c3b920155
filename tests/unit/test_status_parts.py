"""From the symbols to the parts of the status."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actors.messages import Side
from actors.performance.order_tracks import OrderTracks
from actors.status.desk_facts import Objection
from actors.status.parts import blocked_status, entries_status, orders_status, positions_status, session_status
from catalog.sessions import Sessions
from tests.unit.status_builders import AAPL, MSFT, flat, held

SIDES = pytest.mark.parametrize("side", list(Side))
HALTED = Objection("halted", "halted: by anna: lunch")
STALE = Objection("not_ready", "not_ready: data: no bar for 200 s")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("objections", "state", "are_allowed", "reason"),
    [
        ((Objection(), STALE), "trading", True, ""),
        ((HALTED, HALTED), "halted", False, HALTED.detail),
        ((STALE, STALE), "holding", False, STALE.detail),
        ((Objection("session", "s"),) * 2, "waiting", False, "s"),
        ((Objection("warm_up", "3 of 5"), Objection("warm_up", "4 of 5")), "warming_up", False, "3 of 5; 4 of 5"),
        ((Objection("disabled", "d"),) * 2, "disabled", False, "d"),
        ((Objection("max_positions", "m"),) * 2, "trading", False, "m"),
        ((STALE, HALTED), "trading", False, f"{STALE.detail}; {HALTED.detail}"),
    ],
)
def test_entries_are_allowed_when_one_symbol_may_enter(objections, state, are_allowed, reason):
    symbols = [flat(symbol, objection=objection) for symbol, objection in zip((AAPL, MSFT), objections, strict=True)]
    found, entries = entries_status(symbols)
    assert (found, entries.are_allowed, entries.reason) == (state, are_allowed, reason)


def test_blocked_is_a_symbol_with_a_reason_of_its_own():
    locked = Objection("held", "held: locked: not ours")
    symbols = [flat(objection=STALE), flat(MSFT, objection=locked, lock="locked: not ours"), flat("IBM.NYSE")]

    assert [(one.symbol, one.reason, one.detail) for one in blocked_status(symbols)] == [
        (AAPL, "not_ready", STALE.detail),
        (MSFT, "locked", "locked: not ours"),
    ]
    assert blocked_status([flat(objection=HALTED), flat(MSFT, objection=HALTED)]) == ()
    assert [one.symbol for one in blocked_status([flat(objection=HALTED), flat(MSFT)])] == [AAPL]


@SIDES
def test_a_position_has_its_side_profit_stop_and_trailing_state(side):
    [found] = positions_status([flat(MSFT), held(side=side)], trails=True)

    assert (found.symbol, found.side, found.quantity) == (AAPL, side.name.lower(), 100)
    assert (found.unrealised_pnl_usd, found.stop_trigger) == (Decimal(100) * side, Decimal(100 - 5 * side))
    assert found.trailing == "waiting"
    assert positions_status([held(was_raised=True)], trails=True)[0].trailing == "raised"
    assert positions_status([held(was_raised=True)], trails=False)[0].trailing == "off"
    assert positions_status([held(last_close=Decimal(0))], trails=True)[0].unrealised_pnl_usd is None


def test_an_order_of_before_this_run_is_shown_too():
    [order] = orders_status([held()], OrderTracks())

    assert (order.role, order.quantity, order.stop_trigger, order.status) == ("stop", 100, Decimal(95), "resting")
    assert order.broker_order_id == ""
    assert orders_status([held(stop_trigger=None)], OrderTracks())[0].status == "working"


@pytest.mark.parametrize(
    ("now", "date", "to_open", "to_close"),
    [
        ("2026-11-23T14:00:00", "2026-11-23", 1_800, None),
        ("2026-11-23T14:30:00", "2026-11-23", None, 23_400),
        ("2026-11-23T20:59:59", "2026-11-23", None, 1),
        ("2026-11-23T21:00:00", "2026-11-24", 17.5 * 3_600, None),
        ("2026-11-22T12:00:00", "2026-11-23", 26.5 * 3_600, None),
        ("2026-11-25T22:00:00", "2026-11-27", 40.5 * 3_600, None),  # over Thanksgiving
    ],
)
def test_time_to_the_open_or_the_close(now, date, to_open, to_close):
    found = session_status(Sessions(), at(now))
    assert (found.date, found.is_open) == (date, to_open is None)
    assert (found.secs_to_open, found.secs_to_close) == (to_open, to_close)
