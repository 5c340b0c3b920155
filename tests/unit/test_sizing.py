"""Sizes by hand, method by method and cap by cap; measures against pandas."""

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from strategies.sizing import Caps, SizingConfig, SizingFacts, TradeStatistics, VolatilityEstimate, size_entry

WIDE = Caps(max_position_value_usd=Decimal(10_000_000), max_gross_exposure_usd=None, max_leverage=Decimal(4))


def make_trades(wins=0, losses=0, win_frac=0.03, loss_frac=0.02) -> TradeStatistics:
    trades = TradeStatistics()
    for return_frac in [win_frac] * wins + [-loss_frac] * losses:
        trades.add(return_frac)
    return trades


def make_facts(**overrides) -> SizingFacts:
    facts = SizingFacts(
        close=Decimal(150),
        stop_distance=Decimal("7.50"),
        equity_usd=Decimal(100_000),
        gross_exposure_usd=Decimal(0),
        annual_vol=0.4,
        trades=make_trades(),
    )
    return replace(facts, **overrides)


@pytest.mark.parametrize(
    ("method", "quantity"),
    [
        ("fixed_notional", 66),  # 10 000 / 150 = 66.67
        ("fixed_fractional", 66),  # 10 % of 100 000 / 150
        ("fixed_risk", 133),  # 1 000 / 7.50 = 133.33
        ("volatility", 333),  # 100 000 * 20 % / 40 % / 150 = 333.33
    ],
)
def test_size_entry_by_method_floors_to_whole_shares(method, quantity):
    sizing = size_entry(make_facts(), SizingConfig(method=method), WIDE)

    assert (sizing.quantity, sizing.method, sizing.limited_by) == (quantity, method, "")
    assert f"{quantity} shares" in sizing.detail


def test_size_entry_kelly_takes_its_fraction_from_the_trades():
    # p = 0.6, b = 0.03 / 0.02 = 1.5, f = 0.6 - 0.4 / 1.5 = 1/3; half of it of 100 000 is 16 666 USD
    facts = make_facts(trades=make_trades(wins=24, losses=16))

    sizing = size_entry(facts, SizingConfig(method="kelly"), WIDE)

    assert (sizing.quantity, sizing.method) == (111, "kelly")
    assert "0.5 of f = 0.3333 (win rate 0.60, payoff 1.50, 40 trades)" in sizing.detail


def test_size_entry_kelly_below_min_trades_is_fixed_fractional_and_says_so():
    facts = make_facts(trades=make_trades(wins=29))

    sizing = size_entry(facts, SizingConfig(method="kelly", fraction_pct=3), WIDE)

    assert (sizing.quantity, sizing.method) == (20, "fixed_fractional")
    assert sizing.detail.startswith("kelly: 29 of 30 trades, so fixed_fractional: 3000 USD (3 % of 100000)")


def test_size_entry_kelly_with_just_min_trades_is_kelly():
    facts = make_facts(trades=make_trades(wins=18, losses=12))

    assert size_entry(facts, SizingConfig(method="kelly"), WIDE).method == "kelly"


@pytest.mark.parametrize(("wins", "losses"), [(16, 24), (0, 40)])
def test_size_entry_kelly_of_a_losing_strategy_is_nothing(wins, losses):
    # p = 0.4, b = 1.5: f = 0.4 - 0.6 / 1.5 = 0; and without any win f = -1
    sizing = size_entry(make_facts(trades=make_trades(wins, losses)), SizingConfig(method="kelly"), WIDE)

    assert (sizing.quantity, sizing.limited_by) == (0, "kelly")
    assert "f <= 0" in sizing.detail


def test_size_entry_volatility_not_known_yet_is_nothing():
    sizing = size_entry(make_facts(annual_vol=None), SizingConfig(method="volatility"), WIDE)

    assert (sizing.quantity, sizing.limited_by) == (0, "volatility")
    assert "volatility unknown before 101 bars" in sizing.detail


@pytest.mark.parametrize("annual_vol", [0.0, math.nan, math.inf])
def test_size_entry_volatility_no_usable_number_is_nothing(annual_vol):
    sizing = size_entry(make_facts(annual_vol=annual_vol), SizingConfig(method="volatility"), WIDE)

    assert sizing.quantity == 0
    assert f"expected a yearly volatility above 0, was {annual_vol}" in sizing.detail


def test_size_entry_wish_below_one_share_is_nothing_with_the_numbers():
    sizing = size_entry(make_facts(close=Decimal("10000.01")), SizingConfig(), WIDE)

    assert (sizing.quantity, sizing.limited_by) == (0, "fixed_notional")
    assert sizing.detail == "fixed_notional: 10000 USD (as set) at 10000.01 a share: 0 shares"


CAPS = [
    (replace(WIDE, max_position_value_usd=Decimal(5_000)), 33, "max_position_value_usd: 0 + 9900 > 5000"),
    (replace(WIDE, max_gross_exposure_usd=Decimal(98_000)), 53, "max_gross_exposure_usd: 90000 + 9900 > 98000"),
    (replace(WIDE, max_leverage=Decimal("0.95")), 33, "max_leverage: 90000 + 9900 > 95000"),
]


@pytest.mark.parametrize(("caps", "quantity", "inequality"), CAPS)
def test_size_entry_above_a_cap_is_trimmed_and_says_which(caps, quantity, inequality):
    sizing = size_entry(make_facts(gross_exposure_usd=Decimal(90_000)), SizingConfig(), caps)

    assert sizing.quantity == quantity
    assert sizing.limited_by == inequality.split(":")[0]
    assert sizing.detail.endswith(f"{inequality}: {quantity} shares")


