"""The record of a live session: made of the journal alone, it says what the run itself would say."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from actors.journal.reader import JournalReader
from actors.journal.store import JournalStore
from actors.messages import AlertRaised, ExitReason, HandlerFailed, OrderRole, Side, Topic
from actors.report.charts import equity_chart
from actors.report.records import SessionRecord
from actors.report.reports import summarise
from actors.report.statistics import equity_curve
from config.live_report.record import live_record
from config.live_report.window import report_window
from tests.integration.live_session import (
    CLOSES,
    FACTS,
    FIRST,
    LAST,
    MONDAY_BARS,
    SESSIONS,
    SETTINGS,
    TUESDAY_BARS,
    busy,
    journalled,
    kept,
    live_of,
)
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, SIDES, Onlooker, at, opening, session_bars
from tests.unit.journal_builders import RUN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JournalStore]:
    with JournalStore(tmp_path / "journal.sqlite") as store:
        store.begin_run(RUN)
        yield store


def known(trades):
    """The trades without what only bars tell."""
    return [replace(trade, mae_usd=Decimal(0), mfe_usd=Decimal(0)) for trade in trades]


def orders_by_id(record: SessionRecord):
    """The orders as a broker's word gives them; a journal does not know which was never sent."""
    chosen = {}
    for order in record.orders:
        price = None if order.average_price is None else pytest.approx(float(order.average_price))
        status = "UNKNOWN" if order.status == "NOT_SENT" else order.status
        chosen[order.client_order_id] = replace(order, average_price=price, status=status)
    return chosen


@SIDES
@pytest.mark.parametrize("fill", ["next_open", "signal_close"])
@pytest.mark.parametrize("stop_pct", [5, 0.5])
def test_a_live_record_says_what_the_run_itself_says(store, side, stop_pct, fill):
    run, own = journalled(store, busy(side), settings=[f"stop.distance_pct={stop_pct}", f'backtest.fill="{fill}"'])
    record = live_of(run, store, bars=kept(MONDAY_BARS))

    assert len(own.trades) > 2
    assert record.trades == own.trades
    assert record.fills == own.fills
    assert record.decisions == own.decisions
    assert record.equity == list(own.equity)
    assert record.stops == own.stops
    assert record.sessions == own.sessions
    assert orders_by_id(record) == orders_by_id(own)
    figures, expected = summarise(record), summarise(own)
    for effort in ("mode", "engine", "wall_secs", "engine_secs", "bars_per_sec", "peak_rss_mb"):
        del figures[effort], expected[effort]
    assert figures == expected


@SIDES
def test_stops_raised_and_hit_are_told_as_they_ended(store, side):
    path = [100 + side * step for step in (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 3, 3, 3, 3)]
    settings = ['trailing_stop.kind="percent"', "trailing_stop.distance_pct=2", "trailing_stop.min_step_bps=0"]
    run, own = journalled(store, [opening(side, 2)], bars=session_bars(path), settings=settings)
    record = live_of(run, store)
    stop = next(order for order in record.orders if order.role is OrderRole.STOP)

    assert own.trades[0].exit_reason is ExitReason.TRAILING_STOP
    assert stop.status == "FILLED"
    assert stop.trigger_price != next(point.trigger for point in record.stops)
    assert orders_by_id(record) == orders_by_id(own)


@SIDES
def test_without_bars_the_trades_are_the_same_but_for_their_excursions(store, side):
    run, own = journalled(store, busy(side))
    closes = {symbol: Decimal(str(CLOSES[-1])) for symbol in (AAPL, MSFT)}
    record = live_of(run, store, facts=replace(FACTS, last_closes=closes))

    assert known(record.trades) == known(own.trades)
    assert all(mine.mae_usd >= its.mae_usd for mine, its in zip(record.trades, own.trades, strict=True))
    assert all(mine.mfe_usd <= its.mfe_usd for mine, its in zip(record.trades, own.trades, strict=True))
    assert record.trades[-1].exit_reason is ExitReason.OPEN
    assert "No bars were kept" in record.data_notes[0].text


@SIDES
def test_an_open_position_is_marked_at_the_latest_close_the_journal_knows(store, side):
    again = opening(side, 3, 20)  # the second signal is refused, and tells a close
    run, _ = journalled(store, [again])

    assert live_of(run, store).trades[0].exit_price == Decimal(str(CLOSES[19]))


@SIDES
@pytest.mark.parametrize("was_killed", [True, False])
def test_two_runs_of_a_day_are_one_report(store, side, was_killed):
    def restart(*_):
        if not was_killed:
            store.end_run(1, FIRST + 15 * MINUTE_NS, 0, "asked to stop")
        store.begin_run(replace(RUN, started_ns=FIRST + 15 * MINUTE_NS + 1))

    run, own = journalled(store, [opening(side, 3, closing=(25,))], Onlooker({15: restart}))
    record = live_of(run, store, moments=(FIRST + 20 * MINUTE_NS, LAST), bars=kept(MONDAY_BARS))

    assert store._rows("SELECT DISTINCT run_id FROM fills ORDER BY run_id") == [(1,), (2,)]
    assert record.trades == own.trades
    assert [trade.is_open for trade in record.trades] == [False]
    assert record.fills == own.fills
    assert record.equity == list(own.equity)
    assert (record.live.starts, record.live.killed) == (2, int(was_killed))


