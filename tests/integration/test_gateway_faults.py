"""Every fault of the gateway, as a client on the wire sees it."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.gateway.codec import BadFrame, kind_of
from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.gateway.wire_client import AAPL, PATIENCE_SECS, WireClient

SYMBOL = "AAPL.NASDAQ"
BARS = {"contract": AAPL, "barSize": 5, "whatToShow": "TRADES"}


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.demo(soon(), [SYMBOL], history_sessions=1)


@pytest.fixture
def gateway(market: Market) -> Iterator[Gateway]:
    """A gateway whose time stands still until a test moves it."""
    with Gateway.start(market, speed=None) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: Gateway) -> Iterator[WireClient]:
    with WireClient(gateway.port) as client:
        client.ask()
        yield client


def reconnect(gateway: Gateway) -> WireClient:
    """Connect with the same id, once the gateway has noticed that the last connection is gone."""
    while gateway.state()["clients"]:
        time.sleep(0.001)
    client = WireClient(gateway.port)
    client.ask()
    return client


# The connection


def test_a_dropped_client_may_come_back(gateway: Gateway, client: WireClient) -> None:
    gateway.do.drop()
    assert client.is_ended()
    with reconnect(gateway) as again:
        again.ask()


def test_connections_are_refused_until_they_are_accepted_again(gateway: Gateway, client: WireClient) -> None:
    gateway.do.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        WireClient(gateway.port, client_id=2)
    client.ask()  # who is connected stays so
    gateway.do.accept_connections()
    with WireClient(gateway.port, client_id=2) as other:
        other.ask()


def test_a_hung_gateway_answers_nothing_and_catches_up_when_it_resumes(gateway: Gateway, client: WireClient) -> None:
    client.send("RealTimeBarsRequest", reqId=1, **BARS)
    client.ask()
    gateway.do.hang()
    client.place(1)
    client._socket.settimeout(0.2)
    gateway.do.step()
    with pytest.raises(TimeoutError):
        client.ask()
    assert gateway.state()["orders"] == []
    client._socket.settimeout(PATIENCE_SECS)
    gateway.do.resume()
    client.expect("OpenOrder")
    assert client.count("RealTimeBarTick") == 1


def test_a_nightly_restart_drops_everyone_and_keeps_the_books(gateway: Gateway, client: WireClient) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0, tif="GTC", orderRef="stop")
    client.ask()
    gateway.do.restart(0.01)
    assert client.is_ended()
    with reconnect(gateway) as again:
        assert [message.orderId for message in again.heard if kind_of(message) == "NextValidId"] == [2]
        again.send("OpenOrdersRequest")
        assert again.expect("OpenOrder").order.orderRef == "stop"


@pytest.mark.parametrize("code", [1100, 1101, 1102, 1300, 2103, 2104, 2105, 2106, 2107, 2108, 2110])
def test_notices_of_the_connection_speak_of_no_request(gateway: Gateway, client: WireClient, code: int) -> None:
    gateway.do.notice(code)
    told = client.expect("ErrorMessage", lambda error: error.errorCode == code)
    assert told.id == -1
    assert told.errorMsg != f"Error {code}"


def test_a_bad_frame_is_an_open_order_that_nobody_can_read(gateway: Gateway, client: WireClient) -> None:
    gateway.do.bad_frame()
    with pytest.raises(BadFrame, match="OpenOrder"):
        client.ask()


def test_any_bytes_can_be_sent(gateway: Gateway, client: WireClient) -> None:
    gateway.do.bad_frame("000003e7")
    with pytest.raises(BadFrame, match="999"):
        client.ask()


# Market data


def test_silence_withholds_data_but_not_fills(gateway: Gateway, client: WireClient) -> None:
    client.send("RealTimeBarsRequest", reqId=1, **BARS)
    client.send("MarketDataRequest", reqId=2, contract=AAPL)
    client.place(1)
    client.ask()
    gateway.do.silence(SYMBOL)
    gateway.do.step()
    kinds = {kind_of(message) for message in client.ask()}
    assert "ExecutionDetails" in kinds
    assert not kinds & {"RealTimeBarTick", "TickPrice"}
    gateway.do.speak()
    gateway.do.step()
    client.expect("RealTimeBarTick")


@pytest.mark.parametrize("code", [162, 354, 10089, 10197])
def test_market_data_can_be_refused(gateway: Gateway, client: WireClient, code: int) -> None:
    gateway.do.refuse_data(code)
    client.send("MarketDataRequest", reqId=2, contract=AAPL)
    assert client.expect("ErrorMessage", lambda error: error.id == 2).errorCode == code
    gateway.do.refuse_data()
    client.send("MarketDataRequest", reqId=3, contract=AAPL)
    assert client.expect("TickPrice").reqId == 3


def test_10182_ends_the_subscriptions_one_by_one(gateway: Gateway, client: WireClient) -> None:
    client.send("RealTimeBarsRequest", reqId=1, **BARS)
    client.send("MarketDataRequest", reqId=2, contract=AAPL)
    client.ask()
    gateway.do.notice(10182)
    ended = [client.expect("ErrorMessage") for _ in range(2)]
    assert sorted((error.id, error.errorCode) for error in ended) == [(1, 10182), (2, 10182)]
    gateway.do.step()
    assert client.ask() == []


@pytest.mark.parametrize(("side", "pct"), [("SELL", -10), ("BUY", 10)])
def test_a_shock_jumps_over_a_stop_which_fills_beyond_its_trigger(
    gateway: Gateway, client: WireClient, side: str, pct: int
) -> None:
    gateway.do.step()
    before = gateway.state()["last_prices"][SYMBOL]
    trigger = round(before * (100 + pct // 2) / 100, 2)
    client.place(1, side, "STP", auxPrice=float(trigger))
    client.ask()
    gateway.do.shock(SYMBOL, pct)
    gateway.do.step()
    (fill,) = gateway.state()["executions"]
    assert fill["price"] == gateway.state()["last_prices"][SYMBOL]
    assert abs(fill["price"] / before - 1 - Decimal(pct) / 100) < Decimal("0.005")


# Orders


@pytest.mark.parametrize("code", [201, 110, 460, 10147])
def test_the_next_order_is_rejected_and_the_one_after_is_served(
    gateway: Gateway, client: WireClient, code: int
) -> None:
    gateway.do.reject("place", code)
    client.place(1)
    client.place(2)
    error = client.expect("ErrorMessage", lambda error: error.id == 1)
    assert (error.errorCode, error.errorMsg) != (code, f"Error {code}")
    client.expect("OpenOrder", lambda told: told.orderId == 2)
    assert [order["order_id"] for order in gateway.state()["orders"]] == [2]


@pytest.mark.parametrize("request_kind", ["modify", "cancel"])
def test_a_change_or_a_cancel_can_be_rejected_and_leaves_the_order(
    gateway: Gateway, client: WireClient, request_kind: str
) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.ask()
    gateway.do.reject(request_kind, 161, "as you wish")
    if request_kind == "modify":
        client.place(1, "SELL", "STP", auxPrice=210.0)
    else:
        client.send("CancelOrderRequest", orderId=1)
    assert client.expect("ErrorMessage", lambda error: error.id == 1).errorMsg == "as you wish"
    (order,) = gateway.state()["orders"]
    assert (order["stop_price"], order["status"]) == (Decimal("200.0"), "PreSubmitted")


def test_refusals_may_come_late_and_go_on_until_requests_are_accepted(gateway: Gateway, client: WireClient) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.ask()
    gateway.do.reject("cancel", 10147, count=9, after_secs=0.1)
    for _ in range(2):
        client.send("CancelOrderRequest", orderId=1)
        assert client.expect("ErrorMessage", lambda error: error.id == 1).errorCode == 10147
    gateway.do.accept("cancel")
    client.send("CancelOrderRequest", orderId=1)
    assert client.expect("ErrorMessage", lambda error: error.id == 1).errorCode == 202


@pytest.mark.parametrize("request_kind", ["place", "modify", "cancel"])
def test_a_swallowed_request_is_neither_served_nor_answered(
    gateway: Gateway, client: WireClient, request_kind: str
) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.ask()
    gateway.do.swallow(request_kind)
    if request_kind == "cancel":
        client.send("CancelOrderRequest", orderId=1)
    else:
        client.place(2 if request_kind == "place" else 1, "SELL", "STP", auxPrice=210.0)
    assert client.ask() == []
    assert [order["stop_price"] for order in gateway.state()["orders"]] == [Decimal("200.0")]


def test_commissions_come_late_or_never(gateway: Gateway, client: WireClient) -> None:
    gateway.do.delay_commissions(1.0)
    client.place(1)
    client.ask()
    gateway.do.step()
    assert "CommissionAndFeesReport" not in {kind_of(message) for message in client.ask()}
    client.expect("CommissionAndFeesReport")

    gateway.do.delay_commissions(0)
    gateway.do.withhold_commissions()
    client.place(2)
    client.ask()
    gateway.do.step()
    client.ask()
    client.send("ExecutionRequest", reqId=5)
    client.expect("ExecutionDetailsEnd")
    assert client.count("CommissionAndFeesReport") == 1


def test_fills_can_be_withheld_and_split(gateway: Gateway, client: WireClient) -> None:
    gateway.do.withhold_fills(SYMBOL)
    client.place(1)
    client.ask()
    gateway.do.step()
    assert gateway.state()["executions"] == []
    gateway.do.withhold_fills(SYMBOL, False)
    gateway.do.split_fills(3)
    gateway.do.step(3)
    assert [fill["quantity"] for fill in gateway.state()["executions"]] == [4, 4, 2]


def test_a_stop_that_fills_while_the_client_is_away_is_found_afterwards(gateway: Gateway, client: WireClient) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0, tif="GTC", orderRef="stop")
    client.ask()
    gateway.do.refuse_connections()
    gateway.do.drop()
    gateway.do.shock(SYMBOL, -20)
    gateway.do.step()
    gateway.do.accept_connections()
    with reconnect(gateway) as again:
        again.send("ExecutionRequest", reqId=1)
        assert again.expect("ExecutionDetails").execution.orderRef == "stop"


def test_what_a_person_does_shows_as_a_position_without_an_order_of_the_client(
    gateway: Gateway, client: WireClient
) -> None:
    client.send("PositionsRequest")
    client.expect("PositionEnd")
    gateway.do.trade(SYMBOL, "buy", 7)
    assert client.expect("Position").position == "7"
    resting = gateway.do.place(SYMBOL, "sell", 7, "LMT", "999.00")
    client.send("AllOpenOrdersRequest")
    told = client.expect("OpenOrder")
    assert (told.order.permId, told.orderId, told.order.orderRef) == (resting, 0, "")
    gateway.do.cancel(resting)
    assert gateway.state()["orders"][-1]["status"] == "Cancelled"
    client.ask()
    assert client.count("OrderStatus") == 1  # the listing; of the end of a foreign order nobody is told


# Messages


def test_messages_can_be_doubled_lost_and_overtaken(gateway: Gateway, client: WireClient) -> None:
    gateway.do.double("ExecutionDetails")
    gateway.do.lose("CommissionAndFeesReport")
    client.place(1)
    client.ask()
    gateway.do.step()
    kinds = [kind_of(message) for message in client.ask()]
    assert kinds == ["ExecutionDetails", "ExecutionDetails", "OpenOrder", "OrderStatus"]

    gateway.do.overtake("OpenOrder")
    client.place(2, "SELL", "STP", auxPrice=200.0)
    assert [kind_of(message) for message in client.ask()] == ["OrderStatus", "OpenOrder"]


def test_an_error_of_the_gateway_itself_is_raised_at_its_end(market: Market) -> None:
    """A test must not pass on a broken gateway."""
    gateway = Gateway.start(market, speed=10_000)
    gateway._world.trade = lambda _piece: 1 / 0
    gateway.do.begin()
    while not gateway._feed.done():
        time.sleep(0.001)
    with pytest.raises(ZeroDivisionError):
        gateway.stop()
