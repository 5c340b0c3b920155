"""The alerts of a day: the loss limit comes near, and how the session went once it is over. Pure."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from actors.log.news import ticker
from actors.messages import AlertRaised, EquityMarked, LossBaselineSet, OrderFilled
from actors.report.format import count, usd
from actors.report.records import RoundTrips
from actors.status.line import DayTally, Held

WHOLE_PCT = 100


class AlertDay:
    """
    Follows one exchange session after the other.

    Parameters
    ----------
    max_daily_loss_usd : Decimal
        The limit.
    loss_near_pct : int
        Share of the limit from which the loss is told, once a session, %.

    """

    def __init__(self, max_daily_loss_usd: Decimal, loss_near_pct: int) -> None:
        self.tally = DayTally()
        self._limit_usd = max_daily_loss_usd
        self._near_usd = max_daily_loss_usd * loss_near_pct / WHOLE_PCT
        self._marked: EquityMarked | None = None
        self._near: date | None = None  # the session in which it was told
        self._trips = RoundTrips()

    def restore(self, fills: Iterable[OrderFilled]) -> None:
        """Go on with the round trips that a journal says are not over."""
        for fill in fills:
            self._trips.add_fill(fill)

    def begin(self, session: date, baseline_usd: Decimal) -> None:
        """Count a session from zero, its P&L from ``baseline_usd``."""
        if session != self.tally.session:
            self.tally.begin(session, baseline_usd)
            self._trips.closed.clear()
        self.tally.baseline_usd = baseline_usd

    def took(self, message: object) -> AlertRaised | None:
        """Take in a message; return the alert that it leads to, None without one."""
        match message:
            case EquityMarked():
                self._marked = message
            case LossBaselineSet(session=session, baseline_usd=baseline):
                self.begin(session, baseline)
            case OrderFilled():
                self._trips.add_fill(message)
            case _:
                self.tally.add(message)
        return self._judged()

    def _judged(self) -> AlertRaised | None:
        mark, session = self._marked, self.tally.session
        if mark is None or mark.session != session or session == self._near:
            return None
        pnl = mark.equity_usd - self.tally.baseline_usd
        if not -self._limit_usd < pnl <= -self._near_usd:  # at the limit itself the guard speaks
            return None
        self._near = session
        share = -pnl / self._limit_usd * WHOLE_PCT
        text = f"day P&L {usd(pnl, signed=True)} is {share:.0f} % of the daily loss limit of {usd(self._limit_usd)}"
        return AlertRaised(mark.ts, "loss_limit_near", "warning", text)

    def summary(self, ts: int, equity_usd: Decimal, held: dict[str, Held], since: str) -> AlertRaised:
        """Return how the session went; ``since`` says from when on it was counted if not from its beginning."""
        text = f"{self.tally.session}: {self.figures(equity_usd)}; {holdings(held)}{since}"
        return AlertRaised(ts, "day_summary", "info", text)

    def figures(self, equity_usd: Decimal) -> str:
        """Return the session's figures so far."""
        day, made = self.tally, [trade.net_pnl_usd for trade in self._trips.closed]
        won, lost = sum(pnl > 0 for pnl in made), sum(pnl < 0 for pnl in made)
        trips = f"{count(len(made), 'round trip')} ({won} won, {lost} lost)"
        counts = f"{count(day.signals, 'signal')}, {count(day.orders, 'order')}, {day.blocked:,} blocked"
        pnl = usd(equity_usd - day.baseline_usd, signed=True)
        return f"day P&L {pnl}, equity {usd(equity_usd)}; {trips}; {counts}"


def holdings(held: dict[str, Held]) -> str:
    """Return what is held and where its stops rest."""
    if not held:
        return "holds nothing"
    stops = {
        symbol: "NO STOP" if one.stop_trigger is None else f"stop {one.stop_trigger}" for symbol, one in held.items()
    }
    return "holds " + ", ".join(
        f"{ticker(symbol)} {held[symbol].shares:+} ({stops[symbol]})" for symbol in sorted(held)
    )
