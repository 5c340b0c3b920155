"""Settings that undo each other are told in words, and none of those that do not."""

import pytest

from config.cautions import RuleNeed, cautions
from config.loader import load_settings


def settings(*overrides):
    return load_settings(None, list(overrides), {})


def test_the_default_configuration_needs_no_caution():
    assert cautions(settings(), [RuleNeed("momentum", "AAPL.NASDAQ", 201)]) == []


def test_a_notional_above_the_cap_of_a_position_is_told():
    (found,) = cautions(settings("sizing.notional_usd=20000"))

    text = "sizing.notional_usd 20,000 is above risk.max_position_value_usd 10,000: every entry is cut to it"
    assert (found.name, found.found) == ("sizing", text)
    assert cautions(settings("sizing.notional_usd=20000", "risk.max_position_value_usd=20000")) == []
    assert cautions(settings("sizing.notional_usd=20000", "sizing.method=fixed_fractional")) == []


@pytest.mark.parametrize(
    ("bars", "step", "length"),
    [(501, "1-MINUTE", "5 h"), (202, "1-MINUTE", "1 min"), (501, "5-MINUTE", "25 h"), (246, "1-MINUTE", "45 min")],
)
def test_a_rule_that_the_warm_up_does_not_fill_is_told_with_how_long_it_says_nothing(bars, step, length):
    (found,) = cautions(settings(f"bars.step={step}"), [RuleNeed("moving_average_cross", "AAPL.NASDAQ", bars)])

    begins = (
        f"moving_average_cross on AAPL needs {bars} bars, bars.warmup_bars = 200: no signal for {length} of session"
    )
    assert found.found.startswith(begins)
    assert cautions(settings(f"bars.warmup_bars={bars - 1}"), [RuleNeed("x", "AAPL.NASDAQ", bars)]) == []
