"""
Each rule against its definition written on the whole series with pandas: random paths, long walks, real bars.

The oracles share nothing with the rules: no state, no bar by bar. Simple averages compare exactly, in whole ticks;
for the others the noise band of the definition (1e-6 tick, 1e-9 RSI points) is wider than what two float sums differ.

"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strategies.moving_average_cross import SeededAverage, SimpleAverages
from strategies.price_bar import PriceBar
from strategies.rules import RULES

REAL = Path(__file__).parents[3] / "shared" / "data"
TICK = 0.01

steps = st.lists(st.one_of(st.integers(-40, 40), st.just(0), st.integers(-2, 2)), min_size=1, max_size=250)
volume_lists = st.lists(st.integers(0, 500), min_size=250, max_size=250)


def signals(kind: str, ticks: pd.Series, volumes: pd.Series, config: dict[str, object]) -> list[int]:
    rule = RULES[kind](RULES[kind].Config(**config), TICK)
    return [
        rule.update(PriceBar(n, c, c, c, c, float(v)))
        for n, (c, v) in enumerate(zip((ticks * TICK).tolist(), volumes.tolist(), strict=True))
    ]


def seeded(values: pd.Series, period: int, alpha: float) -> pd.Series:
    """Exponential average from the simple mean of the first ``period`` values that are there."""
    start = int(values.isna().sum()) + period - 1
    series = values.astype(float).copy()
    if start < len(series):
        series.iloc[start] = values.iloc[start - period + 1 : start + 1].mean()
    series.iloc[:start] = np.nan
    return series.ewm(alpha=alpha, adjust=False).mean()


def span(values: pd.Series, period: int) -> pd.Series:
    return seeded(values, period, 2 / (period + 1))


def side(height: pd.Series) -> pd.Series:
    """1 or -1 by the sign, what it was within the noise, 0 before any; NaN where the height is unknown."""
    beyond = np.sign(height).where(height.abs() > 1e-6)
    return beyond.ffill().fillna(0).where(height.notna())


def moving_average_cross(ticks: pd.Series, volumes: pd.Series, c: dict[str, object]) -> pd.Series:
    if c["average"] == "simple":
        fast, slow = (ticks.rolling(c[k]).sum() for k in ("fast_period", "slow_period"))
        is_up = (fast * c["slow_period"] > slow * c["fast_period"]).where(slow.notna())
        fast, slow = fast / c["fast_period"], slow / c["slow_period"]
    else:
        fast, slow = (span(ticks, c[k]) for k in ("fast_period", "slow_period"))
        is_up = (side(fast - slow) > 0).where(slow.notna())
    is_wide = (fast - slow).abs() / slow * 100 >= c["min_separation_pct"]
    return is_up.astype(float).diff().fillna(0) * is_wide


def rsi_macd(ticks: pd.Series, volumes: pd.Series, c: dict[str, object]) -> pd.Series:
    gain, loss = (seeded((s * ticks.diff()).clip(lower=0), c["rsi_period"], 1 / c["rsi_period"]) for s in (1, -1))
    rsi = 100 - 100 / (1 + gain / loss)
    rsi = rsi.mask((gain == 0) & (loss == 0), 50.0)
    line = span(ticks, c["macd_fast"]) - span(ticks, c["macd_slow"])
    is_above = side(line - span(line, c["macd_signal"]))
    cross = is_above.where(is_above.shift().notna() & (is_above != is_above.shift()), 0)
    mean = ticks.rolling(c["bollinger_period"]).mean()
    width = ticks.rolling(c["bollinger_period"]).std(ddof=0) * c["bollinger_deviations"]
    percent_b = ((ticks - (mean - width)) / (2 * width)).mask(width == 0, 0.5)
    was_oversold, was_overbought = (
        extreme.rolling(c["lookback_bars"], min_periods=1).max() > 0
        for extreme in (rsi < c["oversold"] - 1e-9, rsi > c["overbought"] + 1e-9)
    )
    buy, sell = (cross > 0) & was_oversold, (cross < 0) & was_overbought
    if c["max_percent_b"] is not None:
        buy, sell = buy & (percent_b <= c["max_percent_b"]), sell & (percent_b >= 1 - c["max_percent_b"])
    return buy.astype(int) - sell.astype(int)


def momentum(ticks: pd.Series, volumes: pd.Series, c: dict[str, object]) -> pd.Series:
    past = ticks.shift(c["lookback"])
    # thresholds here are whole hundredths of a percent, so that the comparison is one of integers
    gain, limit = (ticks - past) * 10_000, past * round(c["threshold_pct"] * 100)
    is_above, is_below, is_known = gain > limit, gain < -limit, gain.shift().notna()
    rises = is_above & ~is_above.shift(fill_value=False) & is_known
    falls = is_below & ~is_below.shift(fill_value=False) & is_known
    result = rises.astype(int) - falls.astype(int)
    if c["volume_factor"] is not None:
        mean = volumes.shift().rolling(c["volume_period"]).mean()
        result = result.where(volumes >= c["volume_factor"] * mean - 1e-9, 0)
    return result


ORACLES = {"moving_average_cross": moving_average_cross, "rsi_macd": rsi_macd, "momentum": momentum}

# every setting away from its default somewhere, and small enough to speak on short paths
QUICK = {"rsi_period": 2, "macd_fast": 2, "macd_slow": 4, "macd_signal": 2, "lookback_bars": 3}
BANDS = {"bollinger_period": 7, "bollinger_deviations": 1.5, "max_percent_b": 0.6123}
CONFIGS: list[tuple[str, dict[str, object]]] = [
    ("moving_average_cross", {}),
    ("moving_average_cross", {"fast_period": 3, "slow_period": 7, "min_separation_pct": 0.0371}),
    ("moving_average_cross", {"fast_period": 1, "slow_period": 2}),
    ("moving_average_cross", {"fast_period": 3, "slow_period": 9, "average": "exponential"}),
    ("moving_average_cross", {"fast_period": 5, "average": "exponential", "min_separation_pct": 0.0371}),
    ("rsi_macd", {}),
    ("rsi_macd", {"max_percent_b": 0.4371}),
    ("rsi_macd", {"rsi_period": 3, "oversold": 41.0, "overbought": 55.0, "macd_fast": 3, "macd_slow": 6}),
    ("rsi_macd", QUICK),
    ("rsi_macd", QUICK | BANDS),
    ("momentum", {"threshold_pct": 0.5}),
    ("momentum", {"lookback": 1, "threshold_pct": 0.0}),
    ("momentum", {"lookback": 5, "threshold_pct": 0.21, "volume_factor": 1.5}),
    ("momentum", {"lookback": 2, "threshold_pct": 0.1, "volume_factor": 0.9, "volume_period": 6}),
]
FILES = ["minute/IBM.csv", "minute/BAC.csv", "minute/AAPL.csv", "hour/IBM.csv.gz", "hour/SPY.csv.gz"]

cases = pytest.mark.parametrize(("kind", "config"), CONFIGS)


def expected(kind: str, ticks: pd.Series, volumes: pd.Series, config: dict[str, object]) -> list[int]:
    full = RULES[kind].Config(**config).model_dump()
    return ORACLES[kind](ticks, volumes, full).astype(int).tolist()


@cases
@settings(max_examples=25)
@given(changes=steps, volume_list=volume_lists)
def test_rule_on_any_path_equals_pandas(
    kind: str, config: dict[str, object], changes: list[int], volume_list: list[int]
) -> None:
    ticks = 12_000 + pd.Series(changes).cumsum()
    volumes = pd.Series(volume_list[: len(changes)])

    assert signals(kind, ticks, volumes, config) == expected(kind, ticks, volumes, config)


@cases
def test_rule_on_a_long_walk_equals_pandas(kind: str, config: dict[str, object]) -> None:
    ticks, volumes = walk(5_000)

    found = signals(kind, ticks, volumes, config)

    assert found == expected(kind, ticks, volumes, config)
    assert {1, -1} <= set(found)


@pytest.mark.parametrize(
    "name", ["minute/IBM.csv", "minute/BAC.csv", "minute/AAPL.csv", "hour/IBM.csv.gz", "hour/SPY.csv.gz"]
)
@cases
def test_rule_on_real_bars_equals_pandas(kind: str, config: dict[str, object], name: str) -> None:
    if not (REAL / name).exists():
        pytest.skip("the real series lie beside the repository, not in it")
    bars = read(name)
    ticks = (bars.close / TICK).round().astype(int)

    found = signals(kind, ticks, bars.volume, config)

    assert found == expected(kind, ticks, bars.volume, config)
    assert any(found)


_READ: dict[str, pd.DataFrame] = {}


def read(name: str) -> pd.DataFrame:
    if name not in _READ:
        _READ[name] = pd.read_csv(REAL / name, usecols=["close", "volume"])
    return _READ[name]


def walk(count: int) -> tuple[pd.Series, pd.Series]:
    """A walk with flat stretches and an overnight gap now and then."""
    random = np.random.default_rng(7)
    changes = random.integers(-12, 13, count) * (random.random(count) < 0.8)
    changes[::390] += random.integers(-150, 151, len(changes[::390]))
    return 8_000 + pd.Series(changes).cumsum(), pd.Series(random.integers(100, 1_000, count))


@pytest.mark.parametrize(("fast_period", "slow_period"), [(20, 50), (1, 2), (49, 50)])
def test_simple_averages_over_a_long_walk_equal_pandas_exactly(fast_period: int, slow_period: int) -> None:
    ticks, _ = walk(5_000)
    averages = SimpleAverages(fast_period, slow_period)

    spreads = []
    for tick in ticks.tolist():
        averages.update(tick)
        spreads.append(averages.spread())

    fast = ticks.rolling(fast_period).sum().iloc[slow_period - 1 :].astype(int) * slow_period
    slow = ticks.rolling(slow_period).sum().iloc[slow_period - 1 :].astype(int) * fast_period
    assert spreads[slow_period - 1 :] == list(zip(fast - slow, slow, strict=True))


@pytest.mark.parametrize(("period", "alpha"), [(20, 2 / 21), (14, 1 / 14), (1, 1.0)])
def test_seeded_average_over_a_long_walk_equals_pandas(period: int, alpha: float) -> None:
    ticks, _ = walk(5_000)
    average = SeededAverage(period, alpha)

    values = [average.update(tick) for tick in ticks.tolist()]

    assert values[: period - 1] == [None] * (period - 1)
    np.testing.assert_allclose(values[period - 1 :], seeded(ticks, period, alpha).iloc[period - 1 :], rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("moving_average_cross", {"fast_period": 3, "slow_period": 8}),
        ("moving_average_cross", {"fast_period": 3, "slow_period": 8, "average": "exponential"}),
        ("rsi_macd", QUICK),
        ("rsi_macd", QUICK | BANDS),
        ("momentum", {"lookback": 3, "threshold_pct": 0.0}),
    ],
)
@settings(max_examples=40)
@given(changes=steps)
def test_mirrored_path_gives_mirrored_signals(kind: str, config: dict[str, object], changes: list[int]) -> None:
    ticks = 12_000 + pd.Series(changes).cumsum()
    if kind == "moving_average_cross":  # a tie is not up, whichever way it came: only ties have no mirror
        fast, slow = (ticks.rolling(config[k]).sum() for k in ("fast_period", "slow_period"))
        assume(not (fast * config["slow_period"] == slow * config["fast_period"]).any())
    volumes = pd.Series(100, index=ticks.index)

    there = signals(kind, ticks, volumes, config)
    mirrored = signals(kind, 24_000 - ticks, volumes, config)

    assert there == [-s for s in mirrored]
