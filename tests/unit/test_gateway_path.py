"""The gateway's made-up prices: the same everywhere, sound, and such that the default configuration trades on them."""

import hashlib

import pandas as pd
import pytest

from actors.messages import ExitReason
from config.backtest.run import Backtest
from config.loader import load_settings
from tests.gateway.contracts import contract_of
from tests.gateway.market import Market
from tests.gateway.path import WAVES
from tests.integration.rig import AAPL, MINUTE_NS, store_of

SUNDAY = pd.Timestamp("2026-11-22", tz="America/New_York").value
DEMO_HASH = "d5a8c33f08cf0dee"


def test_path_is_always_the_same():
    text = "".join(Market.demo(SUNDAY, history_sessions=1).frames(symbol).to_csv(index=False) for symbol in WAVES)

    assert hashlib.sha256(text.encode()).hexdigest()[:16] == DEMO_HASH


def test_path_does_not_depend_on_the_day():
    first, second = (Market.demo(now, [AAPL]).frames(AAPL) for now in (SUNDAY, SUNDAY + 200 * 24 * 60 * MINUTE_NS))

    pd.testing.assert_frame_equal(first.drop(columns="ts"), second.drop(columns="ts"))


def test_any_symbol_has_a_sound_path():
    frame = Market.demo(SUNDAY, ["KO.NYSE"]).frames("KO.NYSE")

    assert frame[["low", "high"]].min().min() > 90
    assert frame[["low", "high"]].max().max() < 410
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert frame["volume"].between(20_000, 80_000).all()


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory):
    market = Market.demo(SUNDAY)
    frames = {symbol.partition(".")[0]: market.frames(symbol) for symbol in market.contracts}
    store = store_of(tmp_path_factory.mktemp("demo"), **frames)
    warm_up = market.history(AAPL, 60, market.session.open, 200)[0].ts
    backtest = Backtest(load_settings(None, [], {}), store, start=warm_up)
    record = backtest.run()
    backtest.dispose()
    return market, record


@pytest.mark.parametrize("symbol", sorted(WAVES))
def test_default_configuration_enters_within_twenty_minutes_and_exits_by_signal(demo_run, symbol):
    market, record = demo_run

    first = next(trade for trade in record.trades if trade.symbol == symbol)

    assert 10 <= (first.entry_time - market.session.open) / MINUTE_NS <= 20
    assert first.exit_reason is ExitReason.SIGNAL
    assert first.exit_time < market.session.open + 180 * MINUTE_NS
    assert first.net_pnl_usd > 0
    assert record.errors == []


@pytest.mark.parametrize("symbol", sorted(WAVES))
def test_default_configuration_trails_its_stop_every_few_minutes(demo_run, symbol):
    _, record = demo_run
    entry = next(trade.entry_time for trade in record.trades if trade.symbol == symbol)

    moves = [p.ts for p in record.stops if p.symbol == symbol and entry < p.ts <= entry + 20 * MINUTE_NS]

    assert len(moves) >= 5


def test_contracts_are_the_broker_s_where_known():
    assert contract_of(AAPL).isin == "US0378331005"
    assert contract_of(AAPL).symbol == AAPL
    assert contract_of("BRK.B.NYSE").ticker == "BRK.B"


@pytest.mark.parametrize("symbol", [*WAVES, "KO.NYSE", "IBM.NYSE", "BRK.B.NYSE"])
def test_isin_has_its_check_digit(symbol):
    digits = "".join(str(int(letter, 36)) for letter in contract_of(symbol).isin)
    doubled = [str(int(digit) * (1 + place % 2)) for place, digit in enumerate(reversed(digits))]

    assert sum(int(digit) for digit in "".join(doubled)) % 10 == 0


def test_made_up_contracts_differ_and_stay():
    assert contract_of("KO.NYSE") == contract_of("KO.NYSE")
    assert contract_of("KO.NYSE").con_id != contract_of("IBM.NYSE").con_id
    assert contract_of("KO.NYSE").isin != contract_of("IBM.NYSE").isin
