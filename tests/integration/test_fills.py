"""How the simulated exchange fills and charges: gaps, partial fills, fees, slippage, timeouts; both sides."""

from decimal import Decimal

import pytest

from actors.messages import ExitReason, OrderRole, Side
from catalog.store import BarStore
from tests.integration.rig import build, run, scripted, session_bars, store_of

SIDES = pytest.mark.parametrize("side", list(Side))
BOTH_FILLS = pytest.mark.parametrize("fill", ["next_open", "signal_close"])


def table(side: Side, opens: int = 5, closes: tuple[int, ...] = ()) -> str:
    up, down = ([opens], list(closes)) if side is Side.LONG else (list(closes), [opens])
    return scripted(up=up, down=down, short=side is Side.SHORT)


def path(side: Side, moves: list[float]) -> list[float]:
    return [100 + side * move for move in moves]


def bars_with_open(closes, bar: int, opens: float):
    """Return bars of which one (1 = the first) opens away from the close before it."""
    frame = session_bars(closes, spread=0)
    frame.loc[bar - 1, "open"] = opens
    frame["high"] = frame[["open", "close", "high"]].max(axis=1)
    frame["low"] = frame[["open", "close", "low"]].min(axis=1)
    return frame


@SIDES
@pytest.mark.parametrize(("fill", "price"), [("next_open", 1), ("signal_close", 0)])
def test_an_entry_fills_at_the_next_open_or_at_the_close_of_its_signal(tmp_path, side, fill, price):
    frame = bars_with_open(path(side, [0.0] * 10), bar=6, opens=100 + side * 1)
    record = run(store_of(tmp_path, AAPL=frame), [table(side)], [f'backtest.fill="{fill}"'])

    assert [fill.price for fill in record.fills] == [100 + side * price]
    assert record.stops[0].trigger == 100 - side * 5  # from the signal's close, not re-anchored at the fill


@SIDES
@BOTH_FILLS
def test_a_stop_inside_a_bar_fills_at_its_trigger_and_gapped_through_at_the_open(tmp_path, side, fill):
    inside = session_bars(path(side, [0.0] * 9 + [-7.0]), spread=0)
    gapped = bars_with_open(path(side, [0.0] * 9 + [-7.0]), bar=10, opens=100 - side * 6)
    prices = [
        run(store_of(tmp_path / name, AAPL=frame), [table(side)], [f'backtest.fill="{fill}"']).fills[-1].price
        for name, frame in (("inside", inside), ("gapped", gapped))
    ]

    assert prices == [100 - side * 5, 100 - side * 6]


@SIDES
def test_an_entry_that_gaps_beyond_its_own_stop_is_stopped_out_at_once(tmp_path, side):
    frame = bars_with_open(path(side, [0.0] * 5 + [-6.0] * 5), bar=6, opens=100 - side * 6)
    record = run(store_of(tmp_path, AAPL=frame), [table(side)])

    assert [(fill.role, fill.price) for fill in record.fills] == [
        (OrderRole.ENTRY, 100 - side * 6),
        (OrderRole.STOP, 100 - side * 6),
    ]
    assert not record.trades[0].is_open


@SIDES
@BOTH_FILLS
def test_an_order_above_a_quarter_of_the_volume_fills_in_two_parts_with_one_fee(tmp_path, side, fill):
    """100 shares on a bar of 240: 60 at the price, 40 a tick worse; the minimum of 1.00 is charged once (T18)."""
    frame = session_bars([100.0] * 10, spread=0).assign(volume=240.0)
    record = run(store_of(tmp_path, AAPL=frame), [table(side)], [f'backtest.fill="{fill}"'])

    assert [(fill.quantity, fill.price) for fill in record.fills] == [(60, 100), (40, 100 + side * Decimal("0.01"))]
    assert [fill.commission_usd for fill in record.fills] == [1, 0]
    assert record.trades[0].quantity == 100


def test_a_fee_per_share_is_accumulated_over_the_fills_of_an_order(tmp_path):
    frame = session_bars([20.0] * 10, spread=0).assign(volume=1_000.0)
    record = run(store_of(tmp_path, AAPL=frame), [table(Side.LONG)])

    assert [fill.quantity for fill in record.fills] == [250, 250]
    assert [fill.commission_usd for fill in record.fills] == [Decimal("1.25"), Decimal("1.25")]


