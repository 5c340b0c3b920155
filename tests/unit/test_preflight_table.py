"""The preflight on the terminal: 80 columns, every word there, the verdict legible without colour."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from actors.log.printed_line import shortened
from config.checks.preflight import Preflight
from config.checks.table import print_preflight
from config.checks.verdicts import Check

CHECKS = (
    Check("interlocks", "ok", "paper money, account DU1234567, port 4002"),
    Check("session", "warning", "XNYS has no session today; it opens next on Mon 2026-11-23", "Nothing to mend."),
    Check(
        "market data LONGERNAME.NASDAQ",
        "failed",
        'expected realtime data, found a refusal ("354 Requested market data is [bold]not[/bold] subscribed.")',
        "Subscribe to NYSE American, BATS, ARCA, IEX, and Regional Exchanges (Network B) in the Client Portal; "
        "for a paper account, share it from the live account.",
    ),
)


def printed(*checks, exit_code=0, width=80, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    print_preflight(Preflight(checks, exit_code), console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [120, 80, 60])
def test_every_word_is_shown_within_the_width(width):
    text = printed(*CHECKS, exit_code=4, width=width)

    assert max(len(line) for line in text.splitlines()) <= width
    for check in CHECKS:
        for word in f"{check.name} {check.verdict} {shortened(check.found)} {check.remedy}".split():
            assert word in text


def test_an_account_is_whole_only_where_it_is_compared():
    named = "DU1234567 is the gateway's only account"

    assert "DU…567 is the" in printed(Check("account", "ok", named))
    assert named in printed(Check("account", "failed", named), width=200)
    assert "US0378331005" in printed(Check("instrument AAPL.NASDAQ", "ok", "contract 265598, US0378331005"))


def test_words_of_the_broker_are_no_markup():
    assert "[bold]not[/bold]" in printed(*CHECKS, width=200)


def test_remedy_stands_under_what_was_found():
    lines = printed(*CHECKS[:2]).splitlines()
    [found] = [number for number, line in enumerate(lines) if "no session today" in line]

    assert "→ Nothing to mend." in "".join(lines[found + 1 : found + 3])
    assert sum("→" in line for line in lines) == 1


def test_remedy_of_several_symbols_is_told_once():
    other = replace(CHECKS[2], name="market data MSFT.NASDAQ")
    text = printed(CHECKS[2], other, CHECKS[1], other)

    assert text.count("Subscribe to NYSE American") == 2
    assert text.count("→ as above") == 1


@pytest.mark.parametrize(
    ("checks", "exit_code", "words"),
    [
        (CHECKS[:1], 0, "Ready."),
        (CHECKS[:2], 0, "Ready, with 1 to know of."),
        (CHECKS, 4, "Not ready: 1 failed, the broker is not ready (exit code 4)."),
        ((Check("rules", "failed", "no"),), 2, "Not ready: 1 failed, a setting is wrong (exit code 2)."),
        ((Check("interlocks", "failed", "no"),) * 2, 3, "Not ready: 2 failed, an interlock refuses (exit code 3)."),
    ],
)
def test_conclusion_says_what_follows(checks, exit_code, words):
    assert printed(*checks, exit_code=exit_code).rstrip().endswith(words)


def test_colour_is_never_the_only_sign():
    plain = printed(*CHECKS, exit_code=4)
    coloured = printed(*CHECKS, exit_code=4, force_terminal=True, color_system="standard")

    assert "\x1b[" not in plain
    assert "\x1b[32mok" in coloured
    assert "\x1b[33mwarning" in coloured
    assert "\x1b[1;31mfailed" in coloured
    assert [word in plain for word in (" ok ", " warning ", " failed ")] == [True] * 3
