"""The gateway's book: families of orders, one-cancels-all, what is refused."""

from decimal import Decimal

import pytest
from gateway_floor import AAPL, CLIENT, MSFT, Floor, make_order, mirrored

from tests.gateway.model import OrderType, Refused, Status

sides = pytest.mark.parametrize("is_buy", [True, False], ids=["long", "short"])


@pytest.fixture
def floor() -> Floor:
    return Floor()


def bracket(floor: Floor, is_buy: bool, quantity: int = 100, kind: str = "MKT", **terms):
    """Place an entry at 1 with its stop, 5 dollars away from 100, at 2, as the adapter does."""
    entry = floor.place(1, is_buy, quantity, kind, is_transmitted=False, **terms)
    stop_price = mirrored(95, is_buy)
    return entry, floor.place(2, not is_buy, quantity, "STP", stop_price=stop_price, parent_id=1, time_in_force="GTC")


# Families


@sides
def test_a_bracket_is_told_when_its_last_order_is_transmitted(floor, is_buy):
    entry = floor.place(1, is_buy, is_transmitted=False)
    floor.prints(100)
    assert (floor.heard(), floor.book.open_orders(), entry.filled) == ([], [], 0)

    stop = floor.place(2, not is_buy, kind="STP", stop_price=mirrored(95, is_buy), parent_id=1)

    assert floor.heard() == [(1, "PreSubmitted"), (2, "PreSubmitted"), (1, "Submitted")]
    assert (floor.book.why_held(entry), floor.book.why_held(stop)) == ("", "child,trigger")
    assert floor.book.open_orders() == [entry, stop]


@sides
def test_a_stop_waits_for_its_entry_and_works_from_the_next_print(floor, is_buy):
    _, stop = bracket(floor, is_buy)
    floor.heard()

    floor.prints(mirrored(94, is_buy))
    assert floor.heard() == [(1, f"100 @ {mirrored(94, is_buy)}"), (1, "Filled"), (2, "PreSubmitted")]
    assert floor.book.why_held(stop) == "trigger"

    floor.prints(mirrored(93, is_buy))
    assert floor.heard() == [(2, f"100 @ {mirrored(93, is_buy)}"), (2, "Filled")]
    assert floor.book.positions() == []


@sides
def test_a_target_is_submitted_when_its_entry_fills(floor, is_buy):
    floor.place(1, is_buy)
    target = floor.place(2, not is_buy, kind="LMT", limit_price=mirrored(105, is_buy), parent_id=1)
    assert (target.status, floor.book.why_held(target)) == (Status.PRE_SUBMITTED, "child")

    floor.prints(100)

    assert (target.status, floor.book.why_held(target)) == (Status.SUBMITTED, "")


@sides
def test_first_part_of_the_entry_sets_the_whole_stop_to_work(floor, is_buy):
    floor.book.parts = 4
    entry, stop = bracket(floor, is_buy)

    floor.prints(100)

    assert floor.book.is_working(stop)
    assert (entry.filled, stop.quantity) == (25, 100)
    assert floor.heard()[-1] == (2, "PreSubmitted")
    floor.prints(100)
    assert floor.heard() == [(1, "25 @ 100"), (1, "Submitted")]  # the stop is told of once


@sides
def test_a_child_that_comes_later_is_told_of_alone(floor, is_buy):
    entry = floor.place(1, is_buy)
    floor.place(2, not is_buy, kind="STP", stop_price=mirrored(95, is_buy), parent_id=1, is_transmitted=False)
    floor.heard()

    floor.prints(100)
    assert floor.heard() == [(1, "100 @ 100"), (1, "Filled")]  # the stop is still parked
    floor.book.modify(make_order(2, not is_buy, 100, "STP", stop_price=mirrored(96, is_buy), parent_id=1))

    assert floor.heard() == [(2, "PreSubmitted")]
    assert entry.status is Status.FILLED


@sides
def test_a_child_does_not_make_its_working_parent_told_again(floor, is_buy):
    floor.place(1, is_buy, kind="LMT", limit_price=mirrored(90, is_buy))
    floor.heard()

    floor.place(2, not is_buy, kind="STP", stop_price=mirrored(85, is_buy), parent_id=1)

    assert floor.heard() == [(2, "PreSubmitted")]