def test_only_the_runs_of_the_session_are_counted(store):
    day = 24 * 60 * MINUTE_NS
    for started, ended in ((-3, -2), (-1, None), (0, 0), (0, None), (0, None)):  # in tens of days from the session
        number = store.begin_run(replace(RUN, started_ns=FIRST + started * 10 * day))
        if ended is not None:
            store.end_run(number, FIRST + ended * 10 * day, 0, "")
    with JournalReader(store.path) as reader:
        live = live_record(reader, SETTINGS, report_window(SESSIONS, [FIRST]), "paper", FACTS).live

    assert (live.starts, live.killed) == (4, 2)  # the second lived on into the session, until the third began


@SIDES
def test_a_trade_carried_over_night_is_whole_while_the_session_counts_for_itself(store, side):
    run, own = journalled(store, [opening(side, 3, 50, closing=(40,))], bars=[MONDAY_BARS, TUESDAY_BARS])
    moments = (int(TUESDAY_BARS["ts"].iloc[0]), int(TUESDAY_BARS["ts"].iloc[-1]))
    record = live_of(run, store, moments=moments, bars=kept(TUESDAY_BARS))
    monday = [point for point in own.equity if point.ts <= LAST]

    assert known(record.trades) == known(own.trades)
    assert record.trades[0].entry_time <= LAST < record.trades[0].exit_time
    assert record.starting_equity_usd == monday[-1].equity_usd
    assert record.equity == list(own.equity)[len(monday) :]
    assert [fill.ts > LAST for fill in record.fills] == [True] * len(record.fills)
    assert {fill.client_order_id for fill in record.fills} <= {order.client_order_id for order in record.orders}
    assert orders_by_id(record).items() <= orders_by_id(own).items()
    assert record.live.carried == 1
    assert record.stops[0].ts <= LAST < record.stops[1].ts
    chart = equity_chart(equity_curve(record), float(record.starting_equity_usd))
    assert [one["y"] for one in chart["data"] if one["name"] == "Start"] == [[float(record.starting_equity_usd)] * 2]


@SIDES
def test_a_position_held_all_session_is_open_in_its_report(store, side):
    run, own = journalled(store, [opening(side, 3)], bars=[MONDAY_BARS, TUESDAY_BARS])
    record = live_of(run, store, moments=[int(TUESDAY_BARS["ts"].iloc[0])], bars=kept(TUESDAY_BARS))

    assert known(record.trades) == known(own.trades)
    assert [order.role for order in record.orders] == [OrderRole.STOP]
    assert (record.orders[0].status, record.fills) == ("ACCEPTED", [])
    assert record.equity[-1] == own.equity[-1]


@SIDES
def test_a_session_after_a_round_trip_is_not_told_of_it(store, side):
    run, own = journalled(store, [opening(side, 3, closing=(20,))], bars=[MONDAY_BARS, TUESDAY_BARS])
    record = live_of(run, store, moments=[int(TUESDAY_BARS["ts"].iloc[0])])

    assert (record.trades, record.orders, record.equity) == ([], [], [])
    assert record.starting_equity_usd == own.equity[-1].equity_usd
    assert summarise(record)["net_pnl_usd"] == 0.0


def test_incidents_of_the_session_are_in_its_report(store):
    def failed(ts: int) -> HandlerFailed:
        return HandlerFailed(ts, "StopCoverage", "on_timer", "ValueError: no", "x.py:1 in f", "")

    alert = at(7, lambda ts: AlertRaised(ts, "link_down", "critical", "gone"), Topic.ALERTS)
    run, _ = journalled(store, [opening(Side.LONG, 5)], alert, settings=["risk.max_daily_loss_usd=20"])
    store.write(failed(FIRST), 1)
    store.write(failed(LAST + 24 * 60 * MINUTE_NS), 1)
    record = live_of(run, store)

    assert record.errors == [failed(FIRST)]
    assert [alert.code for alert in record.alerts] == ["loss_limit", "link_down"]
    assert record.loss_limit_halts == 1
    assert record.trades[0].exit_reason is ExitReason.LOSS_LIMIT


@pytest.mark.parametrize(
    ("moments", "first", "last"),
    [
        (["2024-10-07 14:00"], "2024-10-05 00:00", "2024-10-08 00:00"),
        (["2024-10-06 12:00"], "2024-10-05 00:00", "2024-10-08 00:00"),  # a Sunday belongs to Monday
        (["2024-10-08 09:31", "2024-10-08 15:59"], "2024-10-08 00:00", "2024-10-09 00:00"),
        (["2024-10-06 12:00", "2024-10-09 16:00"], "2024-10-05 00:00", "2024-10-10 00:00"),  # replayed ahead
        (["2024-11-29 10:00"], "2024-11-28 00:00", "2024-11-30 00:00"),  # after Thanksgiving; its session is Friday's
        (["2024-11-04 10:00"], "2024-11-02 00:00", "2024-11-05 00:00"),  # the clocks change in between
    ],
)
def test_the_window_is_whole_sessions(moments, first, last):
    def nanos(text: str) -> int:
        return pd.Timestamp(text, tz="America/New_York").value

    assert report_window(SESSIONS, [nanos(text) for text in moments]) == (nanos(first), nanos(last) - 1)
