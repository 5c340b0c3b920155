"""The watchers' wiring on the real engine: ledger, loss limit, trailing stop, stop coverage, data of a backtest."""

from decimal import Decimal

import pytest

from actors.account import Account
from actors.journal.reader import LossLatch
from actors.messages import AccountView, ExitReason, Flatten, PositionReported, Side, Topic
from actors.stop_coverage import uncovered
from catalog.sessions import Sessions
from catalog.store import BarStore
from strategies.entry_plan import EntryPlanner
from tests.integration.rig import (
    AAPL,
    MINUTE_NS,
    MONDAY,
    MSFT,
    QUIET,
    SIDES,
    at,
    build,
    opening,
    run,
    scripted,
    session_bars,
    setup_of,
    store_of,
)


@SIDES
@pytest.mark.parametrize(
    ("account", "close", "reason"),
    [
        ({"open_symbols": {MSFT}, "pending_symbols": {MSFT}}, 100, "signal"),  # filled in part: one, not two
        ({"open_symbols": {MSFT}, "pending_symbols": {"IBM.NYSE"}}, 100, "max_positions"),
        ({"gross_exposure_usd": Decimal(15_000)}, 100, "size_max_gross_exposure_usd"),
        ({"pending_usd": Decimal(15_000)}, 100, "size_max_gross_exposure_usd"),
        ({"entry_times": (9, 10)}, Decimal("0.01"), "stop_unknown"),
    ],
)
def test_an_entry_is_planned_within_what_the_account_says(side, account, close, reason):
    overrides = [*QUIET, "risk.max_positions=2", "risk.max_gross_exposure_usd=15000"]
    nothing = {"equity_usd": Decimal(100_000), "gross_exposure_usd": Decimal(0), "pending_usd": Decimal(0)}
    view, ts = AccountView(**nothing | account), int(session_bars([100.0]).ts[0])
    plan = EntryPlanner(setup_of(overrides)).plan(
        side, ts, Decimal(close), view, bars_seen=0, halt="", lock="", hold=""
    )

    assert plan.reason == reason


@SIDES
def test_a_position_held_counts_against_the_next_entry_long_or_short(tmp_path, side):
    tables, bars = [opening(side, 5), opening(side, 10, symbol=MSFT)], session_bars([100.0] * 20)
    store = store_of(tmp_path, AAPL=bars, MSFT=bars)

    for limit, value in (("max_positions", 1), ("max_gross_exposure_usd", 10_000)):
        reasons = [decision.reason for decision in run(store, tables, [f"risk.{limit}={value}"]).decisions]
        assert [reason.removeprefix("size_") for reason in reasons] == ["signal", limit]


@SIDES
def test_the_order_rate_counts_the_entries_of_all_symbols(tmp_path, side):
    bars, tickers = session_bars([100.0] * 10), ("AAPL", "IBM", "MSFT")
    tables = [opening(side, 5, symbol=f"{ticker}.NASDAQ") for ticker in tickers]
    record = run(store_of(tmp_path, **dict.fromkeys(tickers, bars)), tables, ["risk.max_orders_per_min=2"])

    assert [decision.reason for decision in record.decisions] == ["signal", "signal", "order_rate"]


@SIDES
def test_law_08_a_silent_symbol_delays_the_limit_by_a_bar_and_the_end_is_marked(tmp_path, side):
    """MSFT falls silent after bar 8; AAPL loses 300 on bar 12, marked with bar 13, closed at the open after it."""
    frame = session_bars([100 + side * move for move in [0.0] * 11 + [-3.0] * 9], spread=0)
    tables = [opening(side, 5), opening(side, 5, symbol=MSFT)]
    store = store_of(tmp_path, AAPL=frame, MSFT=session_bars([100.0] * 8))
    halted, patient = (run(store, tables, [f"risk.max_daily_loss_usd={usd}"]) for usd in (200, 1_000))

    assert [(a.code, a.ts) for a in halted.alerts] == [("loss_limit", frame.ts[11])]
    assert halted.trades[0].exit_time == frame.ts[12] + 1
    assert (patient.equity[-1].ts, patient.equity[-1].equity_usd) == (frame.ts[19], 100_000 - 300 - 2)


