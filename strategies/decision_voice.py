"""Tells what became of each signal of one symbol, under a number of its own (law 6). Pure."""

from collections.abc import Callable
from decimal import Decimal

from actors.messages import Action, SignalDecided, Topic
from strategies.entry_plan import ConfiguredRule


class DecisionVoice:
    """
    Publishes the decisions of one symbol.

    Parameters
    ----------
    symbol : str
        Begins the id of each decision.
    publish_message : Callable[[Topic, object], None]
        The strategy's.
    count : int
        The highest number used before this run.

    """

    def __init__(self, symbol: str, publish_message: Callable[[Topic, object], None], count: int) -> None:
        self._symbol = symbol
        self.publish_message = publish_message
        self._count = count
        self.close = Decimal(0)  # of the bar that is decided on, USD a share

    def acted(self, rule: ConfiguredRule, signal: int, ts: int, action: Action, quantity: int, detail: str) -> str:
        """Tell that a signal is acted on; return the id of the decision."""
        return self._tell(rule, signal, ts, action, quantity, "signal", detail)

    def refused(self, rule: ConfiguredRule, signal: int, ts: int, reason: str, detail: str) -> None:
        """Tell why a signal is not acted on."""
        self._tell(rule, signal, ts, Action.REFUSED, 0, reason, detail)

    def _tell(
        self, rule: ConfiguredRule, signal: int, ts: int, action: Action, quantity: int, reason: str, detail: str
    ) -> str:
        self._count += 1
        decision_id = f"{self._symbol}-{self._count:06d}"
        decision = SignalDecided(
            decision_id, ts, self._symbol, rule.label, signal, self.close, action, quantity, reason, detail
        )
        self.publish_message(Topic.DECISIONS, decision)
        return decision_id
