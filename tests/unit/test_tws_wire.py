"""The preflight's messages, byte for byte those of the vendor's published schema."""

import importlib
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ibapi.comm import make_initial_msg, make_msg_proto

from config.checks import tws_wire as wire

INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
TICKERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1)
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]))  # those that a terminal may be given unchanged


def schema(name, **values):
    return getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name)(**values)


def sent(number, message):
    return make_msg_proto(number + 200, message.SerializeToString())


def heard(number, message):
    """Return what the module reads from a frame of the vendor's."""
    buffer = bytearray(sent(number, message))
    payload = wire.take_frame(buffer)
    assert not buffer
    return wire.read_message(payload)


def stock(ticker, exchange, **more):
    return schema("Contract", symbol=ticker, secType="STK", exchange="SMART", primaryExch=exchange, **more)


def test_greeting_is_the_vendors_with_our_versions():
    vendors = b"API\0" + make_initial_msg("v100..225")

    assert vendors == wire.GREETING


@given(INT32)
@example(0)
def test_requests_with_a_number_are_the_vendors(number):
    assert wire.start_api(number) == sent(71, schema("StartApiRequest", clientId=number))
    assert wire.ask_data_kind(number) == sent(59, schema("MarketDataTypeRequest", marketDataType=number))
    assert wire.cancel_market_data(number) == sent(2, schema("CancelMarketData", reqId=number))
    asked = schema("AccountSummaryRequest", reqId=number, group="All", tags="NetLiquidation")
    assert wire.ask_net_liquidation(number) == sent(62, asked)
    assert wire.cancel_account_summary(number) == sent(63, schema("CancelAccountSummary", reqId=number))


def test_question_for_the_time_is_the_vendors():
    assert wire.ask_time() == sent(49, schema("CurrentTimeRequest"))


@given(INT32, INT32, TICKERS, TICKERS)
def test_requests_with_a_contract_are_the_vendors(number, con_id, ticker, exchange):
    asked = schema("ContractDataRequest", reqId=number, contract=stock(ticker, exchange))
    subscribed = schema(
        "MarketDataRequest", reqId=number, contract=stock(ticker, exchange, conId=con_id, currency="USD")
    )

    assert wire.ask_contract(number, ticker, exchange) == sent(9, asked)
    assert wire.ask_market_data(number, con_id, ticker, exchange) == sent(1, subscribed)


@given(INT32, INT64, INT32, WORDS)
@example(-1, 0, 326, "Unable to connect as the client id is already in use.")
def test_errors_are_read(number, time_ms, code, text):
    message = schema("ErrorMessage", id=number, errorTime=time_ms, errorCode=code, errorMsg=text)

    assert heard(4, message) == wire.Refusal(number, code, text)


@given(INT32, INT64, INT32, st.floats(allow_nan=False), WORDS)
def test_messages_with_numbers_are_read(number, secs, kind, price, size):
    tick = schema("TickPrice", reqId=number, tickType=kind, price=price, size=size, attrMask=kind)

    assert heard(1, tick) == wire.Tick(number, kind)
    assert heard(9, schema("NextValidId", orderId=number)) == wire.NextOrderId(number)
    assert heard(49, schema("CurrentTime", currentTime=secs)) == wire.ServerTime(secs)
    assert heard(52, schema("ContractDataEnd", reqId=number)) == wire.ContractsEnd(number)
    assert heard(64, schema("AccountSummaryEnd", reqId=number)) == wire.SummaryEnd(number)
    assert heard(58, schema("MarketDataType", reqId=number, marketDataType=kind)) == wire.DataKind(number, kind)


@given(INT32, INT32, TICKERS, TICKERS, st.dictionaries(st.sampled_from(["ISIN", "CUSIP", "X"]), WORDS))
def test_contracts_are_read(number, con_id, ticker, exchange, identifiers):
    details = schema("ContractDetails", minTick="0.01", priceMagnifier=1, secIdList=identifiers, evMultiplier=0.5)
    contract = stock(ticker, exchange, conId=con_id, strike=0.0)
    message = schema("ContractData", reqId=number, contract=contract, contractDetails=details)

    assert heard(10, message) == wire.ContractFound(number, con_id, exchange, identifiers.get("ISIN", ""))


