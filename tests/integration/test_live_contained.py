"""Watching never kills (law 13), over TCP: rules and actors that hang, raise or talk nonsense, and a held position."""

import signal
import time
from decimal import Decimal

import pytest

from actors.messages import Action, AlertRaised, ExitReason, HandlerFailed, Side
from tests.integration import live_rig
from tests.integration.alert_servers import Inbox, http_inbox
from tests.integration.live_rig import Floor, Node, flat_market, floor
from tests.integration.live_steps import EVER, codes, decisions, enter, fills, flat, opening
from tests.integration.operator_rig import Operator
from tests.integration.rig import AAPL, MSFT, SIDES
from tests.integration.unruly_rules import unruly

TRAILS = 'trailing_stop.kind="percent"'
LIMIT = "trading.rule_timeout_secs=1"
# Ten beats a second; two and a half without one are a hang
SOON = {
    "actors.loop.loop_watch.BEAT_SECS": 0.1,
    "actors.loop.loop_watch.MAX_LATE_SECS": 2.5,
    "actors.loop.hang_watch.WAIT_SECS": 0.25,
}


@pytest.fixture
def web(monkeypatch):
    """Every node started here sends its alerts to this server."""
    real = live_rig.subprocess.Popen
    with http_inbox() as inbox:
        target = {"BALLAST_ALERT_URLS": f"json://127.0.0.1:{inbox.port}"}
        monkeypatch.setattr(
            live_rig.subprocess, "Popen", lambda command, *, env, **options: real(command, env=env | target, **options)
        )
        yield inbox


def rising(side: Side):
    """Return a market in which AAPL goes one point a minute the way of a side, from the third minute on."""
    return flat_market(AAPL=[100, 100, *[100 + side * step for step in range(1, 11)]])


def trigger(side: Side, minute: int) -> Decimal:
    """Return where the trailing stop stands after a minute of that market: 5 % from its extreme, half a tick wide."""
    extreme = 100 + side * (Decimal(minute - 2) + Decimal("0.05"))
    return extreme * (100 - 5 * side) / 100


def trails(day: Floor, node: Node, side: Side, minute: int) -> None:
    """Play a minute and wait until the stop stands where it should."""
    day.minute(minute)
    node.until(lambda: abs(day.stop()["stop_price"] - trigger(side, minute)) <= Decimal("0.06"), "the step of the stop")


def failures(node: Node) -> list[HandlerFailed]:
    with node.journal() as journal:
        return journal.messages(HandlerFailed, *EVER)


def told(node: Node, code: str) -> list[AlertRaised]:
    with node.journal() as journal:
        return [alert for alert in journal.messages(AlertRaised, *EVER) if alert.code == code]


@SIDES
def test_a_rule_that_never_returns_is_interrupted_and_the_position_goes_on(tmp_path, side):
    """Its stop trails, the operator and another rule close, another symbol enters; after the third time no entry."""
    up, down = ((2, 5), (9,)) if side is Side.LONG else ((9,), (2, 5))
    wild = unruly(short=True, up=up, down=down, sleeps=(3, 6, 7))
    calm = opening(side, 9, closing=(8,))
    with floor(tmp_path, rising(side)) as day:
        node = day.start([wild, calm, opening(side, 9, symbol=MSFT)], TRAILS, LIMIT)
        enter(day, node, 2)
        trails(day, node, side, 3)  # the very bar on which it hangs
        node.until(lambda: len(failures(node)) == 1, "the failure in the journal")
        trails(day, node, side, 4)
        assert Operator(day.state).while_prices_come(day, "flatten")[0] == 0

        enter(day, node, 5)
        trails(day, node, side, 7)
        node.until(lambda: codes(node) == ["handler_failures"], "no more entries")
        day.minute(8)
        node.until(lambda: len(day.orders()) == 6, "the exit of the other rule")
        day.prints()
        flat(day, node)
        enter(day, node, 9, MSFT)
        node.until(lambda: any("3 exceptions" in each.detail for each in decisions(node)), "the refused entry")
        assert (day.position(), day.position(MSFT)) == (0, 100 * side)
        assert node.terminate() == 0

    assert [fill.exit_reason for fill in fills(node)] == [None, ExitReason.OPERATOR, None, ExitReason.SIGNAL]
    first, _, last = failures(node)
    assert (first.component, first.handler) == (AAPL, "on_bar")
    assert "expected an answer in 1 s, found it at " in first.error
    assert "unruly_rules.py" in first.error
    assert "in update and interrupted it. It is made anew and says nothing for 0 bars." in first.error
    assert "It is not called any more until the next start." in last.error


