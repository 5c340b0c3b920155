"""
The vocabulary of the gateway: what a test, or a person at the control port, can ask of it.

Every public method is a command; its arguments and answers are plain values, so that the same words serve the handle in
this process and the lines of JSON on the control port. All of them run on the gateway's own event loop.

"""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.gateway.codec import framed
from tests.gateway.faults import DATA_CODES, Refusal, text_of
from tests.gateway.feed import Feed
from tests.gateway.model import OrderType, Status
from tests.gateway.server import Server
from tests.gateway.state import state_of
from tests.gateway.world import World

ALL_SYMBOLS = "*"
# Message id 205, an open order, followed by what is no protobuf.
UNREADABLE_ORDER = (205).to_bytes(4) + b"\xff\xff\xff\xff"


class Commands:
    """Everything that can be asked of a running gateway."""

    def __init__(self, world: World, server: Server, feed: Feed) -> None:
        self._world = world
        self._server = server
        self._feed = feed

    def state(self) -> dict[str, Any]:
        """Return orders, executions, positions, cash, clients, and how many frames there were of each kind."""
        feed = self._feed
        how_far = {"has_begun": feed.has_begun, "is_over": feed.is_over, "is_done": feed.is_done}
        return state_of(self._world) | how_far

    # Time

    def begin(self) -> None:
        """Begin the session though nobody has subscribed to bars."""
        self._feed.begin()

    def step(self, count: int = 1) -> int:
        """Play the next slices of five seconds at once, and return where the session stands."""
        for _ in range(count):
            if not self._feed.is_over:
                self._feed.step()
        return self._world.now

    def advance_to(self, ts: int) -> None:
        """Play everything up to a time of the session at once."""
        self._feed.advance_to(ts)

    def acknowledge(self, bars: int = 0, fills: int = 0, order_frames: int = 0) -> None:
        """
        In lock-step: say how far the node is; the session goes on once it has caught up.

        How many closed bars and fills it has dealt with, and how many order messages it has sent, since its last word.
        While an order is in flight it better says nothing, for the answer may cause the next one; if it waits for all
        answers, it need not count its order messages.

        """
        if self._feed.lockstep is None:
            raise ValueError("Expected a gateway in lock-step; start it so.")
        self._feed.lockstep.acknowledge(bars, fills, order_frames)

    def end_of_day(self) -> None:
        """Cancel what is good for the day only."""
        self._world.book.end_of_day()

    # The connection

    def drop(self) -> None:
        """Break every connection; new ones are welcome."""
        self._server.drop()

    def refuse_connections(self) -> None:
        """Accept no new connection."""
        self._server.refuse()

    async def accept_connections(self) -> None:
        """Accept connections again, on the same port."""
        await self._server.listen(self._server.port)

    async def restart(self, secs: float = 0.0) -> None:
        """Restart as the gateway does every night: drop everyone and be away for some seconds."""
        self._server.refuse()
        self._server.drop()
        await asyncio.sleep(secs)
        await self.accept_connections()

    def hang(self) -> None:
        """Keep the connections, but read and send nothing."""
        self._server.hang(True)

    def resume(self) -> None:
        """End a hang: what was held back goes out, what came in is read."""
        self._server.hang(False)

    def notice(self, code: int, text: str | None = None) -> None:
        """Tell every client a notice such as 1100 or 2103; a code of a subscription ends all subscriptions."""
        if code not in DATA_CODES:
            self._world.notice(code, text)
            return
        for client in self._world.clients.values():
            client.data.broken(code, text_of(code, text))

    def bad_frame(self, payload_hex: str | None = None) -> None:
        """Send every client something unreadable: by default an open order that is no protobuf."""
        self._server.send_raw(framed(bytes.fromhex(payload_hex) if payload_hex else UNREADABLE_ORDER))

    # Messages

    def double(self, kind: str, count: int = 1) -> None:
        """Send the next messages of a kind, such as "ExecutionDetails", twice."""
        self._world.faults.double(kind, count)

    def lose(self, kind: str, count: int = 1) -> None:
        """Do not send the next messages of a kind."""
        self._world.faults.lose(kind, count)

    def overtake(self, kind: str, count: int = 1) -> None:
        """Send the next messages of a kind after the message that follows them."""
        self._world.faults.overtake(kind, count)

    # Market data

    def silence(self, symbol: str = ALL_SYMBOLS) -> None:
        """Withhold the market data of a symbol; prices go on, and orders fill."""
        self._world.faults.silent.add(symbol)

    def speak(self) -> None:
        """End every silence."""
        self._world.faults.silent.clear()

    def refuse_data(self, code: int = 0) -> None:
        """Answer every new request for market data with a code such as 354; 0 = serve them again."""
        self._world.faults.data_refusal = code

    def shock(self, symbol: str, pct: float | str) -> None:
        """Move the price of a symbol by a percentage from here on."""
        self._world.contract(symbol)
        self._world.shock(symbol, Decimal(str(pct)))

    # Orders

    def reject(self, request: str, code: int, text: str | None = None, count: int = 1, after_secs: float = 0.0) -> None:
        """Refuse the next requests of a kind (place, modify, cancel) with a code, each after a time."""
        self._world.faults.refuse(request, Refusal(code, text_of(code, text), after_secs), count)

    def accept(self, request: str) -> None:
        """Serve the next requests of a kind again, whatever was to be done with them."""
        self._world.faults.accept(request)

    def swallow(self, request: str = "place", count: int = 1) -> None:
        """Take the next requests of a kind (place, modify, cancel), and neither serve nor answer them."""
        self._world.faults.refuse(request, Refusal(0, "", 0.0), count)

    def serve_swallowed(self) -> None:
        """Serve what was swallowed, as if it had been slow: in the order in which it came."""
        late, self._world.faults.swallowed = self._world.faults.swallowed, []
        for serve in late:
            serve()

    def serve_refused(self) -> None:
        """Serve what was refused, as a broker that changes its mind: in the order in which it came."""
        refused, self._world.faults.refused = self._world.faults.refused, []
        for serve in refused:
            serve()

    def reject_accepted(self, perm_id: int) -> None:
        """Reject an order that was accepted: 201, and its status is Inactive."""
        self._world.book.think_again(perm_id)

    def misreport(self, perm_id: int, status: str) -> None:
        """Tell the client of an order that it is Cancelled or Inactive, though it works on; its fills are told."""
        order = next(order for order in self._world.book.open_orders() if order.perm_id == perm_id)
        self._world.order_changed(replace(order, status=Status(status)))

    def delay_commissions(self, secs: float) -> None:
        """Tell commissions this much later than their fills."""
        self._world.faults.commission_delay_secs = secs

    def withhold_commissions(self, on: bool = True) -> None:
        """Tell no commissions, or tell them again."""
        self._world.faults.is_commission_withheld = on

    def withhold_fills(self, symbol: str, on: bool = True) -> None:
        """Let the orders of a symbol not fill, or fill again."""
        withheld = self._world.book.withheld
        (withheld.add if on else withheld.discard)(symbol)

    def split_fills(self, parts: int) -> None:
        """Fill orders in this many parts, one with each price."""
        self._world.book.parts = parts

    # By hand, at the broker's own screen

    def trade(self, symbol: str, side: str, quantity: int, price: str | None = None) -> int:
        """Buy or sell at once, at the last price unless given; return the permanent id."""
        at = Decimal(price) if price is not None else self._world.last_price(symbol)
        if at is None:
            raise ValueError(f"Expected a symbol that has traded, was {symbol!r}; give a price.")
        return self._world.book.trade_by_hand(symbol, _is_buy(side), quantity, at).perm_id

    def place(self, symbol: str, side: str, quantity: int, type: str = "MKT", price: str | None = None) -> int:  # noqa: A002
        """Place an order that no client knows; return its permanent id."""
        at = Decimal(price) if price is not None else None
        return self._world.book.place_by_hand(symbol, _is_buy(side), quantity, OrderType(type), at).perm_id

    def cancel(self, perm_id: int) -> None:
        """Cancel any order, whoever placed it."""
        self._world.book.cancel_by_hand(perm_id)


def _is_buy(side: str) -> bool:
    if side not in ("buy", "sell"):
        raise ValueError(f"Expected side 'buy' or 'sell', was {side!r}.")
    return side == "buy"
