"""Law 9: chunks, idle timers, the order of symbols and a second run change no fill."""

from datetime import timedelta

import pandas as pd
import pytest

from catalog.sample import sample_frame
from catalog.store import BarStore
from config.backtest.run import Backtest
from config.loader import load_settings
from tests.integration.rig import AAPL, MSFT, SIDES, Onlooker, opening, run, session_bars, store_of

TICKERS = ("AAPL", "MSFT", "TSLA")
BARS = 3_900  # ten sessions


class Clockwork(Onlooker):
    """Does nothing, every few seconds of event time."""

    def __init__(self, secs: int) -> None:
        super().__init__({}, name="Clockwork")
        self._secs = secs
        self.ticks = 0

    def on_start(self) -> None:
        self.clock.set_timer("idle", timedelta(seconds=self._secs), callback=self.on_tick)

    def on_tick(self, event) -> None:
        self.ticks += 1


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    """The sample's first sessions with holes: a symbol is silent now and then, as thin ones are."""
    frames = {}
    for number, ticker in enumerate(TICKERS):
        frame = sample_frame(f"{ticker}.NASDAQ").iloc[:BARS]
        frames[ticker] = frame[(frame.index * 7 + number * 3) % 11 != 0]
    return frames


def outcome(path, frames, order=TICKERS, overrides=(), onlookers=(), reverse_rules=False):
    """Return everything that must not change, as plain values."""
    store = BarStore(path)
    for ticker in order:
        store.write(f"{ticker}.NASDAQ-1-MINUTE-LAST-EXTERNAL", frames[ticker])
    tables = [
        f'{{kind="moving_average_cross", symbol="{ticker}.NASDAQ", fast_period=8, slow_period=21, allow_short=true}}'
        for ticker in order
    ]
    changes = [f"strategies=[{', '.join(tables)}]", "risk.max_positions=2", "risk.max_daily_loss_usd=150", *overrides]
    run = Backtest(load_settings(None, changes, {}), store, onlookers=onlookers)
    record = run.run()
    run.dispose()
    assert not record.errors
    fills = [(f.ts, f.symbol, f.role, f.side, f.quantity, f.price, f.commission_usd) for f in record.fills]
    return fills, record.trades, record.decisions, record.stops, list(record.equity), record.loss_limit_halts


@pytest.fixture(scope="module")
def plain(tmp_path_factory, frames):
    result = outcome(tmp_path_factory.mktemp("plain"), frames)
    fills, _, decisions, stops, _, halts = result
    reasons = {decision.reason for decision in decisions}

    assert len(fills) > 50
    assert len(stops) > 50
    assert halts > 0
    assert {"max_positions", "halted", "session", "warm_up"} <= reasons  # the run is worth comparing
    return result


def test_the_same_run_twice_gives_the_same_result(tmp_path, frames, plain):
    assert outcome(tmp_path, frames) == plain


@pytest.mark.parametrize("chunk_bars", [0, 1_000, 3_000])
def test_the_size_of_chunks_changes_nothing(tmp_path, frames, plain, chunk_bars):
    assert outcome(tmp_path, frames, overrides=[f"backtest.chunk_bars={chunk_bars}"]) == plain


def test_the_order_of_symbols_changes_nothing(tmp_path, frames, plain):
    assert outcome(tmp_path, frames, order=("TSLA", "AAPL", "MSFT")) == plain


@SIDES
@pytest.mark.parametrize(("stopped", "entering"), [(AAPL, MSFT), (MSFT, AAPL)])
def test_a_stop_hit_within_a_minute_is_known_to_every_decision_at_its_close(tmp_path, side, stopped, entering):
    falling = session_bars([100.0] * 5 + [100.0 - 10 * side] * 5)
    frames = {symbol.removesuffix(".NASDAQ"): falling for symbol in (stopped, entering)}
    tables = [opening(side, 2, symbol=stopped), opening(side, 6, symbol=entering)]

    record = run(store_of(tmp_path, **frames), tables, ["risk.max_positions=1"])

    assert [(trade.symbol, trade.exit_reason) for trade in record.trades] == [
        (stopped, "protective_stop"),
        (entering, "open"),
    ]


@pytest.mark.parametrize("secs", [7, 60])
def test_an_idle_timer_changes_nothing(tmp_path, frames, plain, secs):
    clockwork = Clockwork(secs)

    assert outcome(tmp_path, frames, onlookers=[clockwork]) == plain
    assert clockwork.ticks > 1_000
