"""
From a signal to an entry: gate, stop, size. Pure; the answer is a plan, or a refusal with its numbers (law 6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from actors.messages import AccountView, Side
from catalog.fees import FixedPlanFees
from catalog.indicators import AverageTrueRange
from catalog.sessions import Sessions
from strategies.entry_gate import (
    EntryFacts,
    RiskConfig,
    SessionConfig,
    Verdict,
    check_entry,
    entries_in_last_minute,
)
from strategies.price_bar import PriceBar
from strategies.rules import Rule
from strategies.sizing import Caps, SizingConfig, SizingFacts, size_entry
from strategies.stops import StopConfig, protective_stop, stop_distance
from strategies.trade_measures import TradeStatistics, VolatilityEstimate


@dataclass(frozen=True, slots=True)
class ConfiguredRule:
    """A signal rule as configured for one symbol."""

    label: str  # its kind; with a number when a kind is configured twice for the symbol
    rule: Rule
    allow_short: bool


@dataclass(frozen=True, slots=True)
class StrategySetup:
    """All that one ``SignalStrategy`` is built of; the same for backtest, dry run, paper and live (law 1)."""

    symbol: str
    bar_type: str
    tick: Decimal
    rules: tuple[ConfiguredRule, ...]  # in file order: the first that says so enters
    exit_by: Literal["any", "opener"]
    is_enabled: bool
    warmup_bars: int
    bars_per_year: float
    sizing: SizingConfig
    risk: RiskConfig
    stop: StopConfig
    session: SessionConfig
    sessions: Sessions
    step_secs: int  # length of a bar
    hold_until_open: bool  # fill = "next_open" of a backtest
    fees: FixedPlanFees | None  # live: what a fill costs whose commission the broker does not tell
    is_live: bool  # bars are requested, the journal is taken up, the link may break


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry to make; ``quantity`` 0 = refused, for ``reason``."""

    quantity: int
    trigger: Decimal  # of the protective stop
    reason: str
    detail: str


class EntryPlanner:
    """Decides about the entries of one symbol; it keeps what sizing and stops measure bar by bar."""

    def __init__(self, setup: StrategySetup) -> None:
        self.trades = TradeStatistics()
        self._setup = setup
        self._caps = Caps(setup.risk.max_position_value_usd, setup.risk.max_gross_exposure_usd, setup.risk.max_leverage)
        self._volatility = VolatilityEstimate(setup.sizing.volatility_bars, setup.bars_per_year)
        self._atr = AverageTrueRange(setup.stop.atr_period)
        self.measures: list[Callable[[PriceBar], None]] = []  # to be fed every bar; only what the settings need
        if setup.sizing.method == "volatility":
            self.measures.append(lambda bar: self._volatility.update(bar.close))
        if setup.stop.kind == "atr":
            self.measures.append(lambda bar: self._atr.update(bar.high, bar.low, bar.close))

    def plan(
        self,
        side: Side,
        ts: int,
        close: Decimal,
        account: AccountView,
        *,
        bars_seen: int,
        halt: str,
        lock: str,
        hold: str,
    ) -> EntryPlan:
        """Return what to enter at the close of the signal bar, or why not."""
        verdict = self.verdict(ts, account, bars_seen=bars_seen, halt=halt, lock=lock, hold=hold)
        if not verdict.is_allowed:
            return EntryPlan(0, close, verdict.reason, verdict.detail)
        distance = stop_distance(self._setup.stop, close, self._atr.value)
        if distance is None:
            return EntryPlan(0, close, "stop_unknown", f"stop_unknown: ATR needs {self._setup.stop.atr_period} bars")
        if close < 2 * self._setup.tick:
            return EntryPlan(0, close, "stop_unknown", f"stop_unknown: no room for a stop below {close}")
        trigger = protective_stop(side, close, distance, self._setup.tick)
        return self._size(close, trigger, account)

    def verdict(self, ts: int, account: AccountView, *, bars_seen: int, halt: str, lock: str, hold: str) -> Verdict:
        """Return whether the gate lets an entry pass."""
        return check_entry(self._facts(ts, account, bars_seen, halt, lock, hold), self._setup.risk)

    def _size(self, close: Decimal, trigger: Decimal, account: AccountView) -> EntryPlan:
        facts = SizingFacts(
            close=close,
            stop_distance=abs(close - trigger),
            equity_usd=account.equity_usd,
            gross_exposure_usd=account.gross_exposure_usd + account.pending_usd,
            annual_vol=self._volatility.annual_vol,
            trades=self.trades,
        )
        sizing = size_entry(facts, self._setup.sizing, self._caps)
        reason = "signal" if sizing.quantity else f"size_{sizing.limited_by}"
        return EntryPlan(sizing.quantity, trigger, reason, sizing.detail)

    def _facts(self, ts: int, account: AccountView, bars_seen: int, halt: str, lock: str, hold: str) -> EntryFacts:
        session = self._setup.session
        return EntryFacts(
            is_enabled=self._setup.is_enabled,
            halt=halt,
            hold=hold,
            session=self._setup.sessions.entry_verdict(ts, session.avoid_first_mins, session.avoid_last_mins),
            warm_up_bars_seen=bars_seen,
            warm_up_bars=self._setup.warmup_bars,
            symbol_lock=lock,
            open_positions=len(account.open_symbols),
            pending_entries=len(account.pending_symbols - account.open_symbols),
            entries_last_min=entries_in_last_minute(account.entry_times, ts),
        )
