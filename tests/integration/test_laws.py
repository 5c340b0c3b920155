"""The laws of DESIGN §3 that a backtest can show, on the real engine, both sides where there are sides."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from nautilus_trader.model import ClientOrderId, ContingencyType, InstrumentId, OrderSide, Quantity, TimeInForce

from actors.messages import Action, ExitReason, Flatten, Halt, OrderRole, RaiseStop, Side, Topic
from actors.stop_coverage import uncovered
from catalog.instruments import make_equity
from catalog.sample import sample_frame
from config.components import build_components
from config.loader import ConfigError, load_settings
from tests.integration.rig import MONDAY, Onlooker, build, run, scripted, session_bars, store_of

ROOT = Path(__file__).resolve().parents[2]
SIDES = pytest.mark.parametrize("side", list(Side))
AAPL = "AAPL.NASDAQ"


def opening(side: Side, at: int = 5, closing: tuple[int, ...] = (), **more: object) -> str:
    """Return a table that opens on one side at a bar and closes at others."""
    up, down = ([at], closing) if side is Side.LONG else (closing, [at])
    return scripted(up=list(up), down=list(down), short=side is Side.SHORT, **more)


def path(side: Side, moves: list[float]) -> list[float]:
    """Return closes around 100 for a long, mirrored for a short."""
    return [100 + side * move for move in moves]


def send(message):
    return lambda actor, bar: actor.publish_message(Topic.COMMANDS, message(bar.ts_init))


def test_law_01_the_same_components_are_built_for_every_mode():
    settings = load_settings(None, [], {})
    instruments = {table.symbol: make_equity(table.symbol) for table in settings.strategies}
    simulated, immediate = (
        build_components(settings, instruments, Decimal(100_000), hold_until_open=hold) for hold in (True, False)
    )

    assert [type(actor) for actor in simulated.actors] == [type(actor) for actor in immediate.actors]
    assert [s.setup.symbol for s in simulated.strategies] == ["AAPL.NASDAQ", "MSFT.NASDAQ", "TSLA.NASDAQ"]
    for one, other in zip(simulated.strategies, immediate.strategies, strict=True):
        differing = {f for f in one.setup.__dataclass_fields__ if getattr(one.setup, f) != getattr(other.setup, f)}
        assert differing <= {"hold_until_open", "rules", "sessions"}  # rules and sessions are objects of their own


@SIDES
def test_law_02_an_entry_leaves_as_one_list_with_its_resting_stop(tmp_path, side):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [opening(side)])
    record = backtest.run()
    entry, stop = (backtest.engine.cache.order(ClientOrderId(order.client_order_id)) for order in record.orders)

    assert [order.role for order in record.orders] == [OrderRole.ENTRY, OrderRole.STOP]
    assert entry.order_list_id == stop.order_list_id is not None
    assert entry.contingency_type == ContingencyType.OTO
    assert entry.linked_order_ids == [stop.client_order_id]
    assert (stop.time_in_force, stop.is_reduce_only, stop.status.name) == (TimeInForce.GTC, False, "ACCEPTED")
    assert stop.trigger_price.as_decimal() == 100 - side * 5


def test_law_02_nothing_but_the_order_maker_makes_entries():
    makers = {"market_order", "MarketOrder", "order_factory.market", "bracket", "limit"}
    for file in [*ROOT.glob("strategies/**/*.py"), *ROOT.glob("actors/**/*.py"), *ROOT.glob("config/**/*.py")]:
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call)
        }
        assert not called & makers or file.name == "orders.py", file


@SIDES
@pytest.mark.parametrize(
    ("asked", "moved"),
    [("1", []), ("2", []), ("-1", []), ("7", ["7"]), ("9.99", ["9.99"]), ("10", ["9.99"]), ("20", ["9.99"])],
)
def test_law_03_a_stop_never_loosens_and_keeps_a_tick_to_the_market(tmp_path, side, asked, moved):
    """Prices as distances from the first stop: it was raised by 2 already, the market stands 10 from it."""
    first, market = 100 - side * 5, Decimal(100 + side * 5)
    asks = {
        8: send(lambda ts: RaiseStop(ts, AAPL, first + side * Decimal(2), market)),
        10: send(lambda ts: RaiseStop(ts, AAPL, first + side * Decimal(asked), market)),
    }
    onlooker = Onlooker(asks)
    store = store_of(tmp_path, AAPL=session_bars(path(side, [0.0] * 6 + [5.0] * 5), spread=0))
    record = run(store, [opening(side)], onlookers=[onlooker])

    assert not onlooker.errors
    assert not record.alerts
    assert [(stop.trigger - first) * side for stop in record.stops if stop.trigger] == [0, 2, *map(Decimal, moved)]


@SIDES
def test_law_03_trailing_stops_only_tighten_over_a_whole_run(tmp_path, side):
    moves = [0.0, 0, 0, 0, 0, 1, 2, 4, 3, 6, 5, 9, 8, 8.5, 12, 11, 10, 9.5, 9, 8, 4, 3, 2]
    record = run(
        store_of(tmp_path, AAPL=session_bars(path(side, moves))),
        [opening(side)],
        ['trailing_stop.kind="percent"', "trailing_stop.distance_pct=5"],
    )
    triggers = [stop.trigger * side for stop in record.stops if stop.trigger is not None]

    assert len(triggers) > 3
    assert triggers == sorted(set(triggers))
    assert record.trades[0].exit_reason is ExitReason.TRAILING_STOP
    assert record.trades[0].net_pnl_usd > 0


@SIDES
def test_law_04_a_lost_stop_is_put_back_and_the_second_time_the_position_is_closed(tmp_path, side):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 40)), [opening(side)])
    strategy = backtest.components.strategies[0]
    cancel = lambda *_: strategy.cancel_order(ClientOrderId(strategy.owner.holding.stop_id))  # noqa: E731
    backtest.engine.add_actor(Onlooker({10: cancel, 20: cancel}))
    record = backtest.run()

    assert [(order.role, order.status) for order in record.orders] == [
        (OrderRole.ENTRY, "FILLED"),
        (OrderRole.STOP, "CANCELED"),
        (OrderRole.STOP, "CANCELED"),
        (OrderRole.EXIT, "FILLED"),
    ]
    assert [alert.code for alert in record.alerts] == ["stop_lost", "stop_restored", "stop_lost", "unprotected"]
    assert not record.trades[0].is_open


@SIDES
def test_law_04_every_report_of_a_run_with_partial_fills_is_covered(tmp_path, side):
    """A thin tape splits entry and stop in two; the resting stop covers the position at each step."""
    frame = session_bars(path(side, [0.0] * 10 + [-7.0] * 10)).assign(volume=200.0)
    backtest = build(store_of(tmp_path, AAPL=frame), [opening(side)])
    reports = []
    backtest.components.coverage.on_start = lambda: None
    onlooker = Onlooker({})
    onlooker.on_start = lambda: onlooker.subscribe_topic(Topic.POSITIONS, reports.append)
    backtest.engine.add_actor(onlooker)
    record = backtest.run()

    assert [fill.quantity for fill in record.fills] == [50, 50, 50, 50]
    assert [(abs(report.quantity), report.entry_open, report.stop_quantity) for report in reports][:4] == [
        (0, 100, 100),
        (50, 50, 100),
        (50, 50, 100),
        (100, 0, 100),
    ]
    assert all(uncovered(report) == "" for report in reports)
    assert record.trades[0].quantity == 100
    assert record.trades[0].exit_reason is ExitReason.PROTECTIVE_STOP


def test_law_05_two_rules_on_a_symbol_make_one_position(tmp_path):
    tables = [scripted(up=[5], down=[20]), scripted(up=[5, 6], down=[12])]
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), tables)
    record = backtest.run()

    assert len(record.trades) == 1
    assert record.trades[0].quantity == 100
    assert len(backtest.engine.cache.positions(instrument_id=InstrumentId.from_str(AAPL))) == 1
    assert [(d.strategy[-10:], d.action, d.reason) for d in record.decisions] == [
        ("g:Scripted", Action.ENTERED, "signal"),
        ("Scripted#2", Action.REFUSED, "held"),
        ("Scripted#2", Action.REFUSED, "held"),
        ("Scripted#2", Action.EXITED, "signal"),
        ("g:Scripted", Action.REFUSED, "no_position"),
    ]


def test_law_05_with_exit_by_opener_only_the_rule_that_opened_closes(tmp_path):
    tables = [scripted(up=[5], down=[20]), scripted(down=[12])]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), tables, ['trading.exit_by="opener"'])

    assert [d.reason for d in record.decisions] == ["signal", "not_opener", "signal"]


@pytest.mark.parametrize(
    ("overrides", "reason", "detail"),
    [
        (["trading.enabled=false"], "disabled", "disabled: trading.enabled = false"),
        (["session.avoid_first_mins=10"], "session", "09:35 is within the first 10 min after the 09:30 open"),
        (["bars.warmup_bars=10"], "warm_up", "warm_up: 4 of 10 bars"),
        (["risk.max_gross_exposure_usd=50"], "size_max_gross_exposure_usd", "100 > 50"),
        (["sizing.notional_usd=50"], "size_fixed_notional", "50 USD (as set) at 100 a share: 0 shares"),
        (['stop.kind="atr"'], "stop_unknown", "ATR needs 14 bars"),
    ],
)
def test_law_06_a_refusal_has_its_reason_and_numbers(tmp_path, overrides, reason, detail):
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [scripted(up=[5])], overrides)
    decision = record.decisions[0]

    assert (decision.action, decision.reason, decision.quantity) == (Action.REFUSED, reason, 0)
    assert detail in decision.detail
    assert not record.orders


@pytest.mark.parametrize(
    ("override", "reason", "detail"),
    [
        ("risk.max_positions=1", "max_positions", "max_positions: 0 open + 1 pending >= 1"),
        ("risk.max_orders_per_min=1", "order_rate", "order_rate: 1 entries in the last 60 s >= 1"),
        ("risk.max_gross_exposure_usd=10000", "size_max_gross_exposure_usd", "10000 + 100 > 10000"),
    ],
)
def test_law_06_entries_of_the_same_bar_count_each_other(tmp_path, override, reason, detail):
    bars = session_bars([100.0] * 20)
    tables = [scripted(up=[5]), scripted("MSFT.NASDAQ", up=[5])]
    record = run(store_of(tmp_path, AAPL=bars, MSFT=bars), tables, [override])

    assert [(d.symbol, d.reason) for d in record.decisions] == [(AAPL, "signal"), ("MSFT.NASDAQ", reason)]
    assert detail in record.decisions[1].detail


@SIDES
@pytest.mark.parametrize("fill", ["next_open", "signal_close"])
def test_law_07_an_exit_passes_where_an_entry_is_refused_and_leaves_nothing_behind(tmp_path, side, fill):
    """Outside the entry window the opposite signal closes: stop cancelled first, then closed, never reversed."""
    overrides = ["session.avoid_last_mins=380", f'backtest.fill="{fill}"']
    table = opening(side, at=5, closing=(15,))
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [table], overrides)
    record = backtest.run()

    assert [d.action for d in record.decisions] == [Action.ENTERED, Action.EXITED]
    assert [(o.role, o.status) for o in record.orders] == [
        (OrderRole.ENTRY, "FILLED"),
        (OrderRole.STOP, "CANCELED"),
        (OrderRole.EXIT, "FILLED"),
    ]
    assert record.fills[-1].position_after == 0
    assert not backtest.engine.cache.orders_open()
    assert not backtest.engine.cache.positions_open()


@SIDES
def test_law_07_an_operators_flatten_closes_during_a_halt(tmp_path, side):
    halt = send(lambda ts: Halt(ts, None, ExitReason.OPERATOR, "by hand"))
    flatten = send(lambda ts: Flatten(ts, ExitReason.OPERATOR, "by hand"))
    store = store_of(tmp_path, AAPL=session_bars([100.0] * 30))
    record = run(store, [opening(side, closing=())], onlookers=[Onlooker({10: halt, 12: flatten})])

    assert [trade.exit_reason for trade in record.trades] == [ExitReason.OPERATOR]


def falling(side: Side) -> list:
    """Three days: down 3 % in the first, a gap of 2 % more over the night, then quiet."""
    return [
        session_bars(path(side, [0.0] * 10 + [-3.0] * 380)),
        session_bars(path(side, [-5.0] * 390), "2024-10-08"),
        session_bars(path(side, [-5.0] * 390), "2024-10-09"),
    ]


@SIDES
@pytest.mark.parametrize("fill", ["next_open", "signal_close"])
def test_law_08_at_the_daily_loss_limit_all_goes_flat_until_the_next_session(tmp_path, side, fill):
    table = scripted(
        up=[5, 100, 395] if side is Side.LONG else [], down=[] if side is Side.LONG else [5, 100, 395], short=True
    )
    overrides = ["risk.max_daily_loss_usd=200", "stop.distance_pct=20", f'backtest.fill="{fill}"']
    record = run(store_of(tmp_path, AAPL=falling(side)), [table], overrides)

    assert [(d.action, d.reason) for d in record.decisions] == [
        (Action.ENTERED, "signal"),
        (Action.REFUSED, "halted"),
        (Action.ENTERED, "signal"),
    ]
    assert record.decisions[1].detail == "halted: daily loss -301.00 USD <= -200 USD in session 2024-10-07"
    assert [trade.exit_reason for trade in record.trades] == [ExitReason.LOSS_LIMIT, ExitReason.OPEN]
    assert record.loss_limit_halts == 1


@SIDES
def test_law_08_an_overnight_gap_counts_against_the_new_session(tmp_path, side):
    """Entered at 97 after the first day's fall, the gap of 2 on 103 shares breaks a limit of 150 at the next open."""
    days = falling(side)
    table = opening(side, at=50)
    record = run(store_of(tmp_path, AAPL=days), [table], ["risk.max_daily_loss_usd=150", "stop.distance_pct=20"])

    assert [trade.exit_reason for trade in record.trades] == [ExitReason.LOSS_LIMIT]
    assert f"{record.alerts[0].text[-10:]}" == "2024-10-08"
    assert record.alerts[0].code == "loss_limit"


