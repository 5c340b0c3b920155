"""What the trades of a session earned is what its fills paid and received, to the cent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.messages import ExitReason, OrderFilled, OrderRole, Side
from actors.report.records import RoundTrips

CENTS = Decimal("0.01")
steps = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.sampled_from(list(Side)),
        st.integers(1, 500),
        st.integers(100, 50_000),
        st.integers(0, 500),
    ),
    max_size=30,
)


def fills(numbers):
    return [
        OrderFilled(
            ts=number,
            symbol=symbol,
            strategy="rule",
            decision_id="",
            client_order_id="",
            trade_id="",
            role=OrderRole.EXIT,
            side=side,
            quantity=quantity,
            price=price * CENTS,
            commission_usd=commission * CENTS,
            position_after=0,
            exit_reason=ExitReason.SIGNAL,
            last_close=price * CENTS,
        )
        for number, (symbol, side, quantity, price, commission) in enumerate(numbers)
    ]


@given(steps, st.integers(100, 50_000))
def test_net_profit_of_all_trades_equals_the_cash_flow_of_the_fills(numbers, last_cents):
    trips, last = RoundTrips(), last_cents * CENTS
    cash, held = Decimal(0), 0
    for fill in fills(numbers):
        trips.add_fill(fill)
        cash -= fill.side * fill.quantity * fill.price + fill.commission_usd
        held += fill.side * fill.quantity
    for symbol in ("A", "B"):
        trips.mark(symbol, 100, last, last, last)

    trades = [*trips.closed, *trips.open_trades()]
    # A commission shared by quantity ends after 28 digits.
    assert abs(sum(trade.net_pnl_usd for trade in trades) - (cash + held * last)) < Decimal("1e-15")


@given(steps)
def test_excursions_enclose_the_result_and_zero(numbers):
    trips = RoundTrips()
    for fill in fills(numbers):
        trips.add_fill(fill)

    for trade in trips.closed:
        assert trade.mae_usd <= min(Decimal(0), trade.gross_pnl_usd)
        assert trade.mfe_usd >= max(Decimal(0), trade.gross_pnl_usd)
