"""
A node with the real adapter, for test_gateway_adapter: ``gateway_node.py PORT CONTROL_PORT COMMANDS``.

Its strategy does at its n-th bar what COMMANDS, {"n": word} in JSON, says, and acknowledges each bar and each fill. It
prints what it saw, one line of JSON for each, and ends with the word "stop".

"""

import json
import socket
import sys
from datetime import timedelta
from typing import Any

from nautilus_trader.adapters.interactive_brokers import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersDataClientFactory,
    InteractiveBrokersExecutionClientConfig,
    InteractiveBrokersExecutionClientFactory,
    InteractiveBrokersInstrumentProviderConfig,
    SymbologyMethod,
)
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.core import UUID4
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig, RoutingConfig
from nautilus_trader.model import (
    BarType,
    ContingencyType,
    InstrumentId,
    MarketOrder,
    OrderSide,
    StopMarketOrder,
    StrategyId,
    TimeInForce,
    TraderId,
    TriggerType,
)
from nautilus_trader.trading import Strategy, StrategyConfig

AAPL = InstrumentId.from_str("AAPL.NASDAQ")
MINUTE = BarType.from_str("AAPL.NASDAQ-1-MINUTE-LAST-EXTERNAL")
QUANTITY = 10


def say(what: str, **details: Any) -> None:
    print(json.dumps({"what": what} | details), flush=True)


class Walker(Strategy):
    """Does at each bar what it is told, and says how far it is."""

    port = 0
    commands: dict[str, str] = {}  # noqa: RUF012 - set once, before the node is built

    def __init__(self, config: StrategyConfig) -> None:
        super().__init__(config)
        self.count = 0
        self.sent = 0  # order messages since the last word
        self.line = socket.create_connection(("127.0.0.1", self.port))

    def on_start(self) -> None:
        held = [str(position.signed_qty) for position in self.cache.positions_open(instrument_id=AAPL)]
        say("start", positions=held, stops=len(self.stops()))
        self.subscribe_quotes(AAPL)
        self.request_bars(MINUTE, start=self.clock.utc_now() - timedelta(days=5))

    def on_historical_bars(self, bars: list[Any]) -> None:
        say("history", count=len(bars), last=bars[-1].ts_event)
        self.subscribe_bars(MINUTE)

    def on_bar(self, bar: Any) -> None:
        self.count += 1
        say("bar", ts=bar.ts_event, close=str(bar.close), init=bar.ts_init)
        word = self.commands.get(str(self.count))
        if word:
            getattr(self, f"do_{word}")(float(str(bar.close)))
        self.acknowledge(bars=1, order_frames=self.sent)
        self.sent = 0

    def acknowledge(self, **how_far: int) -> None:
        self.line.sendall(json.dumps({"do": "acknowledge"} | how_far).encode() + b"\n")

    def on_order_event(self, event: Any) -> None:
        kind = type(event).__name__
        say("event", kind=kind, price=str(getattr(event, "last_px", "")), ts=event.ts_event)
        if kind == "OrderFilled":
            self.acknowledge(fills=1)

    def stops(self) -> list[Any]:
        return [order for order in self.cache.orders_open(instrument_id=AAPL) if isinstance(order, StopMarketOrder)]

    # Commands

    def do_buy(self, close: float) -> None:
        self.enter(OrderSide.BUY, OrderSide.SELL, close * 0.9)

    def do_sell(self, close: float) -> None:
        self.enter(OrderSide.SELL, OrderSide.BUY, close * 1.1)

    def do_move(self, close: float) -> None:
        (stop,) = self.stops()
        price = close * (0.95 if stop.side == OrderSide.SELL else 1.05)
        self.modify_order(stop.client_order_id, trigger_price=self.cache.instrument(AAPL).make_price(price))
        self.sent += 1

    def do_leave(self, _close: float) -> None:
        (stop,) = self.stops()
        self.cancel_order(stop.client_order_id)
        self.submit_order(self.market(stop.side))
        self.sent += 2

    def do_stop(self, _close: float) -> None:
        self.shutdown_system("told to")

    def enter(self, side: OrderSide, other: OrderSide, trigger: float) -> None:
        instrument = self.cache.instrument(AAPL)
        listed = self.order_factory.generate_order_list_id()
        stop_id = self.order_factory.generate_client_order_id()
        entry = self.market(
            side, contingency_type=ContingencyType.OTO, order_list_id=listed, linked_order_ids=[stop_id]
        )
        stop = StopMarketOrder(
            self.trader_id,
            self.strategy_id,
            AAPL,
            stop_id,
            other,
            instrument.make_qty(QUANTITY),
            instrument.make_price(trigger),
            TriggerType.DEFAULT,
            TimeInForce.GTC,
            False,
            False,
            UUID4(),
            self.clock.timestamp_ns(),
            order_list_id=listed,
            parent_order_id=entry.client_order_id,
        )
        self.submit_order_list([entry, stop])
        self.sent += 2

    def market(self, side: OrderSide, **more: Any) -> MarketOrder:
        return MarketOrder(
            self.trader_id,
            self.strategy_id,
            AAPL,
            self.order_factory.generate_client_order_id(),
            side,
            self.cache.instrument(AAPL).make_qty(QUANTITY),
            UUID4(),
            self.clock.timestamp_ns(),
            TimeInForce.DAY,
            False,
            False,
            **more,
        )


def main(port: int, control_port: int, commands: dict[str, str]) -> None:
    """Connect, walk, end."""
    Walker.port, Walker.commands = control_port, commands
    instruments = InteractiveBrokersInstrumentProviderConfig(
        symbology_method=SymbologyMethod.SIMPLIFIED, load_ids={AAPL}
    )
    where = {"host": "127.0.0.1", "port": port, "client_id": 1, "instrument_provider": instruments}
    config = LiveNodeConfig(
        environment=Environment.LIVE,
        trader_id=TraderId("TRADER-001"),
        logging=LoggerConfig(stdout_level=LogLevel.ERROR),
        timeout_connection_secs=20.0,
        delay_post_stop_secs=0.2,
    )
    routing = RoutingConfig(default=True)
    builder = LiveNodeBuilder.from_config("TRADER-001", config)
    builder = builder.add_data_client(
        None, InteractiveBrokersDataClientFactory(), InteractiveBrokersDataClientConfig(**where), routing
    )
    builder = builder.add_exec_client(
        None,
        InteractiveBrokersExecutionClientFactory(),
        InteractiveBrokersExecutionClientConfig(account_id="DU1234567", **where),
        routing,
    )
    node = builder.build()
    node.add_strategy(
        Walker(
            StrategyConfig(strategy_id=StrategyId("S-001"), order_id_tag="001", external_order_instrument_ids=[AAPL])
        )
    )
    node.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
