"""
Which command of ``run_live.py`` does what.

What an operator asks of a running node must not wait for the engine to be loaded, nor fail with settings that have a
slip: the rest of the program is imported by the commands that need it.

"""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from config.commands.operator import Desk, give
from config.commands.status import EXIT_NOT_RUNNING, await_word, show_status
from config.commands.without_journal import ways_left
from config.live.state_dir import existing_directory

Clock = Callable[[], int]  # UTC nanoseconds
OPERATORS = {"halt", "resume", "flatten", "stop"}


def run_command(args: argparse.Namespace, console: Console, clock: Clock, pause: Callable[[float], None]) -> int:
    """Do what the command line asks for; return the exit code."""
    if args.command == "status":
        return _status(args, console, clock, pause)
    if args.command in OPERATORS:
        desk = Desk(_directory(args), console, clock, pause)
        symbol, reason = getattr(args, "symbol", None), getattr(args, "reason", "")
        with ways_left(desk.directory):
            return give(desk, args.command, symbol=symbol or "", reason=reason)
    from config.commands.node import run_node_command

    return run_node_command(args, console, clock)


def _status(args: argparse.Namespace, console: Console, clock: Clock, pause: Callable[[float], None]) -> int:
    directory, exit_code = _directory(args), EXIT_NOT_RUNNING
    try:
        with ways_left(directory):
            await_word(directory, pause)
            exit_code = show_status(directory, console, clock(), as_json=args.json)
        return exit_code
    finally:
        if args.alert and exit_code:
            from config.alerts.down import tell_down

            tell_down(directory, console, clock())


def _directory(args: argparse.Namespace) -> Path:
    if args.state:
        return existing_directory(args.state, "", None)
    from config.loader import load_settings

    account = load_settings(args.config, args.set).account
    return existing_directory(None, "dry-run" if args.dry_run else account.mode, account.id)
