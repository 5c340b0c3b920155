"""Nautilus' own BacktestNode reads our files: each bar once, in order, over the turn of a year."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nautilus_trader import backtest
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import Bar, BarType, Currency, InstrumentId, NautilusDataType, StrategyId
from nautilus_trader.trading import Strategy, StrategyConfig

from catalog.store import BarStore

KIND = "AAPL.NASDAQ-1-MINUTE-LAST-EXTERNAL"


class Watcher(Strategy):
    def on_start(self) -> None:
        self.seen: list[int] = []
        self.subscribe_bars(BarType.from_str(KIND))

    def on_bar(self, bar: Bar) -> None:
        self.seen.append(bar.ts_init)


@pytest.mark.parametrize("chunk_size", [None, 500])
def test_catalog_bars_reach_a_strategy_once_and_in_order(tmp_path: Path, chunk_size: int | None) -> None:
    ts = pd.Timestamp("2019-12-30", tz="UTC").value + np.arange(4_000) * 60 * 10**9
    frame = pd.DataFrame({"ts": ts, "open": 10.0, "high": 10.0, "low": 10.0, "close": 10.0, "volume": 1.0})
    store = BarStore(tmp_path)
    store.write(KIND, frame.iloc[1_000:])
    store.write(KIND, frame.iloc[:2_000])  # overlaps what is there
    venue = backtest.BacktestVenueConfig(
        name="NASDAQ",
        oms_type="NETTING",
        account_type="MARGIN",
        starting_balances=["100000 USD"],
        base_currency=Currency.from_str("USD"),
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    data = backtest.BacktestDataConfig(
        data_type=NautilusDataType.Bar,
        catalog_path=str(store.path),
        instrument_id=InstrumentId.from_str("AAPL.NASDAQ"),
        bar_types=[KIND],
    )
    engine = backtest.BacktestEngineConfig(bypass_logging=True)
    run = backtest.BacktestRunConfig(
        id="A",
        venues=[venue],
        data=[data],
        engine=engine,
        chunk_size=chunk_size,
        raise_exception=True,
        dispose_on_completion=False,
    )
    node = backtest.BacktestNode([run])
    node.build()
    watcher = Watcher(StrategyConfig(strategy_id=StrategyId("S-001"), order_id_tag="001"))
    node.add_strategy("A", watcher)

    node.run()

    assert watcher.seen == ts.tolist()
