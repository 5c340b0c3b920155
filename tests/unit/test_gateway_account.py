"""The gateway's account: average cost, realized profit, commission and cash, by hand."""

from decimal import Decimal

import pytest
from gateway_floor import AAPL, CASH_USD, Floor

from tests.gateway.positions import Holdings

sides = pytest.mark.parametrize("sign", [1, -1], ids=["long", "short"])


@pytest.mark.parametrize(("sign", "average", "cash"), [(1, "50.01", "94999.00"), (-1, "49.99", "104999.00")])
def test_the_opening_commission_is_part_of_the_average_cost(sign, average, cash):
    holdings = Holdings(CASH_USD)

    realized = holdings.fill(AAPL, sign * 100, Decimal(50), Decimal(1))

    position = holdings.position(AAPL)
    assert (realized, position.quantity, position.average_cost) == (0, sign * 100, Decimal(average))
    assert holdings.cash_usd == Decimal(cash)


@sides
def test_a_closing_fill_realizes_its_part_less_both_commissions(sign):
    holdings = Holdings(CASH_USD)
    holdings.fill(AAPL, sign * 100, Decimal(50), Decimal(1))

    realized = holdings.fill(AAPL, -sign * 40, Decimal(50) + sign * 2, Decimal(1))

    assert realized == Decimal("78.60")  # 80 won, 0.40 of the opening dollar, the closing dollar
    assert holdings.realized_usd(AAPL) == realized
    assert holdings.position(AAPL).quantity == sign * 60
    assert holdings.position(AAPL).average_cost == Decimal(50) + sign * Decimal("0.01")
    assert holdings.unrealized_usd(AAPL, Decimal(50)) == Decimal("-0.60")


@sides
def test_adding_averages_the_cost(sign):
    holdings = Holdings(CASH_USD)

    holdings.fill(AAPL, sign * 100, Decimal(50), Decimal(0))
    holdings.fill(AAPL, sign * 300, Decimal(54), Decimal(0))

    assert holdings.position(AAPL).average_cost == 53


@sides
def test_a_fill_that_reverses_closes_and_opens_share_by_share(sign):
    holdings = Holdings(CASH_USD)
    holdings.fill(AAPL, sign * 100, Decimal(50), Decimal(0))

    realized = holdings.fill(AAPL, -sign * 400, Decimal(50), Decimal(4))

    assert realized == -1  # a quarter of the commission
    assert holdings.position(AAPL).quantity == -sign * 300
    assert holdings.position(AAPL).average_cost == Decimal(50) - sign * Decimal("0.01")
    assert holdings.unrealized_usd(AAPL, Decimal(50)) == -3


@sides
def test_the_commission_is_that_of_the_order_over_all_of_its_fills(sign):
    floor = Floor()
    floor.book.parts = 4
    floor.place(1, sign > 0, 400)

    floor.prints(50, 50, 50, 50)

    assert [each.commission_usd for each in floor.fills] == [1, 0, Decimal("0.50"), Decimal("0.50")]
    assert [each.realized_pnl_usd for each in floor.fills] == [0, 0, 0, 0]


@sides
def test_equity_is_marked_at_the_last_print(sign):
    floor = Floor()
    floor.place(1, sign > 0, 100)

    floor.prints(50, 53)

    assert floor.book.equity_usd() == CASH_USD + sign * 300 - 1
    assert floor.book.unrealized_usd(AAPL) == sign * 300 - 1
    assert floor.book.cash_usd == CASH_USD - sign * 5000 - 1


@sides
def test_a_position_without_a_print_is_marked_at_its_cost(sign):
    floor = Floor()

    floor.book.trade_by_hand(AAPL, sign > 0, 100, Decimal(50))

    assert floor.book.equity_usd() == CASH_USD
    assert floor.book.unrealized_usd(AAPL) == 0
