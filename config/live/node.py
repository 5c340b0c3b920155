"""The node of a live session: Nautilus' kernel with the IB adapter, or with the sandbox for a dry run; nothing else."""

from pathlib import Path

from nautilus_trader.adapters.interactive_brokers import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersDataClientFactory,
    InteractiveBrokersExecutionClientConfig,
    InteractiveBrokersExecutionClientFactory,
    InteractiveBrokersInstrumentProviderConfig,
    MarketDataType,
    SymbologyMethod,
)
from nautilus_trader.adapters.sandbox import SandboxExecutionClientConfig, SandboxExecutionClientFactory
from nautilus_trader.common import CacheConfig, Environment, FileWriterConfig, LoggerConfig, LogLevel
from nautilus_trader.live import (
    LiveDataEngineConfig,
    LiveExecutionEngineConfig,
    LiveNode,
    LiveNodeBuilder,
    LiveNodeConfig,
    LiveRiskEngineConfig,
    RoutingConfig,
    SubmissionRecoveryPolicy,
)
from nautilus_trader.model import AccountType, InstrumentId, Money, OmsType, TraderId, Venue

from catalog.nautilus_v2 import UNTHROTTLED, without_charts
from config.backtest.simulation import USD, OrderFees
from config.components import traded_symbols
from config.live.state_dir import ENGINE_LOG
from config.schema import Settings

TRADER = "BALLAST-001"  # client order ids carry it: it must not change between two starts
CONNECT_SECS, RECONCILE_SECS, DISCONNECT_SECS = 30.0, 30.0, 5.0
REQUEST_SECS = 10  # of one request to the gateway
CHECK_SECS = 5.0  # between two comparisons of orders and positions with the broker's (T5)
LOOK_BACK_MINS = 60  # of the orders compared
SETTLE_SECS = 1.0  # between the stop of the strategies and the end of the connection
LOG_BYTES, LOG_FILES = 20_000_000, 10
QUIETER = {"nautilus_portfolio::portfolio": "WARN"}  # repeats the account, its number in full, at every update


@without_charts()
def make_node(settings: Settings, log_dir: Path, dry_run_fees: OrderFees | None) -> LiveNode:
    """
    Return a node without strategies and actors.

    Parameters
    ----------
    settings : Settings
        Where the gateway is, the account, the symbols.
    log_dir : Path
        Where the engine's own log goes.
    dry_run_fees : OrderFees | None
        Fees of a dry run, which sends no order to the broker; None = orders go to the broker.

    """
    is_dry_run = dry_run_fees is not None
    config = LiveNodeConfig(
        environment=Environment.SANDBOX if is_dry_run else Environment.LIVE,
        trader_id=TraderId(TRADER),
        logging=_logging(log_dir),
        timeout_connection_secs=CONNECT_SECS,
        timeout_reconciliation_secs=RECONCILE_SECS,
        timeout_disconnection_secs=DISCONNECT_SECS,
        delay_post_stop_secs=SETTLE_SECS,
        cache=CacheConfig(bar_capacity=1, tick_capacity=1),  # nobody looks back in the cache
        data_engine=_bars_of_ticks(),
        # Its throttle (100 orders a second) would deny exits when many positions close at once; ours limits entries
        risk_engine=LiveRiskEngineConfig(max_order_submit_rate=UNTHROTTLED, max_order_modify_rate=UNTHROTTLED),
        exec_engine=_execution(is_dry_run=is_dry_run),
    )
    builder = LiveNodeBuilder.from_config(TRADER, config)
    routing = RoutingConfig(default=True)
    data = InteractiveBrokersDataClientFactory()
    builder = builder.add_data_client(None, data, _data_client(settings), routing)
    if dry_run_fees is None:
        execution = InteractiveBrokersExecutionClientFactory()
        return builder.add_exec_client(None, execution, _execution_client(settings), routing).build()
    for name in sorted({symbol.rpartition(".")[2] for symbol in traded_symbols(settings)}):
        sandbox = _sandbox(name, settings, dry_run_fees)
        builder = builder.add_simulated_exec_client(None, SandboxExecutionClientFactory(), sandbox)
    return builder.build()


def _bars_of_ticks() -> LiveDataEngineConfig:
    return LiveDataEngineConfig(
        time_bars_build_delay=0,  # a delay moves the whole bar: it would close, and be stamped, that much later
        time_bars_build_with_no_updates=False,  # a broker has no bar of a time without trades
        time_bars_skip_first_non_full_bar=True,  # BarFeed asks the broker for it
    )


def _logging(log_dir: Path) -> LoggerConfig:
    file = FileWriterConfig(str(log_dir), ENGINE_LOG, "json", (LOG_BYTES, LOG_FILES))
    return LoggerConfig(
        stdout_level=LogLevel.OFF,
        fileout_level=LogLevel.INFO,
        component_levels=QUIETER,
        file_config=file,
        print_config=False,
    )


def _execution(*, is_dry_run: bool) -> LiveExecutionEngineConfig:
    if is_dry_run:
        return LiveExecutionEngineConfig(reconciliation=False)
    return LiveExecutionEngineConfig(
        reconciliation=True,
        open_check_interval_secs=CHECK_SECS,
        open_check_open_only=False,  # True leaves a cancelled order accepted for ever (T5)
        open_check_lookback_mins=LOOK_BACK_MINS,
        # No check of positions by the engine: of a fill whose report is late it invents an order at a price of its own,
        # and the real one then comes on top. BookCheck compares positions, and guesses nothing
        submission_recovery_policy=SubmissionRecoveryPolicy.RETAIN_UNRESOLVED,  # unknown is unknown (law 10)
        purge_closed_orders_interval_mins=60,
        purge_closed_orders_buffer_mins=24 * 60,
        purge_account_events_interval_mins=60,
        purge_account_events_lookback_mins=24 * 60,
    )


def _provider(settings: Settings) -> InteractiveBrokersInstrumentProviderConfig:
    symbols = {InstrumentId.from_str(symbol) for symbol in traded_symbols(settings)}
    return InteractiveBrokersInstrumentProviderConfig(symbology_method=SymbologyMethod.SIMPLIFIED, load_ids=symbols)


def _data_client(settings: Settings) -> InteractiveBrokersDataClientConfig:
    is_realtime = settings.ib.market_data == "realtime"
    return InteractiveBrokersDataClientConfig(
        host=settings.ib.host,
        port=settings.ib.port,
        client_id=settings.ib.client_id,
        use_regular_trading_hours=settings.session.hours == "regular",
        market_data_type=MarketDataType.REALTIME if is_realtime else MarketDataType.DELAYED,
        request_timeout=REQUEST_SECS,
        instrument_provider=_provider(settings),
    )


def _execution_client(settings: Settings) -> InteractiveBrokersExecutionClientConfig:
    # The same host, port and client id as the data client: both share one socket
    return InteractiveBrokersExecutionClientConfig(
        host=settings.ib.host,
        port=settings.ib.port,
        client_id=settings.ib.client_id,
        account_id=settings.account.id,
        request_timeout=REQUEST_SECS,
        instrument_provider=_provider(settings),
    )


def _sandbox(venue: str, settings: Settings, fees: OrderFees) -> SandboxExecutionClientConfig:
    return SandboxExecutionClientConfig(
        venue=Venue(venue),
        starting_balances=[Money.from_decimal(settings.backtest.starting_cash_usd, USD)],
        base_currency=USD,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        bar_execution=False,  # it fills on the quotes
        reject_stop_orders=False,  # a stop that the entry's fill has passed fills at once, as at IB
        use_reduce_only=False,
        fee_model=fees,
    )
