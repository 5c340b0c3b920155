"""
``report.html``: one page that needs nothing but itself, no network, no other file.

Texts from data are escaped, and a page without trades, bars or equity says so in words.

"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from actors.report.breakdowns import breakdowns
from actors.report.charts import MAX_POINTS, Figure, equity_chart, price_chart
from actors.report.failures import errors_told
from actors.report.format import count, exchange_time, first_and_last, run_name
from actors.report.html import empty, section, text
from actors.report.live import account_name, remarks
from actors.report.performance import performance
from actors.report.records import DataNote, SessionRecord
from actors.report.sections import headline, incidents, provenance, refusals, trade_table
from actors.report.statistics import EquityCurve, equity_curve, session_days

MAX_CHARTS = 40  # price charts on a page, of the symbols with most trades
MAX_NOTES = 100  # data notes of one kind on a page
MAX_OPEN_NOTES = 4  # more data notes than these are folded away
MAX_PAGE_POINTS = 60_000  # over all price charts: keeps the page light with many symbols
STYLE = Path(__file__).with_name("page.css")
SCRIPT = Path(__file__).with_name("page.js")


def page(record: SessionRecord, summary: dict[str, Any]) -> str:
    """Return the whole page; ``summary`` is what ``summarise`` says of the record."""
    curve = equity_curve(record)
    charted = _charted_symbols(record)
    names = {symbol: f"chart-{number}" for number, symbol in enumerate(charted)}
    body = [
        _header(record, curve),
        _notices(record),
        headline(record, summary, curve),
        _equity_section(record, curve),
        *(_price_section(record, symbol, name, len(names)) for symbol, name in names.items()),
        _uncharted(record, charted),
        breakdowns(record),
        trade_table(record.trades, record.end, names),
        refusals(record.decisions),
        incidents(record),
        performance(record),
        provenance(record, summary),
    ]
    return _document(_title(record), "".join(body))


def _document(title: str, body: str) -> str:
    # Without a chart the page does without the 5 MB of plotly.
    scripts = [_plotly(), SCRIPT.read_text("utf-8")] if "data-figure" in body else [SCRIPT.read_text("utf-8")]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text(title)}</title><style>{STYLE.read_text('utf-8')}</style></head><body><main>{body}</main>"
        + "".join(f"<script>{script}</script>" for script in scripts)
        + "</body></html>\n"
    )


def _plotly() -> str:
    from plotly.offline import get_plotlyjs  # 5 MB of text, read only when a chart is drawn

    return str(get_plotlyjs())


def _title(record: SessionRecord) -> str:
    symbols = [symbol.split(".")[0] for symbol in record.symbols]
    named = ", ".join(symbols[:6]) + (f" and {len(symbols) - 6} more" if len(symbols) > 6 else "")
    return f"{run_name(record)} · {named or 'no symbol'}"


def _header(record: SessionRecord, curve: EquityCurve) -> str:
    days = [f"{exchange_time(ts):%d %b %Y}".lstrip("0") for ts in first_and_last(record)]
    sessions = len(session_days(record, curve))
    facts = [" – ".join(dict.fromkeys(days)), count(sessions, "session"), count(record.bars, "bar"), record.engine]
    return f"<header><h1>{text(_title(record))}</h1><p>{text(' · '.join(facts))}</p></header>"


def _notices(record: SessionRecord) -> str:
    notices = []
    if record.was_interrupted:
        notices.append(("warn", "Interrupted", "The run was stopped before its end; this page tells what ran."))
    if record.errors:
        notices.append(("bad", "Errors", f"{errors_told(record)} They are shown below."))
    if record.loss_limit_halts:
        halts = count(record.loss_limit_halts, "halt")
        notices.append(("warn", "Loss limit", f"{halts} of trading: the loss of a day reached the limit."))
    if record.live:
        notices.insert(0, ("", account_name(record), " ".join(remarks(record))))
    loud = [("loud", "Not real prices", note.text) for note in record.data_notes if note.severity == "synthetic"]
    banners = [
        f'<div class="banner {kind}"><b>{text(head)}</b> {text(body)}</div>' for kind, head, body in loud + notices
    ]
    banners.insert(len(loud), _data_errors([note for note in record.data_notes if note.severity == "error"]))
    return "".join(banners) + _data_notes([note for note in record.data_notes if note.severity == "note"])


def _data_errors(errors: list[DataNote]) -> str:
    if not errors:
        return ""
    words = f"{count(len(errors), 'error')} in the bars: a result over them is wrong."
    return f'<div class="banner loud wrong"><b>Wrong data</b> {words}{_items(errors)}</div>'


def _data_notes(notes: list[DataNote]) -> str:
    if not notes:
        return ""
    opened = " open" if len(notes) <= MAX_OPEN_NOTES else ""
    summary = f"<summary>{count(len(notes), 'note')} on the data</summary>"
    return f'<details class="banner"{opened}>{summary}{_items(notes)}</details>'


def _items(notes: list[DataNote]) -> str:
    items = "".join(f"<li>{text(note.text)}</li>" for note in notes[:MAX_NOTES])
    left = len(notes) - MAX_NOTES
    rest = f"<li>and {left:,} more: <code>uv run python -m catalog verify</code></li>" if left > 0 else ""
    return f"<ul>{items}{rest}</ul>"


def _equity_section(record: SessionRecord, curve: EquityCurve) -> str:
    if len(record.equity) < 2:
        words = "Too few marks of the account to draw a curve: at least two closed bars are needed."
        return section("Equity and drawdown", empty(words))
    chart = _figure("equity", equity_chart(curve, float(record.starting_equity_usd)))
    marked = "at closed bars, as the journal has it" if record.live else "at every bar close"
    note = (
        f"Marked to market {marked}, level where nothing was held; the dashed line is the starting equity. "
        "Drag over a stretch to zoom in."
    )
    return section("Equity and drawdown", chart, note)


def _price_section(record: SessionRecord, symbol: str, name: str, charts: int) -> str:
    trades = [trade for trade in record.trades if trade.symbol == symbol]
    stops = [stop for stop in record.stops if stop.symbol == symbol]
    points = min(MAX_POINTS, MAX_PAGE_POINTS // charts)
    chart = _figure(name, price_chart(record.price_series[symbol], trades, stops, points))
    note = "" if trades else "No trade was made in this symbol."
    return section(symbol, chart, note)


def _charted_symbols(record: SessionRecord) -> list[str]:
    with_bars = [symbol for symbol in record.symbols if symbol in record.price_series]
    trades = Counter(trade.symbol for trade in record.trades)
    most_traded = set(sorted(with_bars, key=lambda symbol: -trades[symbol])[:MAX_CHARTS])
    return [symbol for symbol in with_bars if symbol in most_traded]


def _uncharted(record: SessionRecord, charted: list[str]) -> str:
    absent = [symbol for symbol in record.symbols if symbol not in record.price_series]
    left_out = len(record.symbols) - len(absent) - len(charted)
    words = [f"No bars, so no chart: {', '.join(absent)}."] if absent else []
    if left_out:
        words.append(f"{count(left_out, 'symbol')} with fewer trades left without a chart, to keep the page quick.")
    return section("Without a chart", empty(" ".join(words))) if words else ""


def _figure(name: str, figure: Figure) -> str:
    # "</" would end the script element wherever it stands, in a strategy's name for instance.
    data = json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")
    height = figure["layout"]["height"]
    return (
        f'<div class="chart" id="{name}" style="min-height:{height}px"></div>'
        f'<script type="application/json" data-figure="{name}">{data}</script>'
    )
