"""The signal rules by name, and the loader of a rule of the user's own; nothing of the engine."""

import traceback
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from operator import index
from typing import Any, ClassVar, Protocol, cast

from pydantic import BaseModel

from strategies.momentum import Momentum
from strategies.moving_average_cross import MovingAverageCross
from strategies.price_bar import PriceBar
from strategies.rsi_macd import RsiMacd


class Rule(Protocol):
    """
    What a signal rule is: settings, a constructor, and one call for every closed bar.

    ``Config`` is a pydantic model that forbids unknown settings; ``tick_size`` is in USD.

    """

    Config: ClassVar[type[BaseModel]]

    def __init__(self, config: Any, tick_size: float) -> None: ...

    @property
    def bars_needed(self) -> int:
        """Number of the first bar, counted from 1, that may carry a signal."""
        ...

    def update(self, bar: PriceBar) -> int:
        """Take the next closed bar and return the signal on it: -1, 0 or 1."""
        ...


RULES: Mapping[str, type[Rule]] = {
    "moving_average_cross": MovingAverageCross,
    "rsi_macd": RsiMacd,
    "momentum": Momentum,
}


def rule_class(kind: str) -> type[Rule]:
    """
    Return the class of a rule by its built-in name, or by "package.module:Rule".

    Raises
    ------
    ValueError
        If there is no such rule, or what is there is not one; an error that the user's module raises by itself
        while it is imported (other than a failed import) is let through.

    """
    if kind in RULES:
        return RULES[kind]
    if ":" not in kind:
        nearest = get_close_matches(kind, RULES, n=1, cutoff=0.5)
        hint = f' Did you mean "{nearest[0]}"?' if nearest else ""
        msg = f'Unknown kind of strategy "{kind}": expected {", ".join(RULES)} or "package.module:Rule".{hint}'
        raise ValueError(msg)
    rule = _load(kind)
    _check(kind, rule)
    return cast("type[Rule]", rule)


def make_rule(kind: str, config: BaseModel, tick_size: float) -> Rule:
    """
    Return a rule, ready for its first bar.

    Raises
    ------
    ValueError
        If it cannot be made; the text says where.

    """
    try:
        rule = rule_class(kind)(config, tick_size)
        index(rule.bars_needed)  # raises for what is no whole number
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        msg = (
            f'Kind of strategy "{kind}": expected a rule that can be made and has bars_needed, a whole number; found '
            f"{type(error).__name__} at {place.filename}:{place.lineno}: {error}. Correct the rule"
        )
        raise ValueError(msg) from error
    return rule


def _load(kind: str) -> object:
    module_name, _, name = kind.partition(":")
    if not all(part.isidentifier() for part in (*module_name.split("."), name)):
        msg = f'Expected a kind of strategy like "package.module:Rule", was "{kind}"'
        raise ValueError(msg)
    try:
        module = import_module(module_name)
    except ImportError as e:
        msg = (
            f'Kind of strategy "{kind}": cannot import "{module_name}" ({e}).'
            " Expected a module beside run_backtest.py, or one of an installed package"
        )
        raise ValueError(msg) from e
    if not hasattr(module, name):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        nearest = get_close_matches(name, classes, n=1, cutoff=0.5)
        hint = f' Did you mean "{module_name}:{nearest[0]}"?' if nearest else ""
        msg = f'Kind of strategy "{kind}": the module "{module_name}" has no "{name}".{hint}'
        raise ValueError(msg)
    return getattr(module, name)


def _check(kind: str, rule: object) -> None:
    config = getattr(rule, "Config", None)
    if not isinstance(rule, type):
        problem = f"expected a class, was {type(rule).__name__}"
    elif not (isinstance(config, type) and issubclass(config, BaseModel)):
        problem = "expected a class attribute Config, a pydantic BaseModel with the rule's settings"
    elif config.model_config.get("extra") != "forbid":
        problem = 'expected its Config to refuse unknown settings: ConfigDict(extra="forbid", frozen=True)'
    elif not callable(getattr(rule, "update", None)):
        problem = "expected a method update(self, bar) that returns -1, 0 or 1"
    elif not hasattr(rule, "bars_needed"):
        problem = "expected a property bars_needed, the number of bars until the rule can speak"
    else:
        return
    msg = f'Kind of strategy "{kind}" is not a rule: {problem}. See docs/strategies.md'
    raise ValueError(msg)
