"""The state of the world as plain values, for tests and for the control port; pure."""

from typing import Any

from tests.gateway.model import Execution, Order
from tests.gateway.world import World


def state_of(world: World) -> dict[str, Any]:
    """Return orders, executions, positions, cash, clients and counts of frames; money is Decimal, times nanoseconds."""
    book = world.book
    orders = [*book.completed_orders(), *book.open_orders()]
    return {
        "account": world.account,
        "now": world.now,
        "session": {"open": world.market.session.open, "close": world.market.session.close},
        "clients": sorted(world.clients),
        "orders": [_order(order) for order in sorted(orders, key=lambda order: order.perm_id)],
        "executions": [_execution(execution) for execution in book.executions()],
        "positions": {
            held.symbol: {"quantity": held.quantity, "average_cost": held.average_cost} for held in book.positions()
        },
        "cash_usd": book.cash_usd,
        "equity_usd": book.equity_usd(),
        "last_prices": {symbol: price.price for symbol, price in world.last.items()},
        "received": dict(world.log.received),
        "sent": dict(world.log.sent),
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "perm_id": order.perm_id,
        "client_id": order.client_id,
        "order_id": order.order_id,
        "parent_id": order.parent_id,
        "symbol": order.symbol,
        "side": "buy" if order.is_buy else "sell",
        "quantity": order.quantity,
        "type": order.type.value,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "time_in_force": order.time_in_force,
        "order_ref": order.order_ref,
        "status": order.status.value,
        "filled": order.filled,
        "average_price": order.average_price,
    }


def _execution(execution: Execution) -> dict[str, Any]:
    return {
        "exec_id": execution.exec_id,
        "perm_id": execution.order.perm_id,
        "order_ref": execution.order.order_ref,
        "symbol": execution.order.symbol,
        "side": "buy" if execution.order.is_buy else "sell",
        "ts": execution.ts,
        "quantity": execution.quantity,
        "price": execution.price,
        "commission_usd": execution.commission_usd,
    }
