"""Traps of the engine (docs/traps.md) that a backtest can show and no other test shows."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from nautilus_trader.model import ClientOrderId, OrderCanceled

from actors.account import Account
from actors.messages import Side
from catalog.nautilus_v2 import UNTOUCHABLE_EVENTS
from tests.integration.rig import build, run, scripted, session_bars, store_of
from tests.unit.report_builders import make_fill

ROOT = Path(__file__).resolve().parents[2]
SIDES = pytest.mark.parametrize("side", list(Side))


def round_trip(side: Side) -> str:
    up, down = ([5], [15]) if side is Side.LONG else ([15], [5])
    return scripted(up=up, down=down, short=side is Side.SHORT)


@SIDES
def test_trap_01_no_order_is_reduce_only(tmp_path, side):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [round_trip(side)])
    backtest.run()
    orders = backtest.engine.cache.orders()

    assert len(orders) == 3
    assert not any(order.is_reduce_only for order in orders)
    assert all(strategy.config.market_exit_reduce_only is False for strategy in backtest.components.strategies)


@SIDES
def test_trap_07_the_close_leaves_only_after_the_stop_is_cancelled(tmp_path, side):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [round_trip(side)])
    strategy = backtest.components.strategies[0]
    sent, submit, handle = [], strategy.submit_order, strategy.on_order_event
    strategy.submit_order = lambda order: (sent.append("close"), submit(order))
    strategy.on_order_event = lambda event: (
        sent.append("cancelled") if isinstance(event, OrderCanceled) else None,
        handle(event),
    )
    backtest.run()

    assert sent == ["cancelled", "close"]


def test_trap_09_the_first_bars_warm_up_the_rules_without_trading(tmp_path):
    """The same rule on the same bars: the warm-up takes away the early entry and changes no later signal."""
    closes = [100 + abs((number % 20) - 10) * 0.5 for number in range(120)]
    table = '{kind="moving_average_cross", symbol="AAPL.NASDAQ", fast_period=3, slow_period=6}'
    cold, warm = (
        run(store_of(tmp_path / str(bars), AAPL=session_bars(closes)), [table], [f"bars.warmup_bars={bars}"])
        for bars in (0, 50)
    )

    assert [(d.ts, d.signal) for d in cold.decisions] == [(d.ts, d.signal) for d in warm.decisions]
    assert warm.decisions[0].reason == "warm_up"
    assert warm.fills[0].ts > cold.fills[0].ts


def test_trap_15_events_that_forbid_touching_the_component_are_passed_over(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [round_trip(Side.LONG)])
    strategy = backtest.components.strategies[0]
    passed, follow = [], strategy.owner.on_order_event
    strategy.owner.on_order_event = lambda event: (passed.append(event), follow(event))[1]
    record = backtest.run()
    kinds = {type(event) for event in passed}

    assert OrderCanceled in kinds
    assert not kinds & set(UNTOUCHABLE_EVENTS)
    assert not record.errors


# Fed with plain data by a queue, knowing a path or a beat alone, or asking which thread it is: no component
THREADS_OF_THEIR_OWN = {
    "actors/alerts/sender.py",
    "actors/journal/watch.py",
    "actors/log/line_writer.py",
    "actors/loop/hang_watch.py",
    "strategies/call_limit.py",
}


def test_trap_16_no_component_starts_a_thread():
    for file in [*ROOT.glob("strategies/**/*.py"), *ROOT.glob("actors/**/*.py")]:
        if file.relative_to(ROOT).as_posix() in THREADS_OF_THEIR_OWN:
            assert "Watcher" not in file.read_text()
            continue
        nodes = list(ast.walk(ast.parse(file.read_text())))
        modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        threads = {"threading", "_thread", "concurrent", "asyncio", "multiprocessing"}
        assert not {module.split(".")[0] for module in modules} & threads, file


@SIDES
def test_trap_19_the_account_is_marked_at_the_last_closed_bar(side):
    """Filled away from the last close, a position is worth what the close says, until the next one."""
    fill = make_fill(side, 10, "101", symbol="A.B", last_close=Decimal(100))
    account = Account(Decimal(5_000))
    account.fill(fill)
    at_fill, _ = account.worth()
    account.mark("A.B", Decimal(103))

    assert at_fill == 5_000 - 1 - side * 10
    assert account.worth()[0] == 5_000 - 1 + side * 20


def test_trap_20_a_bar_that_comes_twice_counts_once(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 10)), [scripted(up=[5])])
    strategy = backtest.components.strategies[0]
    once = strategy.on_bar
    strategy.on_bar = lambda bar: (once(bar), once(bar))
    record = backtest.run()

    assert strategy.bars_seen == 10
    assert len(record.decisions) == 1


def test_trap_22_a_relative_catalog_path_works(tmp_path, monkeypatch):
    store_of(tmp_path / "bars", AAPL=session_bars([100.0] * 10))
    monkeypatch.chdir(tmp_path)
    record = run(store_of(Path("bars")), [scripted(up=[5])])

    assert len(record.fills) == 1


def test_every_order_of_a_run_is_known_to_the_engine(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [round_trip(Side.LONG)])
    record = backtest.run()

    assert all(backtest.engine.cache.order(ClientOrderId(order.client_order_id)) for order in record.orders)
