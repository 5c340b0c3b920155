"""What the gateway says, as protobuf messages made from the plain types of the model; pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from google.protobuf.message import Message

from tests.gateway.codec import schema
from tests.gateway.model import Contract, Execution, MarketBar, Order, OrderType, Position

NANOS_IN_SECOND = 1_000_000_000
NEW_YORK = ZoneInfo("America/New_York")
BID, ASK, LAST = 1, 2, 4  # tick types of prices; the sizes follow
SIZES = {BID: 0, ASK: 3, LAST: 5}
ALL_LAST, BID_ASK = 2, 3  # tick-by-tick kinds

_Contract = schema("Contract")
_Order = schema("Order")
_OrderState = schema("OrderState")


def wire_contract(contract: Contract, exchange: str = "SMART") -> Message:
    """Return the contract; strike and right stay unset, for a stock has none."""
    return _Contract(
        conId=contract.con_id,
        symbol=contract.ticker,
        secType="STK",
        exchange=exchange,
        primaryExch=contract.exchange,
        currency="USD",
        localSymbol=contract.ticker,
        tradingClass="NMS",
    )


def contract_data(req_id: int, contract: Contract) -> Message:
    """Return contract details, with the ISIN without which the adapter skips the instrument."""
    details = schema("ContractDetails")(
        marketName="NMS",
        minTick=str(contract.tick),
        orderTypes="ACTIVETIM,ADJUST,ALERT,DAY,GTC,LMT,MKT,OCA,STP,TRAIL,WHATIF",
        validExchanges=f"SMART,{contract.exchange}",
        priceMagnifier=1,
        longName=contract.name,
        timeZoneId="US/Eastern",
        secIdList={"ISIN": contract.isin},
        marketRuleIds="26,26",
        stockType="COMMON",
        minSize="0.0001",
        sizeIncrement="0.0001",
        suggestedSizeIncrement="100",
    )
    return schema("ContractData")(reqId=req_id, contract=wire_contract(contract), contractDetails=details)


def error(req_id: int, code: int, text: str, ts_ns: int) -> Message:
    """Return an error or a notice; id −1 speaks of no request and must be written out."""
    return schema("ErrorMessage")(id=req_id, errorTime=ts_ns // 1_000_000, errorCode=code, errorMsg=text)


def wire_order(order: Order) -> Message:
    """Return the order as the broker repeats it; prices that do not belong to its type are 0.0, as IB sends them."""
    aux = order.trail_amount if order.type is OrderType.TRAIL else order.stop_price
    message = _Order(
        clientId=order.client_id,
        orderId=order.order_id,
        permId=order.perm_id,
        parentId=order.parent_id,
        action="BUY" if order.is_buy else "SELL",
        totalQuantity=str(order.quantity),
        orderType=order.type.value,
        lmtPrice=float(order.limit_price or 0),
        auxPrice=float(aux or 0),
        tif=order.time_in_force,
        account=order.account,
        ocaGroup=order.oca_group,
        orderRef=order.order_ref,
        transmit=order.is_transmitted,
        filledQuantity=str(order.filled),
    )
    if order.type is OrderType.TRAIL:
        message.trailStopPrice = float(order.stop_price or 0)
        if order.trail_pct is not None:
            message.trailingPercent = float(order.trail_pct)
    return message


def open_order(order: Order, contract: Contract) -> Message:
    return schema("OpenOrder")(
        orderId=order.order_id,
        contract=wire_contract(contract),
        order=wire_order(order),
        orderState=_OrderState(status=order.status.value),
    )


def order_status(order: Order, why_held: str) -> Message:
    return schema("OrderStatus")(
        orderId=order.order_id,
        status=order.status.value,
        filled=str(order.filled),
        remaining=str(order.remaining),
        avgFillPrice=float(order.average_price),
        permId=order.perm_id,
        parentId=order.parent_id,
        lastFillPrice=float(order.last_price),
        clientId=order.client_id,
        whyHeld=why_held,
        mktCapPrice=0.0,
    )


def completed_order(order: Order, contract: Contract) -> Message:
    told = wire_order(order)
    for name in ("orderId", "clientId", "parentId"):  # a completed order is known by its permanent id alone
        told.ClearField(name)
    state = _OrderState(
        status=order.status.value,
        completedTime=new_york_time(order.completed),
        completedStatus="Filled Size: " + str(order.filled) if order.filled else "Cancelled by Trader",
    )
    return schema("CompletedOrder")(contract=wire_contract(contract), order=told, orderState=state)


def execution_details(req_id: int, execution: Execution, contract: Contract) -> Message:
    order = execution.order
    details = schema("Execution")(
        orderId=order.order_id,
        execId=execution.exec_id,
        time=new_york_time(execution.ts),
        acctNumber=order.account,
        exchange=contract.exchange,
        side="BOT" if order.is_buy else "SLD",
        shares=str(execution.quantity),
        price=float(execution.price),
        permId=order.perm_id,
        clientId=order.client_id,
        cumQty=str(execution.cumulative),
        avgPrice=float(execution.average_price),
        orderRef=order.order_ref,
        lastLiquidity=2,
    )
    return schema("ExecutionDetails")(
        reqId=req_id, contract=wire_contract(contract, contract.exchange), execution=details
    )


def commission_report(execution: Execution) -> Message:
    return schema("CommissionAndFeesReport")(
        execId=execution.exec_id,
        commissionAndFees=float(execution.commission_usd),
        currency="USD",
        realizedPNL=float(execution.realized_pnl_usd),
    )


def position(account: str, held: Position, contract: Contract) -> Message:
    return schema("Position")(
        account=account,
        contract=wire_contract(contract, contract.exchange),
        position=str(held.quantity),
        avgCost=float(held.average_cost),
    )


def historical_bar(bar: MarketBar) -> Message:
    """Return a bar of reqHistoricalData; its date is its opening time in seconds, as text."""
    return schema("HistoricalDataBar")(
        date=str(opening_secs(bar)),
        open=float(bar.open),
        high=float(bar.high),
        low=float(bar.low),
        close=float(bar.close),
        volume=str(bar.volume),
        WAP=str(typical_price(bar)),
        barCount=1,
    )


def historical_end(req_id: int, start_ns: int, end_ns: int) -> Message:
    return schema("HistoricalDataEnd")(
        reqId=req_id, startDateStr=new_york_time(start_ns), endDateStr=new_york_time(end_ns)
    )


def realtime_bar(req_id: int, bar: MarketBar) -> Message:
    return schema("RealTimeBarTick")(
        reqId=req_id,
        time=opening_secs(bar),
        open=float(bar.open),
        high=float(bar.high),
        low=float(bar.low),
        close=float(bar.close),
        volume=str(bar.volume),
        WAP=str(typical_price(bar)),
        count=1,
    )


def quote(req_id: int, price: Decimal, tick: Decimal, size: int) -> Iterator[Message]:
    """Yield bid and ask one tick around a trade, and the trade, each with its size."""
    for kind, value in ((BID, price - tick), (ASK, price + tick), (LAST, price)):
        yield schema("TickPrice")(reqId=req_id, tickType=kind, price=float(value), size=str(size), attrMask=0)
        yield schema("TickSize")(reqId=req_id, tickType=SIZES[kind], size=str(size))


def trade_tick(req_id: int, ts_ns: int, price: Decimal, size: int, exchange: str) -> Message:
    """Return a trade of the tick-by-tick feed."""
    last = schema("HistoricalTickLast")(
        time=ts_ns // NANOS_IN_SECOND, price=float(price), size=str(size), exchange=exchange
    )
    last.tickAttribLast.SetInParent()
    return schema("TickByTickData")(reqId=req_id, tickType=ALL_LAST, historicalTickLast=last)


def bid_ask_tick(req_id: int, ts_ns: int, price: Decimal, tick: Decimal, size: int) -> Message:
    """Return a quote of the tick-by-tick feed."""
    quoted = schema("HistoricalTickBidAsk")(
        time=ts_ns // NANOS_IN_SECOND,
        priceBid=float(price - tick),
        priceAsk=float(price + tick),
        sizeBid=str(size),
        sizeAsk=str(size),
    )
    quoted.tickAttribBidAsk.SetInParent()
    return schema("TickByTickData")(reqId=req_id, tickType=BID_ASK, historicalTickBidAsk=quoted)


def typical_price(bar: MarketBar) -> Decimal:
    return (bar.open + bar.high + bar.low + bar.close) / 4


def opening_secs(bar: MarketBar) -> int:
    return bar.ts // NANOS_IN_SECOND - bar.step_secs


def new_york_time(ts_ns: int) -> str:
    """Return a time as the broker writes it, "20261122 06:36:41 US/Eastern"."""
    local = datetime.fromtimestamp(ts_ns / NANOS_IN_SECOND, UTC).astimezone(NEW_YORK)
    return f"{local:%Y%m%d %H:%M:%S} US/Eastern"
