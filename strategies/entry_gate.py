"""
May an entry leave now? Facts in, a verdict with its numbers out (law 6).

The gate decides about entries only; an exit never passes through it (law 7). How many shares, and the caps in USD,
belong to ``sizing``. It does not protect from what its facts do not tell: positions opened outside this program, or
a price that has moved since the signal bar closed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RATE_WINDOW_SECS = 60
_RATE_WINDOW_NS = RATE_WINDOW_SECS * 1_000_000_000
_REGULAR_SESSION_MINS = 390


class RiskConfig(BaseModel):
    """Section ``[risk]``: the limits of the whole account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_positions: int = Field(5, ge=1, le=500, description="positions open or pending at a time, all symbols")
    max_position_value_usd: Decimal = Field(
        Decimal(10_000), gt=0, description="value of one position at the signal bar's close, USD"
    )
    max_gross_exposure_usd: Decimal | None = Field(
        None, gt=0, description="sum of all position values, long and short, open and pending, USD; unset = no limit"
    )
    max_leverage: Decimal = Field(
        Decimal("1.0"), gt=0, le=4, description="gross exposure allowed, as a multiple of equity"
    )
    max_daily_loss_usd: Decimal = Field(
        Decimal(1_000), gt=0, description="realised + unrealised loss since the previous session's closing mark, USD"
    )
    on_daily_loss: Literal["shutdown", "halt"] = Field(
        "shutdown", description="at the daily loss limit: flat and end (exit 5), or flat until the next session"
    )
    max_orders_per_min: int = Field(
        10, ge=1, le=1_000, description="entries in any 60 s of event time, all symbols; exits are never limited"
    )
    entry_timeout_secs: int = Field(
        30, ge=1, le=604_800, description="after this an unfilled entry is cancelled, seconds of event time"
    )


class SessionConfig(BaseModel):
    """Section ``[session]``: when entries may be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calendar: str = Field("XNYS", min_length=1, description="exchange calendar, by its name in exchange_calendars")
    hours: Literal["regular", "extended", "any"] = Field(
        "regular", description="hours in which entries are allowed; any = no session rule at all"
    )
    avoid_first_mins: int = Field(10, ge=0, le=389, description="no entries this long after the open, minutes")
    avoid_last_mins: int = Field(10, ge=0, le=389, description="no entries this long before the close, minutes")
    flatten_before_close_mins: int = Field(
        0, ge=0, le=389, description="close every position this long before the close, minutes; 0 = off"
    )

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        avoided_mins = self.avoid_first_mins + self.avoid_last_mins
        if self.hours == "regular" and avoided_mins >= _REGULAR_SESSION_MINS:
            msg = (
                f"avoid_first_mins + avoid_last_mins: expected less than {_REGULAR_SESSION_MINS} minutes (a regular "
                f"session), was {avoided_mins}; no entry could ever be made"
            )
            raise ValueError(msg)
        if self.hours != "any" and self.flatten_before_close_mins > self.avoid_last_mins:
            msg = (
                f"avoid_last_mins: expected at least flatten_before_close_mins = {self.flatten_before_close_mins}, was "
                f"{self.avoid_last_mins}; what is entered after the flattening would be closed at once, so raise it"
            )
            raise ValueError(msg)
        return self


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What the gate may know about a wanted entry, at the event time of its signal bar."""

    is_enabled: bool  # [trading] enabled
    halt: str  # "" = none, else what halted
    hold: str  # "" = none, else what is not ready: the link, the data, the journal
    session: tuple[bool, str]  # Sessions.entry_verdict: whether it allows entries, and "session: ..." why not
    warm_up_bars_seen: int
    warm_up_bars: int
    symbol_lock: str  # "" = free, else why: held, pending, an order of unknown fate, a foreign fill
    open_positions: int  # of the whole account
    pending_entries: int  # of the whole account, without those that already hold a position
    entries_last_min: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the entry may leave; else the reason's code and the violated inequality."""

    is_allowed: bool
    reason: str = ""  # disabled | halted | not_ready | session | warm_up | held | max_positions | order_rate
    detail: str = ""


def check_entry(facts: EntryFacts, risk: RiskConfig) -> Verdict:
    """Return the first refusal in the order of the codes of ``Verdict.reason``, or an allowing verdict."""
    for reason, detail in _objections(facts, risk):
        return Verdict(is_allowed=False, reason=reason, detail=detail)
    return Verdict(is_allowed=True)


def entries_in_last_minute(entry_times: tuple[int, ...], now: int) -> int:
    """Return how many of ``entry_times`` lie in (now - 60 s, now]; all are event times, UTC nanoseconds."""
    return sum(now - _RATE_WINDOW_NS < ts <= now for ts in entry_times)


def _objections(facts: EntryFacts, risk: RiskConfig) -> Iterator[tuple[str, str]]:
    is_in_session, session_detail = facts.session
    if not facts.is_enabled:
        yield "disabled", "disabled: trading.enabled = false"
    if facts.halt:
        yield "halted", f"halted: {facts.halt}"
    if facts.hold:
        yield "not_ready", f"not_ready: {facts.hold}"
    if not is_in_session:
        yield "session", session_detail
    if facts.warm_up_bars_seen < facts.warm_up_bars:
        yield "warm_up", f"warm_up: {facts.warm_up_bars_seen} of {facts.warm_up_bars} bars"
    if facts.symbol_lock:
        yield "held", f"held: {facts.symbol_lock}"
    if facts.open_positions + facts.pending_entries >= risk.max_positions:
        counted = f"{facts.open_positions} open + {facts.pending_entries} pending"
        yield "max_positions", f"max_positions: {counted} >= {risk.max_positions}"
    if facts.entries_last_min >= risk.max_orders_per_min:
        counted = f"{facts.entries_last_min} entries in the last {RATE_WINDOW_SECS} s"
        yield "order_rate", f"order_rate: {counted} >= {risk.max_orders_per_min}"
