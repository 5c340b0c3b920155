"""
Frames: what a message looks like on the wire, and the other way round. No state, no sockets.

A frame is a four-byte big-endian length, a four-byte message id, and a protobuf message. From server version 213 on
every message is protobuf and carries its id plus 200. The published schema is ``ibapi.protobuf``.

"""

import importlib
import struct
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from ibapi.message import IN, OUT

SERVER_VERSION = 223
PREFIX = b"API\0"
MAX_FRAME = 0xFFFFFF
_PROTOBUF_ID = 200
_HEADER = struct.Struct(">I")

# What a client may send and what the gateway may answer, by the name of the message in the schema.
_REQUESTS = {
    OUT.REQ_MKT_DATA: "MarketDataRequest",
    OUT.CANCEL_MKT_DATA: "CancelMarketData",
    OUT.PLACE_ORDER: "PlaceOrderRequest",
    OUT.CANCEL_ORDER: "CancelOrderRequest",
    OUT.REQ_OPEN_ORDERS: "OpenOrdersRequest",
    OUT.REQ_ACCT_DATA: "AccountDataRequest",
    OUT.REQ_EXECUTIONS: "ExecutionRequest",
    OUT.REQ_IDS: "IdsRequest",
    OUT.REQ_CONTRACT_DATA: "ContractDataRequest",
    OUT.REQ_AUTO_OPEN_ORDERS: "AutoOpenOrdersRequest",
    OUT.REQ_ALL_OPEN_ORDERS: "AllOpenOrdersRequest",
    OUT.REQ_MANAGED_ACCTS: "ManagedAccountsRequest",
    OUT.REQ_HISTORICAL_DATA: "HistoricalDataRequest",
    OUT.CANCEL_HISTORICAL_DATA: "CancelHistoricalData",
    OUT.REQ_CURRENT_TIME: "CurrentTimeRequest",
    OUT.REQ_CURRENT_TIME_IN_MILLIS: "CurrentTimeInMillisRequest",
    OUT.REQ_REAL_TIME_BARS: "RealTimeBarsRequest",
    OUT.CANCEL_REAL_TIME_BARS: "CancelRealTimeBars",
    OUT.REQ_GLOBAL_CANCEL: "GlobalCancelRequest",
    OUT.REQ_MARKET_DATA_TYPE: "MarketDataTypeRequest",
    OUT.REQ_POSITIONS: "PositionsRequest",
    OUT.CANCEL_POSITIONS: "CancelPositions",
    OUT.REQ_ACCOUNT_SUMMARY: "AccountSummaryRequest",
    OUT.CANCEL_ACCOUNT_SUMMARY: "CancelAccountSummary",
    OUT.START_API: "StartApiRequest",
    OUT.REQ_MARKET_RULE: "MarketRuleRequest",
    OUT.REQ_PNL: "PnLRequest",
    OUT.CANCEL_PNL: "CancelPnL",
    OUT.REQ_TICK_BY_TICK_DATA: "TickByTickRequest",
    OUT.CANCEL_TICK_BY_TICK_DATA: "CancelTickByTick",
    OUT.REQ_COMPLETED_ORDERS: "CompletedOrdersRequest",
}
_ANSWERS = {
    IN.TICK_PRICE: "TickPrice",
    IN.TICK_SIZE: "TickSize",
    IN.ORDER_STATUS: "OrderStatus",
    IN.ERR_MSG: "ErrorMessage",
    IN.OPEN_ORDER: "OpenOrder",
    IN.ACCT_VALUE: "AccountValue",
    IN.PORTFOLIO_VALUE: "PortfolioValue",
    IN.ACCT_UPDATE_TIME: "AccountUpdateTime",
    IN.NEXT_VALID_ID: "NextValidId",
    IN.CONTRACT_DATA: "ContractData",
    IN.EXECUTION_DATA: "ExecutionDetails",
    IN.MANAGED_ACCTS: "ManagedAccounts",
    IN.HISTORICAL_DATA: "HistoricalData",
    IN.CURRENT_TIME: "CurrentTime",
    IN.REAL_TIME_BARS: "RealTimeBarTick",
    IN.CONTRACT_DATA_END: "ContractDataEnd",
    IN.OPEN_ORDER_END: "OpenOrdersEnd",
    IN.ACCT_DOWNLOAD_END: "AccountDataEnd",
    IN.EXECUTION_DATA_END: "ExecutionDetailsEnd",
    IN.MARKET_DATA_TYPE: "MarketDataType",
    IN.COMMISSION_AND_FEES_REPORT: "CommissionAndFeesReport",
    IN.POSITION_DATA: "Position",
    IN.POSITION_END: "PositionEnd",
    IN.ACCOUNT_SUMMARY: "AccountSummary",
    IN.ACCOUNT_SUMMARY_END: "AccountSummaryEnd",
    IN.HISTORICAL_DATA_UPDATE: "HistoricalDataUpdate",
    IN.MARKET_RULE: "MarketRule",
    IN.PNL: "PnL",
    IN.TICK_BY_TICK: "TickByTickData",
    IN.COMPLETED_ORDER: "CompletedOrder",
    IN.COMPLETED_ORDERS_END: "CompletedOrdersEnd",
    IN.HISTORICAL_DATA_END: "HistoricalDataEnd",
    IN.CURRENT_TIME_IN_MILLIS: "CurrentTimeInMillis",
}


