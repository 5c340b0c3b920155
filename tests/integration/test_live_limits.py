"""The limits and the ends of a live session over TCP: loss limit, stop of the program, dry run, refused entries."""

import csv
import json
import signal
from itertools import pairwise

import pytest

from actors.messages import Action, ExitReason, Side
from tests.integration.live_rig import flat_market, floor
from tests.integration.live_steps import codes, decisions, enter, fills, flat, is_told, opening, shape
from tests.integration.rig import AAPL, MSFT, SIDES, run, session_bars, store_of

LIMIT = "risk.max_daily_loss_usd=200"
HALT = 'risk.on_daily_loss="halt"'
FLATTEN = 'trading.on_stop="flatten"'


def losing(side: Side):
    """Return a market in which a position of AAPL loses 300 USD in the fourth minute."""
    return flat_market(AAPL=[100, 100, 100, *[100 - 3 * side] * 20])


@SIDES
def test_the_loss_limit_closes_everything_a_partial_entry_too_and_ends_with_5(tmp_path, side):
    with floor(tmp_path, losing(side)) as day:
        node = day.start([opening(side, 2), opening(side, 3, symbol=MSFT)], LIMIT, "risk.entry_timeout_secs=300")
        enter(day, node, 2)
        day.gateway.do.split_fills(4)
        enter(day, node, 3, MSFT)
        day.gateway.do.withhold_fills(MSFT)
        day.minute(4)
        node.until(lambda: len(day.orders()) == len(day.orders(MSFT)) == 3, "both exits")
        assert day.orders(MSFT)[0]["status"] == "Cancelled"
        assert (day.position(MSFT), day.orders(MSFT)[2]["quantity"]) == (25 * side, 25)
        # One command at a time: before each the adapter asks for all open orders, and two that do collide
        frames = day.gateway.frames("AllOpenOrdersRequest", "CancelOrderRequest")
        asked = [frame.kind for frame in frames if frame.client_id == 1]
        before_cancels = [before for before, kind in pairwise(asked) if kind == "CancelOrderRequest"]
        assert before_cancels == ["AllOpenOrdersRequest"] * 3
        day.gateway.do.withhold_fills(MSFT, False)
        day.prints(4)

        assert node.exit_code() == 5
        assert day.gateway.state()["positions"] == {}
        assert day.resting() == day.resting(MSFT) == []
        assert {fill.exit_reason for symbol in (AAPL, MSFT) for fill in fills(node, symbol)} == {
            None,
            ExitReason.LOSS_LIMIT,
        }
        assert "at the broker: nothing of ours" in node.terminal
        with node.journal() as journal:
            assert journal.loss_latch().is_breached
            assert journal.cash_usd() == day.gateway.state()["cash_usd"]


def test_a_halt_at_the_loss_limit_stays_up_and_refuses_entries(tmp_path):
    side = Side.SHORT
    with floor(tmp_path, losing(side)) as day:
        node = day.start([opening(side, 2, 6), opening(side, 5, symbol=MSFT)], LIMIT, HALT)
        enter(day, node, 2)
        day.minute(4)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints()
        flat(day, node)
        day.minute(6)
        node.until(lambda: len(decisions(node)) == 3, "the refusals")
        assert [decision.reason for decision in decisions(node)] == ["signal", "halted", "halted"]
        assert "-301.00 USD <= -200 USD" in decisions(node)[-1].detail
        assert (len(day.orders()), day.orders(MSFT)) == (3, [])
        assert codes(node) == ["loss_limit"]
        assert node.terminate() == 0


@pytest.mark.parametrize("is_flatten", [True, False])
def test_a_stop_of_the_program_keeps_or_closes_what_is_held(tmp_path, is_flatten):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.SHORT, 2)], *([FLATTEN] if is_flatten else []))
        enter(day, node, 2)
        node.process.send_signal(signal.SIGTERM)
        if is_flatten:
            node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
            day.prints()
        assert node.exit_code() == 0
        if is_flatten:
            assert (day.position(), day.resting()) == (0, [])
            assert fills(node)[-1].exit_reason is ExitReason.OPERATOR
            assert "at the broker: nothing of ours" in node.terminal
        else:
            assert (day.position(), day.stop()["quantity"]) == (-100, 100)
            assert "at the broker: AAPL.NASDAQ -100 shares with their stop at 105.00" in node.terminal


