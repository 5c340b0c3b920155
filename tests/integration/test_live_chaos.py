"""
A whole session at speed with random faults: at its end the books agree, every position is covered, nothing is doubled.

The faults are drawn from a seed; what the clock makes of them differs from run to run, the law does not.

"""

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from actors.messages import OrderRole
from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.integration.live_rig import FRIDAY, PATIENCE_SECS, Node
from tests.integration.rig import session_bars

SPEED = 500.0  # a session of six and a half hours in three quarters of a minute
FAULT_EVERY_SECS = 1.0
LOOK_SECS = 0.1
QUIET_SECS = 20.0  # without faults at the end: what an outage left undone is found within ten seconds
STILL_MINS = 100  # at the end prices stand still: an exit that is wanted in the last moment would not fill before night
SYMBOLS = ("AAPL.NASDAQ", "MSFT.NASDAQ", "TSLA.NASDAQ")
TABLES = (
    '{kind = "moving_average_cross", symbol = "AAPL.NASDAQ", fast_period = 3, slow_period = 8, allow_short = true}',
    '{kind = "rsi_macd", symbol = "AAPL.NASDAQ", rsi_period = 5}',
    '{kind = "moving_average_cross", symbol = "MSFT.NASDAQ", fast_period = 2, slow_period = 5, allow_short = true}',
    '{kind = "moving_average_cross", symbol = "TSLA.NASDAQ", fast_period = 3, slow_period = 7}',
)
SETTINGS = ('trailing_stop.kind="percent"', "trailing_stop.distance_pct=0.3", "stop.distance_pct=0.3")


def restless_market(seed: int) -> Market:
    """Return a session in which prices walk at random until shortly before its end, so that there is much to do."""
    dice = np.random.default_rng(seed)
    frames = {}
    for symbol in SYMBOLS:
        steps = dice.normal(0, 0.0015, 2 * 390)
        steps[-STILL_MINS:] = 0
        path = 200 * np.exp(np.cumsum(steps))
        frames[symbol] = [session_bars(path[:390], FRIDAY), session_bars(path[390:])]
    return Market.of_frames(frames, soon())


def faults(gateway: Gateway, dice: random.Random) -> list[Callable[[], object]]:
    """Return what may go wrong, each ready to happen."""
    do, symbol = gateway.do, dice.choice(SYMBOLS)
    return [
        do.drop,
        lambda: do.restart(dice.uniform(0.2, 2.0)),
        lambda: do.notice(dice.choice((1100, 2103, 2105, 2110))),
        lambda: do.notice(dice.choice((1101, 1102, 2104, 2106))),
        lambda: do.double(dice.choice(("ExecutionDetails", "OpenOrder", "OrderStatus", "CommissionAndFeesReport"))),
        lambda: do.overtake(dice.choice(("ExecutionDetails", "OrderStatus"))),
        lambda: do.split_fills(dice.randint(1, 3)),
        lambda: do.delay_commissions(dice.choice((0.0, 0.3))),
        lambda: do.reject(dice.choice(("place", "modify", "cancel")), dice.choice((201, 10147, 110))),
        lambda: do.shock(symbol, dice.choice((-0.5, 0.5))),
        lambda: (do.hang(), time.sleep(0.5), do.resume()),
    ]


def calm(gateway: Gateway) -> None:
    gateway.do.split_fills(1)
    gateway.do.delay_commissions(0.0)
    gateway.do.notice(1102)
    gateway.do.notice(2104)


@pytest.mark.parametrize("seed", [7])
def test_a_session_of_random_faults_ends_with_equal_books(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - faults, not secrets
    with Gateway.start(restless_market(seed), speed=SPEED, subscriptions=3) as gateway:
        node = started(gateway, tmp_path)
        node.until(lambda: gateway.state()["has_begun"], "the session's begin")
        session = gateway.state()["session"]
        quiet_from = session["close"] - int(QUIET_SECS * SPEED) * 10**9
        while gateway.state()["now"] < quiet_from:
            time.sleep(FAULT_EVERY_SECS)
            dice.choice(faults(gateway, dice))()
            node = supervised(node, gateway, tmp_path)
        calm(gateway)
        node = settled(node, gateway, tmp_path)
        assert node.terminate() == 0
        assert differences(node, gateway) == "", node.terminal[-3000:]
        nothing_is_doubled(node, gateway)


def started(gateway: Gateway, place: Path) -> Node:
    return Node(gateway.port, place / "state", TABLES, SETTINGS)


def supervised(node: Node, gateway: Gateway, place: Path) -> Node:
    """Return the node, or a new one where it ended for its supervisor to start it again: with exit code 4 alone."""
    if node.process.poll() is None:
        return node
    assert node.exit_code() == 4, node.terminal[-3000:]
    return started(gateway, place)


def settled(node: Node, gateway: Gateway, place: Path) -> Node:
    """Wait for the end of the session, and for equal books and covered positions; return the node that runs then."""
    for _ in range(int(2 * PATIENCE_SECS / LOOK_SECS)):
        node = supervised(node, gateway, place)
        is_over, differs = gateway.state()["is_over"], differences(node, gateway)
        if is_over and not differs:
            return node
        time.sleep(LOOK_SECS)
    raise AssertionError(f"waited in vain for equal books: {differs}\n{node.terminal[-3000:]}")


def differences(node: Node, gateway: Gateway) -> str:
    """Return what the journal, the broker and its stops hold, "" if the same and each position behind one stop."""
    state = gateway.state()
    held = {symbol: row["quantity"] for symbol, row in state["positions"].items() if row["quantity"]}
    with node.journal() as journal:
        trips = journal.open_trips()
    booked = {
        symbol: quantity
        for symbol, trip in trips.items()
        if (quantity := sum(fill.side * fill.quantity for fill in trip.fills))
    }
    working = [order for order in state["orders"] if order["status"] in ("PreSubmitted", "Submitted")]
    stops = {
        order["symbol"]: (1 if order["side"] == "sell" else -1) * (order["quantity"] - order["filled"])
        for order in working
    }
    if booked == held == stops and len(working) == len(stops):
        return ""
    return f"booked {booked}, held {held}, stops {stops} of {len(working)} orders"


def nothing_is_doubled(node: Node, gateway: Gateway) -> None:
    """Every round trip has one entry, and what the broker executed is in the journal once."""
    with node.journal() as journal:
        intents, fills = journal.intents(0, 2**62), journal.fills(0, 2**62)
    entries = Counter(intent.decision_id for intent in intents if intent.role is OrderRole.ENTRY)
    assert set(entries.values()) == {1}
    executed = Counter((fill.symbol, fill.trade_id) for fill in fills)
    assert set(executed.values()) == {1}
    assert len(fills) == len(gateway.state()["executions"])
