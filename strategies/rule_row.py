"""The rules of one symbol in file order: each hears every closed bar, whatever becomes of the others. Pure."""

from collections.abc import Callable, Sequence

from strategies.entry_plan import ConfiguredRule
from strategies.price_bar import PriceBar

Spoken = list[tuple[ConfiguredRule, int]]


class RuleRow:
    """
    Asks the rules.

    Parameters
    ----------
    rules : Sequence[ConfiguredRule]
        In file order.
    on_failure : Callable[[Exception], None]
        Told of what a rule raised, or that it returned no signal; that rule has not spoken (law 13).

    """

    def __init__(self, rules: Sequence[ConfiguredRule], on_failure: Callable[[Exception], None]) -> None:
        self._updates = [(rule, rule.rule.update) for rule in rules]
        self._on_failure = on_failure

    def hear(self, bar: PriceBar) -> Spoken:
        """Return the rules that spoke on a bar, each with its signal: -1 or 1."""
        spoken = []
        for rule, update in self._updates:
            try:
                signal = update(bar)
                if signal:
                    spoken.append((rule, _checked(signal, rule.label)))
            except Exception as error:  # noqa: BLE001 - one rule's bug must not take the others with it
                self._on_failure(error)
        return spoken


def _checked(signal: object, label: str) -> int:
    if signal not in (-1, 1):
        raise ValueError(f"expected -1, 0 or 1 of update(), found {signal!r} of {label}; correct the rule")
    return 1 if signal == 1 else -1
