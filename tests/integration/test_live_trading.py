"""A live node over TCP on an ordinary day: entry, stop, trailing steps, exit, stop-out, restart."""

from actors.messages import ExitReason, Side
from tests.integration.live_rig import at_minute, floor
from tests.integration.live_steps import is_told
from tests.integration.rig import SIDES


def opening(side: Side, *minutes: int, closing: tuple[int, ...] = ()) -> str:
    up, down = (minutes, closing) if side is Side.LONG else (closing, minutes)
    return at_minute(up=up, down=down, short=side is Side.SHORT)


@SIDES
def test_an_entry_its_stop_and_an_exit_by_signal_leave_nothing_behind(tmp_path, side):
    with floor(tmp_path) as day:
        node = day.start([opening(side, 2, closing=(5,))])
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints()
        node.until(lambda: day.position() == 100 * side and is_told(day, node), "the position")
        assert day.stop()["quantity"] == 100
        day.minute(5)
        node.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints()
        node.until(lambda: day.position() == 0 and is_told(day, node), "being flat")

        assert node.terminate() == 0
        assert day.resting() == []
        with node.journal() as journal:
            fills = journal.fills(0, 2**62)
            assert [fill.exit_reason for fill in fills] == [None, ExitReason.SIGNAL]
            assert journal.open_trips() == {}
        assert "at the broker: nothing of ours" in node.terminal


@SIDES
def test_a_restart_goes_on_with_the_position_and_its_stop(tmp_path, side):
    with floor(tmp_path) as day:
        first = day.start([opening(side, 2, closing=(6,))])
        day.minute(2)
        first.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints()
        first.until(lambda: day.position() == 100 * side and is_told(day, first), "the position")
        first.kill()
        before = day.stop()

        second = day.start([opening(side, 2, closing=(6,))])
        assert day.stop() == before
        day.minute(6)
        second.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints()
        second.until(lambda: day.position() == 0 and is_told(day, second), "being flat")
        assert second.terminate() == 0
        assert day.resting() == []