@sides
def test_cancel_of_an_unfilled_entry_takes_its_stop_along(floor, is_buy):
    bracket(floor, is_buy)
    floor.heard()

    floor.book.cancel(CLIENT, 1)
    floor.prints(100, mirrored(90, is_buy))

    assert floor.heard() == [(1, "Cancelled"), (2, "Cancelled")]


@sides
def test_cancel_of_a_partly_filled_entry_leaves_its_stop_at_work(floor, is_buy):
    floor.book.parts = 4
    entry, stop = bracket(floor, is_buy)
    floor.prints(100)

    floor.book.cancel(CLIENT, 1)

    assert (entry.status, entry.filled) == (Status.CANCELLED, 25)
    assert floor.book.is_working(stop)


@sides
def test_cancel_of_a_waiting_stop_leaves_the_entry(floor, is_buy):
    entry, _ = bracket(floor, is_buy)

    floor.book.cancel(CLIENT, 2)
    floor.prints(100)

    assert (entry.status, floor.book.open_orders()) == (Status.FILLED, [])


def test_a_parked_order_can_be_transmitted_by_a_change(floor):
    floor.place(1, is_transmitted=False)

    floor.book.modify(make_order(1))

    assert floor.heard() == [(1, "PreSubmitted"), (1, "Submitted")]


@sides
@pytest.mark.parametrize("terms", [{"oca_group": "exit"}, {"parent_id": 1}], ids=["group", "parent"])
def test_one_fill_cancels_the_rest_of_its_group(floor, is_buy, terms):
    floor.place(1, is_buy)
    floor.place(2, not is_buy, kind="STP", stop_price=mirrored(95, is_buy), **terms)
    floor.place(3, not is_buy, kind="LMT", limit_price=mirrored(105, is_buy), **terms)
    floor.place(4, not is_buy, kind="STP", stop_price=mirrored(90, is_buy))
    floor.prints(100)
    floor.heard()

    floor.prints(mirrored(106, is_buy))

    assert floor.heard() == [(3, f"100 @ {mirrored(106, is_buy)}"), (3, "Filled"), (2, "Cancelled")]
    assert [order.order_id for order in floor.book.open_orders()] == [4]


@sides
def test_of_two_exits_that_one_print_reaches_the_older_fills(floor, is_buy):
    floor.place(1, not is_buy, kind="STP", stop_price=mirrored(95, is_buy), oca_group="exit")
    floor.place(2, not is_buy, kind="LMT", limit_price=mirrored(90, is_buy), oca_group="exit")

    floor.prints(mirrored(93, is_buy))

    assert [fill.order.order_id for fill in floor.fills] == [1]


# Changes and refusals


def test_every_order_has_a_higher_permanent_id_and_ids_are_counted_per_client(floor):
    orders = [floor.place(1, client_id=client) for client in (1, 2, 3)]

    assert sorted({order.perm_id for order in orders}) == [order.perm_id for order in orders]


@pytest.mark.parametrize(
    ("terms", "code", "text"),
    [
        ({"order_id": 7}, 103, "Duplicate order id"),
        ({"symbol": "XXX.NASDAQ"}, 200, "No security definition"),
        ({"quantity": 0}, 434, "size cannot be zero"),
        ({"kind": "LMT"}, 321, "valid limit price"),
        ({"kind": "STP"}, 321, "valid stop price"),
        ({"kind": "TRAIL"}, 321, "valid trailing amount"),
        ({"kind": "STP", "stop_price": "95.005"}, 110, "minimum price variation"),
        ({"parent_id": 99}, 10006, "Missing parent"),
        ({"parent_id": 8}, 10006, "Missing parent"),  # cancelled
    ],
)
def test_an_order_is_refused_with_the_broker_s_code(floor, terms, code, text):
    floor.place(7)
    floor.place(8)
    floor.book.cancel(CLIENT, 8)
    floor.heard()

    with pytest.raises(Refused, match=text) as refused:
        floor.place(**{"order_id": 9} | terms)

    assert (refused.value.code, floor.heard(), floor.book.find(CLIENT, 9)) == (code, [], None)


