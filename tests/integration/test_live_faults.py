"""Faults of the line to the broker with a position open: entries wait, exits get through, nothing is doubled."""

from actors.messages import Action, ExitReason, LinkChanged, LinkState, Side
from strategies.price_bar import PriceBar
from tests.gateway.wire_client import WireClient
from tests.integration.live_rig import AtMinute, Floor, Node, flat_market, floor
from tests.integration.live_steps import EVER, alerts, codes, decisions, enter, fills, flat, is_told, opening, shape
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, SIDES

SOON = {"config.live.node.CHECK_SECS": 1.0}  # between two comparisons of orders by the engine
BOOK_SOON = SOON | {"actors.link.book_rules.LASTING_NS": 4e9}  # how long books may differ while an order works
TRAILING = 'trailing_stop.kind="percent"'
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


def told(node: Node, kind: str) -> list[str]:
    """Return the codes of one kind of alert; link, stop and order tell of themselves, each in its own time."""
    return [code for code in codes(node) if code.startswith(kind)]


def words(node: Node, symbol: str = AAPL) -> list[str]:
    """Return what was decided of a symbol: an action, or why it was refused."""
    made = [each for each in decisions(node) if each.symbol == symbol]
    return [each.detail if each.action is Action.REFUSED else each.action.value for each in made]


def lose(day: Floor, node: Node) -> None:
    """Break every connection, and let none be made."""
    day.gateway.do.refuse_connections()
    day.gateway.do.drop()
    until_down(node)


def until_down(node: Node) -> None:
    node.until(lambda: links(node)[-1:] not in ([], [LinkState.UP]), "the loss of the link")


def until_up(node: Node) -> None:
    node.until(lambda: links(node)[-1] is LinkState.UP, "the link to be up again")


def restart(day: Floor, node: Node, away_secs: float) -> None:
    """Restart the gateway, and wait until the link was lost and is up again."""
    known = len(links(node))
    day.gateway.do.restart(away_secs)
    node.until(lambda: links(node)[known:][-1:] == [LinkState.UP], "the link to be up again")


def come_back(day: Floor, node: Node, symbols: int = 1) -> None:
    """Let connections be made again, and wait until the node listens."""
    before = day.asked()
    day.gateway.do.accept_connections()
    node.until(lambda: day.asked() >= before + symbols, "the subscription of bars")
    until_up(node)


def come_back_anew(day: Floor, node: Node) -> None:
    """Let connections be made again, and wait until the node has started itself anew because its books are behind."""
    started, before = node.terminal.count("starting anew"), day.asked()
    day.gateway.do.accept_connections()
    node.until(lambda: node.terminal.count("starting anew") > started, "the node's new start")
    node.until(lambda: day.asked() > before + 1, "the subscription of bars, by the old process and by the new one")


def resubscribed(day: Floor, node: Node, code: int, symbols: int = 2) -> None:
    """Tell a notice after which the subscriptions of bars are made anew, and wait for them."""
    before = day.asked()
    day.gateway.do.notice(code)
    node.until(lambda: day.asked() >= before + symbols, "the subscriptions of bars")


def closing(day: Floor, node: Node) -> None:
    """Wait until the closing order works, and nothing else."""
    node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the closing order")


def leave(day: Floor, node: Node) -> None:
    """Let the closing order fill."""
    closing(day, node)
    day.prints()
    flat(day, node)


@SIDES
def test_after_a_drop_missed_bars_come_once_in_order_and_trading_goes_on(tmp_path, side):
    """A missed bar may close, but opens nothing; and once more over the nightly restart of the gateway."""
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, 8, closing=(4, 12)), watched(side, 4, 10, symbol=MSFT)])
        enter(day, node, 2)
        stop = day.stop()
        lose(day, node)
        day.minute(6)
        assert day.stop() == stop
        come_back(day, node, 2)
        leave(day, node)
        node.until_equal(lambda: words(node, MSFT), ["missed: the bar was fetched after its time"])
        node.until_equal(lambda: alerts(node), [("link_lost", "critical"), ("link_back", "info")])
        enter(day, node, 8)
        assert has_seen_each_minute_once(node)
        if side is Side.SHORT:
            return  # a restart is to the node a drop

        before, stop = day.asked(), day.stop()
        restart(day, node, 1.0)
        node.until(lambda: day.asked() >= before + 2, "the subscription of bars")
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
    """The engine does not hear of it (T5): the node starts itself anew and takes the fill from the broker."""
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, 6)])
        enter(day, node, 2)
        lose(day, node)
        day.gateway.do.shock(AAPL, -8 * side)
        day.prints()
        assert day.position() == 0
        come_back_anew(day, node)
        flat(day, node)
        _entry, stop = fills(node)
        assert stop.exit_reason is ExitReason.PROTECTIVE_STOP
        assert stop.price == day.gateway.state()["executions"][-1]["price"]
        assert [each for each in codes(node) if each != "link_back"] == ["link_lost", "engine_behind"]

        enter(day, node, 6)
        assert len(day.orders()) == 4
        assert day.stop()["quantity"] == abs(day.position()) > 0
        assert has_seen_each_minute_once(node)


