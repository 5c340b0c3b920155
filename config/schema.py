"""
What may be set: the settings of one TOML file, with their units, ranges and cross-checks.

The sections that configure one thing (``[sizing]``, ``[stop]``, ``[risk]``, …) are modelled beside that thing; this
module holds the others and joins them all. Nothing is read here: files and the environment are ``config/loader.py``.

"""

import hashlib
import json
import traceback
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from actors.trailing_rules import TrailingStopConfig
from catalog.instruments import check_symbol, parse_step
from catalog.sessions import Sessions
from strategies.entry_gate import RiskConfig, SessionConfig
from strategies.rules import rule_class
from strategies.sizing import SizingConfig
from strategies.stops import StopConfig

SCHEMA_VERSION: Final = 1
MAX_PORT: Final = 65_535
COMMON_STRATEGY_KEYS: Final = ("kind", "symbol", "allow_short")


class Section(BaseModel):
    """A table of the file: unknown keys, NaN and infinity are refused, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AccountConfig(Section):
    """[account]: whose money. Says what is wanted; the interlocks of a live start decide whether it may be."""

    mode: Literal["paper", "live"] = Field("paper", description="kind of account; live also needs BALLAST_ARM_LIVE")
    id: str | None = Field(None, description="account at the broker: DU… for paper, U… for live")

    @field_validator("id")
    @classmethod
    def _letters_and_digits(cls, value: str | None) -> str | None:
        if value is not None and not (value.isascii() and value.isalnum()):
            raise ValueError(f"expected letters and digits only, such as 'DU1234567', found {value!r}")
        return value


class TradingConfig(Section):
    """[trading]: whether orders are sent, and what becomes of positions."""

    enabled: bool = Field(default=True, description="false: signals and decisions are recorded, no order is sent")
    on_stop: Literal["keep_stops", "flatten"] = Field(
        "keep_stops", description="when the program ends: leave positions with their stops at the broker, or close them"
    )
    exit_by: Literal["any", "opener"] = Field(
        "any", description="whose opposite signal closes a position: any rule of the symbol, or the one that opened it"
    )
    rule_timeout_secs: float = Field(
        2.0, ge=0.1, le=10, description="live: a signal rule that takes longer on a bar is interrupted, seconds"
    )


class IbConfig(Section):
    """[ib]: where TWS or IB Gateway listens."""

    host: str = Field("127.0.0.1", min_length=1, description="host name or address of TWS or IB Gateway")
    port: int = Field(
        4002, ge=1, le=MAX_PORT, description="TCP port: Gateway 4002 paper, 4001 live; TWS 7497 paper, 7496 live"
    )
    client_id: int = Field(
        1, ge=1, le=9_999, description="API client id; fixed; no other program uses it or the next one, which listens"
    )
    market_data: Literal["realtime", "delayed"] = Field("realtime", description="kind of market data asked for")


class BarsConfig(Section):
    """[bars]: the closed bars that every decision is made on."""

    step: str = Field("1-MINUTE", description="length of a bar, such as 1-MINUTE or 5-SECOND")
    source: Literal["broker", "ticks"] = Field(
        "broker", description="bars as the broker makes them, or built here from its trade ticks"
    )
    warmup_bars: int = Field(
        200, ge=0, le=100_000, description="bars fed to the rules before the first trade, per symbol; 0 = none"
    )

    @field_validator("step")
    @classmethod
    def _known_step(cls, value: str) -> str:
        parse_step(value)
        return value


class AlertsConfig(Section):
    """[alerts]: what is worth a message. Where to is a secret and comes from the environment alone."""

    min_level: Literal["info", "warning", "critical"] = Field("warning", description="least severity that is sent")
    events: tuple[str, ...] = Field((), description="alert codes that are sent; empty = all of min_level and above")
    loss_near_pct: int = Field(
        80, ge=1, le=99, description="loss_limit_near: part of the daily loss limit from which it is told, %"
    )
    rate_per_min: int = Field(
        20, ge=1, le=600, description="alerts sent in any 60 s, critical ones apart; the rest is counted and told"
    )
    dedupe_secs: int = Field(
        300, ge=0, le=86_400, description="the same trouble is not told again for this long, seconds; 0 = always"
    )
    targets: tuple[SecretStr, ...] = Field(
        (), exclude=True, description="from BALLAST_ALERT_URLS or BALLAST_ALERT_URLS_FILE alone"
    )


class BacktestConfig(Section):
    """[backtest]: the simulated account, its fills and its costs."""

    starting_cash_usd: Decimal = Field(Decimal(100_000), gt=0, le=10**12, description="cash at the start, USD")
    fill: Literal["next_open", "signal_close"] = Field(
        "next_open", description="price of a market order: the open of the bar after the signal, or the signal's close"
    )
    slippage_ticks: int = Field(0, ge=0, le=100, description="ticks that each market fill is worse than that price")
    commission_per_share_usd: Decimal = Field(Decimal("0.005"), ge=0, le=10, description="fee per share, USD")
    commission_min_usd: Decimal = Field(Decimal("1.00"), ge=0, le=1_000, description="least fee of an order, USD")
    commission_max_pct: Decimal = Field(
        Decimal("1.0"),
        ge=0,
        le=100,
        description="greatest fee of an order, % of its value; below the least fee it wins",
    )
    chunk_bars: int = Field(
        25_000, ge=0, le=100_000_000, description="bars loaded at a time, bounds the memory; 0 = all at once"
    )


class StrategyTable(Section):
    """[[strategies]]: one signal rule on one symbol. Keys beside the common ones are the rule's own settings."""

    kind: str = Field(description="signal rule: a built-in name, or package.module:Rule for one of your own")
    symbol: str = Field(description="instrument as SYMBOL.VENUE, such as AAPL.NASDAQ")
    allow_short: bool = Field(default=False, description="whether a sell signal while flat opens a short position")
    rule_config: BaseModel = Field(exclude=True, description="the rule's own settings")

    @model_validator(mode="before")
    @classmethod
    def _separate_rule_settings(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        common = {key: value for key, value in data.items() if key in COMMON_STRATEGY_KEYS}
        return common | {"rule_config": {key: value for key, value in data.items() if key not in common}}

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        rule_settings(value)
        return value

    @field_validator("symbol")
    @classmethod
    def _known_symbol_form(cls, value: str) -> str:
        check_symbol(value)
        return value

    @field_validator("rule_config", mode="plain")
    @classmethod
    def _read_rule_settings(cls, value: Any, info: ValidationInfo) -> Any:
        if "kind" not in info.data:  # already refused, and without it nobody knows these settings
            return None
        return rule_settings(info.data["kind"]).model_validate(value)

    @model_serializer
    def _as_one_table(self) -> dict[str, Any]:
        common = {"kind": self.kind, "symbol": self.symbol, "allow_short": self.allow_short}
        return common | self.rule_config.model_dump()


class Settings(Section):
    """
    Everything that may be set, the same for backtest, dry run, paper and live.

    Raises
    ------
    pydantic.ValidationError
        For every value outside its range; ``load_settings`` turns it into text for people.

    """

    schema_version: Literal[1] = Field(description="version of this file format")
    account: AccountConfig = Field(default_factory=AccountConfig)
    trading: TradingConfig = Field(default_factory=TradingConfig)
    ib: IbConfig = Field(default_factory=IbConfig)
    bars: BarsConfig = Field(default_factory=BarsConfig)
    strategies: tuple[StrategyTable, ...]
    sizing: SizingConfig = Field(default_factory=SizingConfig)
    risk: RiskConfig = Field(default_factory=RiskConfig)
    stop: StopConfig = Field(default_factory=StopConfig)
    trailing_stop: TrailingStopConfig = Field(default_factory=TrailingStopConfig)
    session: SessionConfig = Field(default_factory=SessionConfig)
    alerts: AlertsConfig = Field(default_factory=AlertsConfig)
    backtest: BacktestConfig = Field(default_factory=BacktestConfig)

    @field_validator("strategies")
    @classmethod
    def _some_and_none_twice(cls, tables: tuple[StrategyTable, ...]) -> tuple[StrategyTable, ...]:
        if not tables:
            raise ValueError("expected at least one [[strategies]] table, found none")
        for index, table in enumerate(tables):
            first = tables.index(table)
            if first < index:
                raise ValueError(
                    f"expected every table once, found {table.kind} on {table.symbol} twice with the same settings "
                    f"(tables {first} and {index}); remove one or change it"
                )
        return tables

    @field_validator("session")
    @classmethod
    def _has_a_close(cls, session: SessionConfig, info: ValidationInfo) -> SessionConfig:
        Sessions(session.calendar, session.hours)  # raises for a calendar or hours that nobody knows
        if session.hours == "any" and session.flatten_before_close_mins > 0:
            raise ValueError(
                'expected flatten_before_close_mins = 0 with hours = "any", which has no close to count from, '
                f'found {session.flatten_before_close_mins}; set hours = "regular" or "extended"'
            )
        step_secs = parse_step(info.data["bars"].step) if "bars" in info.data else 0
        if 0 < session.flatten_before_close_mins * 60 < step_secs:
            raise ValueError(
                f"expected flatten_before_close_mins = 0 or at least one bar ({step_secs // 60} min), found "
                f"{session.flatten_before_close_mins}: no bar closes in that time with one after it to exit on"
            )
        return session

    def fingerprint(self) -> str:
        """Return the SHA-256 of the canonical JSON; equal settings have equal fingerprints, secrets are left out."""
        text = json.dumps(self.model_dump(), default=_canonical, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def rule_settings(kind: str) -> type[BaseModel]:
    """
    Return the model of a rule's own settings.

    Raises
    ------
    ValueError
        If there is no such rule, or its module fails while it is imported.

    """
    try:
        return rule_class(kind).Config
    except ValueError:
        raise
    except Exception as error:  # whatever the user's module raises by itself
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise ValueError(
            f'expected a rule at kind = "{kind}", found that its module fails at {place.filename}:{place.lineno} '
            f"with {type(error).__name__}: {error}"
        ) from error


def _canonical(value: object) -> str:
    # 10000 and 10000.00 are the same money
    return str(value.normalize() if isinstance(value, Decimal) else value)