@pytest.mark.parametrize(
    ("order_id", "terms", "code", "text"),
    [
        (1, {}, 104, "Cannot modify a filled order."),
        (2, {"kind": "LMT", "limit_price": "90"}, 103, "Duplicate order id"),  # cancelled
        (3, {"kind": "LMT", "limit_price": "90", "oca_group": "other"}, 10326, "OCA group revision"),
        (3, {"kind": "LMT", "limit_price": "90", "is_buy": False}, 105, "does not match original order"),
        (3, {"kind": "LMT", "limit_price": "90", "quantity": 50}, 105, "does not match"),  # 50 are filled
        (3, {"kind": "LMT", "limit_price": "90.001"}, 110, "minimum price variation"),
        (4, {}, 135, "Can't find order with id = 4"),
    ],
)
def test_a_change_is_refused_with_the_broker_s_code(floor, order_id, terms, code, text):
    floor.place(1)
    floor.prints(100)
    floor.place(2, kind="LMT", limit_price="90")
    floor.book.cancel(CLIENT, 2)
    floor.book.parts = 2
    known = floor.place(3, kind="LMT", limit_price="95")
    floor.prints(95)

    with pytest.raises(Refused, match=text) as refused:
        floor.book.modify(make_order(order_id, **terms))

    assert refused.value.code == code
    assert (known.quantity, known.limit_price, known.is_buy) == (100, 95, True)


def test_a_cancel_is_refused_with_the_broker_s_code(floor):
    floor.place(1)
    floor.prints(100)
    floor.place(2)
    floor.book.cancel(CLIENT, 2)

    for order_id, code, text in (
        (1, 10148, "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled."),
        (2, 10148, "OrderId 2 that needs to be cancelled cannot be cancelled, state: Cancelled."),
        (3, 10147, "OrderId 3 that needs to be cancelled is not found."),
    ):
        with pytest.raises(Refused) as refused:
            floor.book.cancel(CLIENT, order_id)
        assert (refused.value.code, refused.value.text) == (code, text)
    with pytest.raises(Refused, match="not found"):
        floor.book.cancel(2, 1)  # another client's


# By hand, by the calendar


@sides
def test_a_trade_by_hand_is_an_order_of_nobody_s(floor, is_buy):
    order = floor.book.trade_by_hand(MSFT, is_buy, 10, Decimal(400))

    assert (order.client_id, order.order_id, order.order_ref) == (0, 0, "")
    assert (order.status, floor.book.executions()) == (Status.FILLED, floor.fills)
    assert floor.book.position(MSFT).quantity == (10 if is_buy else -10)


@sides
def test_orders_by_hand_rest_side_by_side_and_are_cancelled_by_hand(floor, is_buy):
    first = floor.book.place_by_hand(AAPL, is_buy, 10, OrderType.STOP, mirrored(110, is_buy))
    second = floor.book.place_by_hand(AAPL, is_buy, 10, OrderType.LIMIT, mirrored(90, is_buy))

    floor.book.cancel_by_hand(first.perm_id)
    floor.prints(mirrored(90, is_buy))

    assert floor.book.completed_orders() == [first, second]
    assert (first.status, second.status) == (Status.CANCELLED, Status.FILLED)


@sides
def test_the_end_of_the_day_cancels_day_orders_only(floor, is_buy):
    floor.place(1, is_buy, kind="LMT", limit_price="50")
    kept = floor.place(2, not is_buy, kind="STP", stop_price="50")
    floor.book.modify(make_order(2, not is_buy, kind="STP", stop_price="50", time_in_force="GTC"))
    by_hand = floor.book.place_by_hand(AAPL, is_buy, 10, OrderType.LIMIT, Decimal(50))
    floor.place(3, is_buy, kind="LMT", limit_price="50", is_transmitted=False)
    floor.place(4, not is_buy, kind="STP", stop_price="50", time_in_force="GTC", parent_id=3, is_transmitted=False)
    floor.heard()

    floor.book.end_of_day()

    assert floor.heard() == [(1, "Cancelled"), (3, "Cancelled"), (4, "Cancelled")]
    assert floor.book.open_orders() == [kept, by_hand]
