"""Each kind of fault, put into clean bars, is found and named; clean bars give none."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from catalog.quality import check_bars
from catalog.sessions import Sessions

DAYS = [date(2014, 6, 5), date(2014, 6, 6), date(2014, 6, 9)]


@pytest.fixture
def frame() -> pd.DataFrame:
    sessions = Sessions()
    windows = [sessions.on(day) for day in DAYS]
    ts = np.concatenate([sessions.bar_closes(window, 60) for window in windows if window])
    middle = 100 + 0.3 * np.sin(np.arange(len(ts)) / 40)
    return pd.DataFrame(
        {"ts": ts, "open": middle, "high": middle + 0.05, "low": middle - 0.05, "close": middle, "volume": 100.0}
    )


def kinds(frame: pd.DataFrame, step_secs: int = 60) -> dict[str, tuple[str, int]]:
    found = check_bars(frame, step_secs, Sessions(), "AAPL.NASDAQ")
    return {finding.kind: (finding.severity, finding.count) for finding in found}


def test_clean_bars_give_no_finding(frame: pd.DataFrame) -> None:
    assert kinds(frame) == {}


def put(column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[100, column] = value
        return frame

    return change


def shift_bar(secs: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[len(frame) - 1, "ts"] += secs * 10**9
        return frame

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: f.iloc[:0], {"empty": ("error", 0)}),
        (lambda f: f.drop(index=[5, 6, 500]), {"missing_bars": ("note", 3)}),
        (lambda f: f[(f.index < 390) | (f.index >= 780)], {"missing_session": ("note", 1)}),
        (lambda f: pd.concat([f, f.iloc[-1:]], ignore_index=True), {"duplicates": ("error", 1)}),
        (lambda f: f.iloc[[1, 0, *range(2, len(f))]].reset_index(drop=True), {"order": ("error", 1)}),
        (put("close", np.nan), {"bad_price": ("error", 1), "missing_bars": ("note", 1)}),
        (put("low", 0.0), {"bad_price": ("error", 1), "missing_bars": ("note", 1)}),
        (put("close", 100.9), {"high_low": ("error", 1)}),
        (put("volume", 0.0), {"zero_volume": ("note", 1)}),
        (put("volume", -1.0), {"bad_volume": ("error", 1)}),
        (put("high", 103.0), {"bad_print": ("note", 1)}),
        (put("low", 97.0), {"bad_print": ("note", 1)}),
        (shift_bar(3600), {"outside_session": ("note", 1), "missing_bars": ("note", 1)}),
        (shift_bar(-30), {"off_grid": ("note", 1), "missing_bars": ("note", 1)}),
        (
            shift_bar(5 * 86400),
            {"no_session": ("error", 1), "missing_bars": ("note", 1), "missing_session": ("note", 4)},
        ),
    ],
)
def test_fault_of_a_kind_is_found_alone(
    frame: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], expected: dict[str, tuple[str, int]]
) -> None:
    assert kinds(change(frame)) == expected


@pytest.mark.parametrize(
    ("factor", "name"), [(1 / 7, "7:1 split"), (1 / 2, "2:1 split"), (2 / 3, "3:2 split"), (10, "reverse 1:10 split")]
)
def test_split_overnight_is_named_with_ratio_and_date(frame: pd.DataFrame, factor: float, name: str) -> None:
    frame.loc[780:, ["open", "high", "low", "close"]] *= factor * 1.01

    (finding,) = check_bars(frame, 60, Sessions(), "AAPL.NASDAQ")

    assert (finding.kind, finding.severity) == ("split", "error")
    assert finding.detail.startswith(f"{name} on 2014-06-09? ")


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_gap_overnight_is_no_split_and_no_bad_print(frame: pd.DataFrame, factor: float) -> None:
    frame.loc[780:, ["open", "high", "low", "close"]] *= factor

    assert kinds(frame) == {}


def test_level_that_stays_within_a_session_is_no_bad_print(frame: pd.DataFrame) -> None:
    frame.loc[500:, ["open", "high", "low", "close"]] *= 1.1

    assert kinds(frame) == {}


def test_many_faults_of_a_kind_are_told_in_few_lines(frame: pd.DataFrame) -> None:
    frame.loc[range(5, 1100, 100), "high"] = 110.0

    found = check_bars(frame, 60, Sessions(), "AAPL.NASDAQ")

    assert [finding.count for finding in found] == [1, 1, 1, 1, 1, 6]
    assert found[0].detail == "2014-06-06 14:46: a print at 110.00, 10.3% above both neighbours, closing at 99.72"


@pytest.mark.parametrize("from_open", [False, True])
def test_hourly_bars_cut_on_the_clock_or_from_the_open_are_complete(from_open: bool) -> None:
    sessions = Sessions()
    windows = sessions.between(date(2013, 7, 1), date(2013, 7, 8))  # with a half day
    ts = np.concatenate([sessions.bar_closes(window, 3600, from_open=from_open) for window in windows])
    frame = pd.DataFrame({"ts": ts, "open": 10.0, "high": 10.0, "low": 10.0, "close": 10.0, "volume": 1.0})

    assert kinds(frame, 3600) == {}


@pytest.mark.parametrize(("cut", "missing"), [((None, None), 240), ((None, 0), 0), ((None, 30), 30), ((0, 0), 0)])
def test_of_a_session_that_the_range_cuts_only_bars_within_it_can_be_missing(
    frame: pd.DataFrame, cut: tuple[int | None, int | None], missing: int
) -> None:
    """The last session ends at noon: a range to noon lacks nothing, one to 12:30 half an hour."""
    noon, minute = int(frame["ts"].iloc[-241]), 60 * 10**9
    span = (None if cut[0] is None else int(frame["ts"].iloc[0]), None if cut[1] is None else noon + cut[1] * minute)
    found = check_bars(frame.iloc[:-240], 60, Sessions(), "AAPL.NASDAQ", span)

    assert [finding.count for finding in found] == ([missing] if missing else [])


def test_bars_before_the_first_one_asked_for_are_not_missing(frame: pd.DataFrame) -> None:
    late = frame.iloc[100:]

    assert [finding.count for finding in check_bars(late, 60, Sessions(), "AAPL.NASDAQ")] == [100]
    assert check_bars(late, 60, Sessions(), "AAPL.NASDAQ", (int(late["ts"].iloc[0]), None)) == []
