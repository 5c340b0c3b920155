"""Imported by a node (``sooner`` of the rig), it gives the trailing stop a bug at one minute of the session."""

from typing import Any

from actors.trailing_stop_manager import TrailingStopManager
from tests.integration.unruly_rules import minute_of

MINUTE = 0

_closed = TrailingStopManager._closed


def _poisoned(manager: TrailingStopManager, symbol: str, ts: int, *prices: Any) -> None:
    if minute_of(ts) == MINUTE:
        raise ZeroDivisionError("a bug in an actor")
    _closed(manager, symbol, ts, *prices)


TrailingStopManager._closed = _poisoned
