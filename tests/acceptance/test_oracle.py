"""The engine and a plain-Python oracle trade the same: same trades, prices and final equity to the cent."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from catalog.__main__ import app
from catalog.store import BarStore
from config.backtest.run import Backtest
from config.loader import load_settings
from tests.acceptance.oracle import Oracle

MINUTE_NS = 60 * 10**9
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"


def settings(symbol: str, step: str, fill: str, *, fast: int, slow: int, allow_short: bool):
    table = f'[{{kind="moving_average_cross", symbol="{symbol}", fast_period={fast}, slow_period={slow}, '
    table += f"allow_short={str(allow_short).lower()}}}]"
    return load_settings(
        None,
        [
            f"strategies={table}",
            f'bars.step="{step}"',
            "bars.warmup_bars=0",
            f'backtest.fill="{fill}"',
            'trailing_stop.kind="none"',
            'session.hours="any"',
            "risk.max_daily_loss_usd=100000",
            "risk.max_orders_per_min=1000",
        ],
        {},
    )


def compare(store: BarStore, symbol: str, step: str, fill: str, *, fast: int, slow: int, allow_short: bool) -> int:
    """Run both on the same bars and compare; return the number of trades."""
    chosen = settings(symbol, step, fill, fast=fast, slow=slow, allow_short=allow_short)
    run = Backtest(chosen, store)
    bar_type = run.bar_types[symbol]
    record = run.run()
    run.dispose()
    frame = store.frame(bar_type)
    cents = [np.rint(frame[name].to_numpy() * 100).astype(int).tolist() for name in ("open", "high", "low", "close")]
    closes = frame["ts"].tolist()
    opens = [ts - int(run.data._step_ns) + 1 for ts in closes]
    opens = [max(begin, before + 1) for begin, before in zip(opens, [0, *closes[:-1]], strict=True)]
    oracle = Oracle(fast, slow, allow_short=allow_short, next_open=fill == "next_open")
    equity = oracle.run(list(zip(opens, closes, *cents, frame["volume"].astype(int).tolist(), strict=True)))

    assert not record.errors
    ended = [trade for trade in record.trades if not trade.is_open]
    actual = [(t.quantity * int(t.side), round(t.entry_price * t.quantity * 100), str(t.exit_reason)) for t in ended]
    assert actual == [(shares, value, why) for _, _, shares, value, why in oracle.trades]
    if step == "1-MINUTE":  # an hourly bar that begins before the session opens with it
        assert [(t.entry_time, t.exit_time) for t in ended] == [trade[:2] for trade in oracle.trades]
    marks = {trade.symbol: trade for trade in record.trades if trade.is_open}
    open_pnl = sum((trade.net_pnl_usd for trade in marks.values()), Decimal(0))
    assert Decimal(100_000) + sum(t.net_pnl_usd for t in ended) + open_pnl == equity
    return len(ended)


def generated(seed: int, volume: int) -> pd.DataFrame:
    """Three wild days of minutes with gaps, missing bars and thin volume."""
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.choice(1_400, size=1_200, replace=False))
    ts = np.int64(1_700_490_600_000_000_000) + kept * MINUTE_NS
    close = np.maximum(30 + np.cumsum(rng.normal(0, 0.12, kept.size)), 5).round(2)
    gap = np.where(rng.random(kept.size) < 0.03, rng.normal(0, 1.5, kept.size), 0)
    open_ = np.maximum(np.append(close[0], close[:-1]) + gap, 4).round(2)
    high = (np.maximum(open_, close) + rng.exponential(0.05, kept.size)).round(2)
    low = (np.minimum(open_, close) - rng.exponential(0.05, kept.size)).round(2)
    volumes = rng.integers(0, volume, kept.size).astype(float)
    return pd.DataFrame({"ts": ts, "open": open_, "high": high, "low": low, "close": close, "volume": volumes})


@pytest.mark.parametrize("fill", ["next_open", "signal_close"])
@pytest.mark.parametrize("allow_short", [False, True])
@pytest.mark.parametrize(("seed", "volume"), [(1, 100_000), (2, 3_000), (3, 500)])
def test_generated_bars_trade_as_the_oracle_says(tmp_path, fill, allow_short, seed, volume):
    store = BarStore(tmp_path)
    store.write("TEST.NYSE-1-MINUTE-LAST-EXTERNAL", generated(seed, volume))

    trades = compare(store, "TEST.NYSE", "1-MINUTE", fill, fast=3, slow=8, allow_short=allow_short)

    assert trades > 20


@pytest.mark.skipif(not REAL.is_dir(), reason="the real market data does not lie beside this repository")
@pytest.mark.parametrize("fill", ["next_open", "signal_close"])
@pytest.mark.parametrize("allow_short", [False, True])
@pytest.mark.parametrize(
    ("file", "symbol", "step", "hours"),
    [
        ("minute/IBM.csv", "IBM.NYSE", "1-MINUTE", "all"),
        ("minute/BAC.csv", "BAC.NYSE", "1-MINUTE", "regular"),
        ("minute/AAPL.csv", "AAPL.NASDAQ", "1-MINUTE", "all"),
        ("hour/IBM.csv.gz", "IBM.NYSE", "1-HOUR", "regular"),
    ],
)
def test_real_bars_trade_as_the_oracle_says(tmp_path, fill, allow_short, file, symbol, step, hours):
    command = ["import", str(REAL / file), "--symbol", symbol, "--bar", step, "--hours", hours]
    assert CliRunner().invoke(app, [*command, "--on-bad", "drop", "--catalog", str(tmp_path)]).exit_code == 0

    trades = compare(BarStore(tmp_path), symbol, step, fill, fast=10, slow=30, allow_short=allow_short)

    assert trades > 10
