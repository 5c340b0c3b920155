"""
A signal rule with a time limit, for a live session. Pure.

All of a node runs in one event loop: while a rule does not return, nothing trails, no limit is watched and no operator
is heard. So it is interrupted, which counts as an exception of that rule. How far it came with the bar nobody knows, so
what it remembers is worth nothing: on the next bar it is made anew, and it says nothing before it has heard
``bars_needed`` bars. What is held stays behind its stop meanwhile, and other rules can close it. A rule that was
interrupted three times is not called any more until the next start: each time costs the loop its limit.

"""

from collections.abc import Callable

from strategies.call_limit import CallLimit, CallTimeoutError
from strategies.price_bar import PriceBar
from strategies.rules import Rule

MAX_STRIKES = 3  # interruptions, and failures to make it anew
MAKE_SECS = 30.0  # for making it at the start, when nothing waits; it may read a file


class LimitedRule:
    """
    Stands in for the rule that ``make`` returns.

    Parameters
    ----------
    make : Callable[[], Rule]
        Makes the rule, fresh.
    name : str
        How it is called in texts.
    limit_secs : float
        For each bar.

    """

    def __init__(self, make: Callable[[], Rule], name: str, limit_secs: float) -> None:
        self._make = make
        self._name = name
        self._rule: Rule | None = CallLimit(MAKE_SECS).run(make)
        self.bars_needed = self._rule.bars_needed
        self._limit = CallLimit(limit_secs)
        self._strikes = 0
        self._unheard = 0  # bars until what it says counts

    def update(self, bar: PriceBar) -> int:
        """
        Hand the bar to the rule and return what it says.

        Raises
        ------
        CallTimeoutError
            If it had to be interrupted.
        Exception
            Whatever the rule raises.

        """
        if self._strikes >= MAX_STRIKES:
            return 0
        try:
            answer = self._limit.run(lambda: self._fresh().update(bar))
        except Exception as error:
            if not self._limit.place and self._rule is not None:
                raise  # of its own accord: it left what it remembers as its author meant
            raise self._struck(error) from error
        if self._unheard:
            self._unheard -= 1
            return 0
        return answer

    def _fresh(self) -> Rule:
        if self._rule is None:
            self._rule = self._make()
            self._unheard = self.bars_needed - 1
        return self._rule

    def _struck(self, error: Exception) -> Exception:
        self._rule = None
        self._strikes += 1
        is_last = self._strikes >= MAX_STRIKES
        remedy = f"It is made anew and says nothing for {self.bars_needed - 1} bars"
        if is_last:
            remedy = "It is not called any more until the next start"
        if not self._limit.place:
            return RuntimeError(f"{self._name}: expected a rule that can be made anew, found {error!r}. {remedy}")
        return CallTimeoutError(
            f"{self._name}: expected an answer in {self._limit.limit_secs:g} s, found it at {self._limit.place} and "
            f"interrupted it. {remedy}. Make it faster, or raise trading.rule_timeout_secs"
        )
