"""Where the money came from: profit by rule, symbol, exit reason, hour and month."""

from collections.abc import Callable
from decimal import Decimal

from actors.report.format import MISSING, exchange_time, whole_usd, words
from actors.report.html import bar, empty, money_cell, section, table, text, tone
from actors.report.records import SessionRecord, Trade
from actors.report.statistics import Group, group_trades

MAX_MONTH_ROWS = 12  # of more months there is a row a year
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Key = Callable[[Trade], str]


def breakdowns(record: SessionRecord) -> str:
    """Return profit by rule, symbol, exit reason, month and hour."""
    if not record.trades:
        return section("Where the money came from", empty("No trade was made, so there is nothing to break down."))
    keys: list[tuple[str, Key]] = [
        ("Strategy", lambda trade: trade.strategy),
        ("Symbol", lambda trade: trade.symbol),
        ("Exit reason", lambda trade: words(trade.exit_reason)),
        ("Hour of entry", lambda trade: exchange_time(trade.entry_time).strftime("%H:00")),
    ]
    cards = [_breakdown(name, group_trades(record.trades, key)) for name, key in keys]
    months = group_trades(record.trades, lambda trade: f"{exchange_time(trade.exit_time or record.end):%Y-%m}")
    grid = _month_grid(months) if len(months) > MAX_MONTH_ROWS else ""
    if not grid:
        cards.append(_breakdown("Month of exit", months))
    note = "Net of commissions. Positions still open count at their last mark; hours are exchange time (New York)."
    return section("Where the money came from", f'<div class="cards">{"".join(cards)}</div>{grid}', note)


def _breakdown(name: str, groups: list[Group]) -> str:
    largest = max(abs(group.net_usd) for group in groups) or Decimal(1)
    rows = [
        f"<tr><td>{text(group.name)}</td><td class='n'>{group.trades:,}</td><td class='n'>{_win_rate(group)}</td>"
        f"{money_cell(group.net_usd)}<td class='b'>{bar(float(group.net_usd / largest))}</td></tr>"
        for group in groups
    ]
    return f'<div class="card">{table([name, ">Trades", ">Won", ">Net P&L", ""], rows)}</div>'


def _win_rate(group: Group) -> str:
    decided = group.wins + group.losses
    return f"{100 * group.wins / decided:.0f} %" if decided else MISSING


def _month_grid(months: list[Group]) -> str:
    net = {group.name: group.net_usd for group in months}
    largest = max(abs(amount) for amount in net.values()) or Decimal(1)
    rows = []
    for year in range(int(months[0].name[:4]), int(months[-1].name[:4]) + 1):
        amounts = [net.get(f"{year}-{month:02d}") for month in range(1, 13)]
        cells = "".join(_month_cell(amount, largest) for amount in amounts)
        total = sum((amount for amount in amounts if amount is not None), Decimal(0))
        rows.append(f"<tr><td>{year}</td>{cells}{money_cell(total)}</tr>")
    return table(["Month of exit", *(f">{month}" for month in MONTHS), ">Year"], rows, "months")


def _month_cell(amount: Decimal | None, largest: Decimal) -> str:
    if amount is None:
        return "<td></td>"
    shade = f"--shade:{float(abs(amount) / largest):.2f}"
    return f'<td class="n {tone(amount)}" style="{shade}">{whole_usd(amount)}</td>'
