"""The command line of ``run_live.py``."""

from pathlib import Path

import pytest

from config.commands.parser import COMMANDS, parse


@pytest.mark.parametrize("words", [["--state", "x", "status"], ["status", "--state", "x"]])
def test_an_option_counts_before_the_command_and_after_it(words):
    assert parse(words).state == Path("x")


def test_settings_of_both_places_are_taken_in_order():
    args = parse(["--set", "a.b=1", "--dry-run", "run", "--set", "a.b=2"])
    assert (args.command, args.set, args.dry_run) == ("run", ["a.b=1", "a.b=2"], True)
    assert (parse([]).command, parse([]).set, parse([]).dry_run, parse([]).state) == (None, [], False, None)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["status", "--json"], "json", True),
        (["status"], "json", False),
        (["halt", "--reason", "lunch"], "reason", "lunch"),
        (["halt"], "reason", "no reason given"),
        (["flatten", "AAPL"], "symbol", "AAPL"),
        (["flatten"], "symbol", None),
        (["config", "show"], "what", "show"),
        (["config", "check"], "what", "check"),
    ],
)
def test_what_a_command_takes(words, name, value):
    assert getattr(parse(words), name) == value


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (" lunch\n at two ", "lunch at two"),
        ("a\x1b[31mb\x07", "a[31mb"),
        ("\udcc3\udca9 \udcff", "é \ufffd"),  # bytes that the terminal's encoding has no sign for
        ("🛑", "🛑"),
        ("x" * 10_000, "x" * 199 + "…"),
    ],
)
def test_a_reason_is_one_row_that_can_be_read(said, taken):
    assert parse(["halt", "--reason", said]).reason == taken


def test_a_symbol_is_taken_without_what_is_around_it():
    assert parse(["flatten", " aapl "]).symbol == "aapl"


@pytest.mark.parametrize(
    "words",
    [
        ["halt", "--reason", ""],
        ["halt", "--reason", " \n"],
        ["halt", "--reason", "\x1b"],
        ["flatten", "A", "B"],
        ["flatten", ""],  # of a variable that is not set: it must not close all
        ["config"],
        ["resume", "x"],
        ["run", "--json"],
        ["hlt"],
    ],
)
def test_what_no_command_takes_is_refused(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 2


def test_every_command_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    said = capsys.readouterr().out
    assert [name for name in COMMANDS if f"    {name}" not in said] == []
