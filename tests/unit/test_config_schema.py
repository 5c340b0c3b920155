from decimal import Decimal

import pytest
from pydantic import ValidationError

from config.loader import load_settings
from config.schema import Settings

STRATEGY = {"kind": "moving_average_cross", "symbol": "AAPL.NASDAQ", "fast_period": 5, "slow_period": 9}


def settings_of(**sections: object) -> Settings:
    return Settings.model_validate({"schema_version": 1, "strategies": [STRATEGY], **sections})


def test_settings_once_made_cannot_change() -> None:
    settings = settings_of()

    for section in (settings, settings.bars, settings.risk, settings.strategies[0], settings.strategies[0].rule_config):
        name = next(iter(type(section).model_fields))
        with pytest.raises(ValidationError, match="frozen"):
            setattr(section, name, 1)


def test_strategy_table_holds_the_settings_of_its_rule() -> None:
    (table,) = settings_of().strategies

    assert (table.kind, table.symbol, table.allow_short) == ("moving_average_cross", "AAPL.NASDAQ", False)
    assert (table.rule_config.fast_period, table.rule_config.slow_period) == (5, 9)  # type: ignore[attr-defined]
    assert table.model_dump().items() >= STRATEGY.items()


def test_money_is_exact_decimal_from_file_and_default() -> None:
    settings = load_settings(None, ["backtest.commission_per_share_usd=0.0035"], {})

    assert settings.backtest.commission_per_share_usd == Decimal("0.0035")
    assert settings.backtest.starting_cash_usd == Decimal(100_000)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("risk", {"max_position_value_usd": 10}),  # below notional_usd: trimmed, not refused
        ("stop", {"kind": "atr"}),
        ("bars", {"warmup_bars": 0}),
        ("session", {"hours": "any"}),
        ("session", {"hours": "extended", "flatten_before_close_mins": 5}),
        ("backtest", {"chunk_bars": 0, "commission_per_share_usd": 0}),
    ],
)
def test_settings_at_the_edge_are_allowed(section: str, values: dict[str, object]) -> None:
    dumped = getattr(settings_of(**{section: values}), section).model_dump()

    assert {key: dumped[key] for key in values} == values


def test_extended_hours_of_a_calendar_without_them_are_refused() -> None:
    with pytest.raises(ValidationError, match="XNYS only"):
        settings_of(session={"calendar": "XLON", "hours": "extended"})


def test_fingerprint_of_same_money_written_otherwise_is_equal() -> None:
    plain = settings_of(sizing={"notional_usd": 10_000})
    with_cents = settings_of(sizing={"notional_usd": Decimal("10000.00")})

    assert plain.fingerprint() == with_cents.fingerprint()
    assert len(plain.fingerprint()) == 64


@pytest.mark.parametrize(
    "changed",
    [
        {"risk": {"max_positions": 4}},
        {"sizing": {"notional_usd": Decimal("10000.01")}},
        {"account": {"id": "DU1"}},
        {"strategies": [STRATEGY | {"fast_period": 6}]},
        {"strategies": [STRATEGY, STRATEGY | {"symbol": "MSFT.NASDAQ"}]},
    ],
)
def test_fingerprint_of_any_other_setting_differs(changed: dict[str, object]) -> None:
    assert settings_of(**changed).fingerprint() != settings_of().fingerprint()


def test_fingerprint_depends_on_the_order_of_strategies() -> None:
    other = STRATEGY | {"symbol": "MSFT.NASDAQ"}

    # The first rule in file order enters, so the order is a setting too.
    assert (
        settings_of(strategies=[STRATEGY, other]).fingerprint()
        != settings_of(strategies=[other, STRATEGY]).fingerprint()
    )