@SIDES
def test_law_08_the_day_is_judged_from_the_closing_mark_at_its_first_bar(tmp_path, side):
    """Down 100, up to 100 above the entry at the close, then a gap of 200: more than 150 since the close."""
    days = [[0.0] * 10 + [-1.0] * 10 + [1.0] * 370, [-1.0] * 30]
    frames = [
        session_bars([100 + side * move for move in moves], day)
        for moves, day in zip(days, (MONDAY, "2024-10-08"), strict=True)
    ]
    record = run(store_of(tmp_path, AAPL=frames), [opening(side, 5)], ["risk.max_daily_loss_usd=150"])

    assert record.trades[0].exit_reason is ExitReason.LOSS_LIMIT
    assert record.trades[0].exit_time == frames[1].ts[0] + 1


@SIDES
def test_an_atr_stop_stands_at_its_multiple_of_the_bars_range(tmp_path, side):
    overrides = ['stop.kind="atr"', "stop.atr_period=2", "stop.atr_multiple=3"]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 10, spread=0.5)), [opening(side, 5)], overrides)

    assert [stop.trigger for stop in record.stops] == [100 - 3 * side]  # every bar has a range of 1


@SIDES
def test_the_account_is_marked_once_a_slice_while_something_is_held(tmp_path, side):
    frame = session_bars([100.0] * 30)
    tables = [opening(side, 5, closing=(12,), symbol=symbol) for symbol in (AAPL, MSFT)]
    record = run(store_of(tmp_path, AAPL=frame, MSFT=frame), tables)

    assert [point.ts for point in record.equity] == frame.ts[5:13].tolist()


def test_the_latest_entries_are_remembered_for_the_order_rate():
    account = Account(Decimal(1))
    for ts in (1, 2, 3):
        account.entry_requested(AAPL, Decimal(1), ts, keep=2)

    assert account.view().entry_times == (2, 3)


@SIDES
@pytest.mark.parametrize(
    ("trailing", "moves", "raised"),
    [
        (['kind="atr"', "atr_period=2", "atr_multiple=3"], [0.0] * 12, {Side.LONG: "97.5", Side.SHORT: "102.5"}),
        (['kind="percent"', "min_step_bps=100"], [0.0] * 6 + [2.0, 2.2], {Side.LONG: "97.37", Side.SHORT: "102.38"}),
    ],
)
def test_a_trailing_stop_follows_once_and_then_waits_for_its_step(tmp_path, side, trailing, moves, raised):
    """Bars reach 0.5 beyond: 3 ranges of 1 from 100.5; 5 % of 102.5 or 97.5, rounded away from the market."""
    store = store_of(tmp_path, AAPL=session_bars([100 + side * move for move in moves], spread=0.5))
    record = run(store, [opening(side, 5)], [f"trailing_stop.{setting}" for setting in trailing])

    assert [stop.trigger for stop in record.stops] == [100 - 5 * side, Decimal(raised[side])]


@SIDES
@pytest.mark.parametrize(
    ("shares", "stop", "codes", "reason", "ended"),
    [
        (70, 70, ["position_break"], "held", ExitReason.OPEN),  # locked: not even an exit of ours
        (100, 50, ["stop_coverage"] * 2, "signal", ExitReason.SIGNAL),
        (100, 100, [], "signal", ExitReason.SIGNAL),
    ],
)
def test_law_04_books_and_cover_are_checked_every_hour(tmp_path, side, shares, stop, codes, reason, ended):
    """A false report on bar 10; the hour is full on bar 61. What does not agree with the engine locks the symbol."""

    def report(ts: int) -> PositionReported:
        return PositionReported(ts, AAPL, side * shares, 0, stop, Decimal(100), Decimal(100), is_exiting=False)

    onlooker = at(10, report, Topic.POSITIONS)
    store = store_of(tmp_path, AAPL=session_bars([100.0] * 90))
    record = run(store, [opening(side, 5, 80, closing=(70,))], onlookers=[onlooker])

    assert [alert.code for alert in record.alerts] == codes
    assert [decision.reason for decision in record.decisions] == ["signal", reason, reason]
    assert record.trades[0].exit_reason is ended


def test_a_failure_ends_the_run_with_its_chunk(tmp_path):
    days = [session_bars([100.0] * 390, day) for day in (MONDAY, "2024-10-08", "2024-10-09")]
    backtest = build(store_of(tmp_path, AAPL=days), [scripted(fail=[400])], ["backtest.chunk_bars=390"])
    progress = []
    backtest.run(lambda done, total: progress.append((done, total)))

    assert progress[-1] == (780, 1170)


