"""What the ear asks and is told of positions, byte for byte the vendor's published schema."""

import importlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.comm import make_msg_proto

from config.checks.tws_positions import ASK_POSITIONS, CANCEL_POSITIONS, BrokerPosition, PositionsEnd, read_position
from config.checks.tws_wire import WireError
from config.live.ear_line import Hearing

ACCOUNT = "DU1234567"


def schema(name, **values):
    return getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name)(**values)


def payload(number, message):
    return make_msg_proto(number + 200, message.SerializeToString())[4:]


def position(ticker, quantity, kind="STK", account=ACCOUNT):
    contract = schema("Contract", conId=7, symbol=ticker, secType=kind, exchange="NASDAQ", currency="USD")
    return payload(61, schema("Position", account=account, contract=contract, position=quantity, avgCost=1.5))


def test_questions_are_the_vendors():
    assert make_msg_proto(261, schema("PositionsRequest").SerializeToString()) == ASK_POSITIONS
    assert make_msg_proto(264, schema("CancelPositions").SerializeToString()) == CANCEL_POSITIONS


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1), st.decimals(-(10**9), 10**9, places=4))
def test_a_position_is_read_as_it_was_written(ticker, quantity):
    assert read_position(position(ticker, str(quantity))) == BrokerPosition(ACCOUNT, ticker, "STK", quantity)


def test_the_end_and_what_is_no_position_are_told_apart():
    assert read_position(payload(62, schema("PositionEnd"))) == PositionsEnd()
    assert read_position(payload(49, schema("CurrentTime", currentTime=1))) is None


@pytest.mark.parametrize("bad", [position("AAPL", "many"), (261).to_bytes(4) + b"\xff\xff"])
def test_what_cannot_be_read_is_told(bad):
    with pytest.raises(WireError, match="expected a position"):
        read_position(bad)


def test_positions_of_our_account_are_sorted_into_ours_by_their_symbols_and_others():
    hearing = Hearing(ACCOUNT, {"AAPL": "AAPL.NASDAQ", "BRK B": "BRK-B.NYSE"})
    for told in (
        position("AAPL", "100"),
        position("BRK B", "-3"),
        position("NVDA", "5.5"),
        position("AAPL", "2", kind="OPT"),
        position("MSFT", "0"),
        position("AAPL", "900", account="DU7654321"),
    ):
        hearing.take(read_position(told))
    heard = hearing.end()

    assert heard.ours == {"AAPL.NASDAQ": Decimal(100), "BRK-B.NYSE": Decimal(-3)}
    assert heard.others == {"NVDA STK": Decimal("5.5"), "AAPL OPT": Decimal(2)}
    hearing.begin()
    assert hearing.end().ours == {}
