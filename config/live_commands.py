"""Which command of ``run_live.py`` does what."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from config.alert_test import alert_test
from config.live_start import check, start
from config.loader import armed_account, load_settings
from config.operator_command import Desk, give
from config.printed import as_toml_text
from config.schema import Settings
from config.state_dir import existing_directory
from config.status_command import show_status


def run_command(
    args: argparse.Namespace, console: Console, clock: Callable[[], int], pause: Callable[[float], None]
) -> int:
    """Do what the command line asks for; return the exit code."""
    match args.command:
        case "status":
            return show_status(_directory(args), console, clock(), as_json=args.json)
        case "halt":
            return give(_desk(args, console, clock, pause), "halt", reason=args.reason)
        case "flatten":
            return give(_desk(args, console, clock, pause), "flatten", symbol=args.symbol)
        case "resume" | "stop":
            return give(_desk(args, console, clock, pause), args.command)
    settings = load_settings(args.config, args.set)
    match args.command:
        case "config":
            return _config(settings, args.what, console)
        case "alert-test":
            return alert_test(settings, console)
        case "check":
            return check(settings, armed_account(), console, clock, is_dry_run=args.dry_run)
    return start(settings, armed_account(), args.state, console, clock, is_dry_run=args.dry_run)


def _directory(args: argparse.Namespace) -> Path:
    # With --state the settings are not read: a slip in them must not keep anybody from closing a position
    settings = None if args.state else load_settings(args.config, args.set)
    return existing_directory(args.state, settings, is_dry_run=args.dry_run)


def _desk(args: argparse.Namespace, console: Console, clock: Callable[[], int], pause: Callable[[float], None]) -> Desk:
    return Desk(_directory(args), console, clock, pause)


def _config(settings: Settings, what: str, console: Console) -> int:
    if what == "show":
        console.out(as_toml_text(settings), end="")
    else:
        symbols = ", ".join(sorted({table.symbol for table in settings.strategies}))
        console.out(f"valid: {len(settings.strategies)} rules on {symbols}; SHA-256 {settings.fingerprint()}")
    return 0
