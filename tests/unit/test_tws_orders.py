"""What the ear asks and is told of open orders, byte for byte the vendor's published schema."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.comm import make_msg_proto

from actors.link.heard import OrdersHeard, WorkingOrder
from config.checks.tws_orders import ASK_ORDERS, BrokerOrder, OrdersEnd, read_order
from config.checks.tws_wire import WireError
from config.live.ear_line import Hearing
from tests.unit.test_tws_positions import ACCOUNT, payload, schema


def order(ticker, reference, *, status="Submitted", kind="STK", account=ACCOUNT, permanent_id=7):
    told = schema("OpenOrder", orderId=3)
    told.contract.symbol, told.contract.secType = ticker, kind
    told.order.permId, told.order.orderRef, told.order.account = permanent_id, reference, account
    told.orderState.status = status
    return payload(5, told)


def test_the_question_is_the_vendors():
    assert make_msg_proto(216, schema("AllOpenOrdersRequest").SerializeToString()) == ASK_ORDERS


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1), st.text("O-12:", min_size=1), st.integers(1, 2**31 - 1))
def test_an_order_is_read_as_it_was_written(ticker, reference, permanent_id):
    assert read_order(order(ticker, reference, permanent_id=permanent_id)) == BrokerOrder(
        ACCOUNT, ticker, "STK", permanent_id, reference, "Submitted"
    )


def test_the_end_and_what_is_no_order_are_told_apart():
    assert read_order(payload(53, schema("OpenOrdersEnd"))) == OrdersEnd()
    assert read_order(payload(49, schema("CurrentTime", currentTime=1))) is None


def test_what_cannot_be_read_is_told():
    with pytest.raises(WireError, match="expected an open order"):
        read_order((205).to_bytes(4) + b"\xff\xff")


def test_kept_is_what_works_for_our_account_in_our_symbols_and_carries_a_mark():
    hearing = Hearing(ACCOUNT, {"AAPL": "AAPL.NASDAQ"})
    for told in (
        order("AAPL", "O-1"),
        order("AAPL", "O-2", status="PreSubmitted", permanent_id=8),
        order("AAPL", "O-3", status="PendingCancel"),
        order("AAPL", "", permanent_id=9),
        order("AAPL", "  "),
        order("AAPL", "K\u00e4ufe"),  # typed by a person: the engine takes no such id
        order("NVDA", "O-4"),
        order("AAPL", "O-5", kind="OPT"),
        order("AAPL", "O-6", account="DU7654321"),
    ):
        hearing.take_order(read_order(told))

    ours = WorkingOrder("AAPL.NASDAQ", "O-1", "PERM-7"), WorkingOrder("AAPL.NASDAQ", "O-2", "PERM-8")
    assert hearing.end_orders() == OrdersHeard(ours)
    hearing.begin()
    assert hearing.end_orders() == OrdersHeard(())
