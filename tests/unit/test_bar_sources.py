"""Which bars a session decides on: the catalog's, the broker's, or those built of trade ticks; and when they count."""

from datetime import date
from decimal import Decimal

import pytest
from nautilus_trader.model import Bar, BarType, Price, Quantity

from actors.ledger import Ledger
from actors.trailing_rules import TrailingStopConfig
from actors.trailing_stop_manager import TrailingStopManager
from catalog.instruments import is_off_session, make_bar_type, make_equity, split_bar_type
from catalog.sessions import Sessions
from config.checks.verdicts import bars_check
from config.components import bar_types_of, build_components
from config.loader import load_settings
from strategies.memory import Memory
from tests.integration.rig import MONDAY

AAPL = "AAPL.NASDAQ"
TABLE = f'strategies=[{{kind="momentum", symbol="{AAPL}"}}]'
BROKERS, BUILT = f"{AAPL}-5-SECOND-LAST-EXTERNAL", f"{AAPL}-5-SECOND-LAST-INTERNAL"
SECOND_NS = 10**9
OPENS = Sessions().on(date.fromisoformat(MONDAY)).open


def settings_of(source="broker"):
    return load_settings(None, [TABLE, 'bars.step="5-SECOND"', f'bars.source="{source}"'], {})


@pytest.mark.parametrize(
    ("source", "is_live", "expected"),
    [("broker", False, BROKERS), ("broker", True, BROKERS), ("ticks", False, BROKERS), ("ticks", True, BUILT)],
)
def test_bars_are_built_of_ticks_only_live_and_only_when_asked_for(source, is_live, expected):
    assert bar_types_of(settings_of(source), is_live=is_live) == {AAPL: expected}


@pytest.mark.parametrize(("memories", "expected"), [(None, BROKERS), ({AAPL: Memory()}, BUILT)])
def test_all_components_have_the_same_bar_type(memories, expected):
    parts = build_components(
        settings_of("ticks"), {AAPL: make_equity(AAPL)}, Decimal(1), hold_until_open=False, memories=memories
    )

    kinds = {str(kind) for actor in (parts.ledger, parts.trailing_stops) for kind in actor._bar_types.values()}
    assert kinds == {expected} == {parts.strategies[0].setup.bar_type}


def test_a_built_bar_type_splits_like_any_other():
    kind, secs = make_bar_type("BRK-B.NYSE", "1-MINUTE", is_built=True)

    assert (str(kind), secs) == ("BRK-B.NYSE-1-MINUTE-LAST-INTERNAL", 60)
    assert split_bar_type(str(kind)) == ("BRK-B.NYSE", "1-MINUTE")


@pytest.mark.parametrize(
    ("hours", "secs_after_open", "expected"),
    [
        ("regular", 0, False),  # a bar that closes at the open lies before it
        ("regular", 5, True),
        ("regular", 390 * 60, True),  # the last one closes at the close
        ("regular", 390 * 60 + 5, False),
        ("regular", 5 * 86_400, False),  # Saturday
        ("extended", -5 * 3_600, True),
        ("any", 5 * 86_400, True),
    ],
)
def test_session_holds_the_bars_that_close_in_it(hours, secs_after_open, expected):
    assert Sessions("XNYS", hours).holds(OPENS + secs_after_open * SECOND_NS) is expected


def bar_at(secs_after_open, kind=BUILT):
    ts = OPENS + secs_after_open * SECOND_NS
    price = Price.from_str("100.00")
    return Bar(BarType.from_str(kind), price, price, price, price, Quantity.from_int(1), ts, ts)


def test_only_bars_that_are_built_here_can_lie_outside_the_session():
    early, late = bar_at(-60), bar_at(60)

    assert [is_off_session(bar, Sessions()) for bar in (early, late)] == [True, False]
    assert not is_off_session(bar_at(-60, BROKERS), Sessions())  # what a broker or a catalog has, counts


def ledger():
    made = Ledger({AAPL: BUILT}, Decimal(100_000), Sessions(), 10)
    made._slices.watch(AAPL, 0)
    return made


def trailing():
    return TrailingStopManager(TrailingStopConfig(kind="percent"), {AAPL: BUILT}, {AAPL: Decimal("0.01")}, Sessions())


@pytest.mark.parametrize("make", [ledger, trailing])
def test_trades_outside_the_session_neither_mark_nor_trail(make):
    watcher, closed = make(), []
    watcher._closed = lambda symbol, ts, *_prices: closed.append(ts)
    for secs in (-60, 60):
        watcher.on_bar(bar_at(secs))

    assert closed == [bar_at(60).ts_init]


def test_trades_outside_the_session_are_not_shown_to_the_rules():
    parts = build_components(
        settings_of("ticks"), {AAPL: make_equity(AAPL)}, Decimal(1), hold_until_open=False, memories={AAPL: Memory()}
    )
    strategy = parts.strategies[0]
    strategy._now = lambda: 0  # it has no clock before it is registered
    for secs in (-60, 60):
        strategy.on_bar(bar_at(secs))

    assert strategy.bars_seen == 1


@pytest.mark.parametrize("step", ["5-SECOND", "1-MINUTE", "30-MINUTE"])
def test_a_step_that_the_broker_has_is_accepted(step):
    check = bars_check(step, "broker", 10)

    assert (check.verdict, check.found) == ("ok", f"{step}, as the broker makes them")


@pytest.mark.parametrize("source", ["broker", "ticks"])
@pytest.mark.parametrize("step", ["1-SECOND", "10-SECOND", "4-MINUTE", "20-MINUTE", "1-HOUR", "1-DAY"])
def test_a_step_that_the_broker_has_not_is_refused_with_those_it_has(step, source):
    check = bars_check(step, source, 1)

    assert check.verdict == "failed"
    assert f'found "{step}"' in check.found
    assert "expected one of 5-SECOND, 15-SECOND, 30-SECOND, 1-MINUTE" in check.found


@pytest.mark.parametrize(("symbols", "verdict"), [(3, "ok"), (4, "warning")])
def test_built_bars_tell_whose_clock_cuts_them_and_how_many_symbols_have_ticks(symbols, verdict):
    check = bars_check("1-MINUTE", "ticks", symbols)

    assert check.verdict == verdict
    assert "built here of trade ticks by this machine's clock" in check.found
    assert ("found 4" in check.found) == (verdict == "warning")
