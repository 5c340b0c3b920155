"""What a record of a backtest says of its bars: their closing times, their sessions, what is odd about them."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
from report_builders import DAY, MINUTE, OPEN_MONDAY, make_note

from config.backtest.record import _bar_closes, _data_notes, _session_days


def fake_run(times, *, is_synthetic=False):
    return SimpleNamespace(
        start=OPEN_MONDAY,
        asked=(None, None),
        data=SimpleNamespace(times={symbol: np.array(ts, np.int64) for symbol, ts in times.items()}),
        bar_types={symbol: symbol for symbol in times},
        store=SimpleNamespace(is_synthetic=lambda bar_type: is_synthetic),
        settings=SimpleNamespace(session=SimpleNamespace(calendar="XNYS"), bars=SimpleNamespace(step="1-DAY")),
    )


def daily_bars(*closes):
    """Bars of sessions in a row, at 16:00 in New York."""
    prices = dict.fromkeys(("open", "high", "low", "close"), closes)
    times = [OPEN_MONDAY + 390 * MINUTE + number * DAY for number in range(len(closes))]
    return pd.DataFrame({"ts": times, **prices, "volume": [1_000] * len(closes)})


def test_bar_closes_are_those_of_all_symbols_inside_the_run_each_once():
    before, first, second, third = (OPEN_MONDAY + minute * MINUTE for minute in (-1, 1, 2, 3))
    run = fake_run({"A.NYSE": [before, first, second, second], "B.NYSE": [first, third, third + MINUTE]})

    assert _bar_closes(run, third).tolist() == [first, second, third]


def test_sessions_run_from_the_first_bar_to_the_last_without_weekends():
    closes = np.array([OPEN_MONDAY + 3 * DAY, OPEN_MONDAY + 8 * DAY])  # Thursday to Tuesday

    expected = [date(2025, 3, day) for day in (6, 7, 10, 11)]
    assert _session_days(fake_run({}), closes) == expected
    assert _session_days(fake_run({}), closes[:0]) == []


def test_split_is_an_error_and_every_finding_is_told():
    bars = {f"{name}.NYSE": daily_bars(100, 50, 50) for name in "ABCDEFGH"}
    errors = [note for note in _data_notes(fake_run({}), bars) if note.severity == "error"]

    assert len(errors) == 8
    assert errors[0].text.startswith("A.NYSE: split: 2:1 split on 2025-03-04? 100.00 to 50.00 overnight")
    assert errors[0].text.endswith("[1]")


def test_made_up_bars_are_told_as_synthetic():
    (note,) = _data_notes(fake_run({"A.NYSE": []}, is_synthetic=True), {})

    text = "SYNTHETIC DATA: the bars of A.NYSE are made up; the result says nothing about markets."
    assert note == make_note(text, "synthetic")