@SIDES
def test_law_08_a_loss_spread_over_two_sessions_does_not_breach(tmp_path, side):
    days = falling(side)
    record = run(
        store_of(tmp_path, AAPL=days), [opening(side)], ["risk.max_daily_loss_usd=400", "stop.distance_pct=20"]
    )

    assert record.loss_limit_halts == 0  # 300 in the first session, 200 over the night, 500 in all


@SIDES
def test_law_08_open_positions_of_all_symbols_are_closed_by_the_limit(tmp_path, side):
    bars = session_bars(path(side, [0.0] * 10 + [-1.5] * 20))
    short = side is Side.SHORT
    tables = [
        scripted(symbol, up=[] if short else [5], down=[5] if short else [], short=short)
        for symbol in (AAPL, "MSFT.NASDAQ")
    ]
    backtest = build(store_of(tmp_path, AAPL=bars, MSFT=bars), tables, ["risk.max_daily_loss_usd=200"])
    record = backtest.run()

    assert [(t.symbol, t.exit_reason) for t in record.trades] == [
        (AAPL, ExitReason.LOSS_LIMIT),
        ("MSFT.NASDAQ", ExitReason.LOSS_LIMIT),
    ]
    assert not backtest.engine.cache.orders_open()


def test_law_09_a_decision_never_sees_what_comes_later(tmp_path):
    """The decisions of the first half are the same whether the second half exists or not."""
    frame = sample_frame(AAPL)
    overrides = ["bars.warmup_bars=50", 'trailing_stop.kind="percent"']
    table = '{kind="moving_average_cross", symbol="AAPL.NASDAQ", fast_period=5, slow_period=20}'
    whole = run(store_of(tmp_path / "whole", AAPL=frame[:4_000]), [table], overrides)
    half = run(store_of(tmp_path / "half", AAPL=frame[:2_000]), [table], overrides)

    assert len(half.decisions) > 20
    assert whole.decisions[: len(half.decisions)] == half.decisions
    assert whole.fills[: len(half.fills)] == half.fills
    assert whole.stops[: len(half.stops)] == half.stops


