"""A recorded session, brought into a catalog, is the session: the same bars, the same trades."""

import gc
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nautilus_trader.model import Bar, BarType, Price, Quantity
from typer.testing import CliRunner, Result

from actors.bars.recorder import BarRecorder
from actors.messages import MissedBar, SubscribeAnew, Topic
from catalog.__main__ import app
from catalog.recorded_bars import day_file
from catalog.sessions import Sessions
from catalog.store import BarStore
from tests.integration.rig import (
    AAPL,
    MINUTE_NS,
    MONDAY,
    MSFT,
    SIDES,
    Onlooker,
    at,
    opening,
    run,
    session_bars,
    store_of,
)

KINDS = {symbol: f"{symbol}-1-MINUTE-LAST-EXTERNAL" for symbol in (AAPL, MSFT)}
TUESDAY = "2024-10-08"
WAVE = np.round(100 + 3 * np.sin(np.arange(120) / 9), 2)


@pytest.fixture(autouse=True)
def dropped_here() -> Iterator[None]:
    """Take actors away in the thread that made them: elsewhere, such as a gateway's thread, the engine complains."""
    yield
    gc.collect()


def recorder(state: Path) -> BarRecorder:
    return BarRecorder(state, KINDS, Sessions())


def market(path: Path) -> BarStore:
    days = [session_bars(WAVE, day) for day in (MONDAY, TUESDAY)]
    return store_of(path, AAPL=days, MSFT=[frame.assign(volume=50_000.0) for frame in days])


def tables(side) -> list[str]:
    return [opening(side, 10, 150, closing=(60, 200)), opening(side, 20, closing=(90,), symbol=MSFT)]


def import_session(state: Path, catalog: Path) -> Result:
    return CliRunner().invoke(app, ["import-session", str(state), "--catalog", str(catalog)])


def trades(record) -> list[tuple]:
    return [(each.symbol, each.side, each.entry_time, each.exit_time, each.net_pnl_usd) for each in record.trades]


@SIDES
def test_recorded_session_replays_to_the_same_trades(tmp_path, side) -> None:
    store = market(tmp_path / "market")
    record = run(store, tables(side), onlookers=[recorder(tmp_path / "state")])

    result = import_session(tmp_path / "state", tmp_path / "c")

    replayed = BarStore(tmp_path / "c")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:2] == [
        f"{MONDAY}  {KINDS[AAPL]}: 120 of 390 bars; 120 new, 0 replaced, 0 unchanged",
        f"{MONDAY}  {KINDS[MSFT]}: 120 of 390 bars; 120 new, 0 replaced, 0 unchanged",
    ]
    for kind in KINDS.values():
        pd.testing.assert_frame_equal(replayed.frame(kind), store.frame(kind))
    assert str(replayed.instrument(AAPL).id) == AAPL
    assert len(record.trades) == 3
    assert trades(run(replayed, tables(side))) == trades(record)


def test_restart_on_the_same_day_records_no_bar_twice(tmp_path) -> None:
    store = market(tmp_path / "market")
    for _ in range(2):
        run(store, [opening(1, 10)], onlookers=[recorder(tmp_path / "state")])

    lines = day_file(tmp_path / "state", date.fromisoformat(MONDAY)).read_text().splitlines()
    assert len(lines) == len(set(lines)) == 1 + 120


def test_import_again_changes_nothing_and_a_recorded_bar_replaces_another(tmp_path) -> None:
    run(market(tmp_path / "market"), [opening(1, 10)], onlookers=[recorder(tmp_path / "state")])
    BarStore(tmp_path / "c").write(KINDS[AAPL], session_bars(WAVE + 1, MONDAY))

    first, second = (import_session(tmp_path / "state", tmp_path / "c").output for _ in range(2))

    assert f"{KINDS[AAPL]}: 120 of 390 bars; 0 new, 120 replaced, 0 unchanged" in first
    assert f"{KINDS[AAPL]}: 120 of 390 bars; 0 new, 0 replaced, 120 unchanged" in second


def missed(ts_of: Callable[[int], int]) -> Onlooker:
    def publish(actor: Onlooker, bar) -> None:
        values = (Decimal("99.50"), Decimal("99.80"), Decimal("99.40"), Decimal("99.70"), Decimal(777))
        actor.publish_message(Topic.MISSED_BARS, MissedBar(ts_of(bar.ts_init), AAPL, *values))

    return Onlooker({3: publish}, name="Fetcher")


