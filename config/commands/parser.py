"""The command line of ``run_live.py``."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from actors.status.answers import reason_of

DESCRIPTION: Final = "Trade the configured strategies through Interactive Brokers, paper unless armed."
NO_REASON: Final = "no reason given"  # who is in a hurry gives none
COMMANDS: Final = {
    "run": "trade until stopped (the default)",
    "check": "run the checks before a start, and nothing else",
    "status": "how the node stands; exit code 4 when none runs",
    "halt": "no entries until `resume`; positions stay, with their stops. Holds over restarts",
    "resume": "lift the halt of an operator; never the daily loss limit",
    "flatten": "close one position, or all, at the market. Entries stay allowed: `halt` first to stay flat",
    "stop": "end the node; trading.on_stop says what becomes of positions",
    "config": "show: the settings as the node reads them, secrets masked. check: whether they are valid",
    "alert-test": "send one test message to each alert target",
}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for; ``command`` None = run."""
    parser = argparse.ArgumentParser(prog="run_live.py", description=DESCRIPTION, parents=[_common(None, "set_before")])
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    # After the command an option that is not given must not undo the same one before it
    after = _common(argparse.SUPPRESS, "set_after")
    parts = {
        name: commands.add_parser(name, parents=[after], help=text, description=text) for name, text in COMMANDS.items()
    }
    parts["status"].add_argument("--json", action="store_true", help="for programs; the keys are in docs/live.md")
    tells = "tell the alert targets too, when no node runs: for a supervisor that gave up, or a clock"
    parts["status"].add_argument("--alert", action="store_true", help=tells)
    why = f"told with every refused entry (default: {NO_REASON})"
    parts["halt"].add_argument("--reason", default=NO_REASON, type=_reason, metavar="TEXT", help=why)
    parts["flatten"].add_argument(
        "symbol", nargs="?", type=_symbol, metavar="SYMBOL", help="AAPL or AAPL.NASDAQ; none: all"
    )
    parts["config"].add_argument("what", choices=["show", "check"])
    args = parser.parse_args(argv)
    args.set = (args.set_before or []) + getattr(args, "set_after", [])
    args.dry_run = bool(args.dry_run)
    return args


def _reason(text: str) -> str:
    if not (reason := _readable(text)):
        raise argparse.ArgumentTypeError(f"expected why, in a few words, was {text!r}")
    return reason


def _symbol(text: str) -> str:
    if not (symbol := _readable(text)):  # such as a variable of a script that is not set: never all for that
        raise argparse.ArgumentTypeError(f"expected a symbol, or no word at all for every one, was {text!r}")
    return symbol


def _readable(text: str) -> str:
    """Return a word of the command line as one row of text, whatever bytes the terminal sent."""
    return reason_of(os.fsencode(text).decode(errors="replace"))


def _common(default: Any, set_name: str) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=default)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config/default.toml)")
    common.add_argument("--set", dest=set_name, action="append", metavar="section.key=value", help="change a setting")
    dry_run = "the broker's data, simulated fills, no order is sent"
    common.add_argument("--dry-run", action="store_true", default=default, help=dry_run)
    where = "journal, log, lock (default: state/<mode>-<account>)"
    common.add_argument("--state", type=Path, metavar="DIR", help=where)
    return common