def test_a_stop_of_the_program_that_cannot_close_says_what_is_left(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2)], FLATTEN, sooner={"actors.loop.helm.FLATTEN_SECS": 5})
        enter(day, node, 2)
        day.gateway.do.withhold_fills(AAPL)
        node.process.send_signal(signal.SIGTERM)

        assert node.exit_code() == 1
        assert codes(node) == ["not_flat"]
        left = "AAPL.NASDAQ +100 shares WITHOUT A STOP, an exit is under way"
        assert f"CRITICAL not_flat not flat after 5 s: {left}" in node.terminal
        assert f"at the broker: {left}" in node.terminal
        assert shape(day.resting()) == [("MKT", 100, "Submitted")]


def test_a_dry_run_sends_no_order_and_reports_what_is_open(tmp_path):
    with floor(tmp_path) as day:
        fee = "backtest.commission_min_usd=3"
        tables = [opening(Side.LONG, 2, closing=(5,)), opening(Side.SHORT, 3, symbol=MSFT)]
        node = day.start(tables, fee, flags=("--dry-run",))
        day.minute(3)
        node.until(lambda: len(fills(node)) == len(fills(node, MSFT)) == 1, "the simulated entries")
        day.minute(5)
        node.until(lambda: len(fills(node)) == 2, "the simulated exit")
        assert node.terminate() == 0

        sent = day.gateway.received()
        assert not {kind for kind in sent if "Order" in kind and not kind.endswith("OpenOrdersRequest")}
        assert (sent["PlaceOrderRequest"], day.gateway.state()["orders"]) == (0, [])
        assert {fill.commission_usd for fill in fills(node)} == {3}
        asked = day.gateway.frames("PositionsRequest", "AllOpenOrdersRequest")
        assert {frame.kind for frame in asked if frame.client_id == 2} == {"PositionsRequest"}  # by the ear
        (report,) = node.state.glob("reports/dry-run-*")
        with (report / "trades.csv").open() as file:
            trades = {row["symbol"]: row["exit_reason"] for row in csv.DictReader(file)}
        assert trades == {AAPL: "signal", MSFT: "open"}
        summary = json.loads((report / "summary.json").read_text())
        assert (summary["mode"], summary["orders"], summary["commissions_usd"]) == ("dry-run", 5, 9.0)


@pytest.mark.parametrize(
    "override", ["risk.max_positions=1", "risk.max_gross_exposure_usd=12_000", "trading.enabled=false"]
)
def test_an_entry_is_refused_with_the_words_of_a_backtest(tmp_path, override):
    tables = [opening(Side.LONG, 2, 4), opening(Side.LONG, 3, symbol=MSFT)]
    bars = session_bars([100.0] * 390)
    record = run(store_of(tmp_path / "catalog", AAPL=bars, MSFT=bars), tables, [override])
    with floor(tmp_path) as day:
        node = day.start(tables, override)
        for number, minute in enumerate((2, 3, 4), start=1):
            day.minute(minute)
            node.until(lambda: len(decisions(node)) == number, "the decision")  # noqa: B023
            entered = [each.action for each in decisions(node)].count(Action.ENTERED)
            node.until(lambda: len(day.orders()) + len(day.orders(MSFT)) == 2 * entered, "the orders")  # noqa: B023
            day.prints()
            node.until(lambda: is_told(day, node) and is_told(day, node, MSFT), "the fills")

        def words(made):
            return [(each.symbol, each.action, each.reason, each.detail) for each in made]

        assert words(decisions(node)) == words(record.decisions)
        assert day.gateway.received()["PlaceOrderRequest"] == (
            0 if "enabled" in override else 2 + 2 * ("gross" in override)
        )


def test_no_entry_leaves_before_the_first_quote(tmp_path):
    with floor(tmp_path) as day:
        for kind in ("TickPrice", "TickSize"):
            day.gateway.do.lose(kind, 100_000)
        node = day.start([opening(Side.LONG, 2)])
        day.minute(2)
        node.until(lambda: decisions(node), "the refusal")
        assert [decision.detail for decision in decisions(node)] == ["not_ready: data: no quote yet"]
        assert day.gateway.received()["PlaceOrderRequest"] == 0
