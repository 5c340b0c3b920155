"""
The same session traded by a live node over TCP and by the backtest: decisions, orders, stops, fills, exits are equal.

Any other day: uv run python -m tests.acceptance.parity --catalog DIR --day DATE [--config FILE].
"""

from collections import Counter
from datetime import date

import pytest

from catalog.sample import STOCKS, sample_frame
from tests.acceptance import parity
from tests.acceptance.parity_lines import compare
from tests.acceptance.parity_sides import Case, run_backtest, run_live
from tests.gateway.gateway import soon
from tests.gateway.market import Market

HALF_DAY = date(2024, 11, 29)
# Both sides of the market, two rules on a symbol, tight stops, fewer positions allowed than symbols, an early end
BUSY = (
    (
        "strategies=["
        '{kind="moving_average_cross", symbol="AAPL.NASDAQ", fast_period=3, slow_period=8, allow_short=true},'
        '{kind="rsi_macd", symbol="AAPL.NASDAQ", allow_short=true},'
        '{kind="moving_average_cross", symbol="MSFT.NASDAQ", fast_period=4, slow_period=9, allow_short=true},'
        '{kind="momentum", symbol="TSLA.NASDAQ", lookback=5, threshold_pct=0.3, allow_short=true},'
        '{kind="moving_average_cross", symbol="TSLA.NASDAQ", fast_period=2, slow_period=5, allow_short=true}]'
    ),
    "bars.warmup_bars=60",
    'sizing.method="fixed_fractional"',
    "sizing.fraction_pct=8",
    "risk.max_positions=2",
    "stop.distance_pct=0.3",
    "trailing_stop.distance_pct=0.25",
    "trailing_stop.atr_multiple=2",
    "trailing_stop.min_step_bps=1",
    "session.avoid_first_mins=0",
    "session.flatten_before_close_mins=5",
)


def play(market: Market, tmp_path, overrides):
    """Play a market to both sides; return the record of the live one and all that differs."""
    case = Case(market, None, overrides)
    live = run_live(case, tmp_path / "state", lambda _done, _total: None)
    backtest = run_backtest(case, tmp_path / "catalog", live.bars_seen)
    assert live.record.equity[-1].equity_usd == live.broker_equity_usd
    assert live.record.equity[-1].cash_usd == live.broker_cash_usd
    assert live.record.errors == backtest.errors == []
    differences = {one.name: one.differences for one in compare(live.record, backtest, market.session.open)}
    return live.record, {name: lines for name, lines in differences.items() if lines}


def test_the_default_configuration_trades_a_session_live_as_in_a_backtest(tmp_path):
    symbols = [stock.symbol for stock in STOCKS]

    record, differences = play(Market.demo(soon(), symbols, history_sessions=3), tmp_path, ())

    assert differences == {}
    assert {trade.symbol for trade in record.trades} == set(symbols)
    assert len(record.stops) > 100


@pytest.mark.parametrize("trailing", ["percent", "atr"])
def test_a_busy_day_with_shorts_and_stop_outs_is_traded_live_as_in_a_backtest(tmp_path, trailing):
    frames = {stock.symbol: sample_frame(stock.symbol) for stock in STOCKS}

    market = Market.of_frames(frames, soon(), HALF_DAY, history_sessions=3)

    record, differences = play(market, tmp_path, [*BUSY, f'trailing_stop.kind="{trailing}"'])

    assert differences == {}
    ended = Counter((trade.side.name, trade.exit_reason.value) for trade in record.trades)
    for side in ("LONG", "SHORT"):
        assert ended[side, "trailing_stop"] + ended[side, "protective_stop"] > 2
        assert ended[side, "signal"] > 2
    assert {"max_positions", "held", "exiting"} <= {decision.reason for decision in record.decisions}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (["--catalog", "nowhere"], 2, "expected --catalog and --day together"),
        (["--catalog", "nowhere", "--day", "yesterday"], 2, "expected a date such as 2026-07-01"),
        (["--catalog", "nowhere", "--day", "2024-11-30"], 2, "which is no XNYS session"),
        (["--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["--set", 'bars.step="5-MINUTE"'], 2, "bars.step"),
    ],
)
def test_a_wrong_argument_is_told_without_a_trace(capsys, arguments, exit_code, text):
    try:
        code = parity.main(arguments)
    except SystemExit as ended:
        code = ended.code
    told = capsys.readouterr().err
    assert (code, "Traceback" in told) == (exit_code, False)
    assert text in told