@SIDES
def test_law_10_while_an_entry_is_under_way_its_symbol_is_blocked(tmp_path, side):
    """Between the signal and the next open nobody knows what becomes of the entry: more of it is refused."""
    tables = [opening(side, at=5), opening(side, at=5, closing=(9,))]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 10)), tables)

    assert record.decisions[1].detail == "held: AAPL.NASDAQ is entering"
    assert [fill.quantity for fill in record.fills if fill.role is OrderRole.ENTRY] == [100]


@SIDES
def test_law_11_a_fill_that_is_not_ours_locks_the_symbol(tmp_path, side):
    table = opening(side, at=20)
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [table])
    strategy = backtest.components.strategies[0]

    def trade_by_hand(*_):
        order = strategy.order_factory.market(InstrumentId.from_str(AAPL), OrderSide.BUY, Quantity.from_int(7))
        strategy.submit_order(order)

    backtest.engine.add_actor(Onlooker({10: trade_by_hand}))
    record = backtest.run()

    assert [alert.code for alert in record.alerts][:1] == ["foreign_fill"]
    assert record.decisions[0].reason == "held"
    assert "locked: fill of unknown order" in record.decisions[0].detail
    assert not record.orders  # and what is held by hand is left alone


def test_law_12_paper_unless_armed():
    assert load_settings(None, [], {}).account.mode == "paper"


