"""The steps of an order by the wall clock and the latencies made of them."""

import pytest

from actors.messages import OrderRole, Side
from actors.order_tracks import MAX_TRACKS, Latency, OrderTracks
from tests.unit.journal_builders import TripTeller

MS = 1_000_000
SIDES = pytest.mark.parametrize("side", list(Side))
ENTRY, STOP, EXIT = OrderRole.ENTRY, OrderRole.STOP, OrderRole.EXIT


def told(*messages):
    tracks = OrderTracks()
    for message, millis in messages:
        tracks.take(message, 1_000 * MS + millis * MS)
    return tracks


@SIDES
def test_each_step_of_an_entry_is_measured_once(side):
    trip = TripTeller(side)
    tracks = told(
        (trip.decision(), 0),
        (trip.intent(ENTRY), 1),
        (trip.intent(STOP, "-5"), 1),
        (trip.state(ENTRY, "submitted"), 4),
        (trip.state(ENTRY, "accepted"), 10),
        (trip.state(ENTRY, "accepted"), 90),
        (trip.fill(ENTRY, 50, 50), 30),
        (trip.fill(ENTRY, 100, 50), 80),
    )
    found = {step: (one.count, one.max) for step, one in tracks.latencies().items()}
    assert found == {
        "decision_to_sent": (1, 4.0),
        "sent_to_accepted": (1, 6.0),
        "accepted_to_filled": (1, 20.0),
        "decision_to_filled": (1, 30.0),
    }
    track = tracks.track(trip.id(ENTRY))
    assert (track.broker_order_id, track.status, track.decision_id) == ("V-1", "filled", trip.decision_id)


@SIDES
def test_a_stop_that_waits_for_its_price_is_no_latency(side):
    trip = TripTeller(side)
    tracks = told(
        (trip.decision(), 0),
        (trip.intent(STOP, "-5"), 1),
        (trip.state(STOP, "submitted"), 3),
        (trip.state(STOP, "accepted"), 5),
        (trip.fill(STOP, 0), 60_000),
    )
    assert set(tracks.latencies()) == {"sent_to_accepted"}


def test_an_exit_long_after_the_decision_that_entered_is_not_measured_from_it():
    trip = TripTeller(Side.LONG)
    tracks = told(
        (trip.decision(), 0),
        (trip.intent(ENTRY), 1),
        (trip.intent(EXIT), 5_000),
        (trip.state(EXIT, "submitted"), 5_002),
        (trip.state(EXIT, "accepted"), 5_003),
        (trip.fill(EXIT, 0), 5_010),
    )
    assert set(tracks.latencies()) == {"sent_to_accepted", "accepted_to_filled"}
    assert tracks.track(trip.id(EXIT)).since(6_010 * MS)["sent"] == 8.0


def test_percentiles_are_of_the_sorted_samples():
    tracks = OrderTracks()
    for number in range(100):
        trip = TripTeller(Side.LONG, number + 1)
        for message, ns in ((trip.intent(ENTRY), 1), (trip.state(ENTRY, "submitted"), 2)):
            tracks.take(message, ns)
        tracks.take(trip.state(ENTRY, "accepted"), 2 + (number + 1) * MS)
    assert tracks.latencies()["sent_to_accepted"] == Latency(100, 50.0, 95.0, 100.0)


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
    tracks.take(trip.state(STOP, "accepted"), 5)
    tracks.take(trip.fill(STOP, 0), 6)
    assert tracks.track(trip.id(STOP)) is None
    assert tracks.latencies() == {}
