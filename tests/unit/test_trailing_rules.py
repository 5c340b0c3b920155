"""How far a stop trails, both sides; the short cases mirror the long ones about 100."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from actors.messages import Side
from actors.trailing_rules import TrailingRule, TrailingStopConfig
from catalog.indicators import AverageTrueRange

BOTH_SIDES = pytest.mark.parametrize("side", list(Side))


def mirrored(side, price):
    """Return ``price`` for a long, its mirror image about 100 for a short."""
    return Decimal(100) + side * (Decimal(price) - 100)


def make_rule(side, stop="90", atr=None, **overrides):
    settings = {"kind": "percent", "distance_pct": 5, "min_step_bps": 0} | overrides
    return TrailingRule(TrailingStopConfig(**settings), side, Decimal(100), Decimal("0.01"), mirrored(side, stop), atr)


def update(rule, side, best, worst, close):
    """Feed a bar given by its best, worst and close for a long."""
    high, low = (best, worst) if side is Side.LONG else (worst, best)
    return rule.update(*(float(mirrored(side, price)) for price in (high, low, close)))


def atr_of(value):
    atr = AverageTrueRange(1)
    atr.update(50 + value, 50, 50)
    return atr


@pytest.mark.parametrize(("side", "expected"), [(Side.LONG, "104.50"), (Side.SHORT, "94.50")])
def test_update_percent_trails_the_best_price(side, expected):
    assert update(make_rule(side), side, "110", "105", "108") == Decimal(expected)  # 110 - 5 % of it, 90 + 5 % of it


@pytest.mark.parametrize(("side", "expected"), [(Side.LONG, "104.52"), (Side.SHORT, "94.47")])
def test_update_rounds_to_the_tick_away_from_the_market(side, expected):
    assert update(make_rule(side), side, "110.03", "105", "108") == Decimal(expected)  # 104.5285 and 94.4685


@BOTH_SIDES
def test_update_atr_trails_by_its_multiple(side):
    rule = make_rule(side, kind="atr", atr_multiple=3, atr=atr_of(2))

    assert update(rule, side, "110", "105", "108") == mirrored(side, "104")


@BOTH_SIDES
def test_update_atr_not_known_yet_leaves_the_stop(side):
    rule = make_rule(side, kind="atr", atr=AverageTrueRange(14))

    assert update(rule, side, "110", "105", "108") is None


@BOTH_SIDES
def test_update_atr_widening_never_loosens(side):
    atr = atr_of(1)
    rule = make_rule(side, kind="atr", atr_multiple=3, atr=atr)
    rule.current_stop = update(rule, side, "110", "105", "108")
    atr.update(60, 50, 55)  # the range is 10 now

    assert update(rule, side, "110", "105", "108") is None


@BOTH_SIDES
def test_update_after_the_best_price_keeps_trailing_from_it(side):
    rule = make_rule(side, kind="atr", atr_multiple=3, atr=atr_of(2))
    rule.current_stop = update(rule, side, "110", "105", "108")

    assert update(rule, side, "107", "105", "106") is None
    assert update(rule, side, "111", "105", "110") == mirrored(side, "105")


@BOTH_SIDES
def test_update_best_price_starts_at_entry(side):
    rule = make_rule(side, kind="atr", atr_multiple=3, atr=atr_of(2))

    assert update(rule, side, "98", "96", "97") == mirrored(side, "94")


@BOTH_SIDES
def test_update_before_activation_leaves_the_stop(side):
    rule = make_rule(side, activate_after_pct=4)

    assert update(rule, side, "103.99", "102", "103") is None
    assert update(rule, side, "104", "102", "103") is not None


@BOTH_SIDES
def test_update_once_active_stays_active(side):
    rule = make_rule(side, activate_after_pct=4)
    update(rule, side, "104", "102", "103")

    assert update(rule, side, "101", "100.5", "101") is not None


@pytest.mark.parametrize(("stop", "is_asked"), [("103.95", True), ("103.97", False)])
@BOTH_SIDES
def test_update_smaller_than_the_minimum_step_leaves_the_stop(side, stop, is_asked):
    # 5 bps of the close is 0.05375 at 107.5, and 0.04625 at its mirror image 92.5
    rule = make_rule(side, stop=stop, kind="atr", atr_multiple=3, atr=atr_of(2), min_step_bps=5)

    trigger = update(rule, side, "110.01", "105", "107.5")  # 104.01: a step of 0.06 or 0.04

    assert trigger == (mirrored(side, "104.01") if is_asked else None)


@BOTH_SIDES
def test_update_with_no_minimum_step_still_asks_only_for_an_improvement(side):
    rule = make_rule(side, stop="104", kind="atr", atr_multiple=3, atr=atr_of(2))

    assert update(rule, side, "110", "105", "108") is None


@BOTH_SIDES
def test_update_law_3_keeps_a_tick_from_the_close(side):
    rule = make_rule(side, kind="atr", atr_multiple=1, atr=atr_of(1))

    assert update(rule, side, "110", "104", "105") == mirrored(side, "104.99")  # 109 lies beyond the close


@BOTH_SIDES
def test_update_asks_again_until_told_where_the_stop_rests(side):
    rule = make_rule(side)
    asked = update(rule, side, "110", "105", "108")

    assert update(rule, side, "109", "105", "108") == asked
    rule.current_stop = asked
    assert update(rule, side, "109", "105", "108") is None


@BOTH_SIDES
def test_update_stop_placed_elsewhere_by_its_owner_is_respected(side):
    rule = make_rule(side)
    rule.current_stop = mirrored(side, "107")

    assert update(rule, side, "110", "105", "108") is None


@BOTH_SIDES
def test_update_kind_none_never_asks(side):
    assert update(make_rule(side, kind="none", atr=atr_of(1)), side, "150", "149", "150") is None


def test_rule_atr_without_indicator_is_refused():
    with pytest.raises(ValueError, match='expected an AverageTrueRange with kind "atr", was None'):
        make_rule(Side.LONG, kind="atr")


@pytest.mark.parametrize(
    "change", [{"distance_pct": 0}, {"activate_after_pct": -1}, {"min_step_bps": -1}, {"kind": "x"}]
)
def test_trailing_config_out_of_range_is_refused(change):
    with pytest.raises(ValidationError, match=next(iter(change))):
        TrailingStopConfig(**change)