@pytest.mark.parametrize(
    ("side", "settings", "error"),
    [
        (
            Side.LONG,
            {"garbage": {"two": 3, "text": 4, "nan": 5, "none": 6}},
            "ValueError: expected -1, 0 or 1 of update()",
        ),
        (Side.SHORT, {"raises": (3, 4, 5)}, "ZeroDivisionError: a bug in a rule"),
    ],
    ids=["no signal", "raises"],
)
def test_a_rule_that_raises_or_says_nonsense_closes_nothing_and_may_still_close(tmp_path, side, settings, error):
    up, down = ((2,), (7,)) if side is Side.LONG else ((7,), (2,))
    with floor(tmp_path, rising(side)) as day:
        node = day.start([unruly(short=True, up=up, down=down, **settings)], TRAILS)
        enter(day, node, 2)
        for minute in (3, 4, 5, 6):
            trails(day, node, side, minute)
        assert [each.error[: len(error)] for each in failures(node)] == [error] * 3
        assert codes(node) == ["handler_failures"]
        assert [each.action for each in decisions(node)] == [Action.ENTERED]

        day.minute(7)
        node.until(lambda: len(day.orders()) == 3, "the exit")
        day.prints()
        flat(day, node)
        assert node.terminate() == 0


@SIDES
def test_an_exception_in_an_actor_is_told_and_counted_and_it_goes_on(tmp_path, web: Inbox, side):
    with floor(tmp_path, rising(side)) as day:
        node = day.start([opening(side, 2)], TRAILS, sooner={"tests.integration.poisoned_actor.MINUTE": 3})
        enter(day, node, 2)
        day.minute(3)
        error = "ERROR in TrailingStopManager.on_bar: ZeroDivisionError: a bug in an actor"
        node.until(lambda: error in "".join(web.lines), "the alert")
        assert day.stop()["stop_price"] == 100 - 5 * side
        trails(day, node, side, 4)
        assert node.terminate() == 0

    assert [(each.component, each.handler) for each in failures(node)] == [("TrailingStopManager", "on_bar")]
    assert "1 error: the figures may not be what they should. See the report." in node.terminal


def test_a_loop_that_is_held_up_is_told_while_it_hangs_and_when_it_runs_again(tmp_path, web: Inbox):
    side = Side.SHORT
    table = unruly(short=True, down=(2,), sleeps=(3,), sleep_secs=6.0)
    with floor(tmp_path, rising(side)) as day:
        node = day.start([table], TRAILS, "trading.rule_timeout_secs=10", sooner=SOON)
        enter(day, node, 2)
        day.minute(3)
        node.until(lambda: any("the event loop gave no sign of life for 2.5 s" in line for line in web.lines), "a word")
        assert "the event loop runs again" not in "".join(web.lines)
        assert told(node, "node_hangs") == []  # nobody could write it
        node.until(lambda: any("the event loop runs again" in line for line in web.lines), "the end of it")
        trails(day, node, side, 4)
        assert node.terminate() == 0

    assert codes(node) == ["node_hangs", "node_back"]
    assert len(web.lines) == 3
    [slow] = told(node, "loop_slow")
    assert slow.text.startswith("the event loop was held up for ")
    assert slow.text in "\n".join(web.lines)
    assert node.terminal.count("stops rest at the broker (told while it hangs)") == 1  # and not of the end
    assert failures(node) == []


def test_a_suspended_program_and_one_that_ends_are_no_hang(tmp_path, web: Inbox):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2)], sooner=SOON)
        enter(day, node, 2)
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(4.0)
        node.process.send_signal(signal.SIGCONT)
        day.minute(3)
        assert node.terminate() == 0

    assert (codes(node), web.lines) == ([], [])


def test_a_rule_that_cannot_be_made_is_told_in_a_paragraph_and_no_run_begins(tmp_path):
    table = f'{{kind = "tests.integration.unruly_rules:Unmakable", symbol = "{AAPL}"}}'
    with floor(tmp_path) as day:
        node = Node(day.gateway.port, day.state, [table], ())
        day.nodes.append(node)

        assert node.exit_code() == 2
        assert day.orders() == []
    assert "Traceback" not in node.terminal
    said = node.terminal.rpartition("run_live: ")[2]
    assert said.startswith(
        'strategies (tests.integration.unruly_rules:Unmakable on AAPL.NASDAQ): Kind of strategy "tests.'
    )
    assert "found FileNotFoundError at " in said
    assert said.endswith(": no model file. Correct the rule.\n")
    with node.journal() as journal:
        assert journal.runs() == []
