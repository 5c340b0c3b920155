"""The engine of a backtest: one venue per exchange, our fees and fills, no log lines."""

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import CacheConfig, LoggerConfig, LogLevel
from nautilus_trader.model import AccountType, Equity, Money, OmsType, Venue
from nautilus_trader.risk import RiskEngineConfig

from catalog.nautilus_v2 import UNTHROTTLED
from config.backtest.simulation import USD, OpeningPrices, OrderFees, TickSlippage
from config.schema import Settings


def make_engine(settings: Settings, instruments: dict[str, Equity], fees: OrderFees) -> BacktestEngine:
    """Return an engine with the venues and instruments of a configuration; strategies and actors come after."""
    config = BacktestEngineConfig(
        logging=LoggerConfig(stdout_level=LogLevel.OFF, bypass_logging=True),
        bypass_logging=True,
        run_analysis=False,
        cache=CacheConfig(bar_capacity=1, tick_capacity=1),  # nobody looks back in the cache
        # Its throttle (100 orders a second) would deny exits when many positions close at once; ours limits entries
        risk_engine=RiskEngineConfig(max_order_submit_rate=UNTHROTTLED, max_order_modify_rate=UNTHROTTLED),
    )
    engine = BacktestEngine(config)
    for name in sorted({symbol.rpartition(".")[2] for symbol in instruments}):
        _add_venue(engine, Venue(name), settings, fees)
    for _, instrument in sorted(instruments.items()):
        engine.add_instrument(instrument)
    return engine


def _add_venue(engine: BacktestEngine, venue: Venue, settings: Settings, fees: OrderFees) -> None:
    ticks, openings = settings.backtest.slippage_ticks, OpeningPrices()
    engine.add_venue(
        venue,
        OmsType.NETTING,
        AccountType.MARGIN,  # the engine checks no buying power: every cap is ours
        [Money.from_decimal(settings.backtest.starting_cash_usd, USD)],
        base_currency=USD,
        fee_model=fees,
        fill_model=TickSlippage(ticks, openings) if ticks else None,
        modules=[openings] if ticks else None,
        reject_stop_orders=False,  # a stop that the entry's fill has passed fills at once, as at IB
        use_reduce_only=False,
    )
