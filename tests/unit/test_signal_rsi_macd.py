"""The RSI-MACD rule by hand: prices are written in ticks of one cent."""

import pytest
from pydantic import ValidationError

from strategies.price_bar import PriceBar
from strategies.rsi_macd import BollingerBands, RsiExtremes, RsiMacd, RsiMacdConfig

# Small enough to follow: RSI(1) is 0 after a fall, 100 after a rise, 50 after neither.
# MACD(1, 2, 2) of 100 94 88 94: line -3 -3 1 from the second bar, signal line -3 -1/3 from the third: a cross up on
# the fourth
SMALL = {"rsi_period": 1, "macd_fast": 1, "macd_slow": 2, "macd_signal": 2}
FALL_AND_TURN = [100, 94, 88, 94]

# Published example of a 14-bar RSI (StockCharts, ChartSchool, "Relative Strength Index"), with its values
RSI_CLOSES = """44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328
45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439"""
RSI_VALUES = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]


def signals(ticks: list[int], **settings: object) -> list[int]:
    rule = RsiMacd(RsiMacdConfig(**settings), 0.01)
    closes = [t * 0.01 for t in ticks]
    return [rule.update(PriceBar(n, c, c, c, c, 100.0)) for n, c in enumerate(closes)]


def mirrored(ticks: list[int], sign: int) -> list[int]:
    return [100 + sign * (t - 100) for t in ticks]


@pytest.mark.parametrize("sign", [1, -1])
def test_cross_after_an_extreme_rsi_signals_on_the_first_possible_bar(sign: int) -> None:
    rule = RsiMacd(RsiMacdConfig(**SMALL), 0.01)

    assert signals(mirrored(FALL_AND_TURN, sign), **SMALL) == [0, 0, 0, sign]
    assert rule.bars_needed == 4


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("lookback_bars", "is_signal"), [(1, False), (2, True)])
def test_lookback_counts_the_bar_of_the_signal(sign: int, lookback_bars: int, is_signal: bool) -> None:
    # the RSI was extreme on the third bar, the cross comes on the fourth
    found = signals(mirrored(FALL_AND_TURN, sign), **SMALL, lookback_bars=lookback_bars)

    assert found == [0, 0, 0, sign * is_signal]


@pytest.mark.parametrize("sign", [1, -1])
def test_cross_on_the_bar_of_the_extreme_itself_signals(sign: int) -> None:
    # a slower fall is a cross up: line -3 -3 -1.67, signal line -3 -2.11, while the RSI is still 0
    assert signals(mirrored([100, 94, 88, 86], sign), **SMALL, lookback_bars=1) == [0, 0, 0, sign]


@pytest.mark.parametrize("sign", [1, -1])
def test_cross_without_an_extreme_rsi_is_silent(sign: int) -> None:
    # RSI(3) of the changes -6 -6 +6 is 33.3: the same cross, not oversold
    settings = SMALL | {"rsi_period": 3}
    prices = mirrored(FALL_AND_TURN, sign)

    assert signals(prices, **settings, oversold=33.0, overbought=67.0) == [0, 0, 0, 0]
    assert signals(prices, **settings, oversold=33.5, overbought=66.5) == [0, 0, 0, sign]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("limit", "is_signal"), [(0.5, True), (0.49, False)])
def test_percent_b_limit_at_its_boundary_lets_pass(sign: int, limit: float, is_signal: bool) -> None:
    # the last close, 94, is the mean of the four: %B = 0.5
    found = signals(mirrored(FALL_AND_TURN, sign), **SMALL, bollinger_period=4, max_percent_b=limit)

    assert found == [0, 0, 0, sign * is_signal]


def test_percent_b_limit_is_unmet_until_the_bands_are_full() -> None:
    limit = {"bollinger_period": 5, "max_percent_b": 2.0}
    rule = RsiMacd(RsiMacdConfig(**SMALL, **limit), 0.01)

    assert signals(FALL_AND_TURN, **SMALL, **limit) == [0, 0, 0, 0]
    assert signals([100, *FALL_AND_TURN], **SMALL, **limit) == [0, 0, 0, 0, 1]
    assert rule.bars_needed == 5


@pytest.mark.parametrize("last", [1, 3])
def test_bands_use_the_population_deviation(last: int) -> None:
    bands = BollingerBands(4, 2.0)
    for ticks in (77, 4 - last, last, 4 - last, last):  # 77 has left the window
        bands.update(ticks)

    # mean 2, deviation 1: the bands are 0 and 4
    assert bands.offset(last) == (0.25 if last == 3 else -0.25)


