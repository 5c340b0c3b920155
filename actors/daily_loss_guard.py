"""
The daily-loss guard: at the limit the gate shuts, everything goes flat, latched until the next session (law 8).

"""

from datetime import date
from decimal import Decimal

from actors.component import Watcher
from actors.journal.reader import LossLatch
from actors.loss_limits import DailyLossLimit
from actors.messages import AlertRaised, EquityMarked, ExitReason, Halt, LossBaselineSet, LossLimitHit, Topic
from catalog.nautilus_v2 import contained, contained_start


class DailyLossGuard(Watcher):
    """
    Judges every mark of the account against the daily loss limit.

    It does not cap the loss at the limit: it acts on closed bars, then exits at the market, so a gap or a fast
    market loses more. See ``DailyLossLimit`` for the rule itself.

    """

    def __init__(self, max_daily_loss_usd: Decimal, starting_equity_usd: Decimal) -> None:
        super().__init__()
        self.limit = DailyLossLimit(max_daily_loss_usd, starting_equity_usd)
        self._limit_usd = max_daily_loss_usd
        self._session: date | None = None  # whose baseline was told
        self._latched: Halt | None = None  # of a breach before the restart

    def restore(self, latch: LossLatch, *, is_latched: bool, ts: int) -> None:
        """Go on where the journal says the day stood; a limit hit in this session halts again once all have started."""
        self.limit.restore(latch.session, latch.baseline_usd, latch.equity_usd, is_breached=latch.is_breached)
        self._session = latch.session
        if is_latched:
            detail = f"daily loss limit hit before the restart, in session {latch.session}: {latch.breach}"
            self._latched = Halt(ts, latch.session, ExitReason.LOSS_LIMIT, detail)

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.EQUITY, self.on_equity)
        if self._latched is not None:
            self.once_started(self.halt_again)

    @contained
    def halt_again(self, _event: object) -> None:
        self.publish_message(Topic.COMMANDS, self._latched)

    @contained
    def on_equity(self, mark: EquityMarked) -> None:
        state = self.limit.mark(mark.session, mark.equity_usd)
        if state.session != self._session:
            self._session = state.session
            self.publish_message(Topic.LOSS_LIMIT, LossBaselineSet(mark.ts, state.session, state.baseline_usd))
        if not state.is_new_breach:
            return
        detail = f"daily loss {state.day_pnl_usd:.2f} USD <= -{self._limit_usd} USD in session {state.session}"
        hit = LossLimitHit(mark.ts, state.session, state.day_pnl_usd, self._limit_usd, state.baseline_usd)
        self.publish_message(Topic.LOSS_LIMIT, hit)
        self.publish_message(Topic.ALERTS, AlertRaised(mark.ts, "loss_limit", "critical", detail))
        self.publish_message(Topic.COMMANDS, Halt(mark.ts, state.session, ExitReason.LOSS_LIMIT, detail))
