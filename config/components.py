"""
From settings to components: the one list of strategies and actors, the same for every mode (law 1).
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import cast

from nautilus_trader.model import Equity

from actors.component import Watcher
from actors.daily_loss_guard import DailyLossGuard
from actors.ledger import Ledger
from actors.report.recorder import Recorder
from actors.stop_coverage import StopCoverage
from actors.trailing_stop_manager import TrailingStopManager
from catalog.fees import FixedPlanFees
from catalog.instruments import make_bar_type, parse_step
from catalog.sessions import Sessions
from config.cautions import RuleNeed
from config.errors import ConfigError
from config.schema import Settings, StrategyTable
from strategies.command_lane import CommandLane
from strategies.entry_plan import ConfiguredRule, StrategySetup
from strategies.limited_rule import LimitedRule
from strategies.memory import Memory
from strategies.rules import Rule, make_rule
from strategies.signal_strategy import SignalStrategy

SESSIONS_PER_YEAR = 252
TICK_SIZE_USD = 0.01  # of a US stock above one dollar


@dataclass(frozen=True, slots=True)
class Components:
    """What runs: one strategy per symbol, and those who watch."""

    strategies: tuple[SignalStrategy, ...]
    ledger: Ledger
    guard: DailyLossGuard
    trailing_stops: TrailingStopManager
    coverage: StopCoverage
    recorder: Recorder

    @property
    def actors(self) -> tuple[Watcher, ...]:
        # The ledger hears a fill before the recorder, and both before what acts on it.
        return (self.ledger, self.recorder, self.guard, self.trailing_stops, self.coverage)


def traded_symbols(settings: Settings) -> list[str]:
    """Return the symbols of the configured strategies, sorted: the canonical order of everything per symbol."""
    return sorted({table.symbol for table in settings.strategies})


def bar_types_of(settings: Settings, *, is_live: bool) -> dict[str, str]:
    """Return the bar type of each symbol for all who name one: the catalog's or the broker's, or built of ticks."""
    is_built = is_live and settings.bars.source == "ticks"
    symbols = traded_symbols(settings)
    return {symbol: str(make_bar_type(symbol, settings.bars.step, is_built=is_built)[0]) for symbol in symbols}


def build_components(
    settings: Settings,
    instruments: dict[str, Equity],
    starting_cash_usd: Decimal,
    *,
    hold_until_open: bool,
    memories: dict[str, Memory] | None = None,
) -> Components:
    """
    Build the strategies and actors of a configuration.

    Parameters
    ----------
    settings : Settings
        The whole configuration.
    instruments : dict[str, Equity]
        By symbol, for their price increments.
    starting_cash_usd : Decimal
        What the account begins with.
    hold_until_open : bool
        Whether market orders wait for the next open (a backtest with ``fill = "next_open"`` only).
    memories : dict[str, Memory] | None
        Live: what the journal knows of each symbol. None = a backtest: nothing is asked of a broker.

    Raises
    ------
    ConfigError
        If a rule cannot be made.

    """
    is_live = memories is not None
    sessions = Sessions(settings.session.calendar, settings.session.hours)
    symbols = traded_symbols(settings)
    bar_types = bar_types_of(settings, is_live=is_live)
    ticks = {symbol: instruments[symbol].price_increment.as_decimal() for symbol in symbols}
    risk = settings.risk
    ledger = Ledger(bar_types, starting_cash_usd, sessions, risk.max_orders_per_min)
    setups = [
        _setup(
            settings,
            symbol,
            bar_types[symbol],
            ticks[symbol],
            sessions,
            hold_until_open=hold_until_open,
            is_live=is_live,
        )
        for symbol in symbols
    ]
    lane = CommandLane(is_serial=is_live)
    return Components(
        strategies=tuple(
            SignalStrategy(setup, ledger.view, (memories or {}).get(setup.symbol, Memory()), lane) for setup in setups
        ),
        ledger=ledger,
        guard=DailyLossGuard(risk.max_daily_loss_usd, starting_cash_usd),
        trailing_stops=TrailingStopManager(settings.trailing_stop, bar_types, ticks, sessions),
        coverage=StopCoverage(),
        recorder=Recorder(),
    )


def _setup(
    settings: Settings,
    symbol: str,
    bar_type: str,
    tick: Decimal,
    sessions: Sessions,
    *,
    hold_until_open: bool,
    is_live: bool,
) -> StrategySetup:
    tables = [table for table in settings.strategies if table.symbol == symbol]
    return StrategySetup(
        symbol=symbol,
        bar_type=bar_type,
        tick=tick,
        rules=_rules(tables, float(tick), settings.trading.rule_timeout_secs if is_live else None),
        exit_by=settings.trading.exit_by,
        is_enabled=settings.trading.enabled,
        warmup_bars=settings.bars.warmup_bars,
        bars_per_year=_bars_per_year(settings),
        sizing=settings.sizing,
        risk=settings.risk,
        stop=settings.stop,
        session=settings.session,
        sessions=sessions,
        step_secs=parse_step(settings.bars.step),
        hold_until_open=hold_until_open,
        fees=fixed_plan(settings) if is_live else None,
        is_live=is_live,
    )


def fixed_plan(settings: Settings) -> FixedPlanFees:
    """Return the broker's price list as configured; it remembers orders, so one is needed for each that uses it."""
    plan = settings.backtest
    return FixedPlanFees(plan.commission_per_share_usd, plan.commission_min_usd, plan.commission_max_pct)


def _rules(tables: list[StrategyTable], tick_size: float, limit_secs: float | None) -> tuple[ConfiguredRule, ...]:
    seen: Counter[str] = Counter()
    rules = []
    for table in tables:
        seen[table.kind] += 1
        label = table.kind if seen[table.kind] == 1 else f"{table.kind}#{seen[table.kind]}"
        rules.append(ConfiguredRule(label, _rule(table, tick_size, limit_secs), table.allow_short))
    return tuple(rules)


def _rule(table: StrategyTable, tick_size: float, limit_secs: float | None) -> Rule:
    """Return the rule of a table, with a time limit when live; a backtest waits for it."""
    make = partial(make_rule, table.kind, table.rule_config, tick_size)
    try:
        return make() if limit_secs is None else cast("Rule", LimitedRule(make, table.kind, limit_secs))
    except (ValueError, TimeoutError) as error:
        raise ConfigError([f"strategies ({table.kind} on {table.symbol}): {error}."]) from error


def try_rules(settings: Settings) -> tuple[list[str], list[RuleNeed]]:
    """Make each rule as a live node does; return what stops those that cannot be, and the others' needs."""
    problems: list[str] = []
    needs = []
    for table in settings.strategies:
        try:
            rule = _rule(table, TICK_SIZE_USD, settings.trading.rule_timeout_secs)
        except ConfigError as error:
            problems += error.problems
        else:
            needs.append(RuleNeed(table.kind, table.symbol, rule.bars_needed))
    return problems, needs


def _bars_per_year(settings: Settings) -> float:
    session_secs = 16 * 3600 if settings.session.hours == "extended" else 23_400  # 04:00-20:00, or 09:30-16:00
    return SESSIONS_PER_YEAR * max(session_secs / parse_step(settings.bars.step), 1.0)
