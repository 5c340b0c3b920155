"""The sample is what the documents promise of it, and the same on every machine."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from catalog.quality import check_bars
from catalog.sample import STOCKS, sample_frame
from catalog.sessions import Sessions

SYMBOLS = [stock.symbol for stock in STOCKS]
HASHES = {"AAPL.NASDAQ": "9550a4688c29e724", "MSFT.NASDAQ": "df2f92826cfd8358", "TSLA.NASDAQ": "e0cfb6fd67fec0f8"}


def by_day(frame: pd.DataFrame) -> pd.api.typing.DataFrameGroupBy:
    times = pd.to_datetime(frame["ts"], utc=True).dt.tz_convert("America/New_York")
    return frame.groupby(times.dt.date)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_sample_is_always_the_same(symbol: str) -> None:
    text = sample_frame(symbol).round(2).to_csv(index=False)

    assert hashlib.sha256(text.encode()).hexdigest()[:16] == HASHES[symbol]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_sample_is_complete_and_sound(symbol: str) -> None:
    assert check_bars(sample_frame(symbol), 60, Sessions(), symbol) == []


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_sample_has_sixty_sessions_with_two_half_days_and_gaps(symbol: str) -> None:
    days = by_day(sample_frame(symbol))

    assert days.size().value_counts().to_dict() == {390: 62, 210: 2}
    gaps = days["open"].first() / days["close"].last().shift() - 1
    assert gaps.abs().median() > 0.003


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_sample_is_busier_at_both_ends_of_the_day(symbol: str) -> None:
    frame = sample_frame(symbol)
    minute = by_day(frame).cumcount()
    full = by_day(frame)["ts"].transform("size") == 390
    spread = (frame["high"] - frame["low"]) / frame["close"]

    for value in (frame["volume"], spread):
        first, middle, last = (value[full & minute.between(*span)].mean() for span in ((0, 14), (190, 204), (375, 389)))
        assert first > 1.5 * middle
        assert last > 1.3 * middle


def test_sample_falls_five_percent_from_a_high_within_two_sessions_in_tesla() -> None:
    frame = sample_frame("TSLA.NASDAQ")

    fall = frame["low"] / frame["high"].rolling(780, min_periods=1).max() - 1

    assert (fall < -0.05).any()
    assert np.isclose(frame["open"].iloc[0], 258.0, rtol=0.1)
