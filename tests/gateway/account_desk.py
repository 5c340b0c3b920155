"""What one client is told of the account: summary, values, positions and profit."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from google.protobuf.message import Message

from tests.gateway import messages
from tests.gateway.codec import schema
from tests.gateway.model import Execution, Position
from tests.gateway.world import World

SUMMARY_EVERY_NS = 180 * messages.NANOS_IN_SECOND  # IB refreshes the summary every three minutes
MARGIN_RATE = Decimal("0.25")  # of the gross value of the positions


class AccountDesk:
    """Answers and subscriptions of one client that are about the account."""

    def __init__(self, world: World, send: Callable[[Message], None]) -> None:
        self._world = world
        self._send = send
        self._summaries: dict[int, set[str]] = {}  # tags by request; empty = all
        self._pnls: set[int] = set()
        self._hears_positions = False
        self._hears_values = False
        self._next_refresh = 0
        self.handlers = {
            "ManagedAccountsRequest": lambda _: self.send_managed(),
            "AccountSummaryRequest": self._summary,
            "CancelAccountSummary": lambda message: self._summaries.pop(message.reqId, None),
            "PositionsRequest": self._positions,
            "CancelPositions": self._cancel_positions,
            "AccountDataRequest": self._account_data,
            "PnLRequest": self._pnl,
            "CancelPnL": lambda message: self._pnls.discard(message.reqId),
        }

    def send_managed(self) -> None:
        self._send(schema("ManagedAccounts")(accountsList=self._world.account))

    # Requests

    def _summary(self, message: Message) -> None:
        tags = {tag.strip() for tag in message.tags.split(",")} - {"", "All", "AllTags"}
        self._summaries[message.reqId] = tags
        self._send_summary(message.reqId)
        self._send(schema("AccountSummaryEnd")(reqId=message.reqId))

    def _positions(self, _message: Message) -> None:
        self._hears_positions = True
        for held in self._world.book.positions():
            self._send_position(held)
        self._send(schema("PositionEnd")())

    def _cancel_positions(self, _message: Message) -> None:
        self._hears_positions = False

    def _account_data(self, message: Message) -> None:
        self._hears_values = message.subscribe
        if not message.subscribe:
            return
        self._send_values()
        for held in self._world.book.positions():
            self._send_portfolio(held)
        self._send(schema("AccountUpdateTime")(timeStamp=messages.new_york_time(self._world.now)[9:14]))
        self._send(schema("AccountDataEnd")(accountName=self._world.account))

    def _pnl(self, message: Message) -> None:
        self._pnls.add(message.reqId)
        self._send_pnl()

    # Events

    def executed(self, execution: Execution) -> None:
        """Tell the subscribers what a fill has changed."""
        held = self._world.book.position(execution.order.symbol)
        if self._hears_positions:
            self._send_position(held)
        if self._hears_values:
            self._send_values()
            self._send_portfolio(held)
        self._send_pnl()

    def time_passed(self) -> None:
        """Refresh summaries and profit as often as the broker does."""
        if self._world.now < self._next_refresh:
            return
        self._next_refresh = self._world.now + SUMMARY_EVERY_NS
        for req_id in self._summaries:
            self._send_summary(req_id)
        self._send_pnl()

    # Messages

    def _send_summary(self, req_id: int) -> None:
        wanted = self._summaries[req_id]
        for tag, value in self._values():
            if not wanted or tag in wanted:
                row = schema("AccountSummary")(
                    reqId=req_id, account=self._world.account, tag=tag, value=value, currency="USD"
                )
                self._send(row)

    def _send_values(self) -> None:
        for key, value in self._values():
            row = schema("AccountValue")(key=key, value=value, currency="USD", accountName=self._world.account)
            self._send(row)

    def _values(self) -> Iterator[tuple[str, str]]:
        """Yield the account's figures by IB's tags, in alphabetical order as IB sends them."""
        book = self._world.book
        gross = sum((abs(self._value(held)) for held in book.positions()), Decimal(0))
        margin = gross * MARGIN_RATE
        free = book.equity_usd() - margin
        figures = {
            "AvailableFunds": free,
            "BuyingPower": free * 4,
            "EquityWithLoanValue": book.equity_usd(),
            "ExcessLiquidity": free,
            "FullAvailableFunds": free,
            "FullExcessLiquidity": free,
            "FullInitMarginReq": margin,
            "FullMaintMarginReq": margin,
            "GrossPositionValue": gross,
            "InitMarginReq": margin,
            "MaintMarginReq": margin,
            "NetLiquidation": book.equity_usd(),
            "TotalCashValue": book.cash_usd,
        }
        yield from ((tag, f"{value:.2f}") for tag, value in figures.items())

    def _value(self, held: Position) -> Decimal:
        return held.quantity * (self._world.last_price(held.symbol) or held.average_cost)

    def _send_position(self, held: Position) -> None:
        self._send(messages.position(self._world.account, held, self._world.contract(held.symbol)))

    def _send_portfolio(self, held: Position) -> None:
        price = self._world.last_price(held.symbol) or held.average_cost
        book = self._world.book
        value = schema("PortfolioValue")(
            contract=messages.wire_contract(self._world.contract(held.symbol)),
            position=str(held.quantity),
            marketPrice=float(price),
            marketValue=float(held.quantity * price),
            averageCost=float(held.average_cost),
            unrealizedPNL=float(book.unrealized_usd(held.symbol)),
            realizedPNL=float(book.realized_usd(held.symbol)),
            accountName=self._world.account,
        )
        self._send(value)

    def _send_pnl(self) -> None:
        book = self._world.book
        traded = {execution.order.symbol for execution in book.executions()}
        unrealized = float(sum((book.unrealized_usd(symbol) for symbol in traded), Decimal(0)))
        realized = float(sum((book.realized_usd(symbol) for symbol in traded), Decimal(0)))
        for req_id in self._pnls:
            row = schema("PnL")(
                reqId=req_id, dailyPnL=unrealized + realized, unrealizedPnL=unrealized, realizedPnL=realized
            )
            self._send(row)
