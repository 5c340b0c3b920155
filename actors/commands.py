"""
Commands between actors and the owners of symbols: messages in the imperative, all frozen.

Times are UTC nanoseconds since the epoch, event time (law 9); money is ``Decimal`` USD.

"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from actors.words import ExitReason

OPERATORS_HOLDS = OPERATOR, HALT_FILE = "operator", "halt_file"  # sources of ``HoldEntries``: an operator's halt


@dataclass(frozen=True, slots=True)
class RaiseStop:
    """Command to the owner of ``symbol``: move the protective stop to ``trigger`` if that tightens it."""

    ts: int
    symbol: str
    trigger: Decimal
    market: Decimal  # the close it was found at, USD


@dataclass(frozen=True, slots=True)
class RepairStop:
    """Command to the owner of ``symbol``: make the resting stop equal to the position."""

    ts: int
    symbol: str
    detail: str


@dataclass(frozen=True, slots=True)
class Flatten:
    """Command to the owner of ``symbol`` ("" = all): cancel what works, close what is held."""

    ts: int
    reason: ExitReason
    detail: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """Command to all owners: no entries in ``session`` (None = until resumed) and go flat."""

    ts: int
    session: date | None
    reason: ExitReason
    detail: str


@dataclass(frozen=True, slots=True)
class LockSymbol:
    """Command to the owner of ``symbol``: no more entries, what is held is not all ours (law 11)."""

    ts: int
    symbol: str
    detail: str


@dataclass(frozen=True, slots=True)
class HoldEntries:
    """Command to the owner of ``symbol`` ("" = all): no entry until ``source`` releases them again."""

    ts: int
    source: str  # who asks: "link", "data", "reconciliation", or one of OPERATORS_HOLDS
    detail: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseEntries:
    """Command to the owner of ``symbol`` ("" = all): what ``source`` held is free again."""

    ts: int
    source: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawEntries:
    """Command to all owners: cancel what of an entry has not filled; what has stays, behind its stop."""

    ts: int


@dataclass(frozen=True, slots=True)
class FetchMissedBars:
    """Command to the owner of ``symbol`` ("" = all): ask for the bars since the last one seen."""

    ts: int
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class SubscribeAnew:
    """Command to all who hear the bars of ``symbol`` ("" = all): drop the subscription and make it again."""

    ts: int
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class StopNode:
    """Command to the helm: end the session now; stops stay at the broker. Exit 4: a restart can help."""

    ts: int
    exit_code: int
    detail: str
    restarts: bool = False  # by itself: the start takes the truth from the broker
