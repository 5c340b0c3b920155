"""
How many shares an entry buys or sells: a method's wish, then the caps.

Sizes are made from the signal bar's close. They do NOT protect from a fill at another price (a fill above a cap is
recorded, not trimmed), nor from a gap through the stop, where fixed_risk loses more than its budget.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from strategies.trade_measures import TradeStatistics, VolatilityEstimate

__all__ = ["Caps", "Sizing", "SizingConfig", "SizingFacts", "TradeStatistics", "VolatilityEstimate", "size_entry"]

_NOTHING = Decimal(0)

Method = Literal["fixed_notional", "fixed_fractional", "fixed_risk", "volatility", "kelly"]


class SizingConfig(BaseModel):
    """Section ``[sizing]``: how large an entry is, before the caps of ``[risk]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = Field("fixed_notional", description="how the number of shares is found")
    notional_usd: Decimal = Field(Decimal(10_000), gt=0, description="fixed_notional: value of an entry, USD")
    fraction_pct: Decimal = Field(
        Decimal(10), gt=0, le=100, description="fixed_fractional: value of an entry, % of equity"
    )
    risk_pct: Decimal = Field(Decimal(1), gt=0, le=20, description="fixed_risk: loss at the stop, % of equity")
    target_vol_pct: Decimal = Field(
        Decimal(20), gt=0, le=200, description="volatility: yearly volatility aimed at, % of equity"
    )
    volatility_bars: int = Field(100, ge=2, le=100_000, description="volatility: returns it is measured over, bars")
    kelly_fraction: Decimal = Field(
        Decimal("0.5"), gt=0, le=1, description="kelly: share of the Kelly size taken (0-1); 1 is ruinously bold"
    )
    min_trades: int = Field(
        30, ge=2, le=10_000, description="kelly: closed trades of the strategy it needs; before, fixed_fractional"
    )


@dataclass(frozen=True, slots=True)
class SizingFacts:
    """What sizing may know about a wanted entry."""

    close: Decimal  # of the signal bar, USD a share
    stop_distance: Decimal  # from the close to the stop's trigger as rounded to a tick, USD a share
    equity_usd: Decimal
    gross_exposure_usd: Decimal  # open + pending, whole account
    annual_vol: float | None  # fraction a year; None = not enough bars yet
    trades: TradeStatistics


@dataclass(frozen=True, slots=True)
class Caps:
    """What no entry may exceed, from ``[risk]``."""

    max_position_value_usd: Decimal
    max_gross_exposure_usd: Decimal | None  # None = no limit
    max_leverage: Decimal  # gross exposure as a multiple of equity


@dataclass(frozen=True, slots=True)
class Sizing:
    """How many shares, and what made it so many."""

    quantity: int  # whole shares, 0 = no entry
    method: Method  # the one used: kelly with too few trades is fixed_fractional
    detail: str  # the numbers; for 0 shares what forbids the first one
    limited_by: str  # what took shares away: a cap, an unusable fact, with 0 shares also the method; "" = nothing did