@given(INT32, WORDS, WORDS, WORDS, WORDS)
def test_rows_of_the_account_summary_are_read(number, account, tag, value, currency):
    row = schema("AccountSummary", reqId=number, account=account, tag=tag, value=value, currency=currency)

    assert heard(63, row) == wire.SummaryRow(number, account, tag, value, currency)


@pytest.mark.parametrize(
    ("text", "ids"),
    [("DU1", ("DU1",)), ("DU1,DU2", ("DU1", "DU2")), ("DU1, DU2,", ("DU1", "DU2")), ("", ())],
)
def test_accounts_are_read(text, ids):
    assert heard(15, schema("ManagedAccounts", accountsList=text)) == wire.Accounts(ids)


def test_fields_left_out_read_as_zero_and_nothing():
    assert heard(4, schema("ErrorMessage")) == wire.Refusal(0, 0, "")
    assert heard(10, schema("ContractData")) == wire.ContractFound(0, 0, "", "")


def test_other_messages_are_passed_over():
    assert heard(61, schema("Position", account="DU1", position="3", avgCost=1.5)) is None
    assert wire.read_message(b"\0\0\0\x04text of an old gateway") is None


def test_text_of_the_gateway_cannot_steer_a_terminal():
    text = heard(4, schema("ErrorMessage", errorMsg="\x1b[2Jgone\r\n\u202e")).text

    assert text == " [2Jgone   "


@pytest.mark.parametrize("payload", [b"223\x0020261122 11:36:38 Greenwich Mean Time\0", b"223\0\0"])
def test_server_version_is_read(payload):
    assert wire.server_version(payload) == 223


@pytest.mark.parametrize("payload", [b"", b"223", b"223\0time", b"x\0time\0", b"\xb2\0time\0", b"223\0a\0b\0"])
def test_answer_that_is_no_server_version_is_refused(payload):
    with pytest.raises(wire.WireError, match="expected a server version and a time, found"):
        wire.server_version(payload)


@given(st.lists(st.binary(max_size=40)), st.data())
def test_frames_are_taken_from_a_stream_however_it_is_cut(payloads, data):
    stream = b"".join(len(payload).to_bytes(4) + payload for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    taken, buffer = [], bytearray()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        buffer += stream[start:end]
        while (payload := wire.take_frame(buffer)) is not None:
            taken.append(payload)

    assert taken == payloads
    assert not buffer


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_other_protocols_are_told_from_frames(answer):
    with pytest.raises(wire.WireError, match="expected a frame of at most 16777215 bytes, found one of 1"):
        wire.take_frame(bytearray(answer))


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"\0\0", "expected a message number"),
        (b"\0\0\0\xcc\x0a\x05ab", "expected 5 bytes in field 1, found 2"),
        (b"\0\0\0\xcc\x09\0\0", "expected 8 bytes in field 1, found 2"),
        (b"\0\0\0\xcc\x08", "found its end missing"),
        (b"\0\0\0\xcc\x08" + b"\xff" * 10, "found its end missing"),
        (b"\0\0\0\xcc\x0b", "found wire type 3"),
        (b"\0\0\0\xcc\x0a\x01x", "expected a number in field 1, found b'x'"),
        (b"\0\0\0\xcc\x20\x01", "expected text in field 4, found 1"),
    ],
)
def test_bytes_that_are_no_message_are_refused(payload, words):
    with pytest.raises(wire.WireError, match=words):
        wire.read_message(payload)


@given(st.binary(max_size=60), st.sampled_from([1, 4, 9, 10, 15, 49, 52, 58, 63, 64, 99]))
def test_no_bytes_raise_anything_else(data, number):
    with suppress(wire.WireError):
        wire.read_message((number + 200).to_bytes(4) + data)