@pytest.mark.parametrize(("hours", "step", "bars"), [("regular", 60, 98_280), ("extended", 60, 241_920)])
def test_volatility_is_annualised_by_the_bars_of_a_year(hours, step, bars):
    overrides = [f'session.hours="{hours}"', f'bars.step="{step // 60}-MINUTE"']

    assert setup_of([*QUIET, *overrides]).bars_per_year == bars  # 252 sessions of 390 or 960 minutes


@SIDES
def test_a_bar_that_begins_before_the_session_opens_with_it(tmp_path, side):
    """Hour bars of 09-10, 10-11, ... New York: what waits over the night fills at 09:30, not at 09:00."""
    opens = [int(session_bars([100.0], day).ts[0]) - MINUTE_NS for day in (MONDAY, "2024-10-08")]
    frame = session_bars([100.0] * 14).assign(ts=[ts + (30 + 60 * n) * MINUTE_NS for ts in opens for n in range(7)])
    store = BarStore(tmp_path)
    store.write("AAPL.NASDAQ-1-HOUR-LAST-EXTERNAL", frame)
    overrides = ['bars.step="1-HOUR"', "risk.entry_timeout_secs=86400"]
    record = run(store, [opening(side, 7)], ['session.hours="any"', *overrides])

    assert record.fills[0].ts == opens[1] + 1


@SIDES
@pytest.mark.parametrize(
    ("held", "entry_open", "stop", "is_exiting", "words"),
    [
        (100, 0, 100, False, ""),
        (0, 0, 5, False, ""),
        (60, 40, 100, False, ""),
        (60, 40, 60, False, ""),
        (60, 0, 0, True, ""),
        (60, 40, 59, False, "stop of 59 < position of 60"),
        (60, 40, 101, False, "stop of 101 > position of 60 + 40 open"),
        (0, 40, 41, False, "stop of 41 > position of 0 + 40 open"),
    ],
)
def test_law_04_the_inequality_in_numbers(side, held, entry_open, stop, is_exiting, words):
    report = PositionReported(1, AAPL, held * side, entry_open, stop, None, None, is_exiting)

    assert uncovered(report) == words


@pytest.mark.parametrize(
    ("handler", "broken"), [("on_command", "exit"), ("on_order_event", "on_order_event"), ("on_trade", "on_open")]
)
def test_law_13_every_handler_of_the_strategy_is_contained(tmp_path, handler, broken):
    flatten = at(10, lambda ts: Flatten(ts, ExitReason.OPERATOR, ""))
    store = store_of(tmp_path, AAPL=session_bars([100.0] * 30))
    backtest = build(store, [opening(Side.LONG, 5)], onlookers=[flatten])
    setattr(backtest.components.strategies[0].owner, broken, lambda *_: 1 / 0)

    assert {error.handler for error in backtest.run().errors} == {handler}


@SIDES
def test_kelly_learns_from_the_closed_trades_of_its_strategy(tmp_path, side):
    """+198 and -102 on 10,000 each: 0.5 - 0.5 / (198 / 102) = 24.24 %, half of it of 100,096 USD: 121 shares."""
    moves = [0.0] * 8 + [2.0] * 4 + [0.0] * 6 + [-1.0] * 4 + [0.0] * 6
    overrides = ['sizing.method="kelly"', "sizing.min_trades=2", "sizing.fraction_pct=10"]
    record = run(
        store_of(tmp_path, AAPL=session_bars([100 + side * move for move in moves])),
        [opening(side, 5, 15, 25, closing=(10, 20))],
        [*overrides, "risk.max_position_value_usd=50000"],
    )

    assert [trade.net_pnl_usd for trade in record.trades[:2]] == [198, -102]
    assert [trade.quantity for trade in record.trades] == [100, 100, 121]


def test_a_limit_hit_before_the_restart_is_told_as_it_was_hit_whatever_the_setting_is_now(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 20)), [scripted(up=[5])])
    session = Sessions().session_of(backtest.start)
    latch = LossLatch(session, Decimal(100_000), Decimal(99_990), "-1.23 USD <= -1 USD")
    backtest.components.guard.restore(latch, is_latched=True, ts=1)
    record = backtest.run()

    (refused,) = record.decisions
    assert f"daily loss limit hit before the restart, in session {session}: -1.23 USD <= -1 USD" in refused.detail
    assert "1000 USD" not in refused.detail
