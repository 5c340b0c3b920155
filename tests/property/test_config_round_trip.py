import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from config.loader import ConfigError, load_settings
from config.printed import as_toml_text
from config.schema import Settings, StrategyTable

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


def money(low: str, high: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, allow_nan=False, allow_infinity=False, places=4)


SECTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "account": st.fixed_dictionaries(
            {"mode": st.sampled_from(["paper", "live"])},
            optional={"id": st.from_regex(r"[A-Z0-9]{1,9}", fullmatch=True)},
        ),
        "trading": st.fixed_dictionaries(
            {"enabled": st.booleans(), "on_stop": st.sampled_from(["keep_stops", "flatten"])}
        ),
        "ib": st.fixed_dictionaries({"host": TEXT.filter(bool), "port": st.integers(1, 65_535)}),
        "bars": st.fixed_dictionaries(
            {"step": st.sampled_from(["1-MINUTE", "5-SECOND", "1-DAY"]), "warmup_bars": st.integers(0, 99)}
        ),
        "sizing": st.fixed_dictionaries({"notional_usd": money("0.0001", "1E9"), "kelly_fraction": money("0.1", "1")}),
        "risk": st.fixed_dictionaries(
            {"max_positions": st.integers(1, 500)}, optional={"max_gross_exposure_usd": money("1", "1E12")}
        ),
        "stop": st.fixed_dictionaries(
            {"distance_pct": money("0.05", "50"), "kind": st.sampled_from(["percent", "atr"])}
        ),
        "alerts": st.fixed_dictionaries({"events": st.lists(TEXT, max_size=3)}),
        "backtest": st.fixed_dictionaries({"starting_cash_usd": st.decimals("1E-9", "1E12", allow_nan=False)}),
    },
)
CROSSES = st.fixed_dictionaries(
    {
        "kind": st.just("moving_average_cross"),
        "symbol": st.sampled_from(["AAPL.NASDAQ", "BRK.B.NYSE", "IBM.NYSE"]),
        "allow_short": st.booleans(),
        "fast_period": st.integers(1, 20),
        "slow_period": st.integers(21, 99),
        "min_separation_pct": st.floats(0, 99.9),
    }
)
TABLES = st.lists(CROSSES, min_size=1, max_size=4, unique_by=lambda table: tuple(sorted(table.items())))


def read(text: str) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "printed.toml"
        path.write_text(text, encoding="utf-8", newline="")
        return load_settings(path, (), {})


@given(SECTIONS, TABLES)
def test_printed_settings_read_back_are_equal(sections: dict[str, Any], tables: list[dict[str, Any]]) -> None:
    settings = Settings.model_validate({"schema_version": 1, "strategies": tables, **sections})

    again = read(as_toml_text(settings))

    assert again == settings
    assert again.fingerprint() == settings.fingerprint()


class OwnRule:
    """A rule of the user's own, with settings of every shape that TOML knows."""

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)

        label: str = Field("", description="any text")
        weights: tuple[float, ...] = Field((), description="a list")
        levels: dict[str, int] = Field({}, description="a table")
        is_on: bool | None = Field(None, description="may be absent")

    bars_needed = 1

    def update(self, bar: object) -> int:
        return 0


@example("\x7f", [1e16, 5e-324], {"b": 1, "a": 2}, None)
@given(
    TEXT,
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    st.dictionaries(TEXT, st.integers(-(2**63), 2**63), max_size=3),
    st.none() | st.booleans(),
)
def test_settings_of_a_rule_of_ones_own_read_back_are_equal(
    label: str, weights: list[float], levels: dict[str, int], is_on: bool | None
) -> None:
    table = {
        "kind": f"{__name__}:OwnRule",
        "symbol": "IBM.NYSE",
        "label": f"x{label}",
        "weights": weights,
        "levels": levels,
    }
    own = StrategyTable.model_validate(table | ({} if is_on is None else {"is_on": is_on}))
    settings = Settings(schema_version=1, strategies=(own,))

    assert read(as_toml_text(settings)) == settings
    reordered = StrategyTable.model_validate(
        own.model_dump(exclude_none=True) | {"levels": dict(reversed(levels.items()))}
    )
    assert Settings(schema_version=1, strategies=(reordered,)).fingerprint() == settings.fingerprint()


@given(st.integers(1, 500), money("0.05", "50"), st.integers(1, 49), st.booleans())
def test_valid_overrides_arrive_from_option_and_environment(
    positions: int, distance: Decimal, fast: int, enabled: bool
) -> None:
    values = {
        "risk.max_positions": positions,
        "stop.distance_pct": distance,
        "strategies.0.fast_period": fast,
        "trading.enabled": str(enabled).lower(),
    }
    by_option = load_settings(None, [f"{key}={value}" for key, value in values.items()], {})
    environ = {f"BALLAST_{key.replace('.', '__').upper()}": str(value) for key, value in values.items()}

    assert by_option == load_settings(None, (), environ)
    assert (by_option.risk.max_positions, by_option.stop.distance_pct) == (positions, distance)
    assert (by_option.strategies[0].model_dump()["fast_period"], by_option.trading.enabled) == (fast, enabled)
    assert read(as_toml_text(by_option)) == by_option


@pytest.mark.parametrize("source", ["file", "option", "variable"])
@given(st.data())
def test_any_text_gives_settings_or_a_config_error(source: str, data: st.DataObject) -> None:
    text = data.draw(TEXT | st.from_regex(r"\A[a-z_.0-9\[\]{}=\"'# \n]{0,30}\Z"))
    try:
        if source == "file":
            read(text)
        elif source == "option":
            load_settings(None, [text, f"risk.max_positions={text}", f"{text}=1"], {})
        else:
            load_settings(None, (), {f"BALLAST_{text}": "1", "BALLAST_STRATEGIES__0__FAST_PERIOD": text})
    except ConfigError as error:
        problems = error.problems
    else:
        problems = ("read",)
    assert all(problems)