@SIDES
def test_law_13_an_exception_in_a_rule_is_contained_told_and_protection_goes_on(tmp_path, side):
    """The rule fails on every bar after the entry; the stop is hit all the same, and the run counts as failed."""
    closes = path(side, [0.0] * 10 + [-7.0] * 5)
    record = run(store_of(tmp_path, AAPL=session_bars(closes)), [opening(side, fail=range(6, 20))])

    assert record.trades[0].exit_reason is ExitReason.PROTECTIVE_STOP
    assert record.errors[0].error == "ZeroDivisionError: a bug in a rule"
    assert record.errors[0].handler == "on_bar"
    assert "rig.py" in record.errors[0].place
    assert [alert.code for alert in record.alerts] == ["handler_failures"]


def test_law_13_after_repeated_failures_no_entry_is_made(tmp_path):
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 20)), [scripted(up=[10], fail=[3, 4, 5])])

    assert record.decisions[0].detail == "halted: 3 exceptions in handlers >= 3"


def test_law_13_an_exception_in_an_actor_is_contained_and_told(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [scripted(up=[5], down=[15])])
    backtest.components.guard.limit = None
    record = backtest.run()

    assert {error.component for error in record.errors} == {"DailyLossGuard"}
    assert [trade.exit_reason for trade in record.trades] == [ExitReason.SIGNAL]


def test_law_14_an_unknown_setting_is_an_error_with_the_nearest_name():
    with pytest.raises(ConfigError, match="max_positions"):
        load_settings(None, ["risk.max_postions=3"], {})


def test_flatten_before_the_close_ends_the_day_flat(tmp_path):
    overrides = ["session.flatten_before_close_mins=5", "session.avoid_last_mins=10"]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 390, MONDAY)), [scripted(up=[5])], overrides)

    assert [trade.exit_reason for trade in record.trades] == [ExitReason.SESSION_CLOSE]
    assert record.trades[0].exit_time == 1728330900000000001  # 15:55 New York