def size_entry(facts: SizingFacts, config: SizingConfig, caps: Caps) -> Sizing:
    """Return the whole shares of an entry by the configured method, never above a cap; 0 when a fact is unusable."""
    method: Method = config.method
    prefix = ""
    if method == "kelly" and facts.trades.trades < config.min_trades:
        prefix = f"kelly: {facts.trades.trades} of {config.min_trades} trades, so "
        method = "fixed_fractional"
    unusable = _unusable_fact(facts)
    if unusable:
        name, detail = unusable
        return Sizing(0, method, detail, name)
    amount_usd, basis = _METHODS[method](facts, config)
    usd_a_share = facts.stop_distance if method == "fixed_risk" else facts.close
    wanted = int(amount_usd // usd_a_share)
    detail = f"{prefix}{method}: {_usd(amount_usd)} USD ({basis}) at {_usd(usd_a_share)} a share: {wanted} shares"
    if wanted == 0:
        return Sizing(0, method, detail, method)
    return _trim_to_caps(Sizing(wanted, method, detail, ""), facts, caps)


def _unusable_fact(facts: SizingFacts) -> tuple[str, str] | None:
    for name in ("close", "equity_usd", "stop_distance"):
        value: Decimal = getattr(facts, name)
        if not value.is_finite() or value <= 0:
            return name, f"{name}: expected a number above 0, was {value}"
    if not facts.gross_exposure_usd.is_finite() or facts.gross_exposure_usd < 0:
        return "gross_exposure_usd", f"gross_exposure_usd: expected 0 or more, was {facts.gross_exposure_usd}"
    return None


def _trim_to_caps(sizing: Sizing, facts: SizingFacts, caps: Caps) -> Sizing:
    """Take away the shares that break a cap; the detail shows the tightest cap as a violated inequality."""
    limits = [
        ("max_position_value_usd", _NOTHING, caps.max_position_value_usd),
        ("max_leverage", facts.gross_exposure_usd, facts.equity_usd * caps.max_leverage),
    ]
    if caps.max_gross_exposure_usd is not None:
        limits.append(("max_gross_exposure_usd", facts.gross_exposure_usd, caps.max_gross_exposure_usd))
    name, used, limit = min(limits, key=lambda cap: cap[2] - cap[1])
    allowed = max(int((limit - used) // facts.close), 0)
    if allowed >= sizing.quantity:
        return sizing
    # For no share at all the inequality is that of the first share, else that of the whole wish.
    value = facts.close * (sizing.quantity if allowed else 1)
    detail = f"{name}: {_usd(used)} + {_usd(value)} > {_usd(limit)}"
    if allowed:
        detail = f"{sizing.detail}; {detail}: {allowed} shares"
    return Sizing(allowed, sizing.method, detail, name)


# Each method returns an amount of USD and where it came from; 0 with the reason when it cannot or will not tell.


def _fixed_notional(_: SizingFacts, config: SizingConfig) -> tuple[Decimal, str]:
    return config.notional_usd, "as set"


def _fixed_fractional(facts: SizingFacts, config: SizingConfig) -> tuple[Decimal, str]:
    return facts.equity_usd * config.fraction_pct / 100, f"{config.fraction_pct} % of {_usd(facts.equity_usd)}"


def _fixed_risk(facts: SizingFacts, config: SizingConfig) -> tuple[Decimal, str]:
    return facts.equity_usd * config.risk_pct / 100, f"{config.risk_pct} % of {_usd(facts.equity_usd)} lost at the stop"


def _volatility(facts: SizingFacts, config: SizingConfig) -> tuple[Decimal, str]:
    if facts.annual_vol is None:
        return _NOTHING, f"volatility unknown before {config.volatility_bars + 1} bars"
    annual_vol = _decimal(facts.annual_vol)
    if not annual_vol.is_finite() or annual_vol <= 0:
        return _NOTHING, f"expected a yearly volatility above 0, was {facts.annual_vol}"
    notional = facts.equity_usd * config.target_vol_pct / 100 / annual_vol
    return notional, f"target {config.target_vol_pct} % at {annual_vol * 100:.1f} % a year"


def _kelly(facts: SizingFacts, config: SizingConfig) -> tuple[Decimal, str]:
    trades = facts.trades
    kelly_frac = _decimal(trades.kelly_frac)
    basis = f"f = {kelly_frac:.4f} (win rate {trades.win_rate:.2f}, payoff {trades.payoff:.2f}, {trades.trades} trades)"
    if kelly_frac <= 0:
        return _NOTHING, f"{basis}: f <= 0"
    return facts.equity_usd * kelly_frac * config.kelly_fraction, f"{config.kelly_fraction} of {basis}"


_METHODS: dict[Method, Callable[[SizingFacts, SizingConfig], tuple[Decimal, str]]] = {
    "fixed_notional": _fixed_notional,
    "fixed_fractional": _fixed_fractional,
    "fixed_risk": _fixed_risk,
    "volatility": _volatility,
    "kelly": _kelly,
}


def _decimal(value: float) -> Decimal:
    # Nine decimals: float noise must not take a share away.
    return Decimal(f"{value:.9f}")


def _usd(amount: Decimal) -> str:
    # Without trailing zeros: 10000, 99.5, 0.0001.
    return f"{amount:.4f}".rstrip("0").rstrip(".")
