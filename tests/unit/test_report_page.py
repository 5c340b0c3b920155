"""report.html and its charts: self-contained, safe against what stands in the data, quick, and never an empty chart."""

import json
import re

import numpy as np
import pytest
from report_builders import DAY, MINUTE, OPEN_MONDAY, equity, make_decision, make_record, make_trade, price_frame

from actors.messages import AlertRaised, ExitReason, HandlerFailed, Side
from actors.records import StopPoint
from actors.report_charts import MAX_POINTS, BarAxis, equity_chart, price_chart
from actors.report_page import _figure, page
from actors.report_statistics import equity_curve
from actors.reports import summarise

EVIL = "</script><script>alert('x')</script><b>&"


def render(**overrides):
    record = make_record(**overrides)
    return page(record, summarise(record))


def full_record(**overrides):
    fields = {
        "equity": equity("100000", "100010", "99990", step=MINUTE),
        "trades": [make_trade("10"), make_trade("-4", side=Side.SHORT)],
        "price_series": {"AAPL.NASDAQ": price_frame(120)},
    }
    return fields | overrides


def figures(html):
    found = re.findall(r'<script type="application/json" data-figure="(.*?)">(.*?)</script>', html, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def trace(figure, name):
    return next(one for one in figure["data"] if one.get("name") == name)


def test_page_carries_plotly_once_and_asks_the_network_for_nothing():
    html = render(**full_record())

    assert html.count("plotly.js v") == 1
    assert not re.search(r"<(script|link|img)[^>]*\b(src|href)=", html)
    assert "@import" not in html
    assert len(html) < 8_000_000


def test_page_without_charts_leaves_plotly_out():
    assert len(render()) < 60_000


@pytest.mark.parametrize(
    "sentence",
    [
        "No trade was made.",
        "Too few marks of the account",
        "No bars, so no chart: AAPL.NASDAQ.",
        "No signal was refused.",
    ],
)
def test_empty_record_is_told_in_words(sentence):
    html = render()

    assert sentence in html
    assert figures(html) == {}


@pytest.mark.parametrize("bars", [1, 2])
def test_page_with_hardly_any_bars_still_draws(bars):
    html = render(**full_record(price_series={"AAPL.NASDAQ": price_frame(bars)}))

    assert len(trace(figures(html)["chart-0"], "Close")["x"]) == bars


def test_single_equity_point_gives_words_instead_of_a_chart():
    assert "equity" not in figures(render(**full_record(equity=equity("100000"))))


def test_everything_from_the_data_is_escaped():
    html = render(
        mode=EVIL,
        engine=EVIL,
        config_text=EVIL,
        config_sha256=EVIL,
        symbols=[EVIL],
        price_series={EVIL: price_frame(3)},
        trades=[make_trade(symbol=EVIL, strategy=EVIL)],
        decisions=[make_decision(reason=EVIL, detail=EVIL, symbol=EVIL)],
        errors=[EVIL, HandlerFailed(OPEN_MONDAY, EVIL, EVIL, EVIL, EVIL, EVIL)],
        alerts=[AlertRaised(OPEN_MONDAY, EVIL, EVIL, EVIL, EVIL)],
        data_notes=[EVIL, "synthetic" + EVIL],
    )

    assert "alert('x')" not in html.replace("\\u003cscript>alert('x')", "")
    assert "<b>&amp;" not in html.split("<main>")[1].split("</main>")[0]
    assert len(figures(html)) == 1


def test_hover_text_of_a_trade_is_escaped_for_plotly_reads_markup():
    figure = price_chart(price_frame(120), [make_trade(strategy="<a href=x>rule</a>")], [], MAX_POINTS)

    assert "&lt;a href=x&gt;rule" in trace(figure, "Entry long")["text"][0]


def test_figure_cannot_end_its_script_element():
    html = _figure("chart-0", {"layout": {"height": 1}, "data": [{"name": "</script>"}]})

    assert html.count("</script>") == 1
    assert figures(html)["chart-0"]["data"] == [{"name": "</script>"}]


def test_synthetic_data_are_announced_before_everything_else():
    html = render(data_notes=["3 bars missing", "SYNTHETIC DATA: made up"], loss_limit_halts=1)

    assert html.index("Not real prices") < html.index("Loss limit") < html.index("3 bars missing")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"was_interrupted": True}, "The run was stopped before its end"),
        ({"errors": ["boom"]}, "1 error, shown below"),
        ({"loss_limit_halts": 2}, "2 halts of trading"),
    ],
)
def test_what_the_reader_must_know_stands_at_the_top(overrides, words):
    html = render(**overrides)

    assert html.index(words) < html.index("Net P&amp;L")


def test_trade_table_shows_exchange_time_with_utc_as_title():
    html = render(**full_record())

    assert 'title="2025-03-03T15:00:00.000Z">2025-03-03 10:00<' in html


