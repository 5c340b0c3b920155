"""
The status on the terminal: a hundred columns, legible without colour, times of the exchange. Pure.

A table that is wider than the terminal is told in lines instead, for rich would cut its numbers.

"""

from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from actors.log.news import ticker
from actors.performance.measures import MEASURES, Measure
from actors.report.format import EXCHANGE_ZONE, MISSING, figure, held_for, usd, words
from actors.status.layout import Listing, named_lines
from actors.status.report import (
    AccountStatus,
    LinkStatus,
    MeasureStatus,
    OrderStatus,
    PositionStatus,
    SessionStatus,
    StatusReport,
)

NANOS_IN_SECOND = 1_000_000_000
NO_STOP = "NO STOP"
BAD = {"dead", "silent", "stopped", "halted", "holding"}


def print_status(report: StatusReport, console: Console, now_ns: int) -> None:
    """Print the status as it is read at ``now_ns``, UTC nanoseconds."""
    console.print(_headline(report))
    console.print(named_lines(_rows(report, now_ns), console.width))
    for listing in (_positions(report.positions), _orders(report.orders), _performance(_measures(report))):
        if listing.rows:
            console.print(listing.fitting(console))


def _headline(report: StatusReport) -> Text:
    text = Text(f"{words(report.state).upper()}", style="bold red" if report.state in BAD else "bold green")
    text.append(f"  {report.node.mode} {report.node.account}", style="bold")
    if report.detail:
        text.append(f"\n{report.detail}", style="red")
    return text


def _is_at_work(report: StatusReport) -> bool:
    """Return whether blocks and measures are those of a node that runs, not of one before."""
    return report.is_running and report.state != "starting"


def _measures(report: StatusReport) -> dict[str, MeasureStatus]:
    found = report.latencies_ms | report.load if _is_at_work(report) else {}
    return {name: one for name, one in found.items() if one.count}


def _rows(report: StatusReport, now_ns: int) -> list[tuple[str, str]]:
    rows = [("Entries", "allowed" if report.entries.are_allowed else f"NOT allowed: {report.entries.reason}")]
    rows += [
        ("Halt", f"{words(halt.source)}, since {_clock(halt.since, now_ns)}: {halt.detail}") for halt in report.halts
    ]
    rows += [("Session", _session(report.session))] if report.session else []
    rows += [("Link", _link(report.link, now_ns))] if report.link else []
    rows += [("Account", _account(report.account)), ("Day P&L", _day(report.account))] if report.account else []
    rows += [("Positions", "none")] if not report.positions else []
    rows.append(("Books", _books(report, now_ns)))
    rows += [("Data", _data(report))] if report.data else []
    if _is_at_work(report):
        rows += [("Blocked", f"{ticker(one.symbol)}: {one.detail}") for one in report.blocked]
    return [*rows, ("Node", _node(report, now_ns))]


def _session(session: SessionStatus) -> str:
    if session.is_open:
        return f"{session.date}, open, closes in {_span(session.secs_to_close)} at {_hour(session.closes)}"
    return f"{session.date}, opens in {_span(session.secs_to_open)} at {_hour(session.opens)}"


def _link(link: LinkStatus, now_ns: int) -> str:
    since = f" since {_clock(link.since, now_ns)}" if link.since else ""
    return f"{link.state.upper() if link.state != 'up' else 'up'}{since}{f': {link.detail}' if link.detail else ''}"


def _account(account: AccountStatus) -> str:
    return f"equity {usd(account.equity_usd)}, cash {usd(account.cash_usd)}, exposure {usd(account.exposure_usd)}"


def _day(account: AccountStatus) -> str:
    return f"{usd(account.day_pnl_usd, signed=True)}, limit {usd(-account.daily_loss_limit_usd)}"


def _books(report: StatusReport, now_ns: int) -> str:
    book = report.book
    if book is None or book.checked is None:
        return "not compared with the broker's in this run"
    verdict = "equal the broker's" if book.is_equal else f"DIFFER from the broker's: {book.detail}"
    return f"{verdict}, checked {_ago(book.checked, now_ns)}"


