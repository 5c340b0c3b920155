"""What is valid and yet hardly meant: settings that undo each other, told before a run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from catalog.instruments import parse_step
from config.schema import Settings

HOUR_SECS: Final = 3600


@dataclass(frozen=True, slots=True)
class Caution:
    """One such thing: what it is about, what follows, and how it is mended."""

    name: str
    found: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RuleNeed:
    """How many bars a rule of a symbol must have heard, the one that it signals on included."""

    kind: str
    symbol: str
    bars: int


def cautions(settings: Settings, needs: Iterable[RuleNeed] = ()) -> list[Caution]:
    """Return what a person should know of settings, and live of the rules made with them; mostly nothing."""
    return [*_cut_entries(settings), *(caution for need in needs for caution in _mute_rule(settings, need))]


def _cut_entries(settings: Settings) -> list[Caution]:
    notional_usd, cap_usd = settings.sizing.notional_usd, settings.risk.max_position_value_usd
    if settings.sizing.method != "fixed_notional" or notional_usd <= cap_usd:
        return []
    found = (
        f"sizing.notional_usd {notional_usd:,} is above risk.max_position_value_usd {cap_usd:,}: every entry is cut "
        "to it"
    )
    return [Caution("sizing", found, "Raise risk.max_position_value_usd, or lower sizing.notional_usd.")]


def _mute_rule(settings: Settings, need: RuleNeed) -> list[Caution]:
    """Tell of a rule that the history of a live start does not fill; a backtest only begins later."""
    given = settings.bars.warmup_bars
    mute_secs = (need.bars - 1 - given) * parse_step(settings.bars.step)
    if mute_secs <= 0:
        return []
    ticker = need.symbol.rpartition(".")[0]
    found = (
        f"{need.kind} on {ticker} needs {need.bars:,} bars, bars.warmup_bars = {given:,}: no signal for "
        f"{_length(mute_secs)} of session after each start"
    )
    return [Caution("warm-up", found, f"Set bars.warmup_bars = {need.bars - 1}.")]


def _length(secs: int) -> str:
    return f"{secs / HOUR_SECS:.3g} h" if secs >= HOUR_SECS else f"{max(1, round(secs / 60))} min"
