"""The steps of an order by the wall clock and the latencies made of them."""

import pytest

from actors.messages import OrderRole, Side
from actors.performance.order_tracks import MAX_TRACKS, OrderTracks
from tests.unit.journal_builders import TripTeller

MS = 1_000_000
SIDES = pytest.mark.parametrize("side", list(Side))
ENTRY, STOP, EXIT = OrderRole.ENTRY, OrderRole.STOP, OrderRole.EXIT


def told(*messages):
    """Return the tracks, and each step that ended with its milliseconds."""
    tracks, steps = OrderTracks(), []
    for message, millis in messages:
        steps += tracks.take(message, 1_000 * MS + millis * MS).items()
    return tracks, steps


@SIDES
def test_each_step_of_an_entry_is_measured_once(side):
    trip = TripTeller(side)
    tracks, steps = told(
        (trip.decision(), 0),
        (trip.intent(ENTRY), 1),
        (trip.intent(STOP, "-5"), 1),
        (trip.state(ENTRY, "submitted"), 4),
        (trip.state(ENTRY, "accepted"), 10),
        (trip.state(ENTRY, "accepted"), 90),
        (trip.fill(ENTRY, 50, 50), 30),
        (trip.fill(ENTRY, 100, 50), 80),
    )
    assert steps == [
        ("decision_to_sent", 4.0),
        ("sent_to_accepted", 6.0),
        ("accepted_to_filled", 20.0),
        ("decision_to_filled", 30.0),
    ]
    track = tracks.track(trip.id(ENTRY))
    assert (track.broker_order_id, track.status, track.decision_id) == ("V-1", "filled", trip.decision_id)


@SIDES
def test_a_stop_that_waits_for_its_price_is_no_latency(side):
    trip = TripTeller(side)
    tracks, steps = told(
        (trip.decision(), 0),
        (trip.intent(STOP, "-5"), 1),
        (trip.state(STOP, "submitted"), 3),
        (trip.state(STOP, "accepted"), 5),
        (trip.fill(STOP, 0), 60_000),
    )
    assert (steps, tracks.track(trip.id(STOP)).status) == ([("sent_to_accepted", 2.0)], "filled")


def test_an_exit_long_after_the_decision_that_entered_is_not_measured_from_it():
    trip = TripTeller(Side.LONG)
    tracks, steps = told(
        (trip.decision(), 0),
        (trip.intent(ENTRY), 1),
        (trip.intent(EXIT), 5_000),
        (trip.state(EXIT, "submitted"), 5_002),
        (trip.state(EXIT, "accepted"), 5_003),
        (trip.fill(EXIT, 0), 5_010),
    )
    assert steps == [("sent_to_accepted", 1.0), ("accepted_to_filled", 7.0)]
    assert tracks.track(trip.id(EXIT)).since(6_010 * MS)["sent"] == 8.0


def test_memory_is_bounded():
    tracks = OrderTracks()
    first = TripTeller(Side.LONG)
    for number in range(MAX_TRACKS + 1):
        tracks.take(TripTeller(Side.LONG, number + 1).intent(ENTRY), number)
    assert tracks.track(first.id(ENTRY)) is None
    assert len(tracks._tracks) == MAX_TRACKS


def test_an_order_of_before_this_run_is_passed_over():
    tracks = OrderTracks()
    trip = TripTeller(Side.LONG)
    assert tracks.take(trip.state(STOP, "accepted"), 5) == {}
    assert tracks.take(trip.fill(STOP, 0), 6) == {}
    assert tracks.track(trip.id(STOP)) is None


def test_orders_of_an_earlier_run_are_known_by_role_status_and_broker_number():
    trip, tracks = TripTeller(Side.LONG), OrderTracks()
    accepted = trip.state(STOP, "accepted")
    tracks.restore([trip.intent(STOP, "-5")], [accepted])
    track = tracks.track(accepted.client_order_id)

    assert (track.role, track.status, track.broker_order_id) == (STOP, "accepted", accepted.broker_order_id)
    assert track.since(5 * MS) == {}  # of its steps nobody knows when
