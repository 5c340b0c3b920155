"""
What is version-bound in NautilusTrader 2.0.0rc7, in one place: a new candidate is met here.

Order constructors (their positional signatures move between candidates), the component base
class (Nautilus logs a handler's exception and goes on: trap T6) and the events whose handlers may
not touch the component (trap T15).

"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import NamedTuple, Protocol

from nautilus_trader import __version__
from nautilus_trader.core import UUID4
from nautilus_trader.model import (
    ClientOrderId,
    ContingencyType,
    InstrumentId,
    MarketOrder,
    OrderInitialized,
    OrderListId,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderSide,
    Price,
    Quantity,
    StopMarketOrder,
    StrategyId,
    TimeInForce,
    TraderId,
    TriggerType,
)
from nautilus_trader.trading import StrategyConfig

ENGINE = f"nautilus_trader {__version__}"

# Orders per period that no program reaches: the engine's own throttle would deny exits
UNTHROTTLED = "1000000/00:00:01"

# What the IB adapter says of a command that it did not send: not connected; or two commands of one moment got in each
# other's way while it looked for the order's route (it asks for all open orders before each), and trying again helps.
NOT_READY = "IB_CLIENT_NOT_READY"
LOST_ROUTE = "Cannot resolve"
# After one start in twenty (measured) it has not taken note of an order that rests: no change of it is ever sent
UNTRACKED = "is not tracked for modify"

CHARTS = "plotly"

# Inside their handlers `self.clock`, `self.cache` and the rest raise "Already mutably borrowed" (T15)
UNTOUCHABLE_EVENTS = (OrderInitialized, OrderPendingUpdate, OrderPendingCancel)


class Isolated(Protocol):
    """A component that is told of the exceptions of its own handlers."""

    def on_failure(self, handler: str, error: Exception) -> None: ...


def contained[C: Isolated, M](handler: Callable[[C, M], None]) -> Callable[[C, M], None]:
    """Keep a handler's exception from being lost in the log: hand it to the component's ``on_failure``."""

    @wraps(handler)
    def guarded(component: C, message: M) -> None:
        try:
            handler(component, message)
        except Exception as error:  # noqa: BLE001 - law 13: whatever a handler raises is contained, counted, told
            component.on_failure(handler.__name__, error)

    return guarded


def contained_start[C: Isolated](handler: Callable[[C], None]) -> Callable[[C], None]:
    """Do the same for a handler that takes no message (``on_start``, ``on_stop``)."""

    @wraps(handler)
    def guarded(component: C) -> None:
        try:
            handler(component)
        except Exception as error:  # noqa: BLE001 - see contained
            component.on_failure(handler.__name__, error)

    return guarded


@contextmanager
def without_charts() -> Iterator[None]:
    """
    Keep plotly out of a node, which draws nothing with it: 9 MB and 0.2 s (2026-11-22).

    The first node that is built imports ``nautilus_trader.config``, that the tearsheets, and they plotly, if it can be
    imported. The report imports it later, when it draws.

    """
    if CHARTS in sys.modules:
        yield
        return
    # None: that it cannot be imported
    sys.modules[CHARTS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[CHARTS]


class OrderOwner(NamedTuple):
    """Whose order it is, and of what."""

    trader: TraderId
    strategy: StrategyId
    instrument: InstrumentId


def strategy_config(name: str, order_id_tag: str, claim: str) -> StrategyConfig:
    """
    Return the Nautilus settings that every strategy of ours has.

    Exits of Nautilus default to reduce-only, which IB denies after the stop is gone (trap T1). With the claim the
    orders and the position that rest at the broker are the strategy's again after a restart (T13); it also makes it
    the owner of what was bought by hand (T17), so the owner checks against its journal.

    """
    return StrategyConfig(
        strategy_id=StrategyId(f"{name}-{order_id_tag}"),
        order_id_tag=order_id_tag,
        external_order_instrument_ids=[InstrumentId.from_str(claim)],
        manage_stop=False,
        market_exit_reduce_only=False,
        log_events=False,
        log_commands=False,
    )


def market_order(
    owner: OrderOwner,
    order_id: ClientOrderId,
    side: OrderSide,
    quantity: Quantity,
    ts: int,
    *,
    order_list: OrderListId | None = None,
    child: ClientOrderId | None = None,
) -> MarketOrder:
    """Return a market order for the day, never reduce-only (T1); with a ``child``, the parent of an OTO list."""
    return MarketOrder(
        *owner,
        order_id,
        side,
        quantity,
        UUID4(),
        ts,
        TimeInForce.DAY,
        False,
        False,
        contingency_type=None if child is None else ContingencyType.OTO,
        order_list_id=order_list,
        linked_order_ids=None if child is None else [child],
    )


def stop_order(
    owner: OrderOwner,
    order_id: ClientOrderId,
    side: OrderSide,
    quantity: Quantity,
    trigger: Price,
    ts: int,
    *,
    order_list: OrderListId | None = None,
    parent: ClientOrderId | None = None,
) -> StopMarketOrder:
    """Return a stop-market order that rests until cancelled, so that it survives our death (law 2)."""
    return StopMarketOrder(
        *owner,
        order_id,
        side,
        quantity,
        trigger,
        TriggerType.DEFAULT,
        TimeInForce.GTC,
        False,
        False,
        UUID4(),
        ts,
        order_list_id=order_list,
        parent_order_id=parent,
    )
