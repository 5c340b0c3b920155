"""A symbol without bars, over TCP: an entry does not wait for ever, and the day ends flat where it has to."""

from actors.messages import ExitReason
from tests.integration.live_rig import floor
from tests.integration.live_steps import codes, enter, fills, flat, opening, shape
from tests.integration.rig import AAPL, SIDES

SOON = {
    "actors.link.data_age.STEPS_LATE": 0,
    "actors.link.data_age.GRACE_SECS": 5,  # above what a step of a test takes on a busy machine
    "actors.link.data_sentinel.RENEW_AFTER": 100,
}


@SIDES
def test_an_entry_times_out_though_no_bar_comes(tmp_path, side):
    with floor(tmp_path) as day:
        day.gateway.do.split_fills(4)
        node = day.start([opening(side, 2)], "risk.entry_timeout_secs=1", sooner=SOON)
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints()
        day.gateway.do.withhold_fills(AAPL)
        day.gateway.do.silence(AAPL)
        node.until(lambda: shape(day.resting()) == [("STP", 25, "PreSubmitted")], "the cancel, the stop made smaller")
        assert day.position() == 25 * side
        node.until_equal(lambda: set(codes(node)), {"data_stale_held", "entry_timeout"})


@SIDES
def test_a_position_is_closed_before_the_session_ends_though_no_bar_comes(tmp_path, side):
    with floor(tmp_path) as day:
        before_close = ("session.flatten_before_close_mins=387", "session.avoid_last_mins=387", 'bars.step="5-SECOND"')
        node = day.start([opening(side, 2)], *before_close, asks="RealTimeBarsRequest", sooner=SOON)
        enter(day, node, 2)
        day.prints(10)  # until five seconds before it is time
        day.gateway.do.silence(AAPL)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the closing order")
        day.prints()
        flat(day, node)
        assert fills(node)[-1].exit_reason is ExitReason.SESSION_CLOSE
