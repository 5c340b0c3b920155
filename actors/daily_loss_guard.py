"""
The daily-loss guard: at the limit the gate shuts, everything goes flat, latched until the next session (law 8).

"""

from decimal import Decimal

from actors.component import Watcher
from actors.loss_limits import DailyLossLimit
from actors.messages import AlertRaised, EquityMarked, ExitReason, Halt, LossLimitHit, Topic
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

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.EQUITY, self.on_equity)

    @contained
    def on_equity(self, mark: EquityMarked) -> None:
        state = self.limit.mark(mark.session, mark.equity_usd)
        if not state.is_new_breach:
            return
        detail = f"daily loss {state.day_pnl_usd:.2f} USD <= -{self._limit_usd} USD in session {state.session}"
        hit = LossLimitHit(mark.ts, state.session, state.day_pnl_usd, self._limit_usd, state.baseline_usd)
        self.publish_message(Topic.LOSS_LIMIT, hit)
        self.publish_message(Topic.ALERTS, AlertRaised(mark.ts, "loss_limit", "critical", detail))
        self.publish_message(Topic.COMMANDS, Halt(mark.ts, state.session, ExitReason.LOSS_LIMIT, detail))