@SIDES
@BOTH_FILLS
def test_slippage_takes_its_ticks_from_entry_exit_and_stop(tmp_path, side, fill):
    overrides = ["backtest.slippage_ticks=3", f'backtest.fill="{fill}"']
    closed = run(
        store_of(tmp_path / "closed", AAPL=session_bars([100.0] * 20, spread=0)), [table(side, closes=(12,))], overrides
    )
    stopped = run(
        store_of(tmp_path / "stopped", AAPL=session_bars(path(side, [0.0] * 9 + [-7.0]), spread=0)),
        [table(side)],
        overrides,
    )
    gapped = run(
        store_of(tmp_path / "gapped", AAPL=bars_with_open(path(side, [0.0] * 9 + [-7.0]), 10, 100 - side * 6)),
        [table(side)],
        overrides,
    )
    slip = side * Decimal("0.03")

    assert [fill.price for fill in closed.fills] == [100 + slip, 100 - slip]
    assert stopped.fills[-1].price == 100 - side * 5 - slip
    assert gapped.fills[-1].price == 100 - side * 6 - slip


@SIDES
def test_an_entry_whose_next_bar_comes_too_late_is_cancelled(tmp_path, side):
    """Bars 6 to 9 are missing: the open that could fill the entry prints four minutes after its signal."""
    frame = session_bars([100.0] * 20).drop(index=[5, 6, 7, 8])
    late, patient = (
        run(store_of(tmp_path / name, AAPL=frame), [table(side)], [f"risk.entry_timeout_secs={secs}"])
        for name, secs in (("late", 30), ("patient", 600))
    )

    assert not late.fills
    assert [order.status for order in late.orders] == ["NOT_SENT", "NOT_SENT"]
    assert [alert.code for alert in late.alerts] == ["entry_timeout"]
    assert len(patient.fills) == 1


@SIDES
def test_after_a_timed_out_entry_the_symbol_trades_again(tmp_path, side):
    frame = session_bars([100.0] * 20).drop(index=[5, 6, 7, 8])
    up = [5, 8] if side is Side.LONG else []
    table_ = scripted(up=up, down=[] if up else [5, 8], short=True)
    record = run(store_of(tmp_path, AAPL=frame), [table_], ["risk.max_positions=1"])

    assert [decision.reason for decision in record.decisions] == ["signal", "signal"]
    assert len(record.fills) == 1


@SIDES
def test_an_exit_signalled_on_the_last_bar_of_a_day_fills_at_the_next_days_open(tmp_path, side):
    days = [session_bars([100.0] * 390), session_bars(path(side, [2.0] * 30), "2024-10-08")]
    record = run(store_of(tmp_path, AAPL=days), [table(side, closes=(390,))])

    assert record.trades[0].exit_price == 100 + side * 2
    assert record.trades[0].exit_reason is ExitReason.SIGNAL


@SIDES
def test_a_position_open_at_the_end_is_marked_not_closed(tmp_path, side):
    record = run(store_of(tmp_path, AAPL=session_bars(path(side, [0.0] * 10 + [1.0] * 5))), [table(side)])
    trade = record.trades[0]

    assert (trade.exit_reason, trade.exit_time, trade.exit_price) == (ExitReason.OPEN, None, 100 + side)
    assert trade.net_pnl_usd == 100 - 1
    assert record.equity[-1].equity_usd == 100_000 + 99


def test_cash_is_one_ledger_over_all_venues(tmp_path):
    store = BarStore(tmp_path)
    for symbol in ("AAPL.NASDAQ", "IBM.NYSE"):
        store.write(f"{symbol}-1-MINUTE-LAST-EXTERNAL", session_bars([100.0] * 10 + [101.0] * 10, spread=0))
    backtest = build(store, [scripted(up=[5]), scripted("IBM.NYSE", up=[5])])
    record = backtest.run()

    assert record.equity[-1].cash_usd == 100_000 - 2 * 10_000 - 2
    assert record.equity[-1].equity_usd == 100_000 + 2 * 100 - 2
    assert record.equity[-1].gross_exposure_usd == 2 * 10_100


@pytest.mark.parametrize(("method", "shares"), [("fixed_fractional", 40), ("fixed_risk", 20), ("kelly", 40)])
def test_each_sizing_method_reaches_the_order(tmp_path, method, shares):
    overrides = [
        f'sizing.method="{method}"',
        "sizing.fraction_pct=4",
        "sizing.risk_pct=0.1",
        "risk.max_position_value_usd=50000",
    ]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 10)), [scripted(up=[5])], overrides)

    assert record.fills[0].quantity == shares


def test_volatility_sizing_waits_for_its_bars_and_then_sizes(tmp_path):
    closes = [100 + 0.1 * (-1) ** number for number in range(40)]
    overrides = ['sizing.method="volatility"', "sizing.volatility_bars=20", "risk.max_position_value_usd=1000000"]
    record = run(store_of(tmp_path, AAPL=session_bars(closes)), [scripted(up=[10, 30], down=[])], overrides)

    assert [(d.quantity > 0, d.reason) for d in record.decisions] == [(False, "size_volatility"), (True, "signal")]
