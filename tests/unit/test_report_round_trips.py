"""Round trips from fills: averages, commissions, excursions, reasons. Expected values by hand."""

from decimal import Decimal

import pytest
from report_builders import MINUTE, OPEN_MONDAY, make_fill

from actors.messages import ExitReason, OrderRole, Side
from actors.report.records import RoundTrips

SIDES = pytest.mark.parametrize("side", list(Side))


def leave(side, quantity, price, minute, reason=ExitReason.SIGNAL, **overrides):
    return make_fill(side, quantity, price, minute, role=OrderRole.EXIT, exit_reason=reason, **overrides)


@SIDES
def test_round_trip_with_partial_fills_averages_prices_and_adds_commissions(side):
    trips = RoundTrips()
    trips.add_fill(make_fill(side, 30, "100.00"))
    trips.add_fill(make_fill(side, 10, "104.00", minute=1))
    assert trips.add_fill(leave(side.opposite, 20, "110.00", 5)) is None
    trade = trips.add_fill(leave(side.opposite, 20, "106.00", 6))

    assert trips.closed == [trade]
    assert (trade.side, trade.quantity) == (side, 40)
    assert (trade.entry_price, trade.exit_price) == (Decimal(101), Decimal(108))
    assert (trade.entry_time, trade.exit_time) == (OPEN_MONDAY, OPEN_MONDAY + 6 * MINUTE)
    assert trade.gross_pnl_usd == 280 * side  # 7 USD a share on 40 shares
    assert trade.commission_usd == 4
    assert trade.net_pnl_usd == 280 * side - 4


@SIDES
def test_excursions_come_from_bars_while_open_and_from_fills(side):
    trips = RoundTrips()
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY - MINUTE, 200.0, 1.0, 100.0)
    trips.add_fill(make_fill(side, 10, "100.00"))
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY + MINUTE, 103.0, 98.0, 100.0)
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY + 2 * MINUTE, 101.0, 99.0, 100.0)
    trade = trips.add_fill(leave(side.opposite, 10, "97.50", 3))
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY + 3 * MINUTE, 300.0, 1.0, 97.0)

    worst, best = {Side.LONG: (-25, 30), Side.SHORT: (-30, 25)}[side]
    assert (trade.mae_usd, trade.mfe_usd) == (worst, best)


@SIDES
def test_bar_that_closed_at_the_entry_does_not_count_as_excursion(side):
    trips = RoundTrips()
    trips.add_fill(make_fill(side, 10, "100.00", minute=1))
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY + MINUTE, 150.0, 50.0, 100.0)
    trade = trips.add_fill(leave(side.opposite, 10, "100.00", 2))

    assert (trade.mae_usd, trade.mfe_usd) == (0, 0)


def test_excursion_after_a_partial_exit_counts_what_was_already_taken():
    trips = RoundTrips()
    trips.add_fill(make_fill(Side.LONG, 10, "100.00"))
    trips.add_fill(leave(Side.SHORT, 5, "110.00", 1))
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY + 2 * MINUTE, 112.0, 90.0, 100.0)
    trade = trips.add_fill(leave(Side.SHORT, 5, "100.00", 3))

    assert trade.mae_usd == 0  # 50 taken, 50 lost on the rest at 90
    assert trade.mfe_usd == 110  # 50 taken, 60 more on the rest at 112; 100 on all ten at 110 came before


def test_exit_reason_is_that_of_the_last_exit():
    trips = RoundTrips()
    trips.add_fill(make_fill(Side.LONG, 10, "100.00"))
    trips.add_fill(leave(Side.SHORT, 5, "95.00", 1, ExitReason.PROTECTIVE_STOP))
    trade = trips.add_fill(leave(Side.SHORT, 5, "95.00", 2, ExitReason.LOSS_LIMIT))

    assert trade.exit_reason is ExitReason.LOSS_LIMIT


@SIDES
def test_position_open_at_the_end_is_valued_at_the_last_close_and_not_closed(side):
    trips = RoundTrips()
    trips.add_fill(make_fill(side, 10, "100.00"))
    trips.mark("AAPL.NASDAQ", OPEN_MONDAY + MINUTE, 103.0, 101.0, 102.5)
    (trade,) = trips.open_trades()

    assert trips.closed == []
    assert trade.is_open
    assert trade.exit_reason is ExitReason.OPEN
    assert trade.exit_price == Decimal("102.5")
    assert trade.net_pnl_usd == 25 * side - 1


def test_open_position_without_a_bar_since_is_valued_at_the_close_before_its_fill():
    trips = RoundTrips()
    trips.add_fill(make_fill(Side.LONG, 10, "100.00", last_close=Decimal("100.50")))

    assert trips.open_trades()[0].gross_pnl_usd == 5


@SIDES
def test_fill_through_zero_ends_one_trade_and_opens_the_next(side):
    trips = RoundTrips()
    trips.add_fill(make_fill(side, 10, "100.00"))
    first = trips.add_fill(leave(side.opposite, 25, "102.00", 1, commission_usd=Decimal("2.50")))
    second = trips.add_fill(leave(side, 15, "101.00", 2))

    assert (first.quantity, first.gross_pnl_usd, first.commission_usd) == (10, 20 * side, 2)
    assert (second.side, second.quantity) == (side.opposite, 15)
    assert (second.gross_pnl_usd, second.commission_usd) == (15 * side, Decimal("2.50"))


def test_symbols_are_kept_apart():
    trips = RoundTrips()
    trips.add_fill(make_fill(Side.LONG, 10, "100.00"))
    trips.add_fill(make_fill(Side.SHORT, 10, "50.00", symbol="MSFT.NASDAQ"))

    assert [trade.symbol for trade in trips.open_trades()] == ["AAPL.NASDAQ", "MSFT.NASDAQ"]