def test_bands_without_width_put_the_close_in_the_middle() -> None:
    bands = BollingerBands(3, 2.0)
    for _ in range(5):
        bands.update(64_512)

    assert bands.offset(64_512) == 0.0


@pytest.mark.parametrize("is_mirror", [False, True])
def test_rsi_agrees_with_the_published_example(is_mirror: bool) -> None:
    ticks = [round(float(close) * 10_000) for close in RSI_CLOSES.split()]
    for count, value in zip(range(15, 21), RSI_VALUES, strict=True):
        above, below = (rsi_after(ticks[:count], is_mirror, overbought=value + d) for d in (-0.006, 0.006))
        assert above == 0
        assert below != 0


def rsi_after(ticks: list[int], is_mirror: bool, overbought: float) -> int | None:
    """Bars since the RSI was beyond the threshold; mirrored prices against the mirrored threshold."""
    rsi = RsiExtremes(RsiMacdConfig(oversold=100 - overbought, overbought=overbought))
    for tick in ticks:
        rsi.update(-tick if is_mirror else tick)
    return rsi.bars_since_oversold if is_mirror else rsi.bars_since_overbought


@pytest.mark.parametrize("up", [1, 2, 3, 4])
@pytest.mark.parametrize("flat", [0, 8, 10, 18, 30])
def test_rsi_exactly_on_its_threshold_is_not_extreme(up: int, flat: int) -> None:
    # 20 for each rise among five changes, also while the price rests: as floats the averages then shrink unequally
    low = RsiExtremes(RsiMacdConfig(rsi_period=5, oversold=20.0 * up, overbought=99.0))
    high = RsiExtremes(RsiMacdConfig(rsi_period=5, oversold=1.0, overbought=20.0 * up))
    price = 1_000
    for change in [0] + [1] * up + [-1] * (5 - up) + [0] * flat:
        price += change
        low.update(price)
        high.update(price)

    assert (low.bars_since_oversold, high.bars_since_overbought) == (None, None)


def test_flat_prices_never_trade() -> None:
    assert not any(signals([12_345] * 300, oversold=49.9, overbought=50.1))


def test_rounding_noise_in_the_closes_is_no_fall() -> None:
    # a fall of a billionth of a tick would be an RSI of 0 just before the cross up
    rule = RsiMacd(RsiMacdConfig(**SMALL), 0.01)
    closes = [1.0, 1.0, 1.0, 1.0 - 1e-11, 1.05]

    assert [rule.update(PriceBar(n, c, c, c, c, 100.0)) for n, c in enumerate(closes)] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_long_rsi_period_delays_the_first_possible_bar(sign: int) -> None:
    # line -3 -3 -3 -2, signal line -3 -3 -2.33 from the third bar: a cross up on the fifth, the first bar of RSI(4)
    settings = SMALL | {"rsi_period": 4}
    rule = RsiMacd(RsiMacdConfig(**settings), 0.01)

    assert signals(mirrored([100, 94, 88, 82, 79], sign), **settings) == [0, 0, 0, 0, sign]
    assert rule.bars_needed == 5


@pytest.mark.parametrize("sign", [1, -1])
def test_flat_market_after_a_move_stays_silent_once_the_lines_have_met(sign: int) -> None:
    path = [10_000] * 60 + [10_000 + sign * 50] * 5_000
    found = signals(path, oversold=98.0, overbought=99.0, lookback_bars=10_000)

    assert not any(found[500:])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"oversold": 70, "overbought": 30}, "oversold must be below overbought, was 70.0 >= 30.0"),
        ({"oversold": 50, "overbought": 50}, "oversold must be below overbought, was 50.0 >= 50.0"),
        ({"macd_fast": 26, "macd_slow": 12}, "macd_fast must be below macd_slow, was 26 >= 12"),
        ({"lookback_bars": 0}, "greater than or equal to 1"),
        ({"oversold": 0}, "greater than 0"),
        ({"overbought": 100}, "less than 100"),
        ({"bollinger_deviations": 0}, "greater than 0"),
        ({"rsi": 14}, "Extra inputs are not permitted"),
    ],
)
def test_config_with_a_bad_setting_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RsiMacdConfig(**settings)
