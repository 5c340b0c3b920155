"""What a fill cost when the broker says it late, in disorder, or not at all."""

from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from catalog.fees import FixedPlanFees
from strategies.commissions import Commissions

PRICE = Decimal(100)


def booked(*fills: tuple[int, str | None]) -> list[tuple[str, bool]]:
    """Return what is booked for the fills of one order: shares, and the commission as told."""
    commissions = Commissions(FixedPlanFees())
    told = [(shares, None if text is None else Decimal(text)) for shares, text in fills]
    answers = [commissions.of("O-1", shares, PRICE, usd) for shares, usd in told]
    return [(str(usd), is_estimate) for usd, is_estimate in answers]


def test_a_zero_is_believed_only_where_the_price_list_charges_nothing_more():
    assert booked((50, "1.00"), (50, "0.00")) == [("1.00", False), ("0.00", False)]
    assert booked((50, "0.00"), (50, "0.00")) == [("1.00", True), ("0.00", False)]
    assert booked((250, None), (250, "1.25")) == [("1.25", True), ("1.25", False)]
    assert booked((250, "1.25"), (250, "0.00")) == [("1.25", False), ("1.25", True)]


def test_what_is_told_after_an_estimate_replaces_it():
    assert booked((50, "0.00"), (50, "1.00")) == [("1.00", True), ("0.00", False)]


def test_another_plan_is_believed_and_a_simulated_exchange_too():
    assert booked((100, "0.35"), (100, "0.35")) == [("0.35", False), ("0.35", False)]
    assert Commissions(None).of("O-1", 100, PRICE, Decimal(0)) == (0, False)
    assert Commissions(None).of("O-1", 100, PRICE, None) == (0, False)


@given(st.lists(st.integers(1, 600), min_size=1, max_size=4), st.sets(st.integers(0, 3)))
def test_an_order_costs_what_the_list_says_whichever_reports_are_lost_and_in_any_order(shares, lost):
    plan = FixedPlanFees()
    fills = [(each, plan.charge("O-1", each, PRICE)) for each in shares]
    told = [(each, Decimal(0) if number in lost else usd) for number, (each, usd) in enumerate(fills)]
    for disorder in permutations(told):
        commissions = Commissions(FixedPlanFees())
        total = sum(commissions.of("O-1", each, PRICE, usd)[0] for each, usd in disorder)
        assert abs(total - sum(usd for _, usd in fills)) < Decimal("1.00")
    commissions = Commissions(FixedPlanFees())
    assert sum(commissions.of("O-1", each, PRICE, usd)[0] for each, usd in told) == sum(usd for _, usd in fills)
