"""The figures of summary.json, against values worked out by hand."""

import math
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from report_builders import (
    DAY,
    MINUTE,
    OPEN_MONDAY,
    equity,
    make_decision,
    make_fill,
    make_record,
    make_trade,
    weekdays,
)

from actors.messages import Action, Side
from actors.report.records import EquityPoint
from actors.report.reports import summarise
from actors.report.statistics import average_exposure_pct, equity_curve, group_trades, time_held_pct

KEYS = (
    "mode, engine, config_sha256, start, end, symbols, bars, signals, orders, fills, trades, wins, losses, "
    "starting_equity_usd, ending_equity_usd, net_pnl_usd, commissions_usd, max_drawdown_pct, sharpe, profit_factor, "
    "blocked_entries, loss_limit_halts, errors, wall_secs, engine_secs, bars_per_sec, peak_rss_mb"
)


def open_trade(net_usd):
    return make_trade(net_usd, exit_time=None)


def test_summary_has_the_keys_that_others_read_in_their_order():
    assert list(summarise(make_record())) == KEYS.split(", ")


def test_summary_of_an_empty_record_has_no_ratios_and_keeps_the_equity():
    summary = summarise(make_record())

    assert (summary["ending_equity_usd"], summary["net_pnl_usd"], summary["max_drawdown_pct"]) == (100_000, 0, 0)
    assert [summary[key] for key in ("sharpe", "profit_factor", "bars_per_sec")] == [None, None, None]


def test_times_are_iso_8601_in_utc():
    assert summarise(make_record())["start"] == "2025-03-03T14:30:00.000Z"


def test_equity_is_the_last_mark_in_whole_cents():
    summary = summarise(make_record(equity=equity("100100", "99899.995")))

    assert summary["ending_equity_usd"] == 99_900.0  # 99,899.995: half to even
    assert summary["net_pnl_usd"] == -100.0


def test_trades_counts_closed_ones_and_a_zero_is_neither_won_nor_lost():
    trades = [make_trade("10"), make_trade("-4"), make_trade("0"), open_trade("50")]
    summary = summarise(make_record(trades=trades))

    assert [summary[key] for key in ("trades", "wins", "losses")] == [3, 1, 1]


def test_profit_factor_is_won_over_lost_of_closed_trades():
    trades = [make_trade("30"), make_trade("15"), make_trade("-20"), open_trade("-500")]

    assert summarise(make_record(trades=trades))["profit_factor"] == 2.25


def test_profit_factor_without_a_loss_is_undefined():
    assert summarise(make_record(trades=[make_trade("30")]))["profit_factor"] is None


def test_drawdown_is_measured_from_the_highest_equity_the_start_included():
    falls_at_once = make_record(equity=equity("95000", "97000"))
    falls_later = make_record(equity=equity("120000", "90000", "130000", "129000"))

    assert summarise(falls_at_once)["max_drawdown_pct"] == 5.0
    assert summarise(falls_later)["max_drawdown_pct"] == 25.0


def test_sharpe_uses_the_last_mark_of_each_day_in_new_york():
    levels = [100_000 * (1 + 0.01 * (day % 3)) for day in range(21)]  # 1 %, 0.990 %, -1.961 %, and so on
    points = [point for day, level in enumerate(levels) for point in _day(day, ("90000", str(level)))]
    expected = pd.Series([100_000.0, *levels]).pct_change().dropna()

    assert summarise(make_record(equity=points))["sharpe"] == pytest.approx(
        expected.mean() / expected.std() * math.sqrt(252), abs=1e-4
    )


def test_sharpe_counts_sessions_without_a_position_as_days_without_a_return():
    # One day of +1 % among 25 sessions: mean 0.0004, deviation 0.002 (n - 1 = 24), so 0.2 times sqrt(252).
    record = make_record(equity=equity("101000"), sessions=weekdays(25))

    assert summarise(record)["sharpe"] == pytest.approx(0.2 * math.sqrt(252), abs=1e-4)


