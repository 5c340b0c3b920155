"""The moving-average cross by hand: prices are written in ticks of one cent."""

import pytest
from pydantic import ValidationError

from strategies.moving_average_cross import MovingAverageCross, MovingAverageCrossConfig
from strategies.price_bar import PriceBar


def signals(ticks: list[int], tick_size: float = 0.01, **settings: object) -> list[int]:
    return signals_on_closes([t * tick_size for t in ticks], tick_size, **settings)


def signals_on_closes(closes: list[float], tick_size: float = 0.01, **settings: object) -> list[int]:
    rule = MovingAverageCross(MovingAverageCrossConfig(**settings), tick_size)
    return [rule.update(PriceBar(n, c, c, c, c, 100.0)) for n, c in enumerate(closes)]


def test_simple_cross_worked_by_hand_turns_up_and_down() -> None:
    # fast: 10 10 10 12 14 12 10 8 from the second bar, slow: 10 11 12 12 12 10 from the fourth
    prices = [10, 10, 10, 10, 14, 14, 10, 10, 6]

    assert signals(prices, fast_period=2, slow_period=4) == [0, 0, 0, 0, 1, 0, -1, 0, 0]


@pytest.mark.parametrize(("prices", "signal"), [([6, 5, 6], 1), ([5, 6, 5], -1)])
def test_first_signal_comes_on_the_second_full_bar(prices: list[int], signal: int) -> None:
    rule = MovingAverageCross(MovingAverageCrossConfig(fast_period=1, slow_period=2), 0.01)

    assert signals(prices, fast_period=1, slow_period=2) == [0, 0, signal]
    assert rule.bars_needed == 3


@pytest.mark.parametrize("average", ["simple", "exponential"])
@pytest.mark.parametrize("prices", [range(100, 200), range(200, 100, -1)])
def test_state_of_the_first_full_bar_is_no_signal(average: str, prices: range) -> None:
    assert not any(signals(list(prices), average=average))


@pytest.mark.parametrize("average", ["simple", "exponential"])
def test_flat_prices_never_trade(average: str) -> None:
    assert not any(signals([12_345] * 500, average=average))


def test_tie_after_up_ends_up() -> None:
    assert signals([5, 6, 6, 6], fast_period=1, slow_period=2) == [0, 0, -1, 0]


def test_tie_after_down_is_no_turn() -> None:
    assert signals([6, 5, 5, 6], fast_period=1, slow_period=2) == [0, 0, 0, 1]


@pytest.mark.parametrize("average", ["simple", "exponential"])
def test_rounding_noise_in_the_closes_never_trades(average: str) -> None:
    noisy = [0.3, 0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2, 0.1 + 0.2, 0.3] * 20
    assert noisy[0] != noisy[1]

    assert not any(signals_on_closes(noisy, fast_period=2, slow_period=3, average=average))


def test_exponential_starts_from_the_simple_average() -> None:
    # slow (alpha one half): seed 100, then 105, then 102.5. Started from its first close it would be 115 at the seed
    # and above the fourth close
    prices = [40, 100, 160, 110, 100]

    assert signals(prices, fast_period=1, slow_period=3, average="exponential") == [0, 0, 0, 0, -1]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("fast", "slow"), [(2, 3), (5, 20)])
def test_exponential_in_a_flat_market_after_a_move_stays_silent(fast: int, slow: int, sign: int) -> None:
    # in truth the averages never meet again; as floats those of 2 and 3 bars do
    path = [10_000] * 60 + [10_000 - sign] * 3 + [10_000 + sign * 20] * 5_000
    found = signals(path, average="exponential", fast_period=fast, slow_period=slow)

    assert [s for s in found[63:] if s] == [sign]


@pytest.mark.parametrize(
    ("pct", "prices", "expected"),
    [
        # with periods 1 and 2 the separation is |new - old| / (new + old)
        (1.0, [10_000, 9_999, 10_201], [0, 0, 1]),  # 202 / 20200: exactly 1 %
        (1.0, [10_000, 9_999, 10_200], [0, 0, 0]),
        (0.1, [10_000, 9_990, 10_010], [0, 0, 1]),  # 20 / 20000: exactly 0.1 %
        (0.1, [10_000, 9_990, 10_009], [0, 0, 0]),
        (0.1, [10_000, 10_010, 9_990], [0, 0, -1]),
        (0.1, [10_000, 10_010, 9_991], [0, 0, 0]),
        (0.0, [10_000, 9_990, 9_991], [0, 0, 1]),
        (0.000_001, [5, 6, 6], [0, 0, 0]),  # a tie has no separation
    ],
)
def test_min_separation_at_its_boundary_signals_and_one_tick_less_does_not(
    pct: float, prices: list[int], expected: list[int]
) -> None:
    assert signals(prices, fast_period=1, slow_period=2, min_separation_pct=pct) == expected


@pytest.mark.parametrize("sign", [1, -1])
def test_weak_cross_that_widens_later_is_skipped_until_the_next_turn(sign: int) -> None:
    moves = [0, -10, 9, 500, 400]
    found = signals([10_000 + sign * m for m in moves], fast_period=1, slow_period=2, min_separation_pct=0.1)

    assert found == [0, 0, 0, 0, -sign]


def test_exponential_min_separation_filters_too() -> None:
    # slow: seed 100, then 104: the fast average lies 4 above, 3.85 %
    prices = [110, 100, 90, 108]
    settings = {"fast_period": 1, "slow_period": 3, "average": "exponential"}

    assert signals(prices, **settings, min_separation_pct=3.8) == [0, 0, 0, 1]
    assert signals(prices, **settings, min_separation_pct=3.9) == [0, 0, 0, 0]


@pytest.mark.parametrize(("fast", "slow"), [(50, 20), (20, 20)])
def test_config_with_inverted_periods_prints_both(fast: int, slow: int) -> None:
    with pytest.raises(ValidationError, match=f"fast_period must be below slow_period, was {fast} >= {slow}"):
        MovingAverageCrossConfig(fast_period=fast, slow_period=slow)


@pytest.mark.parametrize(
    "settings",
    [{"fast": 5}, {"fast_period": 0}, {"average": "weighted"}, {"min_separation_pct": -0.1}]
    + [{"min_separation_pct": value} for value in (float("nan"), float("inf"))],
)
def test_config_with_a_bad_setting_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MovingAverageCrossConfig(**settings)


@pytest.mark.parametrize("average", ["simple", "exponential"])
def test_close_that_is_no_number_raises(average: str) -> None:
    with pytest.raises(ValueError, match="NaN"):
        signals_on_closes([1.0, float("nan")], average=average)
