"""The commands of ``run_live.py`` that need the settings: run, check, config, alert-test."""

import argparse
from collections.abc import Callable

from rich.console import Console

from actors.report.reports import ReportError
from config.alerts.alert_test import alert_test
from config.alerts.failed_start import StartAttempt, told_if_it_fails
from config.cautions import cautions
from config.components import try_rules
from config.errors import ConfigError
from config.live.start import check, start
from config.live.state_dir import StateError
from config.loader import armed_account, load_settings
from config.printed import as_toml_text
from config.schema import Settings


def run_node_command(args: argparse.Namespace, console: Console, clock: Callable[[], int]) -> int:
    """Do what the command line asks for; return the exit code."""
    if args.command in (None, "run"):
        attempt = StartAttempt(args.state, is_dry_run=args.dry_run)
        return told_if_it_fails(attempt, lambda: _run(args, attempt, console, clock), clock, console.out)
    settings = load_settings(args.config, args.set)
    match args.command:
        case "config":
            return _config(settings, args.what, console)
        case "alert-test":
            return alert_test(settings, console)
    return check(settings, armed_account(), args.state, console, clock, is_dry_run=args.dry_run)


def _run(args: argparse.Namespace, attempt: StartAttempt, console: Console, clock: Callable[[], int]) -> int:
    attempt.settings = load_settings(args.config, args.set)
    try:
        return start(attempt.settings, armed_account(), attempt, console, clock)
    except ReportError as error:
        raise StateError(str(error)) from error


def _config(settings: Settings, what: str, console: Console) -> int:
    if what == "show":
        console.out(as_toml_text(settings), end="")
        return 0
    problems, needs = try_rules(settings)
    if problems:
        raise ConfigError(problems)
    symbols = ", ".join(sorted({table.symbol for table in settings.strategies}))
    console.out(f"valid: {len(settings.strategies)} rules on {symbols}; SHA-256 {settings.fingerprint()}")
    for caution in cautions(settings, needs):
        console.out(f"{caution.found}. {caution.remedy}")
    return 0
