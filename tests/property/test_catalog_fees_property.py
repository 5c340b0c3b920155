"""Fees of IB's fixed plan, however an order fills."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from catalog.fees import FixedPlanFees

prices = st.decimals("0.01", "1000", places=2)
fills = st.lists(st.integers(1, 5000), min_size=1, max_size=12)


@given(fills, prices)
def test_fee_of_any_split_is_the_fee_of_one_fill(parts: list[int], price: Decimal) -> None:
    split, whole = FixedPlanFees(), FixedPlanFees()

    charged = [split.charge("a", part, price) for part in parts]

    assert sum(charged) == whole.charge("a", sum(parts), price)
    assert min(charged) >= 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5000), prices), max_size=20), st.randoms())
def test_fees_in_any_order_of_fills_come_to_the_same(rows: list[tuple[str, int, Decimal]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    totals = [
        sum((fees.charge(*row) for row in order), Decimal(0))
        for fees, order in ((FixedPlanFees(), rows), (FixedPlanFees(), shuffled))
    ]

    assert totals[0] == totals[1]


@given(st.integers(1, 100_000), prices)
def test_fee_never_exceeds_one_percent_of_the_value_by_more_than_the_rounding(shares: int, price: Decimal) -> None:
    assert FixedPlanFees().charge("a", shares, price) <= shares * price / 100 + Decimal("0.005")
