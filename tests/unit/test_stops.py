"""The protective stop and law 3."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from actors.messages import Side
from strategies.stops import StopConfig, is_tighter, protective_stop, stop_distance, tightened

TICK = Decimal("0.01")


def test_stop_distance_percent_is_share_of_close():
    assert stop_distance(StopConfig(distance_pct=Decimal("2.5")), Decimal(80), atr=None) == 2


def test_stop_distance_atr_is_multiple_of_it():
    assert stop_distance(StopConfig(kind="atr", atr_multiple=Decimal("2.5")), Decimal(80), Decimal("1.2")) == 3


def test_stop_distance_atr_not_known_yet_is_unknown():
    assert stop_distance(StopConfig(kind="atr"), Decimal(80), atr=None) is None


@pytest.mark.parametrize(
    ("side", "close", "distance", "expected"),
    [
        (Side.LONG, "100", "5", "95"),
        (Side.SHORT, "100", "5", "105"),
        (Side.LONG, "33.33", "1.6665", "31.66"),  # 31.6635, away from the market
        (Side.SHORT, "33.33", "1.6665", "35.00"),  # 34.9965
        (Side.LONG, "100", "0", "99.99"),
        (Side.SHORT, "100", "0", "100.01"),
        (Side.LONG, "0.05", "4", "0.01"),
        (Side.LONG, "0.02", "0.001", "0.01"),
    ],
)
def test_protective_stop_by_side_stands_on_a_tick_on_the_losing_side(side, close, distance, expected):
    assert protective_stop(side, Decimal(close), Decimal(distance), TICK) == Decimal(expected)


@pytest.mark.parametrize(("side", "close"), [(Side.LONG, "0.01"), (Side.SHORT, "0")])
def test_protective_stop_without_room_is_refused(side, close):
    with pytest.raises(ValueError, match=f"expected a close of at least 0.0[12], was {close}; no stop fits"):
        protective_stop(side, Decimal(close), Decimal(1), TICK)


@pytest.mark.parametrize(
    ("side", "current", "candidate", "expected"),
    [
        (Side.LONG, 95, 96, True),
        (Side.LONG, 95, 95, False),
        (Side.LONG, 95, 94, False),
        (Side.SHORT, 105, 104, True),
        (Side.SHORT, 105, 105, False),
        (Side.SHORT, 105, 106, False),
    ],
)
def test_is_tighter_by_side_means_nearer_to_the_market(side, current, candidate, expected):
    assert is_tighter(side, Decimal(current), Decimal(candidate)) is expected


@pytest.mark.parametrize(
    ("side", "current", "candidate", "expected"),
    [
        (Side.LONG, "95", "96.004", "96"),
        (Side.LONG, "95", "94", None),
        (Side.LONG, "95", "95.009", None),  # nothing left of it on the grid
        (Side.LONG, "95", "101", "99.99"),  # beyond the market: as far as it allows
        (Side.LONG, "99.99", "101", None),
        (Side.LONG, "102", "103", None),  # the market is already past the stop: it stays
        (Side.SHORT, "105", "103.996", "104"),
        (Side.SHORT, "105", "106", None),
        (Side.SHORT, "105", "104.991", None),
        (Side.SHORT, "105", "99", "100.01"),
        (Side.SHORT, "100.01", "99", None),
        (Side.SHORT, "98", "97", None),
    ],
)
def test_tightened_law_3_never_loosens_and_keeps_a_tick(side, current, candidate, expected):
    result = tightened(side, Decimal(current), Decimal(candidate), Decimal(100), TICK)

    assert result == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("distance_pct", ["0.04", "50.1", "-5"])
def test_stop_config_distance_out_of_range_is_refused(distance_pct):
    with pytest.raises(ValidationError, match="distance_pct"):
        StopConfig(distance_pct=Decimal(distance_pct))
