"""The command line of ``run_live.py``."""

from pathlib import Path

import pytest

from config.live_parser import COMMANDS, parse


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
        (["flatten", "AAPL"], "symbol", "AAPL"),
        (["flatten"], "symbol", ""),
        (["config", "show"], "what", "show"),
        (["config", "check"], "what", "check"),
    ],
)
def test_what_a_command_takes(words, name, value):
    assert getattr(parse(words), name) == value


@pytest.mark.parametrize(
    "words", [["halt"], ["flatten", "A", "B"], ["config"], ["resume", "x"], ["run", "--json"], ["hlt"]]
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
