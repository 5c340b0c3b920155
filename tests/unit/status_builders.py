"""A symbol as its owner sees it, for the tests of status and control."""

from decimal import Decimal
from typing import Any

from actors.messages import OrderRole, Side
from actors.status.desk_facts import Objection, SymbolFacts, WorkingOrder

AAPL, MSFT = "AAPL.NASDAQ", "MSFT.NASDAQ"


def flat(symbol: str = AAPL, **changes: Any) -> SymbolFacts:
    facts: dict[str, Any] = {
        "symbol": symbol,
        "quantity": 0,
        "phase": "flat",
        "rule": "",
        "average_price": None,
        "last_close": Decimal(101),
        "last_bar_ts": 0,
        "stop_trigger": None,
        "stop_shares": 0,
        "was_raised": False,
        "exit_reason": None,
        "lock": "",
        "is_reachable": True,
        "objection": Objection(),
        "orders": (),
    }
    return SymbolFacts(**facts | changes)


def held(symbol: str = AAPL, side: Side = Side.LONG, **changes: Any) -> SymbolFacts:
    """Return 100 shares entered at 100, with a stop of 5 USD, marked at 101."""
    stop = Decimal(100 - 5 * side)
    facts: dict[str, Any] = {
        "quantity": 100 * side,
        "phase": "open",
        "rule": "momentum",
        "average_price": Decimal(100),
        "stop_trigger": stop,
        "stop_shares": 100,
        "orders": (WorkingOrder(f"O-{symbol}-2", OrderRole.STOP, 100, stop),),
    }
    return flat(symbol, **facts | changes)
