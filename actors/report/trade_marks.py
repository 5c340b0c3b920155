"""Entries, exits and the lines between them, as plotly traces on a price chart."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from actors.messages import ExitReason, Side
from actors.report.format import exchange_time, usd, words
from actors.report.records import Trade

MAX_TRADES = 1_000  # drawn on one chart; more would be neither quick nor legible
MANY_TRADES = 60  # from here on marks are drawn smaller
CROWD_OF_TRADES = 300  # from here on they are small and let the price shine through
MAX_BARE = 5  # pixels; up to this size an outline would be all there is to see
CROWD_OPACITY = 0.55
EXIT_LOOKS = {
    ExitReason.SIGNAL: ("circle", "#475569"),
    ExitReason.PROTECTIVE_STOP: ("x", "#dc2626"),
    ExitReason.TRAILING_STOP: ("diamond", "#ea580c"),
    ExitReason.LOSS_LIMIT: ("star", "#7f1d1d"),
    ExitReason.SESSION_CLOSE: ("square", "#0d9488"),
    ExitReason.OPERATOR: ("pentagon", "#7c3aed"),
    ExitReason.OPEN: ("circle-open", "#64748b"),
}
ENTRY_LOOKS = {Side.LONG: ("triangle-up", "#2563eb"), Side.SHORT: ("triangle-down", "#9333ea")}
Trace = dict[str, Any]
Places = Callable[[Sequence[int]], list[float]]


def mark_traces(places: Places, trades: Sequence[Trade], end: int) -> list[Trace]:
    """
    Return the traces of the latest trades, at most ``MAX_TRADES``; ``end`` is where open ones end on the chart.

    Hover text is escaped, for plotly reads it as markup.

    """
    shown = sorted(trades, key=lambda trade: trade.entry_time)[-MAX_TRADES:]
    is_crowd = len(shown) > CROWD_OF_TRADES
    size = 5 if is_crowd else 8 if len(shown) > MANY_TRADES else 11
    starts = places([trade.entry_time for trade in shown])
    ends = places([trade.exit_time or end for trade in shown])
    drawn = list(zip(shown, starts, ends, strict=True))
    traces = [*_links(drawn, 1 if is_crowd else 2), *_entries(drawn, size), *_exits(drawn, size)]
    return [trace | {"opacity": CROWD_OPACITY} for trace in traces] if is_crowd else traces


def _links(drawn: list[tuple[Trade, float, float]], width: int) -> list[Trace]:
    traces = []
    for is_gain, color in ((True, "rgba(22,163,74,.75)"), (False, "rgba(220,38,38,.65)")):
        x: list[float | None] = []
        y: list[float | None] = []
        for trade, start, end in drawn:
            if (trade.net_pnl_usd > 0) is is_gain:
                x += [start, end, None]
                y += [_price(trade.entry_price), _price(trade.exit_price), None]
        traces.append(
            {"x": x, "y": y, "mode": "lines", "line": {"color": color, "width": width}}
            | {"hoverinfo": "skip", "showlegend": False}
        )
    return traces


def _entries(drawn: list[tuple[Trade, float, float]], size: int) -> list[Trace]:
    traces = []
    for side, look in ENTRY_LOOKS.items():
        chosen = [(trade, start) for trade, start, _ in drawn if trade.side is side]
        points = [(start, _price(trade.entry_price), _entry_text(trade)) for trade, start in chosen]
        traces += _markers(f"Entry {side.name.lower()}", points, look, size)
    return traces


def _exits(drawn: list[tuple[Trade, float, float]], size: int) -> list[Trace]:
    traces = []
    for reason, look in EXIT_LOOKS.items():
        chosen = [(trade, end) for trade, _, end in drawn if trade.exit_reason is reason]
        points = [(end, _price(trade.exit_price), _exit_text(trade)) for trade, end in chosen]
        name = "Still open" if reason is ExitReason.OPEN else f"Exit: {words(reason)}"
        traces += _markers(name, points, look, size - 2)
    return traces


def _markers(name: str, points: list[tuple[float, float | None, str]], look: tuple[str, str], size: int) -> list[Trace]:
    if not points:
        return []
    x, y, text = (list(column) for column in zip(*points, strict=True))
    symbol, color = look
    outline = {"color": "white", "width": 1 if size > MAX_BARE else 0}
    marker = {"symbol": symbol, "color": color, "size": size, "line": outline}
    if symbol.endswith("-open"):
        marker["line"] = {"color": color, "width": 2}
    trace = {"name": name, "x": x, "y": y, "text": text, "mode": "markers", "marker": marker}
    return [trace | {"hovertemplate": "%{text}<extra></extra>"}]


def _entry_text(trade: Trade) -> str:
    what = f"{trade.side.name.title()} {trade.quantity:,} at {usd(trade.entry_price)}"
    return f"<b>{what}</b><br>{escape(trade.strategy)}<br>{_clock(trade.entry_time)}"


def _exit_text(trade: Trade) -> str:
    result = f"<b>{usd(trade.net_pnl_usd, signed=True)}</b> after {usd(trade.commission_usd)} commission"
    price = usd(trade.exit_price) if trade.exit_price is not None else ""
    if trade.exit_time is None:
        return f"Still open at {price}<br>{result}"
    return f"Exit at {price}: {words(trade.exit_reason)}<br>{result}<br>{_clock(trade.exit_time)}"


def _clock(ts: int) -> str:
    return exchange_time(ts).strftime("%a %d %b %Y, %H:%M:%S")


def _price(price: object) -> float | None:
    return None if price is None else round(float(str(price)), 4)
