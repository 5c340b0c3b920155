"""Faults of the line to the broker with a position open, over TCP: entries wait, exits get through, nothing is doubled."""

import numpy as np
import pytest

from actors.messages import Action, ExitReason, LinkChanged, LinkState, Side
from strategies.price_bar import PriceBar
from tests.integration.live_rig import AtMinute, Floor, Node, at_minute, flat_market, floor
from tests.integration.live_steps import EVER, alerts, codes, decisions, enter, fills, flat, is_told, opening, shape
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, SIDES


class EachMinute(AtMinute):
    """A rule that fails when it does not see every minute of the session once and in order."""

    _last = 0

    def update(self, bar: PriceBar) -> int:
        window = self._sessions.window(bar.ts)
        before, self._last = self._last, bar.ts
        if bar.ts > window.open + MINUTE_NS and bar.ts != before + MINUTE_NS:
            raise ValueError(f"a bar of {bar.ts} after one of {before}")
        return super().update(bar)


def watched(table: str) -> str:
    """Return the table of a rule that sees to it that it sees every bar."""
    return table.replace("tests.integration.live_rig:AtMinute", "tests.integration.test_live_faults:EachMinute")


def failures(node: Node) -> list[str]:
    with node.journal() as journal:
        return [failure.error for failure in journal.failures(*EVER)]


def links(node: Node) -> list[LinkState]:
    """Return the states of the link that were told."""
    with node.journal() as journal:
        return [change.state for change in journal.messages(LinkChanged, *EVER)]


def words(node: Node, symbol: str = AAPL) -> list[str]:
    """Return what was decided of a symbol: the refusals with their detail."""
    made = [each for each in decisions(node) if each.symbol == symbol]
    return [each.detail if each.action is Action.REFUSED else each.action.value for each in made]


def until_down(node: Node) -> None:
    node.until(lambda: links(node)[-1:] not in ([], [LinkState.UP]), "the loss of the link")


def until_up(node: Node) -> None:
    node.until(lambda: links(node)[-1:] == [LinkState.UP], "the link to be up again")


def lost(day: Floor, node: Node) -> None:
    """Break every connection, and let none be made."""
    day.gateway.do.refuse_connections()
    day.gateway.do.drop()
    until_down(node)


def returned(day: Floor, node: Node) -> None:
    day.gateway.do.accept_connections()
    until_up(node)


@SIDES
def test_after_a_drop_missed_bars_come_once_in_order_and_trading_goes_on(tmp_path, side):
    with floor(tmp_path) as day:
        tables = [
            watched(opening(side, 2, 8, closing=(4,))),
            watched(opening(side, 4, 8, symbol=MSFT)),
        ]
        node = day.start(tables, sooner={"dbg.X": 1})
        enter(day, node, 2)
        stop = day.stop()
        lost(day, node)
        day.minute(6)
        assert day.stop() == stop
        returned(day, node)
        print("UP", codes(node), words(node), words(node, MSFT))
        day.prints()
        node.until(lambda: len(day.orders()) == 3, "the exit that a missed bar wanted")
        day.prints()
        flat(day, node)
        day.minute(7)
        node.until(lambda: len(words(node, MSFT)) == 1, "MSFT")
        print(words(node), words(node, MSFT), failures(node), links(node), alerts(node))
        enter(day, node, 8)
        print(words(node), words(node, MSFT), failures(node), links(node), alerts(node))
        assert 0
