"""
Stop coverage: position <= resting stop <= position + what of the entry is still open; equal once it ended (law 4).

"""

from datetime import timedelta

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import InstrumentId

from actors.component import Watcher
from actors.messages import AlertRaised, LockSymbol, PositionReported, RepairStop, Topic
from catalog.nautilus_v2 import contained, contained_start

CHECK_EVERY = timedelta(hours=1)


def uncovered(report: PositionReported) -> str:
    """Return the violated inequality of law 4 in words and numbers, "" when the position is covered."""
    shares = abs(report.quantity)
    if report.is_exiting or (not shares and not report.entry_open):
        return ""
    if report.stop_quantity < shares:
        return f"stop of {report.stop_quantity} < position of {shares}"
    if report.stop_quantity > shares + report.entry_open:
        return f"stop of {report.stop_quantity} > position of {shares} + {report.entry_open} open"
    return ""


class StopCoverage(Watcher):
    """
    Checks the law after every report of an owner, and the owners' books against the engine's every hour.

    The owner repairs; what cannot be repaired it closes. A stop that rests does not protect from gaps through it.

    """

    def __init__(self) -> None:
        super().__init__()
        self._reports: dict[str, PositionReported] = {}

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.POSITIONS, self.on_position)
        self.clock.set_timer("stop_coverage", CHECK_EVERY, callback=self.on_timer)

    @contained
    def on_position(self, report: PositionReported) -> None:
        self._reports[report.symbol] = report
        if not report.is_resizing:
            self._check(report, report.ts)

    @contained
    def on_timer(self, event: TimeEvent) -> None:
        for report in list(self._reports.values()):
            self._check(report, event.ts_event)
            self._compare(report, event.ts_event)

    def _check(self, report: PositionReported, ts: int) -> None:
        violation = uncovered(report)
        if violation:
            self._alert(ts, "stop_coverage", report.symbol, violation)
            self.publish_message(Topic.COMMANDS, RepairStop(ts, report.symbol, violation))

    def _compare(self, report: PositionReported, ts: int) -> None:
        held = self.cache.positions_open(instrument_id=InstrumentId.from_str(report.symbol))
        booked = sum(int(position.signed_qty) for position in held)
        if booked != report.quantity:
            detail = f"owner holds {report.quantity}, engine {booked}"
            self._alert(ts, "position_break", report.symbol, detail)
            self.publish_message(Topic.COMMANDS, LockSymbol(ts, report.symbol, detail))

    def _alert(self, ts: int, code: str, symbol: str, text: str) -> None:
        self.publish_message(Topic.ALERTS, AlertRaised(ts, code, "critical", f"{symbol}: {text}", symbol))
