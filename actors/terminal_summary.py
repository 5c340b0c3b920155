"""The result of a run on the terminal: at most 30 lines, legible at 80 columns."""

from pathlib import Path
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from actors.records import SessionRecord
from actors.report_format import count, percent, ratio, usd, words
from actors.report_statistics import group_trades

MAX_SYMBOL_LINES = 6
MAX_REASON_LINES = 5
MAX_NOTES = 2
MAX_NOTE_CHARACTERS = 160  # two lines


def print_summary(record: SessionRecord, summary: dict[str, Any], directory: Path, console: Console) -> None:
    """Print the headline figures, a line a symbol, what was refused and why, and where the report lies."""
    for notice in _notices(record):
        console.print(notice)
    console.print(_headline(summary))
    details = Table.grid(padding=(0, 4))
    details.add_row(
        _symbols(record) if record.trades else "No trade was made.",
        _refused(summary["blocked_entries"]) if summary["blocked_entries"] else "",
    )
    console.print(details)
    console.print(f"[bold]Report[/bold] {escape(str(directory / 'report.html'))}", soft_wrap=True, highlight=False)


def _notices(record: SessionRecord) -> list[Text]:
    synthetic_first = sorted(record.data_notes, key=lambda note: "synthetic" not in note.lower())
    notices = [Text(_shortened(note), style="black on yellow") for note in synthetic_first[:MAX_NOTES]]
    if record.was_interrupted:
        notices.append(Text("Interrupted: the figures cover what ran until then.", style="bold yellow"))
    if record.errors:
        notices.append(Text(f"{count(len(record.errors), 'error')}: see the report.", style="bold white on red"))
    return notices


def _shortened(note: str) -> str:
    return note if len(note) <= MAX_NOTE_CHARACTERS else f"{note[: MAX_NOTE_CHARACTERS - 1]}…"


def _headline(summary: dict[str, Any]) -> Table:
    net, starting, closed = summary["net_pnl_usd"], summary["starting_equity_usd"], summary["trades"]
    figures = [
        ("Net P&L", _money(net)),
        ("Return", Text(percent(net / starting * 100 if starting else None, signed=True), style=_style(net))),
        ("Ending equity", Text(usd(summary["ending_equity_usd"]))),
        ("Max drawdown", Text(percent(summary["max_drawdown_pct"]))),
        ("Trades", Text(f"{closed:,}")),
        ("Win rate", Text(percent(100 * summary["wins"] / closed if closed else None, decimals=1))),
        ("Profit factor", Text(ratio(summary["profit_factor"]))),
        ("Sharpe", Text(ratio(summary["sharpe"]))),
        ("Commissions", Text(usd(summary["commissions_usd"]))),
        ("Loss-limit halts", Text(str(summary["loss_limit_halts"]))),
        ("Bars", Text(f"{summary['bars']:,}")),
        ("Bars a second", Text(f"{summary['bars_per_sec']:,}" if summary["bars_per_sec"] else "–")),
    ]
    table = Table(title=_period(summary), title_justify="left", title_style="bold", show_header=False, box=HORIZONTALS)
    for _ in range(2):
        table.add_column(style="dim")
        table.add_column(justify="right", min_width=14)
    for left, right in zip(figures[::2], figures[1::2], strict=True):
        table.add_row(*left, *right)
    return table


def _period(summary: dict[str, Any]) -> str:
    return f"{summary['mode'].capitalize()} {summary['start'][:10]} to {summary['end'][:10]}"


def _symbols(record: SessionRecord) -> Table:
    groups = group_trades(record.trades, lambda trade: trade.symbol)
    groups.sort(key=lambda group: -abs(group.net_usd))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Symbol", max_width=16, no_wrap=True)
    for name in ("Trades", "Won", "Lost", "Open", "Net P&L"):
        table.add_column(name, justify="right")
    for group in groups[:MAX_SYMBOL_LINES]:
        figures = (str(number) for number in (group.trades, group.wins, group.losses, group.open))
        table.add_row(escape(group.name), *figures, _money(float(group.net_usd)))
    if len(groups) > MAX_SYMBOL_LINES:
        table.add_row(f"and {len(groups) - MAX_SYMBOL_LINES} more")
    return table


def _refused(blocked: dict[str, int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Refused", max_width=22)
    table.add_column("Signals", justify="right")
    for reason, number in list(blocked.items())[:MAX_REASON_LINES]:
        table.add_row(escape(words(reason)), f"{number:,}")
    if len(blocked) > MAX_REASON_LINES:
        table.add_row(f"and {len(blocked) - MAX_REASON_LINES} more reasons")
    return table


def _money(amount: float) -> Text:
    return Text(usd(amount, signed=True), style=_style(amount))


def _style(amount: float) -> str:
    return "bold green" if amount > 0 else "bold red" if amount < 0 else "bold"
