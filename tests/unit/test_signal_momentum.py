"""The momentum rule by hand: prices are written in ticks of one cent."""

import pytest
from pydantic import ValidationError

from strategies.momentum import Momentum, MomentumConfig
from strategies.price_bar import PriceBar

SHORT = {"lookback": 2, "threshold_pct": 2.0}


def signals(ticks: list[int], volumes: list[int] | None = None, **settings: object) -> list[int]:
    rule = Momentum(MomentumConfig(**settings), 0.01)
    closes = [t * 0.01 for t in ticks]
    return [
        rule.update(PriceBar(n, c, c, c, c, float(v)))
        for n, (c, v) in enumerate(zip(closes, volumes or [100] * len(ticks), strict=True))
    ]


@pytest.mark.parametrize(("last", "signal"), [(10_201, 1), (10_200, 0), (9_800, 0), (9_799, -1)])
def test_gain_beyond_the_threshold_signals_and_exactly_on_it_does_not(last: int, signal: int) -> None:
    # as floats, 102.00 / 100.00 - 1 is above 0.02
    rule = Momentum(MomentumConfig(**SHORT), 0.01)

    assert signals([10_000, 10_000, 10_000, last], **SHORT) == [0, 0, 0, signal]
    assert rule.bars_needed == 4


def test_rounding_noise_in_the_closes_is_no_gain() -> None:
    rule = Momentum(MomentumConfig(**SHORT), 0.01)
    closes = [100.0, 100.0, 100.0, 102.000_000_001]

    assert [rule.update(PriceBar(n, c, c, c, c, 100.0)) for n, c in enumerate(closes)] == [0, 0, 0, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_first_known_gain_beyond_the_threshold_is_no_signal(sign: int) -> None:
    path = [10_000, 10_000, 10_000 + sign * 300, 10_000 + sign * 300]

    assert signals(path, **SHORT) == [0, 0, 0, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_gain_that_stays_beyond_signals_once_and_again_after_a_return(sign: int) -> None:
    moves = [0, 0, 0, 300, 300, 300, 300, 700]
    # gains over two bars: 0 3 3 0 0 3.9 (or 4.1 of a fall) from the third bar

    found = signals([10_000 + sign * m for m in moves], **SHORT)

    assert found == [0, 0, 0, sign, 0, 0, 0, sign]


@pytest.mark.parametrize("sign", [1, -1])
def test_jump_from_one_side_to_the_other_signals_the_new_side(sign: int) -> None:
    # gains over one bar: 0, 5 %, -9.5 % (or their mirror)
    found = signals([10_000, 10_000, 10_000 + sign * 500, 10_000 - sign * 500], lookback=1, threshold_pct=2.0)

    assert found == [0, 0, sign, -sign]


def test_flat_prices_never_trade() -> None:
    assert not any(signals([12_345] * 100, threshold_pct=0.0, lookback=3))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("volume", "is_signal"), [(150, True), (149, False)])
def test_volume_at_the_factor_passes_and_one_share_less_does_not(sign: int, volume: int, is_signal: bool) -> None:
    # the mean of the three bars before is 100; the bar's own volume is not part of it
    path = [10_000, 10_000, 10_000, 10_000, 10_000 + sign * 300]
    found = signals(path, [999, 80, 100, 120, volume], **SHORT, volume_factor=1.5, volume_period=3)

    assert found == [0, 0, 0, 0, sign * is_signal]


def test_signal_without_volume_is_skipped_for_good() -> None:
    found = signals(
        [10_000] * 4 + [10_300, 10_300], [100, 100, 100, 100, 50, 500], **SHORT, volume_factor=1.0, volume_period=2
    )

    assert found == [0] * 6


def test_volume_filter_is_unmet_until_it_is_full() -> None:
    settings = SHORT | {"volume_factor": 0.1, "volume_period": 4}
    rule = Momentum(MomentumConfig(**settings), 0.01)

    assert signals([10_000, 10_000, 10_000, 10_300], **settings) == [0, 0, 0, 0]
    assert signals([10_000, 10_000, 10_000, 10_000, 10_300], **settings) == [0, 0, 0, 0, 1]
    assert rule.bars_needed == 5


@pytest.mark.parametrize(
    "settings",
    [{"lookback": 0}, {"threshold_pct": -1.0}, {"threshold_pct": 100.0}, {"volume_factor": 0.0}, {"volume": 1}],
)
def test_config_with_a_bad_setting_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MomentumConfig(**settings)
