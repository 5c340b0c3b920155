"""Fees of IB's fixed plan, by hand."""

from decimal import Decimal

import pytest

from catalog.fees import FixedPlanFees


@pytest.mark.parametrize(
    ("shares", "price", "fee"),
    [
        (100, "50.00", "1.00"),  # 0.50 by the share, raised to the minimum
        (200, "50.00", "1.00"),
        (1000, "50.00", "5.00"),
        (333, "50.00", "1.67"),  # 1.665 rounded half up
        (1000, "0.25", "2.50"),  # 5.00 by the share, at most 1 % of 250.00
        (10, "5.00", "0.50"),  # the maximum wins over the minimum
        (1, "0.01", "0.00"),
    ],
)
def test_fee_of_an_order_in_one_fill(shares: int, price: str, fee: str) -> None:
    assert FixedPlanFees().charge("a", shares, Decimal(price)) == Decimal(fee)


def test_fee_of_an_order_in_parts_has_one_minimum() -> None:
    fees = FixedPlanFees()

    charged = [fees.charge("a", 100, Decimal(50)) for _ in range(4)]

    assert charged == [Decimal("1.00"), Decimal("0.00"), Decimal("0.50"), Decimal("0.50")]


def test_fees_of_two_orders_do_not_mix() -> None:
    fees = FixedPlanFees()

    charged = [fees.charge(order, 150, Decimal(50)) for order in ("a", "b", "a", "b")]

    assert charged == [Decimal("1.00"), Decimal("1.00"), Decimal("0.50"), Decimal("0.50")]


def test_fees_of_another_plan_are_used() -> None:
    fees = FixedPlanFees(Decimal("0.01"), Decimal("2.00"), Decimal("0.5"))

    assert fees.charge("a", 1000, Decimal(10)) == Decimal("10.00")
    assert fees.charge("b", 10, Decimal(100)) == Decimal("2.00")
    assert fees.charge("c", 10, Decimal(10)) == Decimal("0.50")
