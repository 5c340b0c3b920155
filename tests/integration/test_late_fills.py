"""An order that fills after it was called ended: booked as ours, told, and what it made is covered or closed."""

from actors.messages import AlertRaised
from tests.integration.desk import ENTER, HOLD, Desk
from tests.integration.rig import SIDES


@SIDES
def test_a_late_fill_of_an_entry_that_ended_is_ours(side):
    desk = Desk(side)
    desk.plays(ENTER + "Accepted 2\n Filled 1 60\n Canceled 1 > modify 2 60\n Updated 2 60")
    assert late_fills(desk) == []
    desk.plays("Filled 1 10 > modify 2 70\n Updated 2 70")

    assert late_fills(desk) == ["entry order O-1 filled 10 after its end"]
    assert desk.owner.holding.quantity == 70 * side


@SIDES
def test_a_late_fill_of_a_stop_after_the_round_trip_is_told_and_what_it_made_is_closed(side):
    desk = Desk(side)
    desk.plays(HOLD + "exit operator > cancel 2\n Canceled 2 > send -100\n Accepted 3\n Filled 3 100")
    assert (late_fills(desk), desk.owner.holding.is_flat) == ([], True)
    desk.plays("Filled 2 100 -5 > send 100\n Filled 4 100 -5")

    assert late_fills(desk) == ["stop order O-2 filled 100 after its end"]
    assert desk.owner.holding.is_flat


def late_fills(desk: Desk) -> list[str]:
    alerts = [alert for alert in desk.all_of(AlertRaised) if alert.code == "late_fill"]
    assert {alert.severity for alert in alerts} <= {"critical"}
    return [alert.text.partition(": ")[2] or alert.text for alert in alerts]
