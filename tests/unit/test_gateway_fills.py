"""The gateway's fills: when one order fills, at what price, in how many parts."""

from decimal import Decimal

import pytest
from gateway_floor import AAPL, MSFT, Floor, make_order, mirrored

from tests.gateway.model import Status

sides = pytest.mark.parametrize("is_buy", [True, False], ids=["long", "short"])


@pytest.fixture
def floor() -> Floor:
    return Floor()


@sides
def test_market_order_fills_at_the_next_print(floor, is_buy):
    floor.prints(90)
    order = floor.place(1, is_buy)
    assert floor.heard() == [(1, "PreSubmitted"), (1, "Submitted")]

    floor.prints(100, 110)

    assert floor.heard() == [(1, "100 @ 100"), (1, "Filled")]
    assert (order.average_price, order.last_price, order.remaining) == (100, 100, 0)
    assert (order.account, floor.book.why_held(order)) == ("DU1234567", "")


@sides
def test_an_order_hears_the_prints_of_its_own_symbol(floor, is_buy):
    floor.place(1, is_buy)

    floor.prints(100, symbol=MSFT)

    assert not floor.fills


@sides
def test_resting_stop_is_pre_submitted_and_fills_at_the_price_that_jumps_over_it(floor, is_buy):
    order = floor.place(1, not is_buy, kind="STP", stop_price=mirrored(95, is_buy))

    floor.prints(mirrored("95.01", is_buy))
    assert order.status is Status.PRE_SUBMITTED
    floor.prints(mirrored(93, is_buy))

    assert floor.heard() == [(1, "PreSubmitted"), (1, f"100 @ {mirrored(93, is_buy)}"), (1, "Filled")]


@sides
@pytest.mark.parametrize(
    ("kind", "first", "second", "fill"),
    [
        ("STP", 97, 95, 95),
        ("STP", 97, 93, 95),
        ("STP", 94, 93, 94),  # through already: the print
        ("LMT", 97, 95, None),
        ("LMT", 102, 106, 105),
        ("LMT", 106, 107, 106),  # marketable on arrival: better than its limit
    ],
)
def test_a_market_that_walks_over_a_price_fills_at_that_price(floor, is_buy, kind, first, second, fill):
    """Stop at 95 and limit at 105 of what closes a long; mirrored for a short."""
    terms = {"stop_price": mirrored(95, is_buy)} if kind == "STP" else {"limit_price": mirrored(105, is_buy)}
    floor.prints(mirrored(100, is_buy))
    floor.place(1, not is_buy, kind=kind, **terms)

    floor.prints(mirrored(first, is_buy))
    floor.prints(mirrored(second, is_buy), walks=True)

    assert [each.price for each in floor.fills] == ([mirrored(fill, is_buy)] if fill else [])


@sides
def test_limit_order_fills_at_its_limit_or_better(floor, is_buy):
    order = floor.place(1, is_buy, kind="LMT", limit_price="100")
    assert order.status is Status.SUBMITTED

    floor.prints(mirrored("100.01", is_buy))
    assert not floor.fills
    floor.prints(mirrored(98, is_buy))

    assert floor.fills[0].price == mirrored(98, is_buy)


@sides
@pytest.mark.parametrize("terms", [{"trail_amount": "5"}, {"trail_pct": "5"}])
def test_trailing_stop_follows_the_market_and_never_goes_back(floor, is_buy, terms):
    order = floor.place(1, not is_buy, kind="TRAIL", **terms)

    triggers = []
    for price in (100, 104, 102):
        floor.prints(mirrored(price, is_buy))
        triggers.append(order.stop_price)

    offsets = [5, 5, 5] if "trail_amount" in terms else [mirrored(p, is_buy) / 20 for p in (100, 104, 104)]
    signed = [offset if is_buy else -offset for offset in offsets]
    assert triggers == [mirrored(p, is_buy) - o for p, o in zip((100, 104, 104), signed, strict=True)]
    floor.prints(mirrored(90, is_buy))
    assert order.status is Status.FILLED


@pytest.mark.parametrize(("is_buy", "trigger"), [(False, "95.11"), (True, "105.13")])
def test_trailing_percentage_is_rounded_away_from_the_market(floor, is_buy, trigger):
    order = floor.place(1, is_buy, kind="TRAIL", trail_pct="5")

    floor.prints("100.12")  # 5.006 away

    assert order.stop_price == Decimal(trigger)


@sides
def test_trailing_stop_starts_from_the_trigger_it_was_given(floor, is_buy):
    order = floor.place(1, not is_buy, kind="TRAIL", trail_amount="5", stop_price=mirrored(98, is_buy))

    floor.prints(mirrored(100, is_buy))

    assert order.stop_price == mirrored(98, is_buy)


@sides
def test_partial_fills_come_over_successive_prints(floor, is_buy):
    floor.book.parts = 3
    order = floor.place(1, is_buy, quantity=100)
    floor.heard()

    floor.prints(100)
    assert (order.status, order.filled, order.remaining) == (Status.SUBMITTED, 34, 66)
    floor.prints(101, 102, 103)

    assert [(each.quantity, each.price, each.cumulative) for each in floor.fills] == [
        (34, 100, 34),
        (34, 101, 68),
        (32, 102, 100),
    ]
    assert order.average_price == Decimal("100.98")
    assert floor.heard()[1::2] == [(1, "Submitted"), (1, "Submitted"), (1, "Filled")]


@sides
def test_a_triggered_stop_fills_its_rest_wherever_the_market_goes(floor, is_buy):
    floor.book.parts = 2
    stop = floor.place(1, not is_buy, kind="STP", stop_price=mirrored(95, is_buy))

    floor.prints(mirrored(94, is_buy))
    assert (stop.status, floor.book.why_held(stop)) == (Status.SUBMITTED, "")
    floor.prints(mirrored(99, is_buy))

    assert [each.price for each in floor.fills] == [mirrored(94, is_buy), mirrored(99, is_buy)]


@sides
def test_withheld_fills_come_at_the_next_print_after_release(floor, is_buy):
    floor.book.withheld.add(AAPL)
    entry = floor.place(1, is_buy)
    stop = floor.place(2, not is_buy, kind="STP", stop_price=mirrored(95, is_buy))
    floor.prints(mirrored(94, is_buy), mirrored(99, is_buy))
    assert (entry.filled, stop.filled, stop.status) == (0, 0, Status.SUBMITTED)

    floor.book.withheld.clear()
    floor.prints(mirrored(100, is_buy))

    assert [each.price for each in floor.fills] == [100, 100]


@sides
def test_a_trailing_stop_keeps_its_trigger_when_its_distance_changes(floor, is_buy):
    order = floor.place(1, not is_buy, kind="TRAIL", trail_amount="5")
    floor.prints(100)

    floor.book.modify(make_order(1, not is_buy, kind="TRAIL", trail_amount="2"))
    assert order.stop_price == mirrored(95, is_buy)
    floor.prints(100)

    assert order.stop_price == mirrored(98, is_buy)


@sides
def test_a_moved_stop_triggers_at_its_new_price(floor, is_buy):
    stop = floor.place(1, not is_buy, kind="STP", stop_price=mirrored(95, is_buy))
    floor.heard()

    floor.book.modify(make_order(1, not is_buy, 60, "STP", stop_price=mirrored(97, is_buy)))
    floor.prints(mirrored(96, is_buy))

    assert floor.heard() == [(1, "PreSubmitted"), (1, f"60 @ {mirrored(96, is_buy)}"), (1, "Filled")]
    assert stop.perm_id == floor.fills[0].order.perm_id
