"""Cancels, stops and entries that overtake each other: whatever comes first, nothing is left held or working."""

import pytest

from tests.integration.desk import ENTER, HOLD, Desk
from tests.integration.rig import SIDES

RACES = {
    "a stop fills whole while its cancel is on the way": HOLD
    + "exit signal > cancel 2\n Filled 2 100 -5\n CancelRejected 2\n retry",
    "a stop fills in part while its cancel is on the way, then ends": HOLD
    + "exit signal > cancel 2\n Filled 2 40 -5\n Canceled 2 > send -60\n Filled 3 60",
    "a stop that filled in part is silent, then an exit comes": HOLD
    + "Filled 2 40 -5\n retry\n retry\n exit signal > cancel 2\n Canceled 2 > send -60\n Filled 3 60",
    "a stop that filled in part is silent, then fills": HOLD + "Filled 2 40 -5\n retry\n Filled 2 60 -5",
    "a raise overtaken by the stop's fill": HOLD
    + "raise_stop -2 > modify 2 at -2\n Filled 2 100 -5\n ModifyRejected 2",
    "a raise and a cancel overtaken by a fill in part": HOLD
    + "raise_stop -2 > modify 2 at -2\n exit signal > cancel 2\n Filled 2 40 -5\n ModifyRejected 2\n "
    "CancelRejected 2\n retry > cancel 2\n Canceled 2 > send -60\n Filled 3 60",
    "a stop of full size turns a part of an entry around, and the rest of the entry fills": ENTER
    + "Accepted 2\n Filled 1 60\n Filled 2 100 -5\n Filled 1 40",
    "a stop of full size turns a part of an entry around, and the entry ends": ENTER
    + "Accepted 2\n Filled 1 60\n Filled 2 100 -5\n Canceled 1 > send 40\n Filled 3 40",
    "the rest of an entry fills while its cancel is on the way": ENTER
    + "Accepted 2\n Filled 1 60\n Filled 2 60 -5 > cancel 1\n Filled 1 40\n CancelRejected 1\n Filled 2 40 -5",
    "the rest of an entry fills after its stop has ended": ENTER
    + "Accepted 2\n Filled 1 60\n Filled 2 60 -5 > cancel 1\n Canceled 2 > cancel 1, cancel 1\n "
    "Filled 1 40 > send -40 at -5\n Accepted 3\n exit signal > cancel 3\n Canceled 3 > send -40\n Filled 4 40",
}


@SIDES
@pytest.mark.parametrize("talk", RACES.values(), ids=list(RACES))
def test_a_race_leaves_nothing_held_and_nothing_working(side, talk):
    desk = Desk(side)
    desk.plays(talk)

    assert desk.owner.holding.is_flat
    assert desk.said[-1].quantity == 0
    assert len([value for value in desk.returned if value is not None]) == 1
