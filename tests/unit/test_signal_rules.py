"""The registry of rules and the loader of a rule of the user's own."""

import sys
from pathlib import Path

import pytest

from strategies.momentum import Momentum
from strategies.moving_average_cross import MovingAverageCross
from strategies.rsi_macd import RsiMacd
from strategies.rules import RULES, rule_class

GOOD = """
from pydantic import BaseModel, ConfigDict

class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

class Loose(BaseModel):
    pass

class Good:
    Config = Settings
    bars_needed = 1
    def update(self, bar): return 0

class NoConfig:
    bars_needed = 1
    def update(self, bar): return 0

class LooseConfig(Good):
    Config = Loose

class NoUpdate:
    Config = Settings
    bars_needed = 1

class NoBarsNeeded:
    Config = Settings
    def update(self, bar): return 0

function = len
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "rules_of_a_test"
    (tmp_path / f"{name}.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("moving_average_cross", MovingAverageCross), ("rsi_macd", RsiMacd), ("momentum", Momentum)],
)
def test_built_in_rule_is_found_by_name(kind: str, expected: type) -> None:
    assert rule_class(kind) is expected


@pytest.mark.parametrize("kind", RULES)
def test_built_in_rule_keeps_the_terms_set_for_a_users_own(kind: str) -> None:
    rule = RULES[kind]

    assert rule_class(f"{rule.__module__}:{rule.__name__}") is rule
    assert rule.Config.model_config == {"extra": "forbid", "frozen": True}
    assert all(field.description for field in rule.Config.model_fields.values())
    assert rule(rule.Config(), 0.01).bars_needed > 0


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("momentun", 'Did you mean "momentum"?'),
        ("ma_cross", 'Did you mean "moving_average_cross"?'),
        ("rsi-macd", 'Did you mean "rsi_macd"?'),
        ("xyz", "expected moving_average_cross, rsi_macd, momentum or"),
    ],
)
def test_unknown_kind_names_the_nearest(kind: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f'Unknown kind of strategy "{kind}"') as e:
        rule_class(kind)

    assert hint in str(e.value)


def test_own_rule_is_imported(module: str) -> None:
    assert rule_class(f"{module}:Good").__name__ == "Good"


@pytest.mark.parametrize("kind", [":Rule", "module:", "a b:Rule", ".relative:Rule", "a:b:c"])
def test_malformed_kind_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=r'Expected a kind of strategy like "package.module:Rule", was'):
        rule_class(kind)


def test_missing_module_says_where_it_is_looked_for() -> None:
    with pytest.raises(ValueError, match=r'cannot import "no_such_module_here" .*beside run_backtest.py'):
        rule_class("no_such_module_here:Rule")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Godo", 'has no "Godo". Did you mean "rules_of_a_test:Good"'),
        ("function", "expected a class, was builtin_function_or_method"),
        ("NoConfig", "expected a class attribute Config"),
        ("LooseConfig", "expected its Config to refuse unknown settings"),
        ("NoUpdate", r"expected a method update\(self, bar\)"),
        ("NoBarsNeeded", "expected a property bars_needed"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_was_expected(module: str, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rule_class(f"{module}:{name}")


def test_error_raised_by_the_users_module_is_let_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules_that_raise.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ZeroDivisionError):
        rule_class("rules_that_raise:Rule")
