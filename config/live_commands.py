"""
Which command of ``run_live.py`` does what.

What an operator asks of a running node must not wait for the engine to be loaded, nor fail with settings that have a
slip: the rest of the program is imported by the commands that need it.

"""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from config.operator_command import Desk, give
from config.state_dir import existing_directory
from config.status_command import show_status

Clock = Callable[[], int]  # UTC nanoseconds
OPERATORS = {"halt", "resume", "flatten", "stop"}


def run_command(args: argparse.Namespace, console: Console, clock: Clock, pause: Callable[[float], None]) -> int:
    """Do what the command line asks for; return the exit code."""
    if args.command == "status":
        return show_status(_directory(args), console, clock(), as_json=args.json)
    if args.command in OPERATORS:
        desk = Desk(_directory(args), console, clock, pause)
        return give(desk, args.command, symbol=getattr(args, "symbol", ""), reason=getattr(args, "reason", ""))
    from config.node_commands import run_node_command

    return run_node_command(args, console, clock)


def _directory(args: argparse.Namespace) -> Path:
    if args.state:
        return existing_directory(args.state, "", None)
    from config.loader import load_settings

    account = load_settings(args.config, args.set).account
    return existing_directory(None, "dry-run" if args.dry_run else account.mode, account.id)
