"""The status on the terminal: a hundred columns, legible without colour, times of the exchange. Pure."""

from datetime import datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from actors.log.news import ticker
from actors.performance.measures import MEASURES, Measure
from actors.report.format import EXCHANGE_ZONE, MISSING, figure, held_for, usd, words
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
BAD = {"dead", "silent", "stopped", "halted", "holding"}


def print_status(report: StatusReport, console: Console, now_ns: int) -> None:
    """Print the status as it is read at ``now_ns``, UTC nanoseconds."""
    console.print(status_table(report, now_ns))


def status_table(report: StatusReport, now_ns: int) -> RenderableType:
    """Return what to print."""
    parts: list[RenderableType] = [_headline(report), _facts(report, now_ns)]
    if report.positions:
        parts.append(_positions(report.positions))
    if report.orders:
        parts.append(_orders(report.orders))
    if measures := report.latencies_ms | report.load:
        parts.append(_performance(measures))
    return Group(*parts)


def _headline(report: StatusReport) -> Text:
    text = Text(f"{words(report.state).upper()}", style="bold red" if report.state in BAD else "bold green")
    text.append(f"  {report.node.mode} {report.node.account}", style="bold")
    if report.detail:
        text.append(f"\n{report.detail}", style="red")
    return text


def _facts(report: StatusReport, now_ns: int) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in _rows(report, now_ns):
        grid.add_row(f" {name}", Text(text))  # Text, not markup: a reason may hold brackets
    return grid


def _rows(report: StatusReport, now_ns: int) -> list[tuple[str, str]]:
    rows = [("Entries", "allowed" if report.entries.are_allowed else f"NOT allowed: {report.entries.reason}")]
    rows += [
        ("Halt", f"{words(halt.source)}, since {_clock(halt.since, now_ns)}: {halt.detail}") for halt in report.halts
    ]
    rows += [("Session", _session(report.session))] if report.session else []
    rows += [("Link", _link(report.link, now_ns))] if report.link else []
    rows += [("Account", _account(report.account)), ("Day P&L", _day(report.account))] if report.account else []
    rows += [("Positions", "none")] if not report.positions else []
    rows.append(("Book", _book(report, now_ns)))
    rows += [("Data", _data(report))] if report.data else []
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


def _book(report: StatusReport, now_ns: int) -> str:
    book = report.book
    if book is None or book.checked is None:
        return "not compared with the broker's in this run"
    verdict = "equals the broker's" if book.is_equal else f"DIFFERS from the broker's: {book.detail}"
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


def _positions(positions: tuple[PositionStatus, ...]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("Position", "Shares", "Average", "Last", "P&L", "Stop", "Trailing", "Rule", "Phase"):
        table.add_column(name, justify="right" if name in {"Shares", "Average", "Last", "P&L", "Stop"} else "left")
    for one in positions:
        pnl = MISSING if one.unrealised_pnl_usd is None else usd(one.unrealised_pnl_usd, signed=True)
        table.add_row(
            ticker(one.symbol),
            f"{one.quantity if one.side == 'long' else -one.quantity:+}",
            _price(one.average_price),
            _price(one.last_close),
            pnl,
            Text(_stop(one), style="" if one.stop_trigger else "bold red"),
            one.trailing,
            Text(one.rule),
            f"{words(one.phase)}{f' ({words(one.exit_reason)})' if one.exit_reason else ''}",
        )
    return table


def _stop(one: PositionStatus) -> str:
    if one.stop_trigger is None:
        return "NO STOP"
    return (
        _price(one.stop_trigger)
        if one.stop_quantity == one.quantity
        else f"{_price(one.stop_trigger)} for {one.stop_quantity}"
    )


def _orders(orders: tuple[OrderStatus, ...]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("Order", "Role", "Open", "Stop", "Status", "Client order id", "Broker's id"):
        table.add_column(name, justify="right" if name in {"Open", "Stop"} else "left", overflow="fold")
    for one in orders:
        trigger = _price(one.stop_trigger)
        ids = (one.client_order_id, one.broker_order_id or MISSING)
        table.add_row(ticker(one.symbol), one.role, str(one.quantity), trigger, words(one.status), *ids)
    return table


def _performance(measures: dict[str, MeasureStatus]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("Performance", "p50", "p95", "Max", "Mean", "", "Count", "Goal"):
        table.add_column(name, justify="left" if name in {"Performance", "", "Goal"} else "right", no_wrap=True)
    for name, one in measures.items():
        measure = MEASURES[name]
        figures = (figure(value) for value in (one.p50, one.p95, one.max, one.mean))
        table.add_row(measure.title, *figures, measure.unit, f"{one.count:,}", _goal(measure, one))
    return table


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
