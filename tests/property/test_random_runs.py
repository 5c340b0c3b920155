"""Random rules on random, gappy, thin bars through the real engine: what must hold whatever happens."""

from decimal import Decimal

import numpy as np
import pytest
from nautilus_trader.model import BarType, InstrumentId, OrderType

from tests.integration.rig import Onlooker, build, scripted, session_bars, store_of

DAYS = ("2024-10-31", "2024-11-01", "2024-11-04")  # over the end of daylight saving time
TICKERS = ("AAPL", "MSFT", "TSLA")


def random_day(rng: np.random.Generator, day: str, price: float):
    """Return two hours of wild minutes with gaps, holes and little volume, and the last close."""
    closes = np.maximum(np.round(price * np.exp(np.cumsum(rng.normal(0, 0.01, 120))), 2), 0.05)
    frame = session_bars(closes, day)
    jumps = np.where(rng.random(120) < 0.4, rng.normal(0, 0.01, 120), 0)
    frame["open"] = np.maximum(np.round(frame["open"] * np.exp(jumps), 2), 0.05)
    reach = np.round(np.abs(rng.normal(0, 0.01 * price, 120)), 2)
    frame["high"] = np.round(frame[["open", "close"]].max(axis=1) + reach, 2)
    frame["low"] = np.maximum(np.round(frame[["open", "close"]].min(axis=1) - reach, 2), 0.01)
    frame["volume"] = rng.integers(0, rng.choice([300, 3_000, 100_000]), 120).astype(float)
    return frame[rng.random(120) > rng.choice([0, 0.3])], float(closes[-1])


def random_run(path, seed: int):
    rng = np.random.default_rng(seed)
    frames = {}
    for ticker in TICKERS:
        price, frames[ticker] = float(rng.choice([1.5, 20, 1999.99])), []
        for day in DAYS:
            frame, price = random_day(rng, day, price)
            frames[ticker].append(frame)
    tables = []
    for ticker in TICKERS * 2:
        up, down = (sorted(set(rng.integers(3, 360, 30).tolist())) for _ in range(2))
        tables.append(scripted(f"{ticker}.NASDAQ", up=up, down=down, short=bool(rng.random() < 0.7)))
    overrides = [
        f'backtest.fill="{rng.choice(["next_open", "signal_close"])}"',
        f"backtest.chunk_bars={rng.choice([0, 50])}",
        f'trading.exit_by="{rng.choice(["any", "opener"])}"',
        f"risk.max_daily_loss_usd={rng.choice([300, 100_000])}",
        f"stop.distance_pct={rng.choice([0.5, 5])}",
        f'trailing_stop.kind="{rng.choice(["none", "percent", "atr"])}"',
        f"trailing_stop.distance_pct={rng.choice([0.3, 2])}",
        "session.avoid_last_mins=300",
        f"session.flatten_before_close_mins={rng.choice([0, 300])}",
    ]
    return build(store_of(path, **frames), tables, overrides)


class Inspector(Onlooker):
    """Compares the owners' books with the engine's after every bar, when all have seen it."""

    def __init__(self, backtest) -> None:
        super().__init__({}, name="Inspector")
        self._backtest = backtest
        self.found: list[object] = []

    def on_start(self) -> None:
        for bar_type in self._backtest.bar_types.values():
            self.subscribe_bars(BarType.from_str(bar_type))

    def on_bar(self, bar) -> None:
        for strategy in self._backtest.components.strategies:
            self._inspect(strategy.setup.symbol, strategy.owner.holding)

    def _inspect(self, symbol: str, holding) -> None:
        instrument, cache = InstrumentId.from_str(symbol), self._backtest.engine.cache
        held = sum(int(position.signed_qty) for position in cache.positions_open(instrument_id=instrument))
        open_ = cache.orders_open(instrument_id=instrument)
        stops = [int(order.leaves_qty) for order in open_ if order.order_type == OrderType.STOP_MARKET]
        is_covered = sum(stops) == abs(held) or holding.is_leaving or holding.entry_open
        if held != holding.quantity or len(stops) > 1 or not is_covered:
            self.found.append((symbol, held, holding, stops))


@pytest.mark.parametrize("seed", range(12))
def test_a_random_run_keeps_its_books_and_its_cover(tmp_path, seed):
    backtest = random_run(tmp_path, seed)
    inspector = Inspector(backtest)
    backtest.engine.add_actor(inspector)
    record = backtest.run()
    cash = Decimal(100_000) - sum(f.side * f.quantity * f.price + f.commission_usd for f in record.fills)
    net = sum(trade.net_pnl_usd for trade in record.trades)

    assert len(record.fills) >= 10
    assert not record.errors
    assert not inspector.found
    assert not {alert.code for alert in record.alerts} & {"foreign_fill", "late_fill", "position_break", "unprotected"}
    assert backtest.components.ledger.account.cash_usd == cash
    assert abs(Decimal(100_000) + net - record.equity[-1].equity_usd) < Decimal("0.000001")
    times = [point.ts for point in record.equity]
    assert times == sorted(set(times))
