"""
What is odd about bars, against the exchange calendar; pure pandas, no engine types.

It finds what contradicts the calendar or the bars around it. It cannot know a wrong price that looks
plausible, nor dividends; a suspicion (bad print, split) may be a real move, such as the flash crash of
2010-05-06.

"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalog.sessions import Sessions, SessionWindow

Severity = Literal["note", "error"]
Span = tuple[int | None, int | None]  # closes from, to; UTC nanoseconds, None = no bound

SHOWN = 5  # of many findings of a kind, so many are named; the rest is counted
PRICES = ["open", "high", "low", "close"]
SPLIT_RATIOS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50)
SPLIT_TOLERANCE = 0.04  # a session may well open 4 % from the adjusted close
SPIKE_RANGES = 8  # a print is suspect this many usual bar ranges outside both neighbours
SPIKE_MIN = 0.01  # and at least 1 %
USUAL_RANGE_BARS = 41


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something odd; ``error`` = a backtest over it would be wrong, ``note`` = worth knowing.

    ``ts`` is the close of the first bar meant, UTC nanoseconds, None for the whole; ``count`` the bars.

    """

    kind: str
    severity: Severity
    symbol: str
    ts: int | None
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class _Check:
    frame: pd.DataFrame  # sorted, finite and positive, one bar per ts
    step_secs: int
    sessions: Sessions
    symbol: str
    windows: list[SessionWindow]
    span: Span

    def at(self, ts: int) -> str:
        return f"{self.sessions.local(ts):%Y-%m-%d %H:%M}"

    def note(self, kind: str, ts: int | None, count: int, detail: str) -> Finding:
        return Finding(kind, "note", self.symbol, ts, count, detail)

    def error(self, kind: str, ts: int | None, count: int, detail: str) -> Finding:
        return Finding(kind, "error", self.symbol, ts, count, detail)


def check_bars(
    frame: pd.DataFrame, step_secs: int, sessions: Sessions, symbol: str, span: Span = (None, None)
) -> list[Finding]:
    """
    Return what is odd, errors first.

    Parameters
    ----------
    frame : pd.DataFrame
        Columns ts (close, UTC nanoseconds), open, high, low, close, volume.
    step_secs : int
        Length of a bar, seconds.
    sessions : Sessions
        The exchange's regular sessions; times in the findings are on its clock.
    symbol : str
        Named in the findings.
    span : Span
        What the bars were cut to: of the sessions that it cuts, only bars within it can be missing.

    """
    if frame.empty:
        return [Finding("empty", "error", symbol, None, 0, "no bars")]
    findings, clean = _check_rows(frame, symbol)
    if not clean.empty:
        first, last = (sessions.local(int(ts)).date() for ts in (clean["ts"].iloc[0], clean["ts"].iloc[-1]))
        check = _Check(clean, step_secs, sessions, symbol, sessions.between(first, last), span)
        findings += [*_check_splits(check), *_check_coverage(check), *_check_prints(check)]
    return sorted(findings, key=lambda finding: finding.severity != "error")


def expected_closes(
    ts: NDArray[np.int64], windows: list[SessionWindow], step_secs: int, sessions: Sessions
) -> NDArray[np.int64]:
    """Return when bars should close in these sessions, cut on the clock or from the open, as ``ts`` suggests."""
    if not windows:
        return np.empty(0, dtype=np.int64)
    on_clock, from_open = (
        np.concatenate([sessions.bar_closes(window, step_secs, from_open=cut) for window in windows])
        for cut in (False, True)
    )
    return from_open if np.isin(from_open, ts).sum() > np.isin(on_clock, ts).sum() else on_clock


def _check_rows(frame: pd.DataFrame, symbol: str) -> tuple[list[Finding], pd.DataFrame]:
    prices = frame[PRICES]
    bad_price = ~(np.isfinite(prices) & (prices > 0)).all(axis=1)
    low, high = prices[["open", "close"]].min(axis=1), prices[["open", "close"]].max(axis=1)
    checks = {
        "order": (frame["ts"].diff() < 0, "error", "bars earlier than the bar before them"),
        "duplicates": (frame["ts"].duplicated(), "error", "bars with the time of another"),
        "bad_price": (bad_price, "error", "bars with a price that is missing, zero or negative"),
        "high_low": (
            ~bad_price & ((frame["high"] < high) | (frame["low"] > low)),
            "error",
            "bars whose high or low does not enclose open and close",
        ),
        "bad_volume": (~(frame["volume"] >= 0), "error", "bars with a missing or negative volume"),
        "zero_volume": (frame["volume"] == 0, "note", "bars without volume: no order can fill in them"),
    }
    findings = [
        Finding(kind, "error" if severity == "error" else "note", symbol, int(frame["ts"][mask].iloc[0]), n, detail)
        for kind, (mask, severity, detail) in checks.items()
        if (n := int(mask.sum()))
    ]
    clean = frame[~bad_price].drop_duplicates("ts").sort_values("ts", ignore_index=True)
    return findings, clean