def test_flat_stretches_lower_the_sharpe_ratio_and_leave_the_rest():
    points = equity(*[str(100_000 + 100 * day + 50 * (day % 2)) for day in range(22)])
    short, long = (
        summarise(make_record(equity=points, sessions=sessions))
        for sessions in ([], [*weekdays(22), *(date(2026, 1, 5) + timedelta(days=i) for i in range(5))])
    )

    assert long["sharpe"] < short["sharpe"]
    assert long["net_pnl_usd"] == short["net_pnl_usd"]


def _day(day, levels):
    # 20:00 in New York is the next day in UTC and still the same one on the exchange's clock.
    times = (OPEN_MONDAY + day * DAY, OPEN_MONDAY + day * DAY + 630 * MINUTE)
    return [
        EquityPoint(ts, Decimal(level), Decimal(level), Decimal(0)) for ts, level in zip(times, levels, strict=True)
    ]


@pytest.mark.parametrize(("sessions", "is_defined"), [(19, False), (20, True)])
def test_sharpe_needs_twenty_sessions(sessions, is_defined):
    record = make_record(equity=equity("101000", "100000"), sessions=weekdays(sessions))

    assert (summarise(record)["sharpe"] is not None) is is_defined


def test_sharpe_without_deviation_is_undefined():
    levels = [str(100_000 * Decimal("1.01") ** day) for day in range(1, 31)]

    assert summarise(make_record(equity=equity(*levels)))["sharpe"] is None


def test_account_at_zero_has_no_ratios_and_does_not_fail():
    summary = summarise(make_record(starting_equity_usd=Decimal(0), equity=equity(*["0"] * 30)))

    assert (summary["max_drawdown_pct"], summary["sharpe"]) == (0, None)


def test_commissions_are_those_of_all_fills():
    fills = [make_fill(Side.LONG, 1, "10", commission_usd=Decimal("1.665")) for _ in range(2)]

    assert summarise(make_record(fills=fills))["commissions_usd"] == 3.33


def test_blocked_entries_counts_refusals_by_reason_most_frequent_first():
    decisions = [make_decision(reason=reason) for reason in ("session", "held", "held")]
    decisions.append(make_decision(Action.ENTERED, "signal"))
    summary = summarise(make_record(decisions=decisions))

    assert list(summary["blocked_entries"].items()) == [("held", 2), ("session", 1)]
    assert summary["signals"] == 4


def test_bars_per_sec_is_measured_in_the_engine():
    assert summarise(make_record(bars=9_000, engine_secs=2.0, wall_secs=9.0))["bars_per_sec"] == 4_500


def test_groups_add_open_trades_to_the_money_and_not_to_the_wins():
    (group,) = group_trades([make_trade("10"), make_trade("-3"), open_trade("7")], lambda trade: trade.symbol)

    assert (group.trades, group.wins, group.losses, group.open, group.net_usd) == (2, 1, 1, 1, 14)


def test_equity_curve_keeps_the_last_point_of_an_instant():
    points = [*equity("1", "2", step=0), *equity("3")]

    assert equity_curve(make_record(equity=points)).equity.tolist() == [3.0]


def test_equity_stays_level_at_the_bars_between_marks():
    points = [EquityPoint(ts, Decimal(e), Decimal(0), Decimal(g)) for ts, e, g in ((20, 90, 50), (30, 95, 0))]
    curve = equity_curve(
        make_record(starting_equity_usd=Decimal(100), equity=points, bar_closes=np.array([10, 20, 30, 40, 50]))
    )

    assert curve.ts.tolist() == [10, 20, 30, 40, 50]
    assert curve.equity.tolist() == [100, 90, 95, 95, 95]
    assert curve.exposure.tolist() == [0, 50, 0, 0, 0]


def test_exposure_is_averaged_over_all_bars_the_flat_ones_included():
    # 50 % and 10 % at two of six bar closes: 60 / 6 = 10 % on average, held at a third of them.
    points = [
        EquityPoint(ts, Decimal(e), Decimal(0), Decimal(g)) for ts, e, g in ((1, 100, 50), (2, 200, 20), (3, 200, 0))
    ]
    curve = equity_curve(make_record(equity=points, bar_closes=np.arange(1, 7)))

    assert average_exposure_pct(curve) == pytest.approx(10.0)
    assert time_held_pct(curve) == pytest.approx(100 / 3)
