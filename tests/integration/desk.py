"""An owner's counterpart for tests: remembers what it sends and says, and plays the broker with real order events."""

from decimal import Decimal
from inspect import signature
from types import SimpleNamespace

import nautilus_trader.model as nm
from nautilus_trader.core import UUID4

from actors.messages import AlertRaised, ExitReason, PositionReported, Side, Topic
from actors.stop_coverage import uncovered
from catalog.instruments import make_equity
from strategies.command_lane import CommandLane
from strategies.position_owner import PositionOwner
from tests.integration.rig import AAPL, QUIET, setup_of

USD = nm.Currency.from_str("USD")
COMMON = {
    "trader_id": nm.TraderId("T-1"),
    "strategy_id": nm.StrategyId("S-1"),
    "instrument_id": nm.InstrumentId.from_str(AAPL),
    "venue_order_id": nm.VenueOrderId("V-1"),
    "account_id": nm.AccountId("SIM-1"),
    "trade_id": nm.TradeId("E-1"),
    "order_side": nm.OrderSide.BUY,
    "order_type": nm.OrderType.MARKET,
    "currency": USD,
    "liquidity_side": nm.LiquiditySide.TAKER,
    "commission": nm.Money.from_decimal(Decimal(1), USD),
    "reason": "as the test wants",
    "ts_event": 7,
    "ts_init": 7,
    "reconciliation": False,
}


def event(kind: str, order_id: str, **own: object) -> object:
    """Return an engine's event of an order; what the kind does not take of the common values is left out."""
    maker = getattr(nm, f"Order{kind}")
    values = COMMON | own | {"client_order_id": nm.ClientOrderId(order_id), "event_id": UUID4()}
    return maker(**{name: values[name] for name in signature(maker).parameters if name in values})


class Desk:
    """
    A strategy that remembers what its owner sends and says; its law 4 is watched, its broker is played by hand.

    Prices are distances from 100 on the position's side, shares are positive when they add to it. Orders are numbered:
    1 is the entry, 2 its stop.

    """

    clock = SimpleNamespace(timestamp_ns=lambda: 0)
    trader_id, strategy_id = COMMON["trader_id"], COMMON["strategy_id"]

    def __init__(self, side: Side) -> None:
        self.side, self.sent, self.said, self.returned = side, [], [], []
        self.order_factory, self._ids, self._sides = self, 0, {}
        self.cache = SimpleNamespace(
            positions_open=lambda **_: [SimpleNamespace(signed_qty=self.owner.holding.quantity)]
        )
        self.owner = PositionOwner(self, setup_of(QUIET), CommandLane(is_serial=False))
        self.owner.start(make_equity(AAPL))
        self.market = Decimal(100)
        self.owner.market = self.market

    def generate_client_order_id(self) -> nm.ClientOrderId:
        self._ids += 1
        return nm.ClientOrderId(f"O-{self._ids}")

    def generate_order_list_id(self) -> None:
        return None

    def submit_order(self, order) -> None:
        self.submit_order_list([order])

    def submit_order_list(self, orders) -> None:
        for order in orders:
            self._sides[order.client_order_id.value[2:]] = order.side
            shares = int(order.quantity) * (1 if (order.side == nm.OrderSide.BUY) == (self.side is Side.LONG) else -1)
            self.sent.append(f"send {shares}{self._distance(getattr(order, 'trigger_price', None))}")

    def cancel_order(self, order_id) -> None:
        self.sent.append(f"cancel {order_id.value[2:]}")

    def modify_order(self, order_id, quantity=None, trigger_price=None) -> None:
        self.sent.append(f"modify {order_id.value[2:]}{self._distance(trigger_price)} {quantity or ''}")

    def publish_message(self, topic: Topic, message: object) -> None:
        self.said.append(message)
        if isinstance(message, PositionReported) and not message.is_resizing and uncovered(message):
            self.said.append(AlertRaised(message.ts, "uncovered", "critical", ""))
            self.owner.repair_stop(message.ts)

    def _distance(self, price: nm.Price | None) -> str:
        return "" if price is None else f" at {float((price.as_decimal() - 100) * self.side):g} "

    def price(self, distance: str) -> Decimal:
        return 100 + self.side * Decimal(distance)

    def happens(self, what: str, *words: str) -> None:
        if what == "enter":
            self.owner.enter("rule", "D-1", self.side, 100, self.price("-5"), 5)
        elif what in ("retry", "time_out_entry", "repair_stop"):
            getattr(self.owner, what)(60 * 10**9)
        elif what == "exit":
            self.owner.exit(ExitReason(words[0]), 9)
        elif what == "mark":
            self.market = self.price(words[0])
            self.owner.market = self.market
        elif what == "raise_stop":
            self.owner.raise_stop(self.price(words[0]), self.market)
        elif what == "Filled":
            self._hears(what, words[0], last_qty=words[1], last_px=words[2] if words[2:] else "0")
        else:
            self._hears(what, *words[:1], **dict(zip(("quantity", "trigger_price"), words[1:], strict=False)))

    def _hears(self, kind: str, number: str, **own: str) -> None:
        make = {"quantity": nm.Quantity.from_str, "last_qty": nm.Quantity.from_str}
        values = {k: make.get(k, lambda v: nm.Price.from_decimal_dp(self.price(v), 2))(v) for k, v in own.items()}
        values["order_side"] = self._sides[number]
        self.returned.append(self.owner.on_order_event(event(kind, f"O-{number}", **values)))

    def plays(self, talk: str) -> None:
        """Play lines of ``what happens > what the owner sends, ...``."""
        for line in talk.strip().splitlines():
            what, _, sends = line.partition(">")
            self.happens(*what.split())
            sent, self.sent = [" ".join(words.split()) for words in self.sent], []
            assert ", ".join(sent) == sends.strip(), line

    def all_of(self, kind: type) -> list:
        return [message for message in self.said if isinstance(message, kind)]


ENTER = "enter > send 100, send -100 at -5\n"
HOLD = ENTER + "Filled 1 100\nAccepted 2\n"
