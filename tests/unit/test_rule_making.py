"""A rule of the user's own that cannot be made: told in one paragraph with its place, by whichever way it fails."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.instruments import make_equity
from config.components import build_components
from config.errors import ConfigError
from config.loader import load_settings
from strategies import limited_rule
from strategies.limited_rule import LimitedRule
from strategies.memory import Memory
from strategies.rules import make_rule
from tests.integration.rig import AAPL, scripted

HEAD = """
import time
from pydantic import BaseModel, ConfigDict

class Rule:
    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid")
    bars_needed = 1
    def update(self, bar): return 0
"""
RAISES = "    def __init__(self, config, tick_size): raise OSError('no model file')\n"
TAKES_NOTHING = "    def __init__(self): pass\n"
HANGS = "    def __init__(self, config, tick_size): time.sleep(1_000_000)\n"
NEEDS_NONE = "    bars_needed = None\n    def __init__(self, config, tick_size): pass\n"
NEEDS_RAISES = (
    "    def __init__(self, config, tick_size): pass\n    @property\n    def bars_needed(self): raise KeyError('n')\n"
)
BEGINNING = r"expected a rule that can be made and has bars_needed, .+; found {} at .+:\d+: .*{}.*\. Correct the rule"


def module_of(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "rules_that_cannot_be_made"
    (folder / f"{name}.py").write_text(HEAD + text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return f"{name}:Rule"


def build(kind: str, memories: dict[str, Memory] | None = None) -> object:
    table = f'{{kind = "{kind}", symbol = "{AAPL}"}}'
    settings = load_settings(None, [f"strategies=[{table}]"], {})
    return build_components(
        settings, {AAPL: make_equity(AAPL)}, Decimal(100_000), hold_until_open=False, memories=memories
    )


@pytest.mark.parametrize("memories", [None, {}], ids=["backtest", "live"])
@pytest.mark.parametrize(
    ("text", "error", "detail"),
    [
        (RAISES, "OSError", "no model file"),
        (TAKES_NOTHING, "TypeError", "takes 1 positional argument but 3 were given"),
        (NEEDS_NONE, "TypeError", "'NoneType' object cannot be interpreted as an integer"),
        (NEEDS_RAISES, "KeyError", "'n'"),
    ],
)
def test_rule_that_cannot_be_made_is_refused_with_its_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    error: str,
    detail: str,
    memories: dict[str, Memory] | None,
) -> None:
    kind = module_of(text, tmp_path, monkeypatch)

    with pytest.raises(ConfigError, match=BEGINNING.format(error, detail)) as caught:
        build(kind, memories)
    assert str(caught.value).startswith(f"strategies ({kind} on {AAPL}): ")


def test_rule_whose_making_hangs_is_refused_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = module_of(HANGS, tmp_path, monkeypatch)
    monkeypatch.setattr(limited_rule, "MAKE_SECS", 0.1)

    with pytest.raises(ConfigError, match=r"CallTimeoutError at .+: not done in 0.1 s, was at .+\.py:\d+ in __init__"):
        build(kind, {})


def test_rules_have_a_time_limit_live_alone() -> None:
    settings = load_settings(None, [f"strategies=[{scripted(up=(2,))}]"], {})
    live, backtest = (
        build_components(
            settings, {AAPL: make_equity(AAPL)}, Decimal(100_000), hold_until_open=False, memories=memories
        ).strategies[0]
        for memories in ({}, None)
    )

    assert type(live.setup.rules[0].rule) is LimitedRule
    assert type(backtest.setup.rules[0].rule) is type(
        make_rule(settings.strategies[0].kind, settings.strategies[0].rule_config, 0.01)
    )
