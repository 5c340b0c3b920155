"""Average true range and tick grid; expected values by hand or by pandas."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from catalog.indicators import AverageTrueRange
from catalog.tick_size import clamp_to_market

TICK = Decimal("0.01")


def test_average_true_range_before_full_period_is_unknown():
    atr = AverageTrueRange(3)

    atr.update(11, 9, 10)
    atr.update(11, 9, 10)

    assert atr.value is None


def test_average_true_range_by_hand_counts_gaps_and_weighs_by_the_period():
    atr = AverageTrueRange(2)

    atr.update(11, 9, 10)  # 2, no close before
    atr.update(14, 13, 13)  # gap up: 14 - 10 = 4
    assert atr.value == 3  # (2 + 4) / 2
    atr.update(9, 8, 8)  # gap down: 13 - 8 = 5
    assert atr.value == 4  # (3 + 5) / 2
    atr.update(10, 8, 9)  # within the bar: 2
    assert atr.value == 3


def test_average_true_range_on_random_bars_matches_pandas():
    rng = np.random.default_rng(7)
    close = 100 + rng.normal(0, 1, 400).cumsum()
    bars = pd.DataFrame({"high": close + rng.random(400), "low": close - rng.random(400), "close": close})
    previous = bars["close"].shift()
    ranges = pd.concat(
        [bars["high"] - bars["low"], (bars["high"] - previous).abs(), (bars["low"] - previous).abs()], axis=1
    )
    true_range = ranges.max(axis=1)
    seeded = pd.concat([pd.Series([true_range[:14].mean()]), true_range[14:]])
    expected = seeded.ewm(alpha=1 / 14, adjust=False).mean().tolist()

    atr = AverageTrueRange(14)
    values = []
    for bar in bars.itertuples():
        atr.update(bar.high, bar.low, bar.close)
        values.append(atr.value)

    assert values[:13] == [None] * 13
    assert [float(value) for value in values[13:]] == pytest.approx(expected, abs=1e-7)


def test_average_true_range_of_float_prices_carries_no_float_noise():
    atr = AverageTrueRange(1)

    atr.update(0.3, 0.2, 0.25)  # 0.09999999999999998 in floats

    assert atr.value == Decimal("0.1")


def test_average_true_range_without_a_period_is_refused():
    with pytest.raises(ValueError, match="expected at least 1 bar, was 0; set atr_period"):
        AverageTrueRange(0)


@pytest.mark.parametrize(
    ("side", "trigger", "market", "expected"),
    [
        (1, "95.00", "100", "95.00"),
        (1, "95.009", "100", "95.00"),  # down, away from the market
        (-1, "105.001", "100", "105.01"),  # up, away from the market
        (-1, "105.00", "100", "105.00"),
        (1, "100", "100", "99.99"),
        (1, "103", "100", "99.99"),
        (-1, "100", "100", "100.01"),
        (-1, "97", "100", "100.01"),
        (1, "100", "100.005", "99.99"),  # a market off the grid: still a whole tick away
        (-1, "100", "100.005", "100.02"),
        (1, "-3", "100", "0.01"),
    ],
)
def test_clamp_to_market_by_side_keeps_a_tick_and_rounds_away(side, trigger, market, expected):
    assert clamp_to_market(side, Decimal(trigger), Decimal(market), TICK) == Decimal(expected)
