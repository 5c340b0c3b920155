"""
The charts of a report as plain plotly figures (dicts), drawn by ``report_page.js``.

The horizontal axis counts bars, so nights and weekends take no room; the labels that go with a figure tell the time on
the exchange. Long series are thinned into buckets that keep their extremes.

"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from actors.report.format import EXCHANGE_ZONE
from actors.report.records import StopPoint, Trade
from actors.report.statistics import EquityCurve, Floats, drawdown_pct
from actors.report.trade_marks import mark_traces

MAX_POINTS = 3_900  # of a price line with its range, and of the equity curve
BLUE, RED, GREY, STOP = "#2563eb", "#dc2626", "#94a3b8", "rgba(220,38,38,.5)"
Figure = dict[str, Any]
Bars = npt.NDArray[np.int64]


class BarAxis:
    """Turns times into places on an axis that counts bars: ``i`` is the close of bar ``i``."""

    def __init__(self, closes: Bars) -> None:
        self._closes = closes
        step = int(np.median(np.diff(closes))) if len(closes) > 1 else 1
        before = np.concatenate((closes[:1] - step, closes[:-1]))
        self._opens = np.maximum(before, closes - step)

    def __len__(self) -> int:
        return len(self._closes)

    def places(self, times: Sequence[int]) -> list[float]:
        """Return where each time lies; one before the first bar or after the last lies at the edge."""
        ts = np.asarray(times, np.int64)
        bars = np.minimum(np.searchsorted(self._closes, ts), len(self._closes) - 1)
        opens, closes = self._opens[bars], self._closes[bars]
        inside = np.clip((ts - opens) / np.maximum(closes - opens, 1), 0, 1)
        return [round(place, 2) for place in (bars - 1 + inside).tolist()]

    def labels(self, bars: Bars) -> list[str]:
        """Return the exchange time at which the bars closed."""
        times = pd.to_datetime(self._closes[bars], utc=True).tz_convert(EXCHANGE_ZONE)
        return list(times.strftime("%Y-%m-%d %H:%M"))


def equity_chart(curve: EquityCurve, starting_usd: float) -> Figure:
    """Return equity above drawdown; ``curve`` needs two points at least."""
    drawdown = drawdown_pct(curve.equity, starting_usd)
    shown = _turning_points(curve.equity, drawdown)
    equity = _line("Equity", shown, np.round(curve.equity[shown], 2), BLUE, 1.6)
    under = _line("Drawdown", shown, np.round(drawdown[shown], 3), RED, 1)
    equity["hovertemplate"] = "<b>%{customdata}</b><br>Equity $%{y:,.2f}<extra></extra>"
    under["hovertemplate"] = "Drawdown %{y:.2f} %<extra></extra>"
    layout = {
        "height": 460,
        "showlegend": False,
        "hovermode": "x unified",
        "xaxis": {"anchor": "y2"},
        "yaxis": {"domain": [0.34, 1], "tickprefix": "$", "tickformat": ",.0f"},
        "yaxis2": {"domain": [0, 0.26], "ticksuffix": " %", "nticks": 4},
    }
    below = under | {"yaxis": "y2", "fill": "tozeroy", "fillcolor": "rgba(220,38,38,.14)"}
    return {
        "labels": BarAxis(curve.ts).labels(shown),
        "data": [_level(starting_usd, shown), equity, below],
        "layout": layout,
    }


def price_chart(prices: pd.DataFrame, trades: Sequence[Trade], stops: Sequence[StopPoint], max_points: int) -> Figure:
    """Return the price of one symbol with its trades and the path of its stop; ``prices`` needs one bar at least."""
    axis = BarAxis(prices["ts"].to_numpy(np.int64))
    size = -(-len(axis) // max(1, max_points // 3))  # bars in a bucket: a bucket is three points, low, high and close
    first = np.arange(0, len(axis), size)
    last = np.minimum(first + size, len(axis)) - 1
    marks = mark_traces(axis.places, trades, int(prices["ts"].iloc[-1]))
    return {
        "labels": axis.labels(last),
        "data": [*_price_traces(prices, first, last), *marks, _stop_trace(axis, stops, size)],
        "layout": {"height": 440, "hovermode": "closest", "yaxis": {"tickprefix": "$"}},
    }


def _price_traces(prices: pd.DataFrame, first: Bars, last: Bars) -> list[Figure]:
    low = np.minimum.reduceat(prices["low"].to_numpy(np.float64), first)
    high = np.maximum.reduceat(prices["high"].to_numpy(np.float64), first)
    close = _line("Close", last, np.round(prices["close"].to_numpy(np.float64)[last], 4), "#334155", 1.1)
    edges = [_line(name, last, np.round(y, 4), GREY, 0) for name, y in (("Low", low), ("High", high))]
    edges[1] |= {"fill": "tonexty", "fillcolor": "rgba(100,116,139,.20)"}
    quiet = {"hoverinfo": "skip", "showlegend": False}
    return [
        *(edge | quiet for edge in edges),
        close | {"showlegend": False, "hovertemplate": "%{customdata}<br>$%{y:,.2f}<extra></extra>"},
    ]


def _stop_trace(axis: BarAxis, stops: Sequence[StopPoint], bucket_bars: int) -> Figure:
    x: list[float | None] = []
    y: list[float | None] = []
    for place, stop in zip(axis.places([stop.ts for stop in stops]), stops, strict=True):
        if y and y[-1] is not None and stop.trigger is None:
            x += [place, None]
            y += [y[-1], None]
        elif stop.trigger is not None:
            # Of several raises inside a bucket only the last is drawn, never the first place of a stop.
            if len(y) > 1 and y[-2] is not None and x[-1] is not None and place // bucket_bars == x[-1] // bucket_bars:
                del x[-1], y[-1]
            x.append(place)
            y.append(float(stop.trigger))
    if y and y[-1] is not None:
        x.append(float(len(axis) - 1))
        y.append(y[-1])
    look = {"mode": "lines", "connectgaps": False, "line": {"color": STOP, "width": 1.2, "shape": "hv"}}
    return look | {"name": "Stop", "x": x, "y": y, "hovertemplate": "Stop $%{y:,.2f}<extra></extra>"}


def _turning_points(equity: Floats, drawdown: Floats) -> Bars:
    size = -(-len(equity) * 2 // MAX_POINTS)
    parts = [equity[start : start + size] for start in range(0, len(equity), size)]
    lowest = [number * size + int(part.argmin()) for number, part in enumerate(parts)]
    highest = [number * size + int(part.argmax()) for number, part in enumerate(parts)]
    return np.unique(np.array([0, len(equity) - 1, int(drawdown.argmin()), *lowest, *highest], np.int64))


def _level(usd: float, bars: Bars) -> Figure:
    # A trace, not a shape: the axis then reaches to it when the account has left it far behind
    line = {"color": GREY, "width": 1, "dash": "dash"}
    ends = [int(bars[0]), int(bars[-1])]
    return {"name": "Start", "x": ends, "y": [usd, usd], "mode": "lines", "line": line, "hoverinfo": "skip"}


def _line(name: str, bars: Bars, values: Floats, color: str, width: float) -> Figure:
    look = {"color": color, "width": width}
    return {"name": name, "x": bars.tolist(), "y": values.tolist(), "mode": "lines", "line": look}
