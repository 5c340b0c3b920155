"""The preflight on the terminal: a line for each check and how what is not ok is mended; legible without colour."""

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.log.printed_line import shortened
from config.checks.preflight import Preflight
from config.checks.verdicts import Check, Verdict

REASONS: Final = {2: "a setting is wrong", 3: "an interlock refuses"}  # by exit code
STYLES: Final[dict[Verdict, str]] = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def print_preflight(preflight: Preflight, console: Console) -> None:
    """Print the checks and what follows from them."""
    table = Table(box=SIMPLE_HEAD, title="Preflight", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("Check", overflow="fold", max_width=24)
    table.add_column("Verdict", no_wrap=True)
    table.add_column("Found", overflow="fold", ratio=1)
    remedy = ""
    for check in preflight.checks:
        found = _found(check, is_repeated=check.remedy == remedy)
        table.add_row(Text(check.name), Text(check.verdict, style=STYLES[check.verdict]), found)
        remedy = check.remedy
    console.print(table)
    console.print(_conclusion(preflight))


def _found(check: Check, *, is_repeated: bool) -> Text:
    # Text, not markup: a broker's words may hold brackets
    # An account is whole where it does not fit; an ISIN would be taken for one
    is_whole = check.verdict == "failed" or check.name.startswith("instrument")
    found = Text(check.found if is_whole else shortened(check.found))
    if check.remedy:
        found.append(
            f"\n→ {'as above' if is_repeated else check.remedy}", style="bold" if check.verdict == "failed" else ""
        )
    return found


def _conclusion(preflight: Preflight) -> Text:
    failed, warnings = (sum(each.verdict == verdict for each in preflight.checks) for verdict in ("failed", "warning"))
    if failed:
        reason = REASONS.get(preflight.exit_code, "the broker is not ready")
        return Text(f"Not ready: {failed} failed, {reason} (exit code {preflight.exit_code}).", style=STYLES["failed"])
    if warnings:
        return Text(f"Ready, with {warnings} to know of.", style=STYLES["warning"])
    return Text("Ready.", style=STYLES["ok"])
