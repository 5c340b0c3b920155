"""Starts and restarts of a live node over TCP: truth from the broker, ownership and latches from the journal (law 11)."""

import json
from decimal import Decimal

import pytest

from actors.messages import ExitReason, OrderRole, Side
from tests.integration.live_rig import PRICE, at_minute, flat_market, floor
from tests.integration.rig import AAPL, SIDES

EVER = (0, 2**62)


def opening(side, *minutes, closing=(), number=0):
    up, down = (minutes, closing) if side is Side.LONG else (closing, minutes)
    return at_minute(up=up, down=down, short=side is Side.SHORT, number=number)


def hold(day, node, side, minute=2):
    """Let a node enter on a minute; return the resting stop."""
    day.minute(minute)
    node.until(lambda: len(day.resting()) == 2, "the entry and its stop")
    day.prints()
    node.until(lambda: day.position() == 100 * side, "the position")
    node.until_says(f"stop rests at {95 if side is Side.LONG else 105} for 100")
    return day.stop()


def opened(day, side, *overrides, **options):
    """Start a node and let it open a position; return it."""
    node = day.start([opening(side, 2, **options)], *overrides)
    hold(day, node, side)
    return node


def by_hand(side):
    return "buy" if side is Side.LONG else "sell"


def alerts(node):
    with node.journal() as journal:
        return {alert.code for alert in journal.alerts(*EVER)}


def summary(node):
    [*_, latest] = sorted((node.state / "reports").iterdir())
    return json.loads((latest / "summary.json").read_text())


@SIDES
def test_a_stop_keeps_position_and_stop_and_the_next_start_goes_on(tmp_path, side):
    """SIGTERM; decisions go on counting, and the exit is that of the same round trip."""
    with floor(tmp_path) as day:
        first = day.start([opening(side, 2)])
        assert "AAPL" not in first.terminal.partition("Ready")[2]  # flat: nothing to tell
        stop = hold(day, first, side)
        assert first.terminate() == 0
        trigger = stop["stop_price"]
        assert f"at the broker: AAPL.NASDAQ {100 * side:+} shares with their stop at {trigger}" in first.terminal
        assert (day.position(), day.stop()) == (100 * side, stop)

        second = day.start([opening(side, 2, closing=(4,))])
        assert day.stop() == stop
        day.minute(4)
        second.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints()
        second.until(lambda: day.position() == 0, "being flat")
        assert second.terminate() == 0
        assert day.resting() == []
        with second.journal() as journal:
            entry, leaving = journal.fills(*EVER)
            assert entry.decision_id == leaving.decision_id == f"{AAPL}-000001"
            assert [one.decision_id for one in journal.decisions(*EVER)] == [f"{AAPL}-000001", f"{AAPL}-000002"]
            assert journal.open_trips() == {}
        assert alerts(second) == set()


@SIDES
def test_a_stop_hit_while_the_node_was_down_is_a_trade_with_its_reason(tmp_path, side):
    hit = PRICE - 6 * side
    with floor(tmp_path, flat_market(AAPL=[PRICE] * 2 + [hit] * 388)) as day:
        first = opened(day, side)
        first.kill()
        day.minute(3)
        assert day.position() == 0

        second = day.start([opening(side, 2)])
        second.until_says("flat: round trip")
        assert second.terminate() == 0
        assert len(day.orders()) == 2
        assert "at the broker: nothing of ours" in second.terminal
        with second.journal() as journal:
            assert [fill.exit_reason for fill in journal.fills(*EVER)] == [None, ExitReason.PROTECTIVE_STOP]
            assert journal.open_trips() == {}
        told = summary(second)
        assert (told["trades"], told["losses"]) == (1, 1)
        assert Decimal(str(told["net_pnl_usd"])) == pytest.approx(-600 + 2 * -1, abs=101)
        assert alerts(second) == set()


@SIDES
@pytest.mark.parametrize("gap", [0, 8], ids=["", "through its trigger"])
def test_a_position_whose_stop_was_cancelled_meanwhile_is_protected_or_closed(tmp_path, side, gap):
    price = PRICE - gap * side
    with floor(tmp_path, flat_market(AAPL=[PRICE] * 2 + [price] * 388)) as day:
        first = opened(day, side)
        first.kill()
        before = day.stop()
        day.gateway.do.cancel(before["perm_id"])
        day.minute(3)

        second = day.start([opening(side, 2)])
        if gap:
            day.minute(4)
            second.until(lambda: day.position() == 0, "being flat")
            second.until_says("flat: round trip")
        else:
            second.until(lambda: len(day.resting()) == 1, "a new stop")
            stop = day.stop()
            assert stop["perm_id"] != before["perm_id"]
            assert (stop["stop_price"], stop["quantity"]) == (before["stop_price"], 100)
        assert second.terminate() == 0
        assert len(day.resting()) == (0 if gap else 1)
        assert "stop_missing" in alerts(second)


@SIDES
def test_a_position_bought_by_hand_before_the_start_is_not_touched(tmp_path, side):
    """Not by a signal, not at the loss limit, not by a flatten; and the node ends all the same."""
    market = flat_market(AAPL=[PRICE] * 3 + [PRICE - 30 * side] * 387)
    with floor(tmp_path, market) as day:
        day.gateway.do.trade(AAPL, by_hand(side), 50, "100")
        node = day.start(
            [opening(side, 2, closing=(3,))], "risk.max_daily_loss_usd=100", 'trading.on_stop="flatten"'
        )
        node.until_says("locked")
        day.minute(5)
        assert node.terminate() == 0
        assert day.position() == 50 * side
        assert day.gateway.received()["PlaceOrderRequest"] == 0
        assert "position_break" in alerts(node)
        with node.journal() as journal:
            assert {one.reason for one in journal.decisions(*EVER)} == {"held"}
