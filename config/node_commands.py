"""The commands of ``run_live.py`` that need the settings: run, check, config, alert-test."""

import argparse
from collections.abc import Callable

from rich.console import Console

from actors.reports import ReportError
from config.alert_test import alert_test
from config.live_start import check, start
from config.loader import armed_account, load_settings
from config.printed import as_toml_text
from config.schema import Settings
from config.state_dir import StateError


def run_node_command(args: argparse.Namespace, console: Console, clock: Callable[[], int]) -> int:
    """Do what the command line asks for; return the exit code."""
    settings = load_settings(args.config, args.set)
    match args.command:
        case "config":
            return _config(settings, args.what, console)
        case "alert-test":
            return alert_test(settings, console)
        case "check":
            return check(settings, armed_account(), console, clock, is_dry_run=args.dry_run)
    try:
        return start(settings, armed_account(), args.state, console, clock, is_dry_run=args.dry_run)
    except ReportError as error:
        raise StateError(str(error)) from error


def _config(settings: Settings, what: str, console: Console) -> int:
    if what == "show":
        console.out(as_toml_text(settings), end="")
    else:
        symbols = ", ".join(sorted({table.symbol for table in settings.strategies}))
        console.out(f"valid: {len(settings.strategies)} rules on {symbols}; SHA-256 {settings.fingerprint()}")
    return 0
