"""A node whose components take their time to start: none acts on what the others do not know yet. Over TCP."""

import time

from actors.messages import ExitReason
from strategies.position_owner import PositionOwner
from tests.integration.live_rig import AtMinute, flat_market, floor
from tests.integration.live_steps import enter, fills, flat, opening
from tests.integration.rig import SIDES

SLOW_SECS = 0.5  # longer than the helm waits between two looks


class Slow(AtMinute):
    """A rule whose node starts each of its strategies slowly, as on a busy machine."""

    def __init__(self, config: AtMinute.Config, tick_size: float) -> None:
        super().__init__(config, tick_size)
        start = PositionOwner.start
        PositionOwner.start = lambda *args: (time.sleep(SLOW_SECS), start(*args))


def slow(table: str) -> str:
    return table.replace("tests.integration.live_rig:AtMinute", "tests.integration.test_live_slow_start:Slow")


@SIDES
def test_law_8_a_start_at_the_loss_limit_ends_no_sooner_than_what_was_held_is_closed(tmp_path, side):
    """Until the owners have taken up what they hold the node must not take it for flat, nor its stop from it."""
    table, limit = opening(side, 2), "risk.max_daily_loss_usd=100"
    with floor(tmp_path, flat_market(AAPL=[100, 100, *[100 - 4 * side] * 20])) as day:
        first = day.start([table], limit)
        enter(day, first, 2)
        day.gateway.do.swallow("cancel")
        day.minute(3)
        first.until(lambda: day.gateway.received()["CancelOrderRequest"] == 1, "the cancel of the stop")
        first.kill()

        second = day.start([slow(table)], limit)
        second.until(lambda: any(order["type"] == "MKT" for order in day.resting()), "the closing order")
        day.prints()
        flat(day, second)
        assert second.exit_code() == 5
        assert fills(second)[-1].exit_reason is ExitReason.LOSS_LIMIT
        assert "at the broker: nothing of ours" in second.terminal


@SIDES
def test_a_halt_that_is_found_at_a_start_is_told_with_what_is_held(tmp_path, side):
    table = opening(side, 2)
    with floor(tmp_path) as day:
        first = day.start([table])
        enter(day, first, 2)
        first.kill()
        (day.state / "HALT").write_text("by hand")

        second = day.start([slow(table)])
        held = f"AAPL {100 * side:+} (stop {100 - 5 * side}.00)"
        second.until_says(f"file HALT: by hand. No entries until resumed. Held: {held}.")
