"""
The book check: what the broker holds, as the ear hears it, against the owners' books and the engine's.

A difference that lasts locks the symbol: somebody else trades it, and nothing of theirs is closed or reversed by us
(law 11). While it lasts no entry is made there. If it is the engine that does not follow the broker, the node starts
itself anew, and takes the truth from the broker: so is a stop found that was hit while the link was down (T5). Of the
orders it looks for those that work at the broker though the engine holds them as ended; the other way round the engine
looks by itself.

"""

from collections.abc import Collection, Iterator
from decimal import Decimal

from nautilus_trader.model import ClientOrderId, InstrumentId

from actors.component import Watcher
from actors.link.book_rules import AFTER_OUTAGE_NS, LASTING_NS, BookRules, Counts, Verdict
from actors.link.heard import BooksCompared, BrokerOrdersTold, BrokerPositionsTold, PositionsHeard
from actors.link.stray_orders import StrayOrders, words
from actors.messages import (
    AlertRaised,
    HoldEntries,
    LinkChanged,
    LinkState,
    LockSymbol,
    PositionReported,
    ReleaseEntries,
    StopNode,
    Topic,
)
from catalog.nautilus_v2 import contained, contained_start

BOOK = "book"  # the name under which entries are held
EXIT_UNREACHABLE = 4


class BookCheck(Watcher):
    """
    Compares whenever the ear has heard all positions.

    Parameters
    ----------
    symbols : Collection[str]
        Ours.

    """

    def __init__(self, symbols: Collection[str]) -> None:
        super().__init__()
        self.agreed_ns = 0  # when they last agreed on every symbol, 0 = not yet
        self._rules = {symbol: BookRules() for symbol in sorted(symbols)}
        self._reports: dict[str, tuple[PositionReported, int]] = {}  # and when they came
        self._strays = StrayOrders()
        self._holding: set[str] = set()
        self._locked: set[str] = set()
        self._others: set[str] = set()  # told of
        self._is_ending = False
        self._was_away = (
            False  # the link, since the books last agreed: what happened meanwhile the engine does not hear
        )

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.POSITIONS, self.on_position)
        self.listen(Topic.LINK, self.on_link)
        self.listen(Topic.COMMANDS, self.on_command)

    @contained
    def on_position(self, report: PositionReported) -> None:
        self._reports[report.symbol] = (report, self.clock.timestamp_ns())

    @contained
    def on_link(self, message: object) -> None:
        match message:
            case BrokerPositionsTold(ts=ts, positions=positions):
                self._compare(positions, ts)
            case BrokerOrdersTold(ts=ts, orders=orders):
                self._strays.hear(orders.working, self._has_ended, ts)
                for order in self._strays.lasting(LASTING_NS):
                    self._restart(order.symbol, words(order), ts)
            case LinkChanged(state=state) if state is not LinkState.UP:
                self._was_away = True
                self._strays.forget()
                for rules in self._rules.values():
                    rules.forget()

    @contained
    def on_command(self, command: object) -> None:
        if isinstance(command, LockSymbol):
            self._locked.add(command.symbol)  # by whomever: the operator knows of it

    def _compare(self, positions: PositionsHeard, ts: int) -> None:
        self._tell_others(positions, ts)
        differences = tuple(self._differences(positions, ts))
        if not differences:
            self.agreed_ns, self._was_away = ts, False
        self.publish_message(Topic.LINK, BooksCompared(ts, differences))

    def _differences(self, positions: PositionsHeard, ts: int) -> Iterator[str]:
        for symbol, rules in self._rules.items():
            counts = self._counts(symbol, positions)
            report, changed_ns = self._reports.get(symbol, (None, 0))
            is_working = report is not None and bool(report.entry_open or report.is_exiting)
            patience_ns = AFTER_OUTAGE_NS if self._was_away else LASTING_NS
            verdict = rules.compare(counts, ts, patience_ns, is_working=is_working, changed_ns=changed_ns)
            strays = self._strays.told(symbol)
            is_different = bool(strays) or (rules.difference is not None and not is_working)
            self._hold(symbol, "; ".join(strays) or str(counts), ts, is_different=is_different)
            if verdict is Verdict.LOCK:
                self._lock(symbol, counts, ts)
            elif verdict is Verdict.RESTART:
                self._restart(symbol, str(counts), ts)
            elif verdict is Verdict.AGREE:
                self._locked.discard(symbol)
            if verdict is not Verdict.AGREE:
                yield f"{symbol}: {counts}"
            yield from (f"{symbol}: {stray}" for stray in strays)

    def _has_ended(self, client_order_id: str) -> bool:
        order = self.cache.order(ClientOrderId(client_order_id))
        return order is not None and bool(order.is_closed)

    def _counts(self, symbol: str, positions: PositionsHeard) -> Counts:
        held = self.cache.positions_open(instrument_id=InstrumentId.from_str(symbol))
        report = self._reports.get(symbol)
        return Counts(
            broker=positions.ours.get(symbol, Decimal(0)),
            owner=0 if report is None else report[0].quantity,
            engine=sum(int(position.signed_qty) for position in held),
        )

    def _hold(self, symbol: str, detail: str, ts: int, *, is_different: bool) -> None:
        if is_different and symbol not in self._holding:
            self._holding.add(symbol)
            self.publish_message(Topic.COMMANDS, HoldEntries(ts, BOOK, detail, symbol))
        elif not is_different and symbol in self._holding:
            self._holding.discard(symbol)
            self.publish_message(Topic.COMMANDS, ReleaseEntries(ts, BOOK, symbol))

    def _lock(self, symbol: str, counts: Counts, ts: int) -> None:
        if symbol in self._locked:
            return
        self._alert(ts, "position_break", symbol, f"{symbol}: {counts}")
        self.publish_message(Topic.COMMANDS, LockSymbol(ts, symbol, str(counts)))

    def _restart(self, symbol: str, detail: str, ts: int) -> None:
        if self._is_ending:
            return
        self._is_ending = True
        self._alert(ts, "engine_behind", symbol, f"{symbol}: {detail}; the node starts itself anew")
        self.publish_message(Topic.COMMANDS, StopNode(ts, EXIT_UNREACHABLE, f"{symbol}: {detail}", restarts=True))

    def _tell_others(self, positions: PositionsHeard, ts: int) -> None:
        new = set(positions.others) - self._others
        self._others |= new
        if new:
            text = f"the account also holds {', '.join(sorted(new))}: not ours, left alone"
            self.publish_message(Topic.ALERTS, AlertRaised(ts, "other_positions", "info", text))

    def _alert(self, ts: int, code: str, symbol: str, text: str) -> None:
        self.publish_message(Topic.ALERTS, AlertRaised(ts, code, "critical", text, symbol))
