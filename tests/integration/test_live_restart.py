"""Starts and restarts of a live node over TCP: truth from the broker, ownership from the journal (law 11)."""

import json
from datetime import date
from decimal import Decimal

import pytest

from actors.journal.store import JournalStore
from actors.messages import ExitReason, LossBaselineSet, LossLimitHit, Side
from catalog.recorded_bars import read
from tests.integration.live_rig import PRICE, at_minute, flat_market, floor
from tests.integration.live_steps import codes, decisions, is_told
from tests.integration.rig import AAPL, MSFT, SIDES

EVER = (0, 2**62)


def opening(side, *minutes, closing=(), number=0, symbol=AAPL):
    up, down = (minutes, closing) if side is Side.LONG else (closing, minutes)
    return at_minute(symbol, up=up, down=down, short=side is Side.SHORT, number=number)


def hold(day, node, side, minute=2):
    """Let a node enter on a minute; return the resting stop."""
    words = f"{'bought' if side is Side.LONG else 'sold'} 100 at"
    said = node.terminal.count(words)
    day.minute(minute)
    node.until(lambda: len(day.resting()) == 2, "the entry and its stop")
    day.prints()
    node.until_equal(day.position, 100 * side)
    node.until_equal(lambda: node.terminal.count(words), said + 1)
    return day.stop()


def opened(day, side, *overrides, **options):
    """Start a node and let it open a position; return it."""
    node = day.start([opening(side, 2, **options)], *overrides)
    hold(day, node, side)
    return node


def leave(day, node):
    """Let the closing order fill, behind whatever stops there were meanwhile."""
    node.until(lambda: any(order["type"] == "MKT" for order in day.resting()), "the closing order")
    day.prints()
    node.until(lambda: day.position() == 0 and is_told(day, node), "being flat")


def market_orders(day):
    return [order for order in day.orders() if order["type"] == "MKT"]


def by_hand(side):
    return "buy" if side is Side.LONG else "sell"


def alerts(node):
    return set(codes(node))


def orders_told(node):
    """Return the orders that ``status`` shows, once the node has said its first word."""

    def said():
        with node.journal() as journal:
            word, run = journal.snapshot(), journal.runs()[-1]
        return json.loads(word.text)["orders"] if word is not None and word.run_id == run.run_id else None

    return node.until(said, "the orders of the status")


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
        assert [order["broker_order_id"] for order in orders_told(second)] == [f"PERM-{stop['perm_id']}"]
        day.minute(4)
        leave(day, second)
        assert second.terminate() == 0
        assert "AAPL #2 stop cancelled" in second.terminal
        assert "AAPL #3 exit" in second.terminal  # the numbers go on
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
        [file] = (day.state / "bars").iterdir()
        known = list(read(file))
        day.minute(4)
        second.until(lambda: list(read(file)) != known, "a bar: the report is of its session, whichever runs outside")
        assert second.terminate() == 0
        assert len(day.orders()) == 2
        assert "at the broker: nothing of ours" in second.terminal
        with second.journal() as journal:
            assert [fill.exit_reason for fill in journal.fills(*EVER)] == [None, ExitReason.PROTECTIVE_STOP]
            assert journal.open_trips() == {}
        told = summary(second)
        assert (told["trades"], told["losses"]) == (1, 1)
        assert Decimal(str(told["net_pnl_usd"])) == pytest.approx(-600 + 2 * -1, abs=101)
        assert alerts(second) == {"restarted_after_crash"}


@pytest.mark.parametrize(("side", "gap"), [(Side.LONG, 0), (Side.SHORT, 8)])
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
            second.until(lambda: day.position() == 0 or day.prints(), "being flat")
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
    """Not by a signal, not at the loss limit, which another symbol hits; and the node ends all the same."""
    market = flat_market(MSFT=[PRICE] * 2 + [PRICE - 4 * side] * 388)
    with floor(tmp_path, market) as day:
        day.gateway.do.trade(AAPL, by_hand(side), 50, "100")
        tables = [opening(side, 2, closing=(3,)), opening(side, 2, symbol=MSFT)]
        node = day.start(tables, "risk.max_daily_loss_usd=100")
        node.until_says("LOCKED")
        day.minute(2)
        node.until(lambda: len(day.resting(MSFT)) == 2, "the entry and its stop")
        day.prints()
        node.until(lambda: day.position(MSFT) == 100 * side, "the position")
        day.minute(3)
        node.until(lambda: len(day.orders(MSFT)) == 3, "the closing order")
        day.prints()
        assert node.exit_code() == 5
        assert (day.position(), day.position(MSFT)) == (50 * side, 0)
        assert [one["quantity"] for one in day.orders()] == [50]
        assert {"position_break", "loss_limit"} <= alerts(node)
        with node.journal() as journal:
            decisions = journal.decisions(*EVER)
            assert {one.reason for one in decisions if one.symbol == AAPL} == {"held"}


