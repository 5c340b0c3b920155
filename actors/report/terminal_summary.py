"""The result of a run on the terminal: at most 30 lines of 80 columns, in one column of figures where it is narrow."""

from pathlib import Path
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from actors.report.failures import errors_told
from actors.report.format import count, exchange_time, first_and_last, percent, ratio, run_name, usd, words
from actors.report.live import account_name, remarks
from actors.report.records import DataNote, SessionRecord
from actors.report.reports import NO_ENTRY_WANTED, refusals
from actors.report.statistics import Group, group_trades

MAX_SYMBOL_LINES = 5
MAX_REASONS = 4
MAX_NOTES = 2
MAX_NOTE_CHARACTERS = 160  # two lines
ANY_WIDTH = 10_000
NOTE_STYLES = {"synthetic": "black on yellow", "error": "bold white on red", "note": "yellow"}  # the loudest first


def print_summary(record: SessionRecord, summary: dict[str, Any], directory: Path, console: Console) -> None:
    """Print the headline figures, a line a symbol, what was refused and why, and where the report lies."""
    for notice in _notices(record):
        console.print(notice)
    title, figures = _title(record), _figures(record, summary)
    console.print(_first_that_fits(console, _headline(title, figures, 2), _headline(title, figures, 1)))
    for details in _details(record, console):
        console.print(details)
    console.print(f"[bold]Report[/bold] {escape(str(directory / 'report.html'))}", soft_wrap=True, highlight=False)


def _first_that_fits(console: Console, *layouts: RenderableType) -> RenderableType:
    # Rich would cut figures without a sign to make a table fit
    wide = console.options.update(max_width=ANY_WIDTH)
    fitting = (one for one in layouts if Measurement.get(console, wide, one).maximum <= console.width)
    return next(fitting, layouts[-1])


def _notices(record: SessionRecord) -> list[Text]:
    loudest_first = sorted(record.data_notes, key=lambda note: list(NOTE_STYLES).index(note.severity))
    origin = [Text(" ".join([f"{account_name(record)}.", *remarks(record)]))] if record.live else []
    failed = [Text(f"{errors_told(record)} See the report.", style=NOTE_STYLES["error"])] if record.errors else []
    notices = failed + origin + [_notice(note) for note in loudest_first[:MAX_NOTES]]
    left = loudest_first[MAX_NOTES:]
    if left:
        errors = sum(note.severity == "error" for note in left)
        among = f" ({count(errors, 'error')} among them)" if errors else ""
        style = NOTE_STYLES["error" if errors else "note"]
        notices.append(Text(f"and {count(len(left), 'more note')} on the data in report.html{among}", style=style))
    if record.was_interrupted:
        notices.append(Text("Interrupted: the figures cover what ran until then.", style="bold yellow"))
    return notices


def _notice(note: DataNote) -> Text:
    words = f"WRONG DATA: {note.text}" if note.severity == "error" else note.text
    short = words if len(words) <= MAX_NOTE_CHARACTERS else f"{words[: MAX_NOTE_CHARACTERS - 1]}…"
    return Text(short, style=NOTE_STYLES[note.severity])


def _title(record: SessionRecord) -> str:
    days = [f"{exchange_time(ts):%Y-%m-%d}" for ts in first_and_last(record)]
    return f"{run_name(record)} {' to '.join(dict.fromkeys(days) if record.live else days)}"


def _figures(record: SessionRecord, summary: dict[str, Any]) -> list[tuple[str, Text]]:
    net, starting, closed = summary["net_pnl_usd"], summary["starting_equity_usd"], summary["trades"]
    speed = ("Bars a second", Text(f"{summary['bars_per_sec']:,}" if summary["bars_per_sec"] else "–"))
    still_open = ("Still open", Text(str(sum(trade.is_open for trade in record.trades))))
    return [
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
        still_open if record.live else speed,
    ]


def _headline(title: str, figures: list[tuple[str, Text]], pairs: int) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=HORIZONTALS)
    for _ in range(pairs):
        table.add_column(style="dim")
        table.add_column(justify="right", min_width=14, no_wrap=True)
    for start in range(0, len(figures), pairs):
        table.add_row(*(cell for figure in figures[start : start + pairs] for cell in figure))
    return table


def _details(record: SessionRecord, console: Console) -> list[RenderableType]:
    symbols: RenderableType = "No trade was made."
    if record.trades:
        symbols = _first_that_fits(console, _symbols(record, is_short=False), _symbols(record, is_short=True))
    refused = refusals(record)
    return [symbols, _refused(refused)] if refused else [symbols]


def _symbols(record: SessionRecord, *, is_short: bool) -> Table:
    groups = group_trades(record.trades, lambda trade: trade.symbol)
    groups.sort(key=lambda group: -abs(group.net_usd))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Symbol", max_width=16, overflow="fold")
    for name in ("Trades", "Net P&L") if is_short else ("Trades", "Won", "Lost", "Open", "Net P&L"):
        table.add_column(name, justify="right", no_wrap=True)
    for group in groups[:MAX_SYMBOL_LINES]:
        table.add_row(escape(group.name), *_counts(group, is_short=is_short), _money(float(group.net_usd)))
    if len(groups) > MAX_SYMBOL_LINES:
        table.add_row(f"and {len(groups) - MAX_SYMBOL_LINES} more")
    return table


def _counts(group: Group, *, is_short: bool) -> list[str]:
    counts = [group.trades] if is_short else [group.trades, group.wins, group.losses, group.open]
    return [str(number) for number in counts]


def _refused(refused: dict[str, int]) -> Text:
    entries = [(reason, number) for reason, number in refused.items() if reason not in NO_ENTRY_WANTED]
    told = [f"{words(reason)} {number:,}" for reason, number in entries[:MAX_REASONS]]
    if left := entries[MAX_REASONS:]:
        told.append(f"{count(len(left), 'more reason')} {sum(number for _, number in left):,}")
    # An exit was meant, and there was nothing to leave
    idle = [f"{words(reason)} {number:,}" for reason, number in refused.items() if reason in NO_ENTRY_WANTED]
    return Text(f"Refused: {', '.join(told) or 'none'}{f' ({", ".join(idle)})' if idle else ''}")


def _money(amount: float) -> Text:
    return Text(usd(amount, signed=True), style=_style(amount))


def _style(amount: float) -> str:
    return "bold green" if amount > 0 else "bold red" if amount < 0 else "bold"
