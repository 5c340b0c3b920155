"""report.html and its charts: self-contained, safe against what stands in the data, quick, and never an empty chart."""

import json
import re
from decimal import Decimal

import numpy as np
import pytest
from report_builders import (
    DAY,
    MINUTE,
    OPEN_MONDAY,
    equity,
    make_decision,
    make_note,
    make_record,
    make_trade,
    price_frame,
    weekdays,
)

from actors.messages import AlertRaised, ExitReason, HandlerFailed, Side
from actors.report.charts import MAX_POINTS, BarAxis, equity_chart, price_chart
from actors.report.page import _figure, page
from actors.report.records import EquityPoint, StopPoint
from actors.report.reports import summarise
from actors.report.statistics import equity_curve

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
        data_notes=[make_note(EVIL), make_note(EVIL, "error"), make_note(EVIL, "synthetic")],
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
    notes = [make_note("3 bars missing"), make_note("a split", "error"), make_note("made up", "synthetic")]
    html = render(data_notes=notes, loss_limit_halts=1)
    order = ["Not real prices", "Wrong data", "a split", "Loss limit", "3 bars missing"]

    assert [html.index(words) for words in order] == sorted(html.index(words) for words in order)


def test_error_in_the_data_is_not_folded_away_among_notes():
    notes = [make_note(f"gap {number}") for number in range(30)]
    html = render(data_notes=[*notes, make_note("a split", "error")])

    assert "a split" not in re.search(r"<details.*?</details>", html).group()
    assert "1 error in the bars: a result over them is wrong." in html


def test_all_notes_are_on_the_page_up_to_a_hundred():
    html = render(data_notes=[make_note(f"gap {number}") for number in range(103)])

    assert html.count("<li>gap") == 100
    assert "and 3 more: <code>uv run python -m catalog verify</code>" in html


def test_header_counts_the_sessions_of_the_exchange_and_shows_days_with_bars():
    closes = np.array([OPEN_MONDAY + MINUTE, OPEN_MONDAY + DAY + 630 * MINUTE])
    html = render(sessions=weekdays(2), bar_closes=closes, end=OPEN_MONDAY + 2 * DAY)

    assert "3 Mar 2025 – 4 Mar 2025 · 2 sessions" in html
    assert "2025-03-04 20:00 New York" in html


def test_flat_bars_keep_their_room_in_the_equity_chart():
    closes = OPEN_MONDAY + MINUTE * np.arange(1, 1_001)
    record = make_record(equity=equity("99000", "98000", step=MINUTE), bar_closes=closes)
    figure = equity_chart(equity_curve(record), 100_000.0)

    assert trace(figure, "Equity")["x"][-1] == 999
    assert trace(figure, "Equity")["y"][-1] == 98_000


def test_share_of_time_in_the_market_is_of_all_bar_closes():
    held = EquityPoint(OPEN_MONDAY + MINUTE, Decimal(100), Decimal(50), Decimal(50))
    html = render(
        equity=[held, *equity("100", "100", step=MINUTE)[1:]], bar_closes=OPEN_MONDAY + MINUTE * np.arange(1, 5)
    )

    assert "of all 4 bar closes; in the market at 25 %" in html


@pytest.mark.parametrize(("months", "is_grid"), [(12, False), (13, True)])
def test_many_months_are_a_row_a_year(months, is_grid):
    exits = [OPEN_MONDAY + number * 61 * DAY // 2 for number in range(months)]
    html = render(trades=[make_trade("-1234.4" if ts == exits[-1] else "617.2", exit_time=ts) for ts in exits])

    assert (">2025-03</td>" in html) is not is_grid
    assert ("<tr><td>2025</td><td></td><td></td>" in html) is is_grid
    assert ('<td class="n down" style="--shade:1.00">−1,234</td>' in html) is is_grid
    assert ('<td class="n up" style="--shade:0.50">+617</td>' in html) is is_grid


@pytest.mark.parametrize(("number", "opacity"), [(300, None), (301, 0.55)])
def test_marks_of_a_crowd_of_trades_are_translucent(number, opacity):
    figure = price_chart(price_frame(120), [make_trade()] * number, [], MAX_POINTS)

    assert trace(figure, "Entry long").get("opacity") == opacity


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"was_interrupted": True}, "The run was stopped before its end"),
        ({"errors": ["boom"]}, "1 error: the run failed, its figures mean nothing. They are shown below."),
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
    figure = equity_chart(equity_curve(make_record(equity=equity(*levels, step=MINUTE))), 60_000.0)

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
