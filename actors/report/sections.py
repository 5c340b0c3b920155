"""The parts of ``report.html`` that are figures and tables."""

from collections.abc import Sequence
from typing import Any

from actors.messages import Action, FailurePlace, HandlerFailed, SignalDecided
from actors.report.format import MISSING, count, exchange_time, first_and_last, held_for, percent, ratio, usd, words
from actors.report.html import empty, money_cell, section, table, text, time_cell, tone
from actors.report.records import SessionRecord, Trade
from actors.report.statistics import MIN_SHARPE_SESSIONS, EquityCurve, average_exposure_pct, time_held_pct

MAX_TRADE_ROWS = 2_000
MAX_ALERT_ROWS = 200
Tile = tuple[str, str, str, str]  # name, figure, what it means, class of its colour


def headline(record: SessionRecord, summary: dict[str, Any], curve: EquityCurve) -> str:
    """Return the figures that a reader looks for first."""
    tiles = "".join(
        f'<div class="tile"><span>{text(name)}</span><b class="{css}">{value}</b><small>{text(hint)}</small></div>'
        for name, value, hint, css in [*_results(summary), *_activity(record, summary, curve)]
    )
    return f'<div class="tiles">{tiles}</div>'


def refusals(decisions: Sequence[SignalDecided]) -> str:
    """Return refused signals by reason, each with the numbers of the latest one."""
    latest: dict[str, SignalDecided] = {}
    counts: dict[str, int] = {}
    for decision in decisions:
        if decision.action is Action.REFUSED:
            latest[decision.reason] = decision
            counts[decision.reason] = counts.get(decision.reason, 0) + 1
    if not counts:
        return section("Refused signals", empty("No signal was refused."))
    rows = [
        f'<tr><td>{text(words(reason))}</td><td class="n">{number:,}</td>'
        f'<td class="wrap">{text(latest[reason].detail)}</td></tr>'
        for reason, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    note = f"{sum(counts.values()):,} of {count(len(decisions), 'signal')} refused; each is a row of decisions.csv."
    return section("Refused signals", table(["Reason", ">Signals", "The latest one"], rows), note)


def trade_table(trades: Sequence[Trade], end: int, charts: dict[str, str]) -> str:
    """Return the trades, newest last; ``charts`` names the chart of a symbol, to which a click on a row leads."""
    if not trades:
        return section("Trades", empty("No trade was made."))
    shown = sorted(trades, key=lambda trade: trade.entry_time)[-MAX_TRADE_ROWS:]
    heads = ["Symbol", "Strategy", "Side", ">Shares", "Entry", ">Price", "Exit", ">Price", "Reason", "Held"]
    heads += [">Net P&L", ">Worst", ">Best", ">Commission"]
    rows = [_trade_row(trade, end, charts.get(trade.symbol, "")) for trade in shown]
    note = "Exchange time (New York); hover for exact UTC. Click a heading to sort, a row to see its chart."
    if len(shown) < len(trades):
        note += f" The latest {len(shown):,} of {len(trades):,}; all of them are in trades.csv."
    return section("Trades", table(heads, rows, "sortable tall"), note)


def incidents(record: SessionRecord) -> str:
    """Return errors and alerts; nothing when there were none."""
    errors = "".join(_error(error) for error in record.errors)
    errors += "".join(_more(place, number) for place, number in record.more_errors.items())
    rows = [
        f'<tr class="{text(alert.severity)}">{time_cell(alert.ts)}<td>{text(alert.severity)}</td>'
        f'<td>{text(alert.code)}</td><td>{text(alert.symbol)}</td><td class="wrap">{text(alert.text)}</td></tr>'
        for alert in record.alerts[-MAX_ALERT_ROWS:]
    ]
    alerts = table(["Time", "Severity", "Code", "Symbol", "Text"], rows) if rows else ""
    note = f"The latest {len(rows):,} of {len(record.alerts):,} alerts." if len(rows) < len(record.alerts) else ""
    return section("Errors and alerts", errors + alerts, note) if errors or alerts else ""


def provenance(record: SessionRecord, summary: dict[str, Any]) -> str:
    """Return what was run, on what, and with which settings."""
    first, last = (f"{exchange_time(ts):%Y-%m-%d %H:%M} New York" for ts in first_and_last(record))
    begins, ends = ("First bar closed", "Last bar closed") if len(record.bar_closes) else ("From", "Until")
    facts = [
        ("Mode", record.mode),
        *([("Account", record.live.account)] if record.live else []),
        ("Engine", record.engine),
        (begins, first),
        (ends, last),
        ("Bars", f"{record.bars:,}"),
        ("Signals, orders, fills", f"{summary['signals']:,}, {summary['orders']:,}, {summary['fills']:,}"),
        ("Loss-limit halts", f"{record.loss_limit_halts:,}"),
        ("Run time", _run_time(record, summary["bars_per_sec"])),
        ("Peak memory", f"{record.peak_rss_mb:,.0f} MB"),
        ("Settings, SHA-256", record.config_sha256),
    ]
    rows = [f'<tr><td>{text(name)}</td><td class="wrap">{text(value)}</td></tr>' for name, value in facts]
    settings = f"<details><summary>Settings used</summary><pre>{text(record.config_text)}</pre></details>"
    return section("The run", table(["", ""], rows, "facts") + settings)


def _run_time(record: SessionRecord, bars_per_sec: int | None) -> str:
    if record.live:
        return f"{held_for(int(record.wall_secs * 1_000_000_000))} since the last start"
    return f"{record.wall_secs:.1f} s" + (f", {bars_per_sec:,} bars a second in the engine" if bars_per_sec else "")


def _results(summary: dict[str, Any]) -> list[Tile]:
    net, starting = summary["net_pnl_usd"], summary["starting_equity_usd"]
    return [
        ("Net P&L", usd(net, signed=True), f"{usd(starting)} → {usd(summary['ending_equity_usd'])}", tone(net)),
        ("Return", percent(net / starting * 100 if starting else None, signed=True), "on starting equity", tone(net)),
        ("Max drawdown", percent(summary["max_drawdown_pct"]), "from the highest equity", ""),
        ("Sharpe ratio", ratio(summary["sharpe"]), f"daily, annualised; needs {MIN_SHARPE_SESSIONS} sessions", ""),
        ("Profit factor", ratio(summary["profit_factor"]), "won ÷ lost, after fees", ""),
    ]


def _activity(record: SessionRecord, summary: dict[str, Any], curve: EquityCurve) -> list[Tile]:
    closed, wins = summary["trades"], summary["wins"]
    still_open = sum(trade.is_open for trade in record.trades)
    moments = "bar closes" if len(record.bar_closes) else "marks"
    held = f"of all {len(curve.ts):,} {moments}; in the market at {percent(time_held_pct(curve), decimals=0)}"
    win_rate = 100 * wins / closed if closed else None
    return [
        ("Win rate", percent(win_rate, decimals=1), f"{wins:,} won, {summary['losses']:,} lost", ""),
        ("Trades closed", f"{closed:,}", f"{still_open or 'none'} open at the end", ""),
        ("Commissions", usd(summary["commissions_usd"]), count(summary["fills"], "fill"), ""),
        ("Average exposure", percent(average_exposure_pct(curve), decimals=1), held, ""),
    ]


def _trade_row(trade: Trade, end: int, chart: str) -> str:
    exit_price = usd(trade.exit_price) if trade.exit_price is not None else MISSING
    held = (trade.exit_time or end) - trade.entry_time
    place = f"{exchange_time(trade.entry_time):%Y-%m-%d %H:%M}|{exchange_time(trade.exit_time or end):%Y-%m-%d %H:%M}"
    link = f' data-chart="{chart}" data-span="{place}"' if chart else ""
    return (
        f"<tr{link}><td>{text(trade.symbol)}</td><td>{text(trade.strategy)}</td><td>{trade.side.name.lower()}</td>"
        f'<td class="n" data-v="{trade.quantity}">{trade.quantity:,}</td>'
        f'{time_cell(trade.entry_time)}<td class="n" data-v="{trade.entry_price}">{usd(trade.entry_price)}</td>'
        f'{time_cell(trade.exit_time, "still open")}<td class="n" data-v="{trade.exit_price or 0}">{exit_price}</td>'
        f'<td>{words(trade.exit_reason)}</td><td data-v="{held}">{held_for(held)}</td>'
        f"{money_cell(trade.net_pnl_usd)}{money_cell(trade.mae_usd)}{money_cell(trade.mfe_usd)}"
        f'<td class="n" data-v="{trade.commission_usd}">{usd(trade.commission_usd)}</td></tr>'
    )


def _more(place: FailurePlace, number: int) -> str:
    component, handler, where = place
    what = f"<b>{text(component)}.{text(handler)}</b> <small>at {text(where)}</small>"
    return f'<div class="banner bad">{number:,} more like those of {what}</div>'


def _error(error: HandlerFailed | str) -> str:
    if isinstance(error, str):
        return f'<div class="banner bad">{text(error)}</div>'
    handler = f"<b>{text(error.component)}.{text(error.handler)}</b>"
    what = f"{handler}: {text(error.error)} <small>at {text(error.place)}</small>"
    trace = f"<details><summary>Trace</summary><pre>{text(error.trace)}</pre></details>"
    return f'<div class="banner bad">{what}{trace}</div>'
