"""
Do our books agree with the broker's? Three numbers of a symbol and the time in, a verdict out. Pure.

The broker's is what the ear heard, ours what the owner of the symbol holds, the engine's what is in its cache. A fill
on its way makes them differ for a moment: what matters is a difference that lasts. While an order works fills may come
one after the other, so there the very same difference has to last: then it is a fill that we were never told.

"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto

NANOS_IN_SECOND = 1_000_000_000
LASTING_NS = 10 * NANOS_IN_SECOND  # a fill is told when its commission report comes, 6 s at the latest (T8)
AFTER_OUTAGE_NS = 3 * NANOS_IN_SECOND  # what filled while the link was down is not on its way any more
RECENT_NS = 2 * NANOS_IN_SECOND  # a change of ours so recent may be later than what the ear heard


@dataclass(frozen=True, slots=True)
class Counts:
    """Signed shares of a symbol, by who counted them."""

    broker: Decimal
    owner: int
    engine: int

    @property
    def agree(self) -> bool:
        return self.broker == self.owner == self.engine

    @property
    def is_engine_behind(self) -> bool:
        """The engine does not know what the broker holds, and could: it counts whole shares."""
        return self.broker != self.engine and self.broker == self.broker.to_integral_value()

    def __str__(self) -> str:
        ours = f"our books {self.owner}"
        if self.owner != self.engine:
            ours += f", NautilusTrader's {self.engine}"
        return f"the broker holds {self.broker}, {ours}"


class Verdict(Enum):
    """What a comparison calls for."""

    AGREE = auto()
    WAIT = auto()  # they differ, or cannot be compared yet
    LOCK = auto()  # somebody else trades the symbol (law 11)
    RESTART = auto()  # the engine does not follow the broker


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as it was counted last, and since when there is one."""

    counts: Counts
    since_ns: int


class BookRules:
    """The comparisons of one symbol."""

    def __init__(self) -> None:
        self.difference: Difference | None = None

    def compare(self, counts: Counts, now_ns: int, patience_ns: int, *, is_working: bool, changed_ns: int) -> Verdict:
        """
        Compare what was counted just now.

        Parameters
        ----------
        counts : Counts
            The three numbers.
        now_ns : int
            Wall time.
        patience_ns : int
            How long a difference may last.
        is_working : bool
            Whether an entry or an exit is under way.
        changed_ns : int
            Wall time of the last change that the owner told.

        """
        if counts.agree:
            self.difference = None
            return Verdict.AGREE
        if now_ns - changed_ns < RECENT_NS:
            self.difference = None
            return Verdict.WAIT
        if self.difference is None or (is_working and counts != self.difference.counts):
            self.difference = Difference(counts, now_ns)
        self.difference = replace(self.difference, counts=counts)
        if now_ns - self.difference.since_ns < (max(patience_ns, LASTING_NS) if is_working else patience_ns):
            return Verdict.WAIT
        return Verdict.RESTART if counts.is_engine_behind else Verdict.LOCK

    def forget(self) -> None:
        """Count anew: the link was down, so nothing could agree."""
        self.difference = None
