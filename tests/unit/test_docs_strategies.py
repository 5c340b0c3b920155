"""docs/strategies.md tells the truth: its rule loads, its test passes, its settings are those of the models."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from strategies.rules import RULES, rule_class

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
NOT_OF_THE_RULE = {"kind", "symbol", "allow_short"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def own_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the Python blocks of the page to files, each named in its first line; return that of the rule."""
    for block in blocks("python"):
        (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_rule", raising=False)
    return tmp_path / "my_rule.py"


def exit_code_of_its_test(own_rule: Path) -> int:
    settings = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_rule.py"]
    run = subprocess.run(command, cwd=own_rule.parent, env=os.environ | settings, capture_output=True, check=False)  # noqa: S603 - our own page
    return run.returncode


def test_own_rule_of_the_page_is_loaded_with_its_settings(own_rule: Path) -> None:
    rule = rule_class("my_rule:Breakout")

    assert rule(rule.Config(channel_bars=30), 0.01).bars_needed == 31


def test_test_of_the_page_passes_and_fails_with_the_rule_reversed(own_rule: Path) -> None:
    assert exit_code_of_its_test(own_rule) == 0

    own_rule.write_text(own_rule.read_text().replace("rises - falls", "falls - rises"))
    assert exit_code_of_its_test(own_rule) == 1


def test_rule_of_the_page_signals_turns_and_not_states(own_rule: Path) -> None:
    own_rule.write_text(own_rule.read_text().replace("turn and turn != self.last", "turn"))
    assert exit_code_of_its_test(own_rule) == 1


def test_settings_in_the_examples_are_accepted(own_rule: Path) -> None:
    tables = [table for block in blocks("toml") for table in tomllib.loads(block).get("strategies", [])]

    assert {table["kind"] for table in tables} == {*RULES, "my_rule:Breakout"}
    for table in tables:
        rule_class(table["kind"]).Config(**{key: table[key] for key in table.keys() - NOT_OF_THE_RULE})


@pytest.mark.parametrize("kind", RULES)
def test_table_of_a_rule_lists_every_setting_with_its_default(kind: str) -> None:
    section = PAGE.split(f"\n## {kind}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `?([^`|]+?)`? \|", section, flags=re.MULTILINE)

    fields = RULES[kind].Config.model_fields
    assert rows == [(name, "none" if f.default is None else str(f.default)) for name, f in fields.items()]
