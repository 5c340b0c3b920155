"""The gateway over real TCP, asked by a small client: the protocol, the account, orders, data and time."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.gateway.codec import kind_of
from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.gateway.wire_client import AAPL, WireClient

SYMBOL = "AAPL.NASDAQ"
STEPS_IN_MINUTE = 12
SIDES = [("BUY", "SELL", 1), ("SELL", "BUY", -1)]


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


def closes_of(gateway: Gateway, minutes: int) -> int:
    """Return when a minute of the session ends."""
    return gateway.state()["session"]["open"] + minutes * 60_000_000_000


def wait_until_gone(gateway: Gateway) -> None:
    while gateway.state()["clients"]:
        time.sleep(0.001)


# Beginning


def test_a_session_begins_with_version_accounts_and_next_order_id(gateway: Gateway) -> None:
    with WireClient(gateway.port) as client:
        assert client.version == "223"
        assert client.expect("ManagedAccounts").accountsList == "DU1234567"
        assert client.expect("NextValidId").orderId == 1
        assert [client.expect("ErrorMessage").errorCode for _ in range(3)] == [2104, 2106, 2158]


def test_a_client_id_in_use_is_refused_and_free_again_after_its_end(gateway: Gateway, client: WireClient) -> None:
    with WireClient(gateway.port) as second:
        assert second.expect("ErrorMessage").errorCode == 326
        assert second.is_ended()
    client.ask()
    client.close()
    wait_until_gone(gateway)
    with WireClient(gateway.port) as third:
        third.expect("ManagedAccounts")


def test_order_ids_are_counted_for_each_client_and_outlive_its_connection(gateway: Gateway, client: WireClient) -> None:
    client.place(41)
    client.send("IdsRequest")
    assert client.expect("NextValidId").orderId == 42
    with WireClient(gateway.port, client_id=2) as other:
        assert other.expect("NextValidId").orderId == 1
    client.close()
    wait_until_gone(gateway)
    with WireClient(gateway.port) as again:
        assert again.expect("NextValidId").orderId == 42


def test_what_is_no_message_is_answered_and_the_session_goes_on(client: WireClient) -> None:
    client._socket.sendall(b"\0\0\0\4\0\0\3\xe7")
    assert client.expect("ErrorMessage", lambda error: error.errorCode == 320)
    client.ask()


# Questions


def test_contract_details_carry_the_isin_and_no_right(client: WireClient) -> None:
    client.send("ContractDataRequest", reqId=7, contract=AAPL)

    found = client.expect("ContractData")

    assert found.contractDetails.secIdList["ISIN"] == "US0378331005"
    assert not found.contract.HasField("right")
    assert client.expect("ContractDataEnd").reqId == 7


def test_an_unknown_contract_is_refused_by_request(client: WireClient) -> None:
    client.send("ContractDataRequest", reqId=7, contract=AAPL | {"symbol": "NOPE"})
    error = client.expect("ErrorMessage", lambda error: error.id == 7)
    assert error.errorCode == 200


def test_the_account_is_told_in_summary_values_and_profit(gateway: Gateway, client: WireClient) -> None:
    client.send("AccountSummaryRequest", reqId=1, group="All", tags="NetLiquidation,TotalCashValue")
    rows = {row.tag: row.value for row in (client.expect("AccountSummary"), client.expect("AccountSummary"))}
    assert rows == {"NetLiquidation": "100000.00", "TotalCashValue": "100000.00"}
    client.expect("AccountSummaryEnd")
    client.send("AccountDataRequest", subscribe=True, acctCode="DU1234567")
    client.expect("AccountValue", lambda row: (row.key, row.value) == ("AvailableFunds", "100000.00"))
    client.expect("AccountDataEnd")
    client.send("PnLRequest", reqId=2, account="DU1234567")
    assert client.expect("PnL").dailyPnL == 0

    gateway.do.trade(SYMBOL, "buy", 100, "200.00")

    assert client.expect("PortfolioValue").position == "100"
    assert client.expect("PnL").reqId == 2


def test_positions_are_told_at_once_and_at_each_change(gateway: Gateway, client: WireClient) -> None:
    gateway.do.trade(SYMBOL, "sell", 10, "200.00")
    client.send("PositionsRequest")
    assert client.expect("Position").position == "-10"
    client.expect("PositionEnd")

    gateway.do.trade(SYMBOL, "buy", 4, "200.00")

    assert client.expect("Position").position == "-6"


# Orders


@pytest.mark.parametrize(("side", "other", "sign"), SIDES)
def test_an_entry_with_its_stop_goes_the_way_ib_tells_it(
    gateway: Gateway, client: WireClient, side: str, other: str, sign: int
) -> None:
    client.place(1, side, transmit=False, orderRef="entry")
    client.place(
        2, other, "STP", auxPrice=222.70 * (1 - sign * 0.1) // 0.01 / 100, parentId=1, tif="GTC", orderRef="stop"
    )
    assert client.expect("OrderStatus", lambda status: status.orderId == 2).whyHeld == "child,trigger"

    gateway.do.step(2)

    fill = client.expect("ExecutionDetails")
    assert (fill.execution.orderRef, fill.execution.side) == ("entry", "BOT" if sign > 0 else "SLD")
    assert client.expect("OpenOrder").orderState.status == "Filled"
    assert client.expect("OrderStatus", lambda status: status.orderId == 2).whyHeld == "trigger"
    report = client.expect("CommissionAndFeesReport")
    assert (report.execId, report.commissionAndFees) == (fill.execution.execId, 1.0)
    assert gateway.state()["positions"][SYMBOL]["quantity"] == 10 * sign


def test_an_order_that_is_not_transmitted_is_not_told_of(client: WireClient) -> None:
    client.place(1, transmit=False)
    assert client.ask() == []


def test_a_stop_is_changed_by_its_own_order_id(gateway: Gateway, client: WireClient) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.place(1, "SELL", "STP", auxPrice=210.5)
    client.expect("OpenOrder", lambda told: told.order.auxPrice == 210.5)
    (order,) = gateway.state()["orders"]
    assert (order["stop_price"], order["perm_id"]) == (Decimal("210.5"), 1_000_000_001)


def test_a_cancel_is_told_as_a_state_and_as_code_202(client: WireClient) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.send("CancelOrderRequest", orderId=1)
    client.expect("OrderStatus", lambda status: status.status == "Cancelled")
    client.expect("ErrorMessage", lambda error: (error.id, error.errorCode) == (1, 202))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"auxPrice": 200.001}, 110),
        ({"auxPrice": 200.0, "totalQuantity": "0"}, 434),
        ({"auxPrice": 200.0, "parentId": 77}, 10006),
        ({"auxPrice": 200.0, "orderType": "MIDPRICE"}, 387),
    ],
)
def test_what_the_broker_cannot_take_is_refused_with_its_code(client: WireClient, fields: dict, code: int) -> None:
    client.place(1, "SELL", **({"orderType": "STP"} | fields))
    error = client.expect("ErrorMessage", lambda error: error.id == 1)
    assert error.errorCode == code


def test_cancelling_what_is_not_there_is_refused(client: WireClient) -> None:
    client.send("CancelOrderRequest", orderId=9)
    assert client.expect("ErrorMessage", lambda error: error.id == 9).errorCode == 10147


def test_open_orders_are_the_clients_own_or_everybodys(gateway: Gateway, client: WireClient) -> None:
    gateway.do.place(SYMBOL, "sell", 5, "STP", "100.00")
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.ask()
    client.send("OpenOrdersRequest")
    assert client.expect("OpenOrder").orderId == 1
    client.expect("OpenOrdersEnd")
    client.send("AllOpenOrdersRequest")
    assert [client.expect("OpenOrder").orderId for _ in range(2)] == [0, 1]


def test_what_is_done_is_found_in_completed_orders_and_executions(gateway: Gateway, client: WireClient) -> None:
    client.place(1, orderRef="mine")
    client.ask()
    gateway.do.step()
    client.expect("CommissionAndFeesReport")
    client.send("CompletedOrdersRequest", apiOnly=False)
    done = client.expect("CompletedOrder")
    assert (done.order.orderRef, done.order.orderId, done.orderState.status) == ("mine", 0, "Filled")
    client.send("ExecutionRequest", reqId=5)
    assert client.expect("ExecutionDetails").execution.orderRef == "mine"
    client.expect("CommissionAndFeesReport")
    assert client.expect("ExecutionDetailsEnd").reqId == 5


# Data


def test_history_ends_where_the_session_stands(gateway: Gateway, client: WireClient) -> None:
    gateway.do.step(2 * STEPS_IN_MINUTE)
    client.send("HistoricalDataRequest", reqId=3, contract=AAPL, barSizeSetting="1 min", duration="300 S", formatDate=2)

    bars = client.expect("HistoricalData").historicalDataBars

    assert [int(bar.date) for bar in bars][-2:] == [(closes_of(gateway, minute)) // 10**9 for minute in (0, 1)]
    assert len(bars) == 5
    client.expect("HistoricalDataEnd")


def test_a_stream_completes_each_minute_by_the_next_ones_first_update(gateway: Gateway, client: WireClient) -> None:
    request = {"barSizeSetting": "1 min", "duration": "18000 S", "formatDate": 2, "keepUpToDate": True}
    client.send("HistoricalDataRequest", reqId=3, contract=AAPL, **request)
    client.expect("HistoricalDataEnd")
    gateway.do.step(STEPS_IN_MINUTE)
    updates = [message.historicalDataBar for message in client.ask() if kind_of(message) == "HistoricalDataUpdate"]
    first, second = closes_of(gateway, 0) // 10**9, closes_of(gateway, 1) // 10**9

    assert [int(bar.date) for bar in updates] == [first] * STEPS_IN_MINUTE + [second]

    client.send("HistoricalDataRequest", reqId=4, contract=AAPL, **(request | {"keepUpToDate": False}))
    last = client.expect("HistoricalData").historicalDataBars[-1]
    complete, successor = updates[-2:]
    assert (last.open, last.high, last.low, last.close, last.volume) == (
        complete.open,
        complete.high,
        complete.low,
        complete.close,
        complete.volume,
    )
    assert (successor.open, successor.volume) == (complete.close, "0")


def test_a_stream_joined_in_the_middle_of_a_minute_knows_its_beginning(gateway: Gateway, client: WireClient) -> None:
    gateway.do.step(STEPS_IN_MINUTE // 2)
    client.send(
        "HistoricalDataRequest", reqId=3, contract=AAPL, barSizeSetting="1 min", duration="60 S", keepUpToDate=True
    )
    client.expect("HistoricalDataEnd")
    gateway.do.step(STEPS_IN_MINUTE // 2)
    updates = [message.historicalDataBar for message in client.ask() if kind_of(message) == "HistoricalDataUpdate"]
    client.send("HistoricalDataRequest", reqId=4, contract=AAPL, barSizeSetting="1 min", duration="60 S")
    (bar,) = client.expect("HistoricalData").historicalDataBars
    assert (bar.open, bar.volume) == (updates[-2].open, updates[-2].volume)


def test_a_stream_opens_with_no_bar_from_ahead_of_the_clients_clock(gateway: Gateway, client: WireClient) -> None:
    gateway.do.step(3 * STEPS_IN_MINUTE)
    client.send(
        "HistoricalDataRequest", reqId=3, contract=AAPL, barSizeSetting="1 min", duration="300 S", keepUpToDate=True
    )
    bars = client.expect("HistoricalData").historicalDataBars
    assert max(int(bar.date) for bar in bars) < gateway.state()["session"]["open"] // 10**9


@pytest.mark.parametrize(("req_id", "is_told"), [(4, True), (2, False)])
def test_who_was_dropped_and_goes_on_counting_hears_what_it_missed(
    gateway: Gateway, client: WireClient, req_id: int, is_told: bool
) -> None:
    """A program that begins anew counts its requests from the start, and would take the missed bars for live ones."""
    request = {"contract": AAPL, "barSizeSetting": "1 min", "duration": "300 S", "keepUpToDate": True}
    client.send("HistoricalDataRequest", reqId=3, **request)
    client.expect("HistoricalDataEnd")
    gateway.do.drop()
    gateway.do.step(3 * STEPS_IN_MINUTE)
    wait_until_gone(gateway)
    with WireClient(gateway.port) as again:
        again.send("HistoricalDataRequest", reqId=req_id, **request)
        bars = again.expect("HistoricalData").historicalDataBars
    opened = closes_of(gateway, 0) // 10**9
    assert (int(bars[-1].date) == opened + 120) is is_told


def test_bars_quotes_and_ticks_come_until_they_are_cancelled(gateway: Gateway, client: WireClient) -> None:
    client.send("RealTimeBarsRequest", reqId=1, contract=AAPL, barSize=5, whatToShow="TRADES")
    client.send("MarketDataRequest", reqId=2, contract=AAPL)
    client.send("TickByTickRequest", reqId=3, contract=AAPL, tickType="AllLast")
    client.send("TickByTickRequest", reqId=4, contract=AAPL, tickType="BidAsk")
    client.ask()
    gateway.do.step()
    bid, ask, last = (
        client.expect("TickPrice", lambda tick, kind=kind: tick.tickType == kind).price for kind in (1, 2, 4)
    )
    assert (round(ask - last, 2), round(last - bid, 2)) == (0.01, 0.01)
    kinds = {kind_of(message) for message in client.ask()} | {kind_of(message) for message in client.heard}
    assert {"RealTimeBarTick", "TickPrice", "TickSize", "TickByTickData"} <= kinds
    for kind, req_id in (("RealTimeBars", 1), ("MarketData", 2), ("TickByTick", 3), ("TickByTick", 4)):
        client.send(f"Cancel{kind}", reqId=req_id)
    client.ask()
    gateway.do.step()
    assert client.ask() == []


# Time


def test_the_session_begins_with_the_subscriptions_it_waits_for(market: Market) -> None:
    with Gateway.start(market, speed=10_000, subscriptions=2) as gateway, WireClient(gateway.port) as client:
        client.send("RealTimeBarsRequest", reqId=1, contract=AAPL, barSize=5, whatToShow="TRADES")
        client.ask()
        assert not gateway.state()["has_begun"]
        client.send("RealTimeBarsRequest", reqId=2, contract=AAPL, barSize=5, whatToShow="TRADES")
        first = client.expect("RealTimeBarTick")
        assert first.time == gateway.state()["session"]["open"] // 10**9


def test_a_session_that_the_clock_has_overtaken_is_told_as_useless() -> None:
    lines: list[str] = []
    a_week_ago = soon() - 7 * 24 * 3_600 * 1_000_000_000
    market = Market.demo(a_week_ago, [SYMBOL], history_sessions=1)
    with Gateway.start(market, speed=10_000, show=lines.append) as gateway:
        gateway.do.begin()
        while not gateway.state()["is_over"]:
            time.sleep(0.01)
    assert lines == ["The clock has overtaken the session: start the gateway anew, for its bars would be lost."]


def test_in_lockstep_the_session_waits_for_each_bar_and_each_fill(market: Market) -> None:
    with Gateway.start(market, lockstep=True) as gateway, WireClient(gateway.port) as client:
        client.send("RealTimeBarsRequest", reqId=1, contract=AAPL, barSize=5, whatToShow="TRADES")
        client.expect("RealTimeBarTick")
        client.ask()
        first_close = gateway.state()["session"]["open"] + 5_000_000_000
        assert gateway.state()["now"] == first_close

        client.place(1)
        gateway.do.acknowledge(bars=1, order_frames=1)

        client.expect("CommissionAndFeesReport")
        client.ask()
        filled = gateway.state()["now"]
        assert first_close < filled < first_close + 1_000_000_000

        gateway.do.acknowledge(fills=1)

        client.expect("RealTimeBarTick")
        client.ask()
        assert gateway.state()["now"] == first_close + 5_000_000_000


def test_the_day_ends_with_the_session_and_takes_its_orders_along(gateway: Gateway, client: WireClient) -> None:
    client.place(1, "BUY", "LMT", lmtPrice=1.0)
    client.place(2, "BUY", "LMT", lmtPrice=1.0, tif="GTC")
    client.ask()
    gateway.do.advance_to(gateway.state()["session"]["close"])
    client.expect("OrderStatus", lambda status: (status.orderId, status.status) == (1, "Cancelled"))
    assert [order["status"] for order in gateway.state()["orders"]] == ["Cancelled", "Submitted"]
    assert gateway.state()["is_over"]


def test_every_frame_is_in_the_log_with_its_fields(gateway: Gateway, client: WireClient) -> None:
    client.place(1, "SELL", "STP", auxPrice=200.0)
    client.ask()
    (frame,) = gateway.frames("PlaceOrderRequest")
    assert (frame.is_incoming, frame.client_id, frame.fields["order"]["auxPrice"]) == (True, 1, 200.0)
    assert gateway.received()["CancelOrderRequest"] == 0