def test_bar_that_was_fetched_after_an_outage_is_recorded_in_its_place(tmp_path) -> None:
    bars = session_bars(WAVE[:10])
    hole = int(bars["ts"].iloc[1])
    store = store_of(tmp_path / "market", AAPL=bars.drop(1))
    run(store, [opening(1, 8)], onlookers=[recorder(tmp_path / "state"), missed(lambda _: hole)])

    import_session(tmp_path / "state", tmp_path / "c")

    frame = BarStore(tmp_path / "c").frame(KINDS[AAPL])
    assert frame["ts"].tolist() == bars["ts"].tolist()
    assert frame.iloc[1].tolist() == [hole, 99.5, 99.8, 99.4, 99.7, 777]


def test_bar_that_came_live_is_not_replaced_by_a_missed_one(tmp_path) -> None:
    bars = session_bars(WAVE[:10])
    store = store_of(tmp_path / "market", AAPL=bars)
    run(store, [opening(1, 8)], onlookers=[recorder(tmp_path / "state"), missed(lambda ts: ts - MINUTE_NS)])

    import_session(tmp_path / "state", tmp_path / "c")

    pd.testing.assert_frame_equal(BarStore(tmp_path / "c").frame(KINDS[AAPL]), bars)


def test_subscription_is_given_up_and_made_anew_on_command_and_no_bar_is_lost(tmp_path) -> None:
    given_up = []

    class Spied(BarRecorder):
        def unsubscribe_bars(self, bar_type, *more) -> None:
            given_up.append(str(bar_type))
            super().unsubscribe_bars(bar_type, *more)

    store = market(tmp_path / "market")
    spied = Spied(tmp_path / "state", KINDS, Sessions())
    command = at(30, lambda ts: SubscribeAnew(ts, AAPL))
    run(store, tables(1), onlookers=[spied, command])

    import_session(tmp_path / "state", tmp_path / "c")
    assert given_up == [KINDS[AAPL]]
    pd.testing.assert_frame_equal(BarStore(tmp_path / "c").frame(KINDS[AAPL]), store.frame(KINDS[AAPL]))


def test_bars_built_of_ticks_are_recorded_as_the_catalog_names_them_and_only_in_the_session(tmp_path) -> None:
    kind = f"{AAPL}-1-MINUTE-LAST-INTERNAL"
    built = BarRecorder(tmp_path / "state", {AAPL: kind}, Sessions())
    opens = Sessions().on(date.fromisoformat(MONDAY)).open
    prices = (Price(100.0, 2),) * 4
    for ts in (opens, opens + MINUTE_NS):
        built.on_bar(Bar(BarType.from_str(kind), *prices, Quantity(500, 0), ts, ts))

    import_session(tmp_path / "state", tmp_path / "c")

    assert BarStore(tmp_path / "c").frame(KINDS[AAPL])["ts"].tolist() == [opens + MINUTE_NS]


@SIDES
def test_disk_that_refuses_is_told_once_disturbs_no_trade_and_loses_no_bar(tmp_path, side) -> None:
    store = market(tmp_path / "market")
    plain = run(store, tables(side))
    state = tmp_path / "state"
    state.write_text("a file where the directory should be")
    mend = Onlooker({100: lambda *_: state.unlink()}, name="Mender")

    record = run(store, tables(side), onlookers=[recorder(state), mend])

    told = [alert for alert in record.alerts if alert.code == "bars_unrecorded"]
    assert [alert.severity for alert in told] == ["warning"]
    assert "bars are not recorded, trading goes on" in told[0].text
    assert trades(record) == trades(plain)
    import_session(state, tmp_path / "c")
    pd.testing.assert_frame_equal(BarStore(tmp_path / "c").frame(KINDS[AAPL]), store.frame(KINDS[AAPL]))


@pytest.mark.parametrize("is_synthetic", [False, True])
def test_import_that_cannot_be_is_told(tmp_path, is_synthetic) -> None:
    if is_synthetic:
        run(market(tmp_path / "market"), [opening(1, 10)], onlookers=[recorder(tmp_path / "state")])
        BarStore(tmp_path / "c").mark_synthetic(KINDS[AAPL])

    result = import_session(tmp_path / "state", tmp_path / "c")

    assert result.exit_code == 2
    told = "holds the synthetic AAPL" if is_synthetic else f"No recorded bars in {tmp_path}/state/bars; expected"
    assert told in result.stderr
    assert "Traceback" not in result.output