@pytest.mark.parametrize(("side", "traded"), [(Side.LONG, 50), (Side.SHORT, -40), (Side.LONG, -100)])
def test_trades_by_hand_while_down_lock_the_symbol_at_the_start(tmp_path, side, traded):
    """Our stop stays, but never for more than the broker holds."""
    rests = min(100, 100 + traded)
    with floor(tmp_path) as day:
        first = opened(day, side)
        first.kill()
        day.gateway.do.trade(AAPL, by_hand(side if traded > 0 else side.opposite), abs(traded))

        second = day.start([opening(side, 2, closing=(3,))])
        second.until_says("LOCKED")
        second.until(lambda: sum(order["quantity"] for order in day.resting()) == rests, "the stop's quantity")
        day.minute(3)
        second.until(lambda: len(decisions(second)) == 2, "the decision")
        assert second.terminate() == 0
        assert day.position() == (100 + traded) * side
        assert [order["type"] for order in day.orders()] == ["MKT", "STP", "MKT"]
        if rests:
            assert f"AAPL.NASDAQ {100 * side:+} shares with their stop at" in second.terminal
        with second.journal() as journal:
            assert journal.decisions(*EVER)[-1].reason == "held"
        if not rests:
            a_start_after_our_position_was_closed_by_hand_is_free(day, side)


def a_start_after_our_position_was_closed_by_hand_is_free(day, side):
    third = day.start([opening(side, 5)])
    third.until_says("closed by hand?")
    hold(day, third, side, minute=5)
    assert third.terminate() == 0
    with third.journal() as journal:
        trades = [fill for fill in journal.fills(*EVER) if fill.exit_reason is ExitReason.OPERATOR]
        assert [(fill.quantity, fill.position_after) for fill in trades] == [(100, 0)]


def test_trades_by_hand_while_running_lock_the_symbol_and_the_stop_cannot_reverse(tmp_path):
    """AAPL, long, is sold under our feet, MSFT is sold short on top of ours; nothing is closed by us."""
    with floor(tmp_path) as day:
        tables = [opening(Side.LONG, 2, closing=(4,)), opening(Side.SHORT, 2, closing=(4,), symbol=MSFT)]
        node = day.start(tables, 'trading.on_stop="flatten"')
        day.minute(2)
        node.until(lambda: len(day.resting(MSFT)) == len(day.resting()) == 2, "the entries and their stops")
        day.prints()
        node.until(lambda: (day.position(), day.position(MSFT)) == (100, -100), "the positions")
        asked = day.asked()
        day.gateway.do.trade(AAPL, "sell", 40)
        day.gateway.do.trade(MSFT, "sell", 50)
        node.until_says("starting anew")  # the engine makes trades of its own of what is not ours
        node.until(lambda: day.asked() >= asked + 2, "the subscription of bars")
        node.until_says("MSFT LOCKED")
        node.until(lambda: day.stop()["quantity"] == 60, "a smaller stop")
        day.minute(4)
        node.until(lambda: len(decisions(node)) == 4, "the decisions")
        assert day.stop(MSFT)["quantity"] == 100
        assert node.terminate() == 0
        assert (day.position(), day.position(MSFT)) == (60, -150)
        assert len([one for one in day.orders() + day.orders(MSFT) if one["type"] == "MKT"]) == 4
        assert "position_break" in alerts(node)
        with node.journal() as journal:
            assert {one.reason for one in journal.decisions(*EVER)[2:]} == {"held"}


def test_after_a_restart_the_rule_that_opened_still_owns_the_position(tmp_path):
    side = Side.SHORT
    with floor(tmp_path) as day:
        tables = [opening(side, 90, closing=(3,)), opening(side, 2, closing=(4,), number=1)]
        first = day.start(tables, 'trading.exit_by="opener"')
        hold(day, first, side)
        first.kill()

        second = day.start(tables, 'trading.exit_by="opener"')
        day.minute(3)
        day.prints()
        assert (day.position(), len(day.orders())) == (100 * side, 2)
        day.minute(4)
        leave(day, second)
        assert second.terminate() == 0
        with second.journal() as journal:
            assert {fill.strategy.rpartition(":")[2] for fill in journal.fills(*EVER)} == {"AtMinute#2"}
            assert [one.reason for one in journal.decisions(*EVER)][1] == "not_opener"


