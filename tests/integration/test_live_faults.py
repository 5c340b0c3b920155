"""Faults of the line to the broker with a position open, over TCP: entries wait, exits get through, nothing is doubled."""

import pytest

from actors.messages import Action, ExitReason, LinkChanged, LinkState, Side
from strategies.price_bar import PriceBar
from tests.gateway.wire_client import WireClient
from tests.integration.live_rig import AtMinute, Floor, Node, flat_market, floor
from tests.integration.live_steps import EVER, alerts, codes, decisions, enter, fills, flat, is_told, opening, shape
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, SIDES

SOON = {"config.live_node.CHECK_SECS": 1.0}  # between two comparisons of orders by the engine
LIMIT = "risk.max_daily_loss_usd=200"


class EachMinute(AtMinute):
    """A rule that fails when it does not see every minute of the session once and in order."""

    _last = 0

    def update(self, bar: PriceBar) -> int:
        window = self._sessions.window(bar.ts)
        before, self._last = self._last, bar.ts
        if window.open < before and bar.ts != before + MINUTE_NS:
            raise ValueError(f"a bar of {bar.ts} after one of {before}")
        return super().update(bar)


def watched(side: Side, *minutes: int, **options) -> str:
    """Return the table of a rule that sees to it that it sees every bar."""
    table = opening(side, *minutes, **options)
    return table.replace("tests.integration.live_rig:AtMinute", "tests.integration.test_live_faults:EachMinute")


def has_seen_each_minute_once(node: Node) -> bool:
    with node.journal() as journal:
        return journal.failures(*EVER) == []


def links(node: Node) -> list[LinkState]:
    """Return the states of the link that were told."""
    with node.journal() as journal:
        return [change.state for change in journal.messages(LinkChanged, *EVER)]


def words(node: Node, symbol: str = AAPL) -> list[str]:
    """Return what was decided of a symbol: an action, or why it was refused."""
    made = [each for each in decisions(node) if each.symbol == symbol]
    return [each.detail if each.action is Action.REFUSED else each.action.value for each in made]


def streams(day: Floor) -> int:
    """Return how often the node has subscribed to minute bars."""
    return sum(bool(frame.fields.get("keepUpToDate")) for frame in day.gateway.frames("HistoricalDataRequest"))


def lose(day: Floor, node: Node) -> None:
    """Break every connection, and let none be made."""
    day.gateway.do.refuse_connections()
    day.gateway.do.drop()
    until_down(node)


def until_down(node: Node) -> None:
    node.until(lambda: links(node)[-1:] not in ([], [LinkState.UP]), "the loss of the link")


def until_up(node: Node) -> None:
    node.until(lambda: links(node)[-1] is LinkState.UP, "the link to be up again")


def come_back(day: Floor, node: Node, symbols: int = 1) -> None:
    """Let connections be made again, and wait until the node listens."""
    before = streams(day)
    day.gateway.do.accept_connections()
    node.until(lambda: streams(day) >= before + symbols, "the subscription of bars")
    until_up(node)


def leave(day: Floor, node: Node) -> None:
    """Let the closing order fill."""
    node.until(lambda: [each[:2] for each in shape(day.resting())] == [("MKT", 100)], "the closing order")
    day.prints()
    flat(day, node)


@SIDES
def test_after_a_drop_missed_bars_come_once_in_order_and_trading_goes_on(tmp_path, side):
    """A missed bar may close, but opens nothing; the same after the nightly restart of the gateway."""
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, 8, closing=(4, 12)), watched(side, 4, 10, symbol=MSFT)])
        enter(day, node, 2)
        stop = day.stop()
        lose(day, node)
        day.minute(6)
        assert day.stop() == stop
        come_back(day, node, 2)
        leave(day, node)
        assert words(node, MSFT) == ["missed: the bar was fetched after its time"]
        assert alerts(node) == [("link_lost", "critical"), ("link_back", "info")]

        enter(day, node, 8)
        before, stop = streams(day), day.stop()
        day.gateway.do.restart(1.0)
        until_down(node)
        until_up(node)
        node.until(lambda: streams(day) >= before + 2, "the subscription of bars")
        assert day.stop() == stop
        enter(day, node, 10, MSFT)
        day.minute(12)
        leave(day, node)
        assert words(node) == ["entered", "exited"] * 2
        assert [fill.exit_reason for fill in fills(node)] == [None, ExitReason.SIGNAL] * 2
        assert len(day.orders()) == 6
        assert has_seen_each_minute_once(node)
        assert codes(node) == ["link_lost", "link_back"] * 2


