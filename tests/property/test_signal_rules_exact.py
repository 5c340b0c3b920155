"""
The rules that keep float averages against exact fractions: rounding decides nothing, ties least of all.

Short paths of small numbers and small periods, so that averages, thresholds and lines do meet exactly.

"""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strategies.moving_average_cross import ExponentialAverages, SimpleAverages
from strategies.rsi_macd import MacdCross, RsiExtremes, RsiMacdConfig

paths = st.lists(st.integers(-3, 3), min_size=1, max_size=14).map(
    lambda steps: [1_000 + sum(steps[: n + 1]) for n in range(len(steps))]
)
exactly = settings(max_examples=200)


def smoothed(values: list[Fraction | None], period: int, alpha: Fraction) -> list[Fraction | None]:
    known = [v for v in values if v is not None]
    if len(known) < period:
        return [None] * len(values)
    averages = [sum(known[:period], Fraction(0)) / period]
    for value in known[period:]:
        averages.append((1 - alpha) * averages[-1] + alpha * value)
    return [None] * (len(values) - len(averages)) + averages


def exponential(values: list[Fraction | None], period: int) -> list[Fraction | None]:
    return smoothed(values, period, Fraction(2, period + 1))


def minus(left: list[Fraction | None], right: list[Fraction | None]) -> list[Fraction | None]:
    return [None if a is None or b is None else a - b for a, b in zip(left, right, strict=True)]


def sides(heights: list[Fraction | None]) -> list[int | None]:
    """Sign of each height, the one before where it is zero, 0 where there was none."""
    result: list[int | None] = []
    for height in heights:
        before = (result[-1] if result else None) or 0
        result.append(None if height is None else (height > 0) - (height < 0) or before)
    return result


@exactly
@given(path=paths, periods=st.sampled_from([(1, 2), (2, 3), (1, 3), (2, 5)]))
def test_exponential_averages_equal_exact_arithmetic(path: list[int], periods: tuple[int, int]) -> None:
    averages = ExponentialAverages(*periods)
    closes = [Fraction(p) for p in path]

    fast, slow = (exponential(closes, period) for period in periods)
    is_up = [None if side is None else side > 0 for side in sides(minus(fast, slow))]
    assert [averages.update(p) for p in path] == is_up


@exactly
@given(path=paths, periods=st.sampled_from([(1, 2), (2, 3), (1, 3), (2, 5)]))
def test_simple_averages_equal_exact_arithmetic(path: list[int], periods: tuple[int, int]) -> None:
    averages = SimpleAverages(*periods)

    for n, found in enumerate([averages.update(p) for p in path], start=1):
        means = [Fraction(sum(path[n - period : n]), period) for period in periods] if n >= periods[1] else None
        assert found == (None if means is None else means[0] > means[1])


@exactly
@given(path=paths, periods=st.sampled_from([(1, 2, 2), (1, 3, 2), (2, 3, 3)]))
@example(path=[997, 994, 991, 991, 989, 999], periods=(1, 2, 2))  # up, a tie that floats miss by 1e-14, up again
def test_macd_crosses_equal_exact_arithmetic(path: list[int], periods: tuple[int, int, int]) -> None:
    fast, slow, signal = periods
    macd = MacdCross(RsiMacdConfig(macd_fast=fast, macd_slow=slow, macd_signal=signal))
    closes = [Fraction(p) for p in path]

    line = minus(exponential(closes, fast), exponential(closes, slow))
    side = [None, *sides(minus(line, exponential(line, signal)))]
    crosses = [0 if was is None or now == was else now for was, now in pairwise(side)]
    assert [macd.update(p) for p in path] == crosses


@exactly
@pytest.mark.parametrize("threshold", [20, 25, 40])
@given(path=paths, period=st.sampled_from([1, 2, 4, 5]))
def test_rsi_beyond_its_thresholds_equals_exact_arithmetic(threshold: int, path: list[int], period: int) -> None:
    rsi = RsiExtremes(RsiMacdConfig(rsi_period=period, oversold=threshold, overbought=100 - threshold))
    changes = [Fraction(b - a) for a, b in pairwise(path)]
    gains, losses = (
        smoothed([max(s * change, Fraction(0)) for change in changes], period, Fraction(1, period)) for s in (1, -1)
    )

    rsi.update(path[0])
    for price, gain, loss in zip(path[1:], gains, losses, strict=True):
        rsi.update(price)
        is_known = gain is not None and loss is not None and gain + loss > 0
        value = 100 * gain / (gain + loss) if is_known else Fraction(50)
        assert (rsi.bars_since_oversold == 0) == (value < threshold)
        assert (rsi.bars_since_overbought == 0) == (value > 100 - threshold)
