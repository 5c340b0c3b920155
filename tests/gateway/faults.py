"""What can go wrong on command: the switches, and what they do to a frame; no sockets."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

TEXTS = {
    110: "The price does not conform to the minimum price variation for this contract.",
    161: "Cancel attempted when order is not in a cancellable state.",
    162: "Historical Market Data Service error message:No market data permissions",
    201: "Order rejected - reason:We are unable to accept your order.",
    202: "Order Canceled - reason:",
    354: "Requested market data is not subscribed.Displaying delayed market data is available.",
    460: "No trading permissions.",
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
    1300: "TWS socket port has been reset and this connection is being dropped.",
    2103: "Market data farm connection is broken:usfarm",
    2104: "Market data farm connection is OK:usfarm",
    2105: "HMDS data farm connection is broken:ushmds",
    2106: "HMDS data farm connection is OK:ushmds",
    2107: "HMDS data farm connection is inactive but should be available upon demand.ushmds",
    2108: "Market data farm connection is inactive but should be available upon demand.usfarm",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
    2157: "Sec-def data farm connection is broken:secdefnj",
    2158: "Sec-def data farm connection is OK:secdefnj",
    10089: "Requested market data requires additional subscription for API.",
    10147: "OrderId that needs to be cancelled is not found.",
    10148: "OrderId that needs to be cancelled can not be cancelled, state: Filled.",
    10182: "Failed to request live updates (disconnected).",
    10197: "No market data during competing live session",
}
DATA_CODES = (162, 354, 10089, 10182, 10197)  # they speak of a subscription, not of the connection
ORDER_REQUESTS = ("place", "modify", "cancel")


def text_of(code: int, text: str | None) -> str:
    """Return the text of a code: the given one, or the one IB sends."""
    return TEXTS.get(code, f"Error {code}") if text is None else text


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an order request is answered instead of being served, and when; code 0 = not at all."""

    code: int
    text: str
    after_secs: float


@dataclass(slots=True)
class Faults:
    """
    The switches.

    Attributes
    ----------
    silent : set[str]
        Symbols whose market data is withheld; "*" = all.
    data_refusal : int
        Code that answers every new request for market data; 0 = none.
    commission_delay_secs : float
        How long after a fill its commission is told.
    is_commission_withheld : bool
        Commissions are not told at all.

    """

    silent: set[str] = field(default_factory=set)
    data_refusal: int = 0
    commission_delay_secs: float = 0.0
    is_commission_withheld: bool = False
    swallowed: list[Callable[[], None]] = field(default_factory=list)  # each serves a request after all
    refused: list[Callable[[], None]] = field(default_factory=list)  # the same
    _refusals: dict[str, deque[Refusal]] = field(default_factory=lambda: {kind: deque() for kind in ORDER_REQUESTS})
    _doubled: Counter[str] = field(default_factory=Counter)
    _overtaken: Counter[str] = field(default_factory=Counter)
    _lost: Counter[str] = field(default_factory=Counter)
    _waiting: list[bytes] = field(default_factory=list)

    def refuse(self, request: str, refusal: Refusal, count: int) -> None:
        """Answer the next requests of a kind (place, modify, cancel) with a refusal."""
        self._refusals_of(request).extend([refusal] * count)

    def accept(self, request: str) -> None:
        """Serve the next requests of a kind."""
        self._refusals_of(request).clear()

    def take_refusal(self, request: str) -> Refusal | None:
        waiting = self._refusals_of(request)
        return waiting.popleft() if waiting else None

    def _refusals_of(self, request: str) -> deque[Refusal]:
        if request not in ORDER_REQUESTS:
            raise ValueError(f"Expected one of {', '.join(ORDER_REQUESTS)}, was {request!r}.")
        return self._refusals[request]

    def double(self, kind: str, count: int) -> None:
        """Send the next messages of a kind twice."""
        self._doubled[kind] += count

    def lose(self, kind: str, count: int) -> None:
        """Do not send the next messages of a kind."""
        self._lost[kind] += count

    def overtake(self, kind: str, count: int) -> None:
        """Send the next messages of a kind after the message that follows them."""
        self._overtaken[kind] += count

    def is_silent(self, symbol: str) -> bool:
        return bool(self.silent) and ("*" in self.silent or symbol in self.silent)

    def on_the_way(self, kind: str, frame: bytes) -> list[bytes]:
        """Return what really leaves in place of a frame, in order."""
        if _take(self._lost, kind):
            return []
        if _take(self._overtaken, kind):
            self._waiting.append(frame)
            return []
        late, self._waiting = self._waiting, []
        return [frame] * (2 if _take(self._doubled, kind) else 1) + late


def _take(counter: Counter[str], kind: str) -> bool:
    if counter[kind] <= 0:
        return False
    counter[kind] -= 1
    return True