@SIDES
def test_a_stop_hit_while_the_link_is_down_is_booked_and_trading_goes_on(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, 6)])
        enter(day, node, 2)
        lose(day, node)
        day.gateway.do.shock(AAPL, -8 * side)
        day.prints()
        assert day.position() == 0
        day.gateway.do.accept_connections()
        node.until_says("starting anew")
        flat(day, node)
        node.until(lambda: streams(day) >= 2, "bars")
        (execution,) = [each for each in day.gateway.state()["executions"][1:]]
        assert (fills(node)[-1].exit_reason, fills(node)[-1].price) == (
            ExitReason.PROTECTIVE_STOP,
            execution["price"],
        )
        print(codes(node))
        enter(day, node, 6)
        assert len(day.orders()) == 4
        assert day.stop()["quantity"] == abs(day.position()) > 0
        print(codes(node), words(node))


def test_a_stop_cancelled_by_hand_while_the_link_is_down_is_put_back(tmp_path):
    side = Side.SHORT
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, closing=(4,))], sooner=SOON)
        enter(day, node, 2)
        before = day.stop()
        lose(day, node)
        day.gateway.do.cancel(before["perm_id"])
        come_back(day, node)
        node.until(lambda: len(day.resting()) == 1, "a new stop")
        assert day.stop()["perm_id"] != before["perm_id"]
        assert (day.stop()["stop_price"], day.stop()["quantity"]) == (before["stop_price"], 100)
        print(codes(node))
        day.minute(4)
        leave(day, node)


def test_while_the_gateway_has_no_line_entries_are_refused_and_exits_wait(tmp_path):
    """1100 with its two ends; a broken farm holds entries only."""
    side = Side.SHORT
    with floor(tmp_path) as day:
        do = day.gateway.do
        node = day.start([watched(side, 2, 8, 11, 14, 16, closing=(4, 10, 15)), watched(side, 3, symbol=MSFT)])
        enter(day, node, 2)
        do.notice(1100)
        until_down(node)
        day.minute(4)
        node.until(lambda: words(node) == ["entered", "exited"], "the exit by signal")
        assert words(node, MSFT)[0].startswith("not_ready: link: 1100")
        assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]
        do.notice(1102)
        leave(day, node)
        until_up(node)

        enter(day, node, 8)
        do.notice(1100)
        until_down(node)
        before = streams(day)
        do.notice(1101)
        until_up(node)
        node.until(lambda: streams(day) == before + 2, "the subscriptions made again")
        print(codes(node))

        do.notice(2103)
        node.until(lambda: codes(node)[-1] == "farm_down", "2103")
        day.minute(10)
        leave(day, node)
        day.minute(11)
        node.until(lambda: len(words(node)) == 5, "refusal")
        print(words(node))
        do.notice(2104)
        node.until(lambda: codes(node)[-1] == "farm_back", "2104")
        do.notice(2105)
        node.until(lambda: codes(node)[-1] == "farm_down", "2105")
        day.minute(14)
        node.until(lambda: len(words(node)) == 6, "refusal")
        do.notice(2106)
        node.until(lambda: codes(node)[-1] == "farm_back", "2106")
        print(words(node), codes(node))
        enter(day, node, 16)
        print(words(node), codes(node))
        assert has_seen_each_minute_once(node)


def test_ended_subscriptions_are_made_again(tmp_path):
    side = Side.LONG
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, closing=(6,))])
        enter(day, node, 2)
        before = streams(day)
        day.gateway.do.notice(10182)
        node.until(lambda: streams(day) > before, "the subscription")
        day.minute(6)
        leave(day, node)
        print(codes(node), has_seen_each_minute_once(node))