def _data(report: StatusReport) -> str:
    texts = []
    for one in report.data:
        age = "no bar yet" if one.age_secs is None else _span(int(one.age_secs))
        texts.append(f"{ticker(one.symbol)} {age}{' STALE' if one.is_stale else ''}")
    return f"age of the last bar: {', '.join(texts)}"


def _node(report: StatusReport, now_ns: int) -> str:
    node = report.node
    parts = [f"process {node.pid}"] if node.pid else []
    parts.append(f"started {_clock(node.started, now_ns)}")
    parts += [f"memory {node.rss_mb:.0f} MB"] if node.rss_mb is not None else []
    parts += [f"CPU {node.cpu_pct:.1f} %"] if node.cpu_pct is not None else []
    return f"{', '.join(parts)}; as of {_clock(report.as_of, now_ns)}"


def _positions(positions: tuple[PositionStatus, ...]) -> Listing:
    names = ("Position", "Shares", "Average", "Last", "P&L", "Stop", "Trailing", "Rule", "Phase")
    return Listing(names, [_position(one) for one in positions], frozenset(names[1:6]))


def _position(one: PositionStatus) -> list[Text]:
    pnl = MISSING if one.unrealised_pnl_usd is None else usd(one.unrealised_pnl_usd, signed=True)
    cells = [
        ticker(one.symbol),
        f"{one.quantity if one.side == 'long' else -one.quantity:+}",
        _price(one.average_price),
        _price(one.last_close),
        pnl,
        _stop(one),
        one.trailing,
        one.rule,
        f"{words(one.phase)}{f' ({words(one.exit_reason)})' if one.exit_reason else ''}",
    ]
    return [Text(cell, style="bold red" if cell == NO_STOP else "") for cell in cells]


def _stop(one: PositionStatus) -> str:
    if one.stop_trigger is None:
        return NO_STOP
    return (
        _price(one.stop_trigger)
        if one.stop_quantity == one.quantity
        else f"{_price(one.stop_trigger)} for {one.stop_quantity}"
    )


def _orders(orders: tuple[OrderStatus, ...]) -> Listing:
    names = ("Order", "Role", "Open", "Stop", "Status", "Client order id", "Broker's id")
    return Listing(names, [_order(one) for one in orders], frozenset({"Open", "Stop"}))


def _order(one: OrderStatus) -> list[Text]:
    cells = (ticker(one.symbol), one.role, str(one.quantity), _price(one.stop_trigger), words(one.status))
    return [Text(cell) for cell in (*cells, one.client_order_id, one.broker_order_id or MISSING)]


def _performance(measures: dict[str, MeasureStatus]) -> Listing:
    names = ("Performance", "p50", "p95", "Max", "Mean", "", "Count", "Goal")
    rows = [_measured(MEASURES[name], one) for name, one in measures.items()]
    return Listing(names, rows, frozenset({*names[1:5], "Count"}))


def _measured(measure: Measure, one: MeasureStatus) -> list[Text]:
    figures = (figure(value) for value in (one.p50, one.p95, one.max, one.mean))
    cells = (measure.title, *figures, measure.unit, f"{one.count:,}")
    return [*(Text(cell) for cell in cells), _goal(measure, one)]


def _goal(measure: Measure, one: MeasureStatus) -> Text:
    if one.goal is None:
        return Text("")
    mark = Text("met", style="green") if one.is_met else Text("MISSED", style="bold red")
    return Text(f"{measure.judged_by} ≤ {one.goal:,g}: ").append(mark)


def _price(price: Decimal | None) -> str:
    return MISSING if price is None else f"{price:,.2f}"


def _span(secs: int | None) -> str:
    return held_for((secs or 0) * NANOS_IN_SECOND)


def _ago(iso: str, now_ns: int) -> str:
    return f"{held_for(now_ns - int(datetime.fromisoformat(iso).timestamp()) * NANOS_IN_SECOND)} ago"


def _hour(iso: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(EXCHANGE_ZONE):%H:%M}"


def _clock(iso: str, now_ns: int) -> str:
    local = datetime.fromisoformat(iso).astimezone(EXCHANGE_ZONE)
    today = datetime.fromtimestamp(now_ns // NANOS_IN_SECOND, EXCHANGE_ZONE).date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M:%S}"