def _check_splits(check: _Check) -> list[Finding]:
    # The close of a day's first bar, not its open: vendors carry the last close into the first open.
    days = _days(check)
    starts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    closes = check.frame["close"].to_numpy()
    findings = []
    for row in starts[1:]:
        before, after = closes[row - 1], closes[row]
        named = _name_split(before / after)
        if named:
            ts = int(check.frame["ts"].iloc[row])
            detail = (
                f"{named} split on {check.sessions.local(ts):%Y-%m-%d}? {before:.2f} to {after:.2f} overnight; "
                f"adjust the prices, or end a backtest before it"
            )
            findings.append(check.error("split", ts, 1, detail))
    return findings


def _name_split(ratio: float) -> str:
    for n in SPLIT_RATIOS:
        name = "3:2" if n == 1.5 else f"{n}:1"
        if abs(ratio / n - 1) <= SPLIT_TOLERANCE:
            return name
        if abs(ratio * n - 1) <= SPLIT_TOLERANCE:
            return f"reverse {':'.join(reversed(name.split(':')))}"
    return ""


def _check_coverage(check: _Check) -> list[Finding]:
    ts = check.frame["ts"].to_numpy()
    expected = expected_closes(ts, check.windows, check.step_secs, check.sessions)
    start, end = check.span
    if start is not None:
        expected = expected[expected >= start]
    if end is not None:
        expected = expected[expected <= end]
    return [*_check_missing(check, ts, expected), *_check_extra(check, ts, expected)]


def _check_missing(check: _Check, ts: NDArray[np.int64], expected: NDArray[np.int64]) -> list[Finding]:
    missing = np.setdiff1d(expected, ts)
    present = set(np.unique(_days(check)))
    absent = [window for window in check.windows if window.session not in present]
    findings = []
    if absent:
        detail = f"whole sessions without a bar: {_names([str(window.session) for window in absent])}"
        findings.append(check.note("missing_session", absent[0].open, len(absent), detail))
    closes = np.array([window.close for window in check.windows])
    per_window = np.bincount(np.searchsorted(closes, missing), minlength=len(check.windows))
    partial = [(int(n), w) for n, w in zip(per_window, check.windows, strict=True) if n and w.session in present]
    if partial:
        worst = sorted(partial, key=lambda item: -item[0])
        total = sum(n for n, _ in partial)
        detail = (
            f"{total} of {len(expected)} bars missing ({total / len(expected):.2%}) in {len(partial)} of "
            f"{len(check.windows)} sessions; most: {_names([f'{w.session} ({n})' for n, w in worst])}"
        )
        findings.append(check.note("missing_bars", partial[0][1].open, total, detail))
    return findings


def _check_extra(check: _Check, ts: NDArray[np.int64], expected: NDArray[np.int64]) -> list[Finding]:
    extra = np.setdiff1d(ts, expected)
    groups: dict[str, list[int]] = {"off_grid": [], "outside_session": [], "no_session": []}
    for at in extra.tolist():
        window = check.sessions.window(at)
        if window is None:
            groups["no_session"].append(at)
        else:
            groups["off_grid" if window.open < at <= window.close else "outside_session"].append(at)
    texts = {
        "off_grid": "in a session, but not at the end of a step",
        "outside_session": "before the open or after the close",
        "no_session": f"on days that are no {check.sessions.calendar} session",
    }
    findings = []
    for kind, found in groups.items():
        if found:
            days = list(dict.fromkeys(f"{check.sessions.local(at):%Y-%m-%d}" for at in found))
            detail = f"bars {texts[kind]}: {_names(days)}; first at {check.at(found[0])}"
            make = check.error if kind == "no_session" else check.note
            findings.append(make(kind, found[0], len(found), detail))
    return findings


def _check_prints(check: _Check) -> list[Finding]:
    high, low, close = (check.frame[name] for name in ("high", "low", "close"))
    usual = ((high - low) / close).rolling(USUAL_RANGE_BARS, center=True, min_periods=1).median()
    limit = np.maximum(SPIKE_MIN, SPIKE_RANGES * usual)
    # Outside both neighbours: a level that stays (news, a gap, a split) is near the next bar's range.
    above = high / np.fmax(high.shift(1), high.shift(-1)) - 1
    below = 1 - low / np.fmin(low.shift(1), low.shift(-1))
    excess = np.fmax(above, below)
    worst = excess[excess > limit].sort_values(ascending=False)
    findings = []
    for row, size in worst.head(SHOWN).items():
        ts, side = int(check.frame["ts"][row]), "above" if above[row] >= below[row] else "below"
        price = high[row] if side == "above" else low[row]
        detail = (
            f"{check.at(ts)}: a print at {price:.2f}, {size:.1%} {side} both neighbours, closing at {close[row]:.2f}"
        )
        findings.append(check.note("bad_print", ts, 1, detail))
    if len(worst) > SHOWN:
        rest = worst.iloc[SHOWN:]
        detail = f"{len(rest)} more suspect prints, {rest.min():.1%} to {rest.max():.1%} outside their neighbours"
        findings.append(check.note("bad_print", None, len(rest), detail))
    return findings


def _days(check: _Check) -> NDArray[np.object_]:
    stamps = pd.DatetimeIndex(check.frame["ts"].to_numpy().view("M8[ns]"), tz="UTC")
    days: NDArray[np.object_] = stamps.tz_convert(check.sessions.timezone).date
    return days


def _names(items: list[str] | list[date]) -> str:
    shown = ", ".join(str(item) for item in items[:SHOWN])
    return f"{shown} and {len(items) - SHOWN} more" if len(items) > SHOWN else shown
