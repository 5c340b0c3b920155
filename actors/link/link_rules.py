"""
How the broker can be reached: what was heard and the time in, a state and what a person should know out. Pure.

DOWN: the gateway is gone or does not answer, or the node's own connection is being made anew. DEGRADED: the gateway has
lost its own line (1100, 2110), the adapter refuses orders, or everything is back and the books are not compared yet.
UP: the rest.

A broken data farm (2103, 2105) leaves the state alone: orders and exits go on, entries are held under a name of their
own. The farm of contract definitions (2157) matters to no running session. It does not know how old the bars are.

"""

from collections.abc import Iterator

from actors.link.heard import AdapterBack, AdapterLost, Connected, Deaf, Heard, Lost, Notice, OrderStreamEnded
from actors.messages import AlertRaised, LinkState

NANOS_IN_SECOND = 1_000_000_000
ADAPTER_NS = 45 * NANOS_IN_SECOND  # its longest pause between two attempts is 30 s; after 20 (7.4 minutes) it gives up
REFUSED_NS = 10 * NANOS_IN_SECOND  # a refusal so long after the return is no race with it
CONFIRM_NS = 2 * NANOS_IN_SECOND  # for a loss to be heard that explains a refusal
LINE_LOST, LINE_BACK, DATA_LOST = {1100, 2110}, {1101, 1102}, 1101
FARM_BROKEN = {2103: "market data", 2105: "history"}
FARM_BACK = {2104: "market data", 2108: "market data", 2106: "history", 2107: "history"}  # 2107, 2108: idle, on demand