def test_a_stop_cancelled_while_the_link_is_down_is_put_back_and_an_exit_waits_while_the_gateway_hangs(tmp_path):
    side = Side.SHORT
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, closing=(4,))], sooner=SOON)
        enter(day, node, 2)
        before = day.stop()
        lose(day, node)
        day.gateway.do.cancel(before["perm_id"])
        come_back(day, node)
        node.until(lambda: len(day.resting()) == 1, "a new stop")
        stop = day.stop()
        assert stop["perm_id"] != before["perm_id"]
        assert (stop["stop_price"], stop["quantity"]) == (before["stop_price"], 100)
        node.until_equal(lambda: told(node, "link"), ["link_lost", "link_back"])
        node.until_equal(lambda: told(node, "stop"), ["stop_lost", "stop_restored"])
        assert len(codes(node)) == 4

        day.gateway.do.hang()
        until_down(node)
        day.minute(5)
        assert day.stop() == stop
        day.gateway.do.resume()
        leave(day, node)
        until_up(node)
        assert words(node) == ["entered", "exited"]
        assert len(day.orders()) == 4
        assert has_seen_each_minute_once(node)


def test_while_the_gateway_has_no_line_or_no_data_entries_are_refused_and_no_exit_is_lost(tmp_path):
    """1100 with its two ends, both farms, and 10182; after 1101 every listener makes its subscription anew."""
    side = Side.SHORT
    with floor(tmp_path) as day:
        do = day.gateway.do
        tables = [watched(side, 2, 8, 11, 14, 16, closing=(4, 10, 18)), watched(side, 3, symbol=MSFT)]
        node = day.start(tables, TRAILING)
        enter(day, node, 2)
        do.notice(1100)
        until_down(node)
        day.minute(3)
        node.until(lambda: words(node, MSFT), "the refused entry")
        day.minute(4)
        node.until(lambda: words(node) == ["entered", "exited"], "the exit by signal")
        assert words(node, MSFT)[0].startswith("not_ready: link: 1100 ")
        assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]
        do.notice(1102)
        leave(day, node)
        until_up(node)

        enter(day, node, 8)
        do.notice(1100)
        until_down(node)
        resubscribed(day, node, 1101)
        until_up(node)

        do.notice(2103)
        node.until_equal(lambda: told(node, "farm"), ["farm_down"])
        day.minute(10)
        leave(day, node)
        day.minute(11)
        node.until(lambda: words(node)[4:] == ["not_ready: farm: market data farm usfarm broken"], "a refusal")
        resubscribed(day, node, 2104)
        node.until_equal(lambda: told(node, "farm"), ["farm_down", "farm_back"])
        do.notice(2105)
        node.until_equal(lambda: told(node, "farm"), ["farm_down", "farm_back", "farm_down"])
        day.minute(14)
        node.until(lambda: words(node)[5:] == ["not_ready: farm: history farm ushmds broken"], "a refusal")
        resubscribed(day, node, 2106)
        node.until_equal(lambda: told(node, "farm"), ["farm_down", "farm_back"] * 2)

        enter(day, node, 16)
        before = day.asked()
        do.notice(10182)
        # It ends subscriptions, each on a task of its own: the farm may be back before the last one knows of its end
        node.until(lambda: [do.notice(2106), day.asked() >= before + 2][-1], "the subscriptions of bars")
        day.minute(18)
        leave(day, node)
        assert len(day.orders()) == 9
        assert codes(node) == ["link_degraded", "link_back"] * 2 + ["farm_down", "farm_back"] * 2
        assert has_seen_each_minute_once(node)


@SIDES
def test_a_loss_limit_hit_while_the_link_is_down_closes_once_it_is_back(tmp_path, side):
    """By bars that still come (1100), and by bars that were missed (a drop)."""
    with floor(tmp_path, flat_market(AAPL=[100, 100, 100, *[100 - 3 * side] * 20])) as day:
        node = day.start([watched(side, 2)], LIMIT)
        enter(day, node, 2)
        if side is Side.LONG:
            day.gateway.do.notice(1100)
            until_down(node)
            day.minute(4)
            node.until(lambda: "loss_limit" in codes(node), "the breach")
            assert shape(day.resting()) == [("STP", 100, "PreSubmitted")]
            day.gateway.do.notice(1102)
        else:
            lose(day, node)
            day.minute(6)
            day.gateway.do.accept_connections()
        closing(day, node)
        day.prints()
        assert node.exit_code() == 5
        assert (day.position(), day.resting(), len(day.orders())) == (0, [], 3)
        assert fills(node)[-1].exit_reason is ExitReason.LOSS_LIMIT


