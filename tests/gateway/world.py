"""
The world behind the gateway: one market, one book, the clients that hear of them. No sockets, no threads.

Time here is session time: where the feed stands. Only what a client's clock is compared with is wall time.

"""

import asyncio
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from catalog.sessions import Sessions
from tests.gateway import messages
from tests.gateway.book import Book
from tests.gateway.faults import Faults, text_of
from tests.gateway.forming import FormingBar
from tests.gateway.frame_log import FrameLog
from tests.gateway.market import Market, Slice
from tests.gateway.model import Contract, Execution, MarketBar, Order, Price
from tests.gateway.shocks import Shocks
from tests.gateway.telling import Show, Telling

if TYPE_CHECKING:
    from tests.gateway.client import Client

FIRST_ORDER_ID = 1
PRINT_SECS = 5


class World:
    """
    Market, book and clients.

    Parameters
    ----------
    market : Market
        What is traded, and how its prices go.
    account : str
        Account that the broker manages.
    cash_usd : Decimal
        What it holds at the start.
    show : Callable[[str], None]
        Hears one readable line for each order and fill.

    """

    def __init__(self, market: Market, account: str, cash_usd: Decimal, show: Show) -> None:
        self.market = market
        self.account = account
        self.faults = Faults()
        self.log = FrameLog()
        self.clients: dict[int, Client] = {}
        self.shocks = Shocks()
        self.now = market.session.open
        self.fills_told = 0
        self.bars_told = 0  # closed ones of subscriptions, to every client
        self.last: dict[str, Price] = {}
        self.next_order_ids: Counter[int] = Counter()
        self.last_requests: dict[int, int] = {}  # by client id: the last request for bars of a connection that ended
        self.show = show
        self._telling = Telling(show)
        ticks = {symbol: contract.tick for symbol, contract in market.contracts.items()}
        self.book = Book(account, cash_usd, ticks, lambda: self.now, self)
        self.pieces = list(market.slices(steps_secs=(PRINT_SECS,)))
        self.bars_subscribed: Callable[[], None] = lambda: None  # the feed begins with it
        self._played: list[MarketBar] = []
        self._trades: dict[str, list[int]] = {symbol: [] for symbol in market.contracts}
        for piece in self.pieces:
            for bar in piece.bars:
                self._trades[bar.symbol].append(bar.ts)
        self._by_id = {contract.con_id: contract for contract in market.contracts.values()}
        self._by_name = {(each.ticker, each.exchange): each for each in market.contracts.values()}

    # What is traded

    def find_contract(self, con_id: int, ticker: str, exchange: str) -> Contract | None:
        """Return the stock meant by its id, or else by its name and listing exchange."""
        return self._by_id.get(con_id) if con_id else self._by_name.get((ticker, exchange))

    def contract(self, symbol: str) -> Contract:
        return self.market.contracts[symbol]

    def history(self, symbol: str, step_secs: int, end_ns: int, count: int) -> list[MarketBar]:
        """Return closed bars up to ``end_ns``, never beyond where the feed stands."""
        bars = self.market.history(symbol, step_secs, min(end_ns, self.now), count)
        return [self.shocks.bar(bar, self.contract(symbol).tick) for bar in bars]

    def last_price(self, symbol: str) -> Decimal | None:
        """Return the last trade, or the last close before the session."""
        if symbol in self.last:
            return self.last[symbol].price
        bars = self.history(symbol, 60, self.now, 1)
        return bars[-1].close if bars else None

    def forming(self, symbol: str, step_secs: int) -> FormingBar:
        """Return the bar that is forming now, with what it has so far."""
        closes = Sessions().bar_closes(self.market.session, step_secs).tolist()
        bar = FormingBar(closes, step_secs)
        for piece in self._played:
            if piece.symbol == symbol:
                bar.add(piece)
        return bar

    def next_trade(self, symbol: str) -> int | None:
        """Return when the next 5-second bar of the symbol closes, None if none does."""
        trades = self._trades[symbol]
        following = bisect_right(trades, self.now)
        return trades[following] if following < len(trades) else None

    def bar_subscriptions(self) -> int:
        """Return how many bars the clients listen to now."""
        return sum(client.data.bar_subscriptions() for client in self.clients.values())

    # Time goes on

    def trade(self, piece: Slice) -> None:
        """Let the market print what it does in one slice: orders fill."""
        for price in piece.prices:
            self._print(self.shocks.price(price, self.contract(price.symbol).tick))

    def close_bars(self, piece: Slice) -> Iterator[MarketBar]:
        """Let the bars close that end with the slice; yield each one when everyone has been told of it."""
        self.now = piece.ts
        for bar in [self.shocks.bar(bar, self.contract(bar.symbol).tick) for bar in piece.bars]:
            self._played.append(bar)
            for client in list(self.clients.values()):
                client.data.bar_closed(bar)
            yield bar
        for client in list(self.clients.values()):
            client.accounts.time_passed()

    def _print(self, price: Price) -> None:
        self.now = price.ts
        self.last[price.symbol] = price
        for client in list(self.clients.values()):
            client.data.printed(price)
        self.book.price(price)

    def shock(self, symbol: str, pct: Decimal) -> None:
        """Move the price of a symbol from here on by a percentage."""
        self.shocks.add(symbol, self.now, 1 + pct / 100)

    # What the book tells

    def order_changed(self, order: Order) -> None:
        self._telling.order_changed(order, self.now)
        client = self.clients.get(order.client_id)
        if client is not None:
            client.orders.changed(order)

    def executed(self, execution: Execution) -> None:
        self._telling.executed(execution, self.now)
        client = self.clients.get(execution.order.client_id)
        if client is not None:
            self.fills_told += 1
            client.orders.executed(execution)
            self._report_commission(client, execution)
        for each in list(self.clients.values()):
            each.accounts.executed(execution)

    def _report_commission(self, client: "Client", execution: Execution) -> None:
        """Tell the commission after the order's new state, or as late as the fault says."""
        if self.faults.is_commission_withheld:
            return
        report = messages.commission_report(execution)
        asyncio.get_running_loop().call_later(self.faults.commission_delay_secs, client.send, report)

    # Notices

    def notice(self, code: int, text: str | None = None) -> None:
        """Tell every client something of the connection."""
        for client in list(self.clients.values()):
            client.send(messages.error(-1, code, text_of(code, text), time.time_ns()))