@pytest.mark.parametrize(
    ("caps", "detail"),
    [
        (replace(WIDE, max_position_value_usd=Decimal(149)), "max_position_value_usd: 0 + 150 > 149"),
        (replace(WIDE, max_gross_exposure_usd=Decimal(98_000)), "max_gross_exposure_usd: 97900 + 150 > 98000"),
        (replace(WIDE, max_leverage=Decimal("0.5")), "max_leverage: 97900 + 150 > 50000"),
    ],
)
def test_size_entry_no_room_for_one_share_tells_the_inequality(caps, detail):
    sizing = size_entry(make_facts(gross_exposure_usd=Decimal(97_900)), SizingConfig(), caps)

    assert (sizing.quantity, sizing.limited_by, sizing.detail) == (0, detail.split(":")[0], detail)


def test_size_entry_with_two_caps_the_tighter_one_decides():
    caps = Caps(max_position_value_usd=Decimal(6_000), max_gross_exposure_usd=Decimal(5_000), max_leverage=Decimal(1))

    sizing = size_entry(make_facts(), SizingConfig(), caps)

    assert (sizing.quantity, sizing.limited_by) == (33, "max_gross_exposure_usd")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("equity_usd", "NaN"),
        ("equity_usd", "Infinity"),
        ("equity_usd", "-5"),
        ("equity_usd", "0"),
        ("close", "NaN"),
        ("close", "0"),
        ("stop_distance", "0"),
        ("gross_exposure_usd", "NaN"),
        ("gross_exposure_usd", "-1"),
    ],
)
@pytest.mark.parametrize("method", ["fixed_notional", "fixed_risk", "kelly"])
def test_size_entry_unusable_fact_is_nothing_and_says_which(method, name, value):
    sizing = size_entry(make_facts(**{name: Decimal(value)}), SizingConfig(method=method), WIDE)

    assert (sizing.quantity, sizing.limited_by) == (0, name)
    assert sizing.detail.startswith(f"{name}: expected ")
    assert sizing.detail.endswith(f", was {value}")


def test_trade_statistics_on_random_trades_match_pandas():
    returns = pd.Series(np.random.default_rng(3).normal(0.001, 0.02, 500))
    wins, losses = returns[returns > 0], returns[returns <= 0]

    trades = TradeStatistics()
    for return_frac in returns:
        trades.add(return_frac)

    assert trades.trades == 500
    assert trades.win_rate == pytest.approx(len(wins) / 500)
    assert trades.payoff == pytest.approx(wins.mean() / -losses.mean())


def test_trade_statistics_break_even_counts_as_a_loss():
    trades = make_trades(wins=1)
    trades.add(0.0)

    assert (trades.win_rate, trades.payoff) == (0.5, math.inf)
    assert trades.kelly_frac == 0.5


def test_trade_statistics_without_trades_are_zero():
    trades = TradeStatistics()

    assert (trades.trades, trades.win_rate, trades.payoff, trades.kelly_frac) == (0, 0.0, 0.0, -1.0)


def test_trade_statistics_return_not_finite_is_refused():
    with pytest.raises(ValueError, match="expected the finite return of a closed trade, was nan"):
        TradeStatistics().add(math.nan)


def test_volatility_estimate_on_random_prices_matches_pandas():
    returns = np.random.default_rng(5).normal(0, 0.01, 600)
    close = pd.Series(100 * np.exp(returns.cumsum()))
    expected = (np.log(close).diff().rolling(20).std() * math.sqrt(252)).tolist()

    estimate = VolatilityEstimate(bars=20, bars_per_year=252)
    values = []
    for price in close:
        estimate.update(price)
        values.append(estimate.annual_vol)

    assert values[:20] == [None] * 20
    assert values[20:] == pytest.approx(expected[20:], rel=1e-7)


def test_volatility_estimate_after_a_wild_stretch_forgets_it_exactly():
    estimate = VolatilityEstimate(bars=5, bars_per_year=252)

    for close in [1, 1e9, 1e-6, 1e7] * 50 + [100.0] * 6:
        estimate.update(close)

    assert estimate.annual_vol == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0])
def test_volatility_estimate_passes_over_a_close_that_is_no_price(bad):
    clean, dirty = (VolatilityEstimate(bars=3, bars_per_year=252) for _ in range(2))

    for close in (100, 101, 99, 102):
        clean.update(close)
        dirty.update(close)
        dirty.update(bad)

    assert clean.annual_vol is not None
    assert dirty.annual_vol == clean.annual_vol


@pytest.mark.parametrize(("bars", "bars_per_year"), [(1, 252), (20, 0), (20, math.nan)])
def test_volatility_estimate_window_out_of_range_is_refused(bars, bars_per_year):
    with pytest.raises(ValueError, match=r"expected bars >= 2 and bars_per_year > 0, was"):
        VolatilityEstimate(bars, bars_per_year)


@pytest.mark.parametrize(
    "change", [{"risk_pct": 0}, {"kelly_fraction": 1.5}, {"method": "all_in"}, {"fraction_pct": 101}]
)
def test_sizing_config_out_of_range_is_refused(change):
    with pytest.raises(ValidationError, match=next(iter(change))):
        SizingConfig(**change)