class BadFrame(Exception):  # noqa: N818 - it is what arrived, not an error of the gateway
    """What arrived is no message of the protocol."""


def schema(name: str) -> type[Message]:
    """Return a message class of the published schema."""
    module = importlib.import_module(f"ibapi.protobuf.{name}_pb2")
    found: type[Message] = getattr(module, name)
    return found


_REQUEST_TYPES = {number + _PROTOBUF_ID: schema(name) for number, name in _REQUESTS.items()}
_ANSWER_TYPES = {number + _PROTOBUF_ID: schema(name) for number, name in _ANSWERS.items()}
_IDS = {kind: number for types in (_REQUEST_TYPES, _ANSWER_TYPES) for number, kind in types.items()}


def framed(payload: bytes) -> bytes:
    """Return a payload with its length in front."""
    return _HEADER.pack(len(payload)) + payload


def length_of(header: bytes) -> int:
    """Return the length that the first four bytes of a frame announce."""
    (length,) = _HEADER.unpack(header)
    if length > MAX_FRAME:
        raise BadFrame(f"Expected a frame of at most {MAX_FRAME} bytes, was {length}.")
    return int(length)


def encode(message: Message) -> bytes:
    """Return the frame of a message."""
    return framed(_HEADER.pack(_IDS[type(message)]) + message.SerializeToString())


def decode_request(payload: bytes) -> Message:
    """Return what a client asks for."""
    return _decode(payload, _REQUEST_TYPES)


def decode_answer(payload: bytes) -> Message:
    """Return what the gateway said: for clients in tests."""
    return _decode(payload, _ANSWER_TYPES)


def _decode(payload: bytes, types: dict[int, type[Message]]) -> Message:
    if len(payload) < _HEADER.size:
        raise BadFrame(f"Expected a message id of four bytes, was {payload!r}.")
    (number,) = _HEADER.unpack_from(payload)
    if number not in types:
        raise BadFrame(f"Expected a message id this gateway knows, was {number}.")
    try:
        return types[number].FromString(payload[_HEADER.size :])
    except DecodeError as e:
        raise BadFrame(f"Expected a message {types[number].__name__}, was {payload[_HEADER.size :][:40]!r}.") from e


def kind_of(message: Message) -> str:
    """Return the name of a message in the schema, such as "PlaceOrderRequest"."""
    return type(message).__name__


def as_dict(message: Message) -> dict[str, Any]:
    """Return the fields that are set, by their names in the schema."""
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return found