def test_orders_caught_by_a_drop_that_arrived_are_settled_and_never_doubled(tmp_path):
    """An entry whose answers are lost and that fills meanwhile, then an exit that fills meanwhile."""
    side = Side.LONG
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, closing=(5,))], sooner=BOOK_SOON)
        for kind in ("OpenOrder", "OrderStatus"):
            day.gateway.do.lose(kind, 2)
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        lose(day, node)
        day.prints()
        come_back_anew(day, node)
        node.until(lambda: is_told(day, node), "the position")
        assert shape(day.orders()) == [("MKT", 100, "Filled"), ("STP", 100, "PreSubmitted")]
        assert day.position() == 100

        day.minute(5)
        closing(day, node)
        lose(day, node)
        day.prints()
        come_back_anew(day, node)
        flat(day, node)
        assert len(day.orders()) == 3
        assert [fill.exit_reason for fill in fills(node)] == [None, ExitReason.SIGNAL]
        assert codes(node).count("engine_behind") == 2


def test_orders_caught_by_a_drop_that_never_arrived_are_settled_and_made_again_at_most_once(tmp_path):
    """Nobody knows until the broker tells (law 10): the entry is not made again, the exit is."""
    side = Side.SHORT
    sooner = SOON | {"strategies.unanswered.TELL_SECS": 1}
    with floor(tmp_path) as day:
        node = day.start([watched(side, 2, 5, 9, closing=(12,))], "risk.entry_timeout_secs=200", sooner=sooner)
        day.gateway.do.swallow("place", 2)
        day.minute(2)
        node.until(lambda: day.gateway.received()["PlaceOrderRequest"] == 2, "the entry and its stop")
        lose(day, node)
        come_back(day, node)
        day.minute(7)
        node.until_equal(lambda: told(node, "order"), ["order_refused"] * 2)
        assert "entered" not in words(node)[1:]
        assert day.gateway.received()["PlaceOrderRequest"] == 2
        enter(day, node, 9)

        day.gateway.do.swallow("place")
        day.minute(12)
        node.until(lambda: day.gateway.received()["PlaceOrderRequest"] == 5, "the closing order")
        lose(day, node)
        come_back(day, node)
        node.until_equal(lambda: told(node, "order"), ["order_refused"] * 3)
        day.minute(13)  # on which it is made again, if not by then because of the bars that were missed
        node.until(lambda: [kind for kind, *_ in shape(day.orders())] == ["MKT", "STP", "STP", "MKT"], "the new exit")
        day.prints()
        flat(day, node)
        assert [fill.exit_reason for fill in fills(node)] == [None, ExitReason.SIGNAL]
        assert day.gateway.received()["PlaceOrderRequest"] == len(day.orders()) + 3  # the three that were lost
        assert [code for code in codes(node) if not code.startswith("link")][-2:] == ["no_answer", "order_refused"]


def test_an_unreadable_frame_ends_the_node_also_without_its_ear_and_the_next_start_goes_on(tmp_path):
    """The ear's client id is taken: that is told and trading goes on, and T3 is found in the adapter's log."""
    side = Side.SHORT
    with floor(tmp_path) as day:
        tables = [watched(side, 2, closing=(5,))]
        with WireClient(day.gateway.port, client_id=2):
            first = day.start(tables, sooner={"config.live.broker_ear.TAKEN_BEFORE_TOLD": 1})
            first.until(lambda: alerts(first) == [("link_unwatched", "critical")], "the alert")
            enter(day, first, 2)
            stop = day.stop()
            day.gateway.do.bad_frame()
            assert first.exit_code() == 4
        assert alerts(first)[1:] == [("order_stream_dead", "critical")]
        assert "starting anew" not in first.terminal  # its supervisor does
        assert day.stop() == stop

        second = day.start(tables)
        assert day.stop() == stop
        day.minute(5)
        leave(day, second)


def test_the_silence_of_one_symbol_holds_its_entries_alone(tmp_path):
    side = Side.LONG
    soon = {
        "actors.link.data_age.STEPS_LATE": 0,
        "actors.link.data_age.GRACE_SECS": 5,  # far above what is between two minutes played here
        "actors.link.data_sentinel.RENEW_AFTER": 100,
    }
    with floor(tmp_path) as day:
        tables = [watched(side, 2, 22, closing=(10,)), watched(side, 18, symbol=MSFT)]
        node = day.start(tables, sooner=soon)
        enter(day, node, 2)
        day.gateway.do.silence(AAPL)
        day.minute(16)
        node.until(lambda: ("data_stale_held", "critical") in alerts(node), "the silence told")
        enter(day, node, 18, MSFT)

        day.gateway.do.speak()
        day.minute(19)
        closing(day, node)  # which a missed bar wanted
        day.prints()
        flat(day, node)
        enter(day, node, 22)
        assert words(node) == ["entered", "exited", "entered"]
        assert "data_fresh" in codes(node)
        assert has_seen_each_minute_once(node)
