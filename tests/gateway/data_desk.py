"""What one client hears of the market: contract details, quotes, ticks, and bars of the past and the present."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from google.protobuf.message import Message

from tests.gateway import messages
from tests.gateway.codec import schema
from tests.gateway.faults import text_of
from tests.gateway.forming import FormingBar
from tests.gateway.model import Contract, MarketBar, Price, Refused
from tests.gateway.requests import HistoryRequest, history_request
from tests.gateway.world import World

PRINT_SECS = 5
REALTIME = 1
UNKNOWN_CONTRACT = 200
NOW_NS = 30 * messages.NANOS_IN_SECOND  # an end this close to the wall clock means now


@dataclass(frozen=True, slots=True)
class Stream:
    """A keepUpToDate request."""

    symbol: str
    bar: FormingBar


class DataDesk:
    """Market data of one client; subscriptions are known by their request id."""

    def __init__(self, world: World, send: Callable[[Message], None]) -> None:
        self._world = world
        self._send = send
        self._quotes: dict[int, str] = {}
        self._trades: dict[int, str] = {}
        self._bid_asks: dict[int, str] = {}
        self._bars: dict[int, str] = {}
        self._streams: dict[int, Stream] = {}
        self.former_request = 0  # the last request for bars of the connection before, under the same client id
        self.last_request = 0
        self.handlers = {
            "ContractDataRequest": self._contract_details,
            "MarketRuleRequest": self._market_rule,
            "MarketDataTypeRequest": lambda _: None,
            "MarketDataRequest": self._subscribe_quotes,
            "TickByTickRequest": self._subscribe_ticks,
            "RealTimeBarsRequest": self._subscribe_bars,
            "HistoricalDataRequest": self._history,
            "CancelMarketData": self._cancel,
            "CancelTickByTick": self._cancel,
            "CancelRealTimeBars": self._cancel,
            "CancelHistoricalData": self._cancel,
        }

    # Requests

    def _contract(self, wanted: Message) -> Contract:
        ticker = wanted.localSymbol or wanted.symbol
        contract = self._world.find_contract(wanted.conId, ticker, wanted.primaryExch or wanted.exchange)
        if contract is None:
            raise Refused(UNKNOWN_CONTRACT, "No security definition has been found for the request")
        return contract

    def _contract_details(self, message: Message) -> None:
        self._send(messages.contract_data(message.reqId, self._contract(message.contract)))
        self._send(schema("ContractDataEnd")(reqId=message.reqId))

    def _market_rule(self, message: Message) -> None:
        step = schema("PriceIncrement")(lowEdge=0.0, increment=0.01)
        self._send(schema("MarketRule")(marketRuleId=message.marketRuleId, priceIncrements=[step]))

    def _subscribe_quotes(self, message: Message) -> None:
        symbol = self._allowed(message.contract)
        self._quotes[message.reqId] = symbol
        self._send(schema("MarketDataType")(reqId=message.reqId, marketDataType=REALTIME))
        price = self._world.last_price(symbol)
        if price is not None and not self._world.faults.is_silent(symbol):
            self._send_quote(message.reqId, Price(symbol, self._world.now, price, 100))

    def _subscribe_ticks(self, message: Message) -> None:
        kept = self._bid_asks if message.tickType == "BidAsk" else self._trades
        kept[message.reqId] = self._allowed(message.contract)

    def _subscribe_bars(self, message: Message) -> None:
        self._bars[message.reqId] = self._allowed(message.contract)
        self._world.bars_subscribed()

    def _allowed(self, wanted: Message) -> str:
        code = self._world.faults.data_refusal
        if code:
            raise Refused(code, text_of(code, None))
        return self._contract(wanted).symbol

    def _history(self, message: Message) -> None:
        wanted = history_request(message)
        self.last_request = max(self.last_request, wanted.req_id)
        symbol = self._allowed(message.contract)
        end_ns = self._end_of(wanted)
        bars = self._world.history(symbol, wanted.step_secs, end_ns, wanted.count)
        rows = [messages.historical_bar(bar) for bar in bars]
        self._send(schema("HistoricalData")(reqId=wanted.req_id, historicalDataBars=rows))
        self._send(messages.historical_end(wanted.req_id, bars[0].ts if bars else end_ns, end_ns))
        if wanted.is_stream:
            self._streams[wanted.req_id] = Stream(symbol, self._world.forming(symbol, wanted.step_secs))
            self._world.bars_subscribed()

    def _end_of(self, wanted: HistoryRequest) -> int:
        """Return until when bars are meant, by the session's time."""
        wall = time.time_ns()
        if wanted.is_stream and not 0 < self.former_request < wanted.req_id:
            return wall  # bars stamped after the client's own clock it would take for live ones
        if wanted.is_stream:
            return self._world.now  # a program that was dropped and goes on counting hears what it missed
        if wanted.end_ns is None or abs(wall - wanted.end_ns) < NOW_NS:
            return self._world.now  # "until now", by the client's clock
        return wanted.end_ns

    def _cancel(self, message: Message) -> None:
        for kept in self._subscriptions():
            kept.pop(message.reqId, None)

    def _subscriptions(self) -> Iterator[dict[int, str] | dict[int, Stream]]:
        yield from (self._quotes, self._trades, self._bid_asks, self._bars, self._streams)

    def bar_subscriptions(self) -> int:
        return len(self._bars) + len(self._streams)

    # Events

    def printed(self, price: Price) -> None:
        """Tell of a trade, and of the quote around it."""
        if self._world.faults.is_silent(price.symbol):
            return
        contract = self._world.contract(price.symbol)
        for req_id in _of(self._quotes, price.symbol):
            self._send_quote(req_id, price)
        for req_id in _of(self._bid_asks, price.symbol):
            self._send(messages.bid_ask_tick(req_id, price.ts, price.price, contract.tick, price.size))
        for req_id in _of(self._trades, price.symbol):
            self._send(messages.trade_tick(req_id, price.ts, price.price, price.size, contract.exchange))

    def _send_quote(self, req_id: int, price: Price) -> None:
        for message in messages.quote(req_id, price.price, self._world.contract(price.symbol).tick, price.size):
            self._send(message)

    def bar_closed(self, bar: MarketBar) -> None:
        """Tell of a 5-second bar that closed now, and of the bars that it is part of."""
        is_silent = self._world.faults.is_silent(bar.symbol)
        for req_id in _of(self._bars, bar.symbol) if not is_silent else ():
            self._send(messages.realtime_bar(req_id, bar))
            self._world.bars_told += 1
        for req_id, stream in self._streams.items():
            if stream.symbol == bar.symbol:
                self._update(req_id, stream, bar, is_silent)

    def _update(self, req_id: int, stream: Stream, piece: MarketBar, is_silent: bool) -> None:
        forming = stream.bar.add(piece)
        if is_silent:
            return
        self._send_update(req_id, forming)
        # A client whose clock is behind the session takes a bar for complete only when the next one appears.
        if forming.ts == piece.ts > time.time_ns():
            self._send_update(req_id, stream.bar.successor(self._world.next_trade(piece.symbol)))
            self._world.bars_told += 1

    def _send_update(self, req_id: int, bar: MarketBar) -> None:
        self._send(schema("HistoricalDataUpdate")(reqId=req_id, historicalDataBar=messages.historical_bar(bar)))

    def broken(self, code: int, text: str) -> None:
        """End every subscription with an error of its own, as when the data farm goes away."""
        for kept in self._subscriptions():
            for req_id in kept:
                self._send(messages.error(req_id, code, text, time.time_ns()))
            kept.clear()


def _of(subscriptions: dict[int, str], symbol: str) -> list[int]:
    return [req_id for req_id, subscribed in subscriptions.items() if subscribed == symbol]