@pytest.mark.parametrize(("side", "fills"), [(Side.LONG, True), (Side.SHORT, False)], ids=["goes on", "times out"])
def test_a_partial_entry_survives_a_kill(tmp_path, side, fills):
    with floor(tmp_path) as day:
        day.gateway.do.split_fills(4)
        first = day.start([opening(side, 2)])
        day.minute(2)
        first.until(lambda: len(day.resting()) == 2, "the entry and its stop")
        day.prints()
        first.until(lambda: day.position() == 25 * side, "a part of the position")
        first.kill()
        day.gateway.do.withhold_fills(AAPL, not fills)

        second = day.start([opening(side, 2)])
        assert day.stop()["quantity"] == 100
        if fills:
            day.prints(3)
        else:
            day.minute(3)
        held = 100 if fills else 25
        second.until(lambda: len(day.resting()) == 1 and day.stop()["quantity"] == held, "a stop as large as is held")
        second.until(lambda: is_told(day, second), "the fills")
        assert second.terminate() == 0
        assert day.position() == held * side
        assert len(day.orders()) == 2
        assert f"AAPL.NASDAQ {held * side:+} shares with their stop" in second.terminal
        assert ("entry_timeout" in alerts(second)) is not fills
        with second.journal() as journal:
            assert sum(fill.quantity for fill in journal.fills(*EVER)) == held


def test_an_entry_that_never_left_is_nothing_after_a_restart(tmp_path):
    """The journal has the intents, the broker has heard of no order: the symbol is free, and ids are not used again."""
    with floor(tmp_path) as day:
        first = day.start([opening(Side.LONG, 2)])
        day.gateway.do.swallow("place", 2)
        day.minute(2)
        first.until(lambda: day.gateway.received()["PlaceOrderRequest"] == 2, "the entry and its stop")
        first.kill()
        assert day.orders() == []

        second = day.start([opening(Side.LONG, 2, 3)])
        hold(day, second, Side.LONG, 3)
        assert second.terminate() == 0
        with second.journal() as journal:
            assert [one.decision_id for one in journal.intents(*EVER)] == [f"{AAPL}-00000{n}" for n in (1, 1, 2, 2)]
            assert len({one.client_order_id for one in journal.intents(*EVER)}) == 4


@pytest.mark.parametrize(("side", "lost"), [(Side.LONG, "cancel"), (Side.SHORT, "place")])
def test_an_exit_under_way_is_ended_after_a_kill(tmp_path, side, lost):
    """Killed while the stop's cancel is not answered, and with the stop gone and the closing order not arrived."""
    with floor(tmp_path) as day:
        first = opened(day, side, closing=(3,))
        sent = day.gateway.received()["PlaceOrderRequest"]
        day.gateway.do.swallow(lost)
        day.minute(3)
        request, count = ("CancelOrderRequest", 1) if lost == "cancel" else ("PlaceOrderRequest", sent + 1)
        first.until(lambda: day.gateway.received()[request] == count, "the request that is lost")
        first.kill()

        second = day.start([opening(side, 2)])
        leave(day, second)
        second.until_says("flat: round trip")
        assert second.terminate() == 0
        assert (day.resting(), len(market_orders(day))) == ([], 2)
        with second.journal() as journal:
            assert journal.fills(*EVER)[-1].exit_reason is ExitReason.SIGNAL


@pytest.mark.parametrize(("side", "falls"), [(Side.LONG, True), (Side.SHORT, False)], ids=["flattening", "before that"])
def test_a_loss_limit_hit_before_a_kill_still_holds(tmp_path, side, falls):
    """Killed while the stop's cancel is not answered, or when no more than the breach was on the disk."""
    market = flat_market(AAPL=[PRICE] * 2 + [PRICE - 4 * side * falls] * 388)
    limit = "risk.max_daily_loss_usd=100"
    with floor(tmp_path, market) as day:
        first = opened(day, side, limit)
        if falls:
            day.gateway.do.swallow("cancel")
            day.minute(3)
            first.until(lambda: day.gateway.received()["CancelOrderRequest"] == 1, "the cancel of the stop")
        first.kill()
        if not falls:
            breach(first, date.max)

        second = day.start([opening(side, 2, 4)], limit)
        leave(day, second)
        assert second.exit_code() == 5
        assert (day.position(), day.resting()) == (0, [])
        with second.journal() as journal:
            assert journal.fills(*EVER)[-1].exit_reason is ExitReason.LOSS_LIMIT
        third = day.start([opening(side, 2, 4)], limit)
        assert third.exit_code() == 5
        assert len(market_orders(day)) == 2


def test_the_session_after_a_breach_trades_again(tmp_path):
    with floor(tmp_path) as day:
        first = day.start([opening(Side.LONG, 2)])
        assert first.terminate() == 0
        breach(first, date(2024, 10, 4))

        second = day.start([opening(Side.LONG, 2)])
        hold(day, second, Side.LONG)
        assert second.terminate() == 0


def breach(node, session):
    """Let the journal of a dead node end with a breach of the loss limit in some session."""
    with JournalStore(node.state / "journal.sqlite") as store:
        if session is not date.max:
            store.write(LossBaselineSet(1, session, Decimal(100_000)), 1)
        latch = store.loss_latch()
        store.write(LossLimitHit(1, latch.session, Decimal(-200), Decimal(100), latch.baseline_usd), 1)
