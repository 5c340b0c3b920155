"""Sizes: inside the budget and every cap, growing with equity, nothing from nothing."""

import math
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from strategies.sizing import Caps, SizingConfig, SizingFacts, TradeStatistics, VolatilityEstimate, size_entry

money = st.decimals(min_value=0, max_value=10_000_000, places=2)
methods = st.sampled_from(["fixed_notional", "fixed_fractional", "fixed_risk", "volatility", "kelly"])


@st.composite
def statistics(draw):
    trades = TradeStatistics()
    for return_frac in draw(st.lists(st.floats(-0.5, 0.5), max_size=10)):
        trades.add(return_frac)
    return trades


configs = st.builds(
    SizingConfig,
    method=methods,
    notional_usd=st.decimals(min_value=1, max_value=100_000, places=0),
    fraction_pct=st.decimals(min_value=1, max_value=100, places=1),
    risk_pct=st.decimals(min_value="0.1", max_value=20, places=1),
    target_vol_pct=st.decimals(min_value=1, max_value=200, places=0),
    kelly_fraction=st.decimals(min_value="0.1", max_value=1, places=2),
    min_trades=st.integers(2, 8),
)
facts_of_any_kind = st.builds(
    SizingFacts,
    close=st.decimals(min_value="0.01", max_value=5_000, places=2),
    stop_distance=st.decimals(min_value="0.01", max_value=500, places=2),
    equity_usd=money,
    gross_exposure_usd=money,
    annual_vol=st.none() | st.floats(0, 5),
    trades=statistics(),
)
caps_of_any_kind = st.builds(
    Caps,
    max_position_value_usd=st.decimals(min_value=1, max_value=1_000_000, places=0),
    max_gross_exposure_usd=st.none() | st.decimals(min_value=1, max_value=10_000_000, places=0),
    max_leverage=st.decimals(min_value="0.1", max_value=4, places=1),
)
NO_CAPS = Caps(Decimal(10) ** 12, None, Decimal(10) ** 9)


@given(facts=facts_of_any_kind, config=configs)
def test_fixed_risk_loses_at_the_stop_no_more_than_its_budget(facts, config):
    config = config.model_copy(update={"method": "fixed_risk"})
    budget = facts.equity_usd * config.risk_pct / 100

    quantity = size_entry(facts, config, NO_CAPS).quantity

    assert quantity * facts.stop_distance <= budget
    assert (quantity + 1) * facts.stop_distance > budget


@given(facts=facts_of_any_kind, config=configs, caps=caps_of_any_kind)
def test_size_is_never_above_any_cap(facts, config, caps):
    quantity = size_entry(facts, config, caps).quantity

    value = quantity * facts.close
    assert quantity >= 0
    if quantity:
        assert value <= caps.max_position_value_usd
        assert value + facts.gross_exposure_usd <= facts.equity_usd * caps.max_leverage
        if caps.max_gross_exposure_usd is not None:
            assert value + facts.gross_exposure_usd <= caps.max_gross_exposure_usd


@given(facts=facts_of_any_kind, config=configs, caps=caps_of_any_kind)
def test_size_trimmed_by_a_cap_leaves_no_room_for_another_share(facts, config, caps):
    sizing = size_entry(facts, config, caps)

    value = (sizing.quantity + 1) * facts.close
    broken = {
        "max_position_value_usd": value > caps.max_position_value_usd,
        "max_leverage": value + facts.gross_exposure_usd > facts.equity_usd * caps.max_leverage,
        "max_gross_exposure_usd": value + facts.gross_exposure_usd > (caps.max_gross_exposure_usd or 0),
    }
    assert broken.get(sizing.limited_by, True)


@given(facts=facts_of_any_kind, more=money, config=configs, caps=caps_of_any_kind)
def test_size_is_monotone_in_equity(facts, more, config, caps):
    richer = replace(facts, equity_usd=facts.equity_usd + more)

    assert size_entry(richer, config, caps).quantity >= size_entry(facts, config, caps).quantity


@given(facts=facts_of_any_kind, config=configs, caps=caps_of_any_kind)
def test_size_without_equity_is_nothing(facts, config, caps):
    assert size_entry(replace(facts, equity_usd=Decimal(0)), config, caps).quantity == 0


@given(facts=facts_of_any_kind, config=configs, caps=caps_of_any_kind)
def test_no_shares_always_has_a_reason_with_its_numbers(facts, config, caps):
    sizing = size_entry(facts, config, caps)

    if sizing.quantity == 0:
        assert sizing.limited_by
        assert any(letter.isdigit() for letter in sizing.detail)


@given(st.lists(st.floats(-0.9, 3), min_size=1, max_size=60))
def test_kelly_fraction_is_never_above_the_win_rate(returns):
    trades = TradeStatistics()
    for return_frac in returns:
        trades.add(return_frac)

    assert trades.kelly_frac <= trades.win_rate <= 1


@given(st.lists(st.floats(0.01, 10_000), min_size=4, max_size=60), st.integers(2, 10))
def test_volatility_estimate_depends_on_its_window_only(closes, bars):
    whole, window = (VolatilityEstimate(bars, bars_per_year=252) for _ in range(2))
    for close in closes:
        whole.update(close)
    for close in closes[-bars - 1 :]:
        window.update(close)

    assert whole.annual_vol == window.annual_vol
    assert whole.annual_vol is None or (math.isfinite(whole.annual_vol) and whole.annual_vol >= 0)