def test_breakdowns_use_the_hour_and_month_of_the_exchange():
    late = make_trade(entry_time=OPEN_MONDAY + 390 * MINUTE, exit_time=OPEN_MONDAY + 29 * DAY - 12 * 60 * MINUTE)
    html = render(trades=[late])

    # Entered 16:00 in New York; left on 31 March late in the evening there, which is 1 April in UTC.
    assert re.search(r"<td>16:00</td>", html)
    assert re.search(r"<td>2025-03</td>", html)


def test_refused_signals_are_counted_with_the_numbers_of_the_latest():
    old = make_decision(detail="max_positions: 5 open + 3 pending >= 5")
    html = render(decisions=[old, make_decision()])

    assert "2 of 2 signals refused" in html
    assert "max_positions: 5 open + 0 pending &gt;= 5" in html
    assert "3 pending" not in html


def test_long_price_series_are_thinned_and_keep_their_extremes():
    frame = price_frame(100_000)
    frame.loc[51_234, "low"] = 1.0
    frame.loc[71_234, "high"] = 9_999.0
    figure = price_chart(frame, [], [], MAX_POINTS)

    points = sum(len(trace(figure, name)["x"]) for name in ("Low", "High", "Close"))
    assert MAX_POINTS * 0.9 < points <= MAX_POINTS
    assert min(trace(figure, "Low")["y"]) == 1.0
    assert max(trace(figure, "High")["y"]) == 9_999.0
    assert trace(figure, "Close")["x"][-1] == 99_999


def test_long_equity_curve_keeps_its_deepest_drawdown():
    # The first bucket begins below the trough, so the trough is not its lowest point.
    levels = ["60000"] * 5 + ["200000"] * 5 + ["120000"] + ["210000"] * 40_000
    figure = equity_chart(equity_curve(equity(*levels, step=MINUTE)), 60_000.0)

    assert min(trace(figure, "Drawdown")["y"]) == -40.0
    assert len(trace(figure, "Equity")["x"]) <= MAX_POINTS + 3


def test_nights_take_no_room_on_the_axis():
    closes = np.array([MINUTE, 2 * MINUTE, DAY, DAY + MINUTE])

    assert BarAxis(closes).places(closes.tolist()) == [0, 1, 2, 3]


def test_fill_at_the_open_of_a_bar_lies_before_its_close():
    closes = np.array([MINUTE, 2 * MINUTE, 3 * MINUTE, DAY])

    assert BarAxis(closes).places([DAY - MINUTE + 1, DAY - MINUTE // 2, 2 * DAY, 0]) == [2.0, 2.5, 3.0, -1.0]


def test_trade_inside_one_bar_is_drawn_from_entry_to_exit():
    start = OPEN_MONDAY + 10 * MINUTE
    trade = make_trade(entry_time=start, exit_time=start + MINUTE // 2, exit_reason=ExitReason.PROTECTIVE_STOP)
    figure = price_chart(price_frame(60), [trade], [], MAX_POINTS)

    assert trace(figure, "Entry long")["x"] == [9.0]
    assert trace(figure, "Exit: protective stop")["x"] == [9.5]


@pytest.mark.parametrize("reason", list(ExitReason))
def test_every_exit_reason_has_its_own_mark(reason):
    trades = [make_trade(exit_reason=other) for other in ExitReason]
    figure = price_chart(price_frame(120), trades, [], MAX_POINTS)
    looks = [(one["marker"]["symbol"], one["marker"]["color"]) for one in figure["data"] if "marker" in one]

    name = "Still open" if reason is ExitReason.OPEN else f"Exit: {reason.replace('_', ' ')}"
    assert len(trace(figure, name)["x"]) == 1
    assert len(set(looks)) == len(looks)


def test_stop_path_steps_ends_with_the_stop_and_starts_anew():
    marks = [(5, "95"), (8, "96"), (10, None), (20, "90"), (21, None)]
    stops = [
        StopPoint(OPEN_MONDAY + (minute + 1) * MINUTE, "AAPL.NASDAQ", None if level is None else float(level))
        for minute, level in marks
    ]
    path = trace(price_chart(price_frame(60), [], stops, MAX_POINTS), "Stop")

    assert path["line"]["shape"] == "hv"
    assert path["x"] == [5, 8, 10, None, 20, 21, None]
    assert path["y"] == [95, 96, 96, None, 90, 90, None]


def test_stop_that_still_rests_is_drawn_to_the_last_bar():
    stops = [StopPoint(OPEN_MONDAY + 6 * MINUTE, "AAPL.NASDAQ", 95.0)]
    path = trace(price_chart(price_frame(60), [], stops, MAX_POINTS), "Stop")

    assert (path["x"], path["y"]) == ([5, 59], [95, 95])