@SIDES
def test_a_loss_limit_while_the_link_is_down(tmp_path, side):
    by_notice = side is Side.LONG
    with floor(tmp_path, flat_market(AAPL=[100, 100, 100, *[100 - 3 * side] * 20])) as day:
        node = day.start([watched(side, 2)], LIMIT)
        enter(day, node, 2)
        if by_notice:
            day.gateway.do.notice(1100)
            until_down(node)
            day.minute(4)
            node.until(lambda: "loss_limit" in codes(node), "the breach")
            assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]
            day.gateway.do.notice(1102)
        else:
            lose(day, node)
            day.minute(6)
            come_back(day, node)
        node.until(lambda: [each[:2] for each in shape(day.resting())] == [("MKT", 100)], "the closing order")
        day.prints()
        assert node.exit_code() == 5
        assert (day.position(), day.resting(), len(day.orders())) == (0, [], 3)
        assert fills(node)[-1].exit_reason is ExitReason.LOSS_LIMIT
        print(codes(node))


@pytest.mark.parametrize("arrived", [True, False])
def test_an_entry_caught_by_a_drop_is_settled_and_never_doubled(tmp_path, arrived):
    side = Side.LONG if arrived else Side.SHORT
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, 5, 9)], "risk.entry_timeout_secs=100", sooner=SOON)
        if arrived:
            for kind in ("OpenOrder", "OrderStatus"):
                day.gateway.do.lose(kind, 2)
        else:
            day.gateway.do.swallow("place", 2)
        day.minute(2)
        node.until(lambda: day.gateway.received()["PlaceOrderRequest"] == 2, "the entry and its stop")
        lose(day, node)
        for kind in ("OpenOrder", "OrderStatus"):
            day.gateway.do.lose(kind, 0)
        day.prints()
        day.gateway.do.accept_connections()
        if arrived:
            node.until(lambda: is_told(day, node) and day.position(), "the position")
            until_up(node)
            print(codes(node), node.terminal[-3000:])
            assert shape(day.orders()) == [("MKT", 100, "Filled"), ("STP", 100, "PreSubmitted")]
        else:
            until_up(node)
            day.minute(7)
            print(codes(node), words(node))
            enter(day, node, 9)
            assert len(day.orders()) == 2
        print(codes(node), words(node))


def test_an_unreadable_frame_ends_the_node_and_the_next_start_goes_on(tmp_path):
    side = Side.SHORT
    with floor(tmp_path) as day:
        tables = [watched(side, 2, closing=(5,))]
        first = day.start(tables)
        enter(day, first, 2)
        stop = day.stop()
        day.gateway.do.bad_frame()
        assert first.exit_code() == 4
        assert ("order_stream_dead", "critical") in alerts(first)
        assert day.stop() == stop
        print(codes(first))
        second = day.start(tables)
        day.minute(5)
        leave(day, second)


def test_trading_goes_on_when_the_ear_finds_its_client_id_taken_and_when_the_gateway_hangs(tmp_path):
    side = Side.LONG
    with floor(tmp_path) as day, WireClient(day.gateway.port, client_id=2):
        node = day.start([watched(side, 2, closing=(5,))])
        node.until(lambda: codes(node) == ["link_unwatched"], "the alert")
        enter(day, node, 2)
        day.minute(5)
        leave(day, node)


def test_a_gateway_that_hangs(tmp_path):
    side = Side.LONG
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, closing=(5,))])
        enter(day, node, 2)
        day.gateway.do.hang()
        until_down(node)
        day.minute(5)
        assert day.stop()
        day.gateway.do.resume()
        until_up(node)
        leave(day, node)
        print(codes(node), has_seen_each_minute_once(node))


def test_the_silence_of_one_symbol(tmp_path):
    side = Side.LONG
    soon = {"actors.data_age.STEPS_LATE": 0.0, "actors.data_age.GRACE_SECS": 2.5}
    with floor(tmp_path) as day:
        tables = [watched(side, 2, 45, closing=(10,)), watched(side, *range(30, 40), symbol=MSFT)]
        node = day.start(tables, sooner=soon)
        enter(day, node, 2)
        day.gateway.do.silence(AAPL)
        day.minute(29)
        assert ("data_stale_held", "critical") in alerts(node)
        enter(day, node, 30, MSFT)
        print(codes(node), words(node), words(node, MSFT))
        day.gateway.do.speak()
        day.minute(32)
        leave(day, node)
        print(codes(node), words(node), words(node, MSFT))
        enter(day, node, 45)
        print(codes(node), words(node), words(node, MSFT), has_seen_each_minute_once(node))