class LinkRules:
    """
    The state of the line; each step is told once.

    Parameters
    ----------
    settle_secs : float
        How long after a return the engine may take to compare orders and positions with the broker's; a comparison of
        ours that agrees ends the waiting before.

    """

    def __init__(self, settle_secs: float) -> None:
        self.farms: dict[str, str] = {}  # the broken ones: name → what of them
        self.is_dead = False  # only a restart helps
        self.has_lost_data = False  # the gateway forgot our subscriptions; the listener takes note and clears it
        self._settle_ns = int(settle_secs * NANOS_IN_SECOND)
        self._lost = ""  # why the gateway cannot be reached
        self._line_lost = ""  # the gateway's own
        self._is_adapter_lost = False
        self._adapter_lost_ns = 0
        self._was_heard = False
        self._is_unwatched = False
        self._is_settled = True
        self._refused_ns = 0  # when the adapter refused an order and nothing explained it yet
        self._back_ns = 0  # when the last of what was gone came back
        self._down_ns = 0  # since when it is not UP

    @property
    def state(self) -> LinkState:
        if self._lost or self._is_adapter_lost:
            return LinkState.DOWN
        return LinkState.UP if self._is_settled and not self._line_lost else LinkState.DEGRADED

    @property
    def detail(self) -> str:
        """Say why it is not UP."""
        reasons = {
            self._lost: bool(self._lost),
            "the node's own connection is being made again": self._is_adapter_lost,
            self._line_lost: bool(self._line_lost),
            "only a restart helps": self.is_dead,
            "the adapter refuses orders": bool(self._refused_ns),
            "it is back, orders and positions are being compared": not self._is_settled,
        }
        return next((reason for reason, is_so in reasons.items() if is_so), "")

    def hear(self, heard: Heard, now_ns: int) -> list[AlertRaised]:
        """Take in what was heard."""
        before = self.state
        told: list[AlertRaised] = []
        match heard:
            case Connected():
                self._was_heard, self._is_unwatched = True, False
                self._gateway_is_back(now_ns)
            case Deaf(reason=reason):
                self._gateway_is_back(now_ns)
                told = self._unwatched(reason, now_ns)
            case Lost(reason=reason) if not self._was_heard:
                told = self._unwatched(reason, now_ns)
            case Lost(reason=reason):
                self._lost, self._refused_ns = reason, 0
            case AdapterLost():
                self._is_adapter_lost, self._adapter_lost_ns, self._refused_ns = True, now_ns, 0
            case AdapterBack():
                self._returned(now_ns, was_gone=self._is_adapter_lost)
                self._is_adapter_lost = False
            case OrderStreamEnded(reason=reason):
                told = self._died(reason, now_ns)
            case Notice(code=code, text=text):
                told = self._notice(code, text, now_ns)
        return told + self._changed(before, now_ns)

    def compared(self, now_ns: int, *, agrees: bool) -> list[AlertRaised]:
        """Take in a comparison of our books with the broker's."""
        before = self.state
        if agrees and self._may_settle:
            self._is_settled = True
        return self._changed(before, now_ns)

    def look(self, now_ns: int) -> list[AlertRaised]:
        """Take in that time passes."""
        before, told = self.state, []
        since_back_ns = now_ns - self._back_ns
        if self._refused_ns and now_ns - self._refused_ns > CONFIRM_NS:
            is_late = self._refused_ns - self._back_ns > REFUSED_NS
            self._refused_ns = 0
            told = self._died("the adapter refuses orders though the gateway answers", now_ns) if is_late else []
        reconnects_ns = now_ns - max(self._back_ns, self._adapter_lost_ns)
        if self._is_adapter_lost and not self._lost and reconnects_ns > ADAPTER_NS:
            told += self._died("the node's connection did not come back with the gateway", now_ns)
        if self._may_settle and since_back_ns >= self._settle_ns:
            self._is_settled = True
        return told + self._changed(before, now_ns)

    def refused(self, now_ns: int) -> list[AlertRaised]:
        """Take in that the adapter refused an order because it holds itself not ready."""
        before = self.state
        if before is LinkState.UP:
            self._refused_ns, self._is_settled = now_ns, False
        return self._changed(before, now_ns)

    @property
    def _may_settle(self) -> bool:
        is_gone = self._lost or self._is_adapter_lost or self._line_lost
        return not (is_gone or self._refused_ns or self.is_dead)

    def _gateway_is_back(self, now_ns: int) -> None:
        self._returned(now_ns, was_gone=bool(self._lost or self._line_lost))
        self._lost = self._line_lost = ""
        self.farms.clear()  # it tells anew what is broken, its own line too

    def _returned(self, now_ns: int, *, was_gone: bool) -> None:
        if was_gone:
            self._is_settled, self._back_ns = False, now_ns

    def _notice(self, code: int, text: str, now_ns: int) -> list[AlertRaised]:
        if code in LINE_LOST:
            self._line_lost, self._refused_ns = self._line_lost or f"{code} {text}", 0
        elif code in LINE_BACK:
            self.has_lost_data = self.has_lost_data or code == DATA_LOST
            self._returned(now_ns, was_gone=bool(self._line_lost))
            self._line_lost = ""
        return list(self._farm(code, text.rpartition(":")[2].strip() or "unnamed", now_ns))

    def _farm(self, code: int, name: str, now_ns: int) -> Iterator[AlertRaised]:
        if code in FARM_BROKEN and name not in self.farms:
            what = self.farms[name] = f"{FARM_BROKEN[code]} farm {name}"
            yield AlertRaised(now_ns, "farm_down", "warning", f"the {what} is broken: no entries until it is back")
        elif code in FARM_BACK and self.farms.get(name) == f"{FARM_BACK[code]} farm {name}":
            yield AlertRaised(now_ns, "farm_back", "info", f"the {self.farms.pop(name)} is back")

    def _unwatched(self, reason: str, now_ns: int) -> list[AlertRaised]:
        if self._is_unwatched:
            return []
        self._is_unwatched = True
        text = f"the line to the broker is not watched, trading goes on: {reason}"
        return [AlertRaised(now_ns, "link_unwatched", "critical", text)]

    def _died(self, reason: str, now_ns: int) -> list[AlertRaised]:
        if self.is_dead:
            return []
        self.is_dead, self._is_settled = True, False
        text = f"{reason}: no entries, the node ends for a restart (exit 4)"
        return [AlertRaised(now_ns, "order_stream_dead", "critical", text)]

    def _changed(self, before: LinkState, now_ns: int) -> list[AlertRaised]:
        return list(self._steps(before, now_ns)) if self.state is not before else []

    def _steps(self, before: LinkState, now_ns: int) -> Iterator[AlertRaised]:
        if before is LinkState.UP:
            self._down_ns = now_ns
        if self.state is LinkState.UP:
            text = f"the broker is reached again after {(now_ns - self._down_ns) // NANOS_IN_SECOND} s, trading goes on"
            yield AlertRaised(now_ns, "link_back", "info", text)
        elif self.state is LinkState.DOWN:
            text = f"the broker is not reached: {self.detail}; no entries, positions rest behind their stops"
            yield AlertRaised(now_ns, "link_lost", "critical", text)
        elif before is LinkState.UP and not self.is_dead:
            text = f"the line to the broker is disturbed: {self.detail}; no entries, exits wait"
            yield AlertRaised(now_ns, "link_degraded", "warning", text)
