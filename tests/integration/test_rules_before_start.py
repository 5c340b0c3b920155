"""A rule that cannot be made is told before a start too, by the commands that are asked whether all is well."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.gateway import Gateway
from tests.integration.live_rig import ROOT, at_minute, flat_market
from tests.integration.rig import AAPL

UNMAKABLE = f'{{kind = "tests.integration.unruly_rules:Unmakable", symbol = "{AAPL}"}}'
ABSENT = f'{{kind = "tests.integration.unruly_rules:Absent", symbol = "{AAPL}"}}'
SAID = (
    "strategies (tests.integration.unruly_rules:Unmakable on AAPL.NASDAQ): Kind of strategy",
    "found FileNotFoundError at ",
    ": no model file. Correct the rule.",
)
NOT_READY = "Not ready: 1 failed, a setting is wrong (exit code 2)."


@pytest.fixture
def ask(tmp_path: Path):
    """Run a command on some rules and return its exit code and its words."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
    environ |= {"PYTHONPATH": str(ROOT), "COLUMNS": "1000"}

    def ask(words: str, *tables: str, port: int = 1) -> tuple[int, str]:
        command = [sys.executable, str(ROOT / "run_live.py"), *words.split()]
        options = ["--set", f"strategies=[{', '.join(tables)}]", "--set", f"ib.port={port}"]
        done = subprocess.run(  # noqa: S603 - our own script
            [*command, *options], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    return ask


def test_check_has_a_line_for_it_beside_what_the_gateway_says(ask):
    with Gateway.start(flat_market(), speed=None) as gateway:
        code, text = ask("check", UNMAKABLE, at_minute(), port=gateway.port)
        expected = (*SAID, NOT_READY, "instrument AAPL.NASDAQ ok")
        assert (code, [words for words in expected if words not in text]) == (2, [])
        code, text = ask("check", at_minute(), at_minute(number=1), port=gateway.port)
        assert (code, "rules ok 2 can be made" in text) == (0, True)


def test_what_the_gateway_lacks_decides_the_exit_code_as_at_a_start(ask):
    code, text = ask("check", UNMAKABLE)
    assert (code, [words for words in SAID if words not in text]) == (4, [])


def test_config_check_tells_it_in_a_paragraph(ask):
    code, text = ask("config check", UNMAKABLE)
    assert (code, [words for words in ("run_live: ", *SAID) if words not in text]) == (2, [])


@pytest.mark.parametrize("words", ["check", "config check"])
def test_a_rule_that_is_not_there_is_no_valid_setting(ask, words):
    code, text = ask(words, ABSENT)
    assert (code, 'has no "Absent"' in text) == (2, True)


@pytest.mark.parametrize("words", ["check", "config check"])
def test_settings_that_undo_each_other_are_told_and_stay_valid(ask, words):
    slow = '{kind="moving_average_cross", symbol="AAPL.NASDAQ", slow_period=500}'
    code, text = ask(f"{words} --set sizing.notional_usd=20000", slow)

    assert code == (4 if words == "check" else 0)
    assert "sizing.notional_usd 20,000 is above risk.max_position_value_usd 10,000" in text
    assert "moving_average_cross on AAPL needs 501 bars, bars.warmup_bars = 200: no signal for 5 h" in text
