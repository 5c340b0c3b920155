"""What a backtest can run on: checks the catalog against the configuration before anything starts."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from catalog.sessions import Sessions
from catalog.store import BarStore
from config.schema import Settings

Times = dict[str, NDArray[np.int64]]


class BacktestError(Exception):
    """The catalog cannot give what the configuration asks for; says what was expected, found, and how to mend it."""


def parse_bound(text: str, sessions: Sessions, *, is_end: bool) -> int:
    """
    Return the UTC nanoseconds of a --start or --end: a date (the whole day), or a time, on the exchange's clock.

    Raises
    ------
    BacktestError
        If it is no ISO 8601 date or time.

    """
    option = "--end" if is_end else "--start"
    try:
        day = _whole_day(text)
        if day is not None:
            day += timedelta(days=1 if is_end else 0)
            midnight = datetime(day.year, day.month, day.day, tzinfo=sessions.timezone)
            return int(midnight.timestamp()) * 1_000_000_000 - (1 if is_end else 0)
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=sessions.timezone)
        return int(moment.timestamp()) * 1_000_000_000
    except (ValueError, OverflowError) as error:
        message = f"{option}: expected an ISO 8601 date or time such as 2024-10-01 or 2024-10-01T09:30, was {text!r}."
        raise BacktestError(message) from error


def _whole_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def check_range(
    settings: Settings, store: BarStore, times: Times, start: int | None, end: int | None
) -> tuple[int, int]:
    """
    Return the first and last closing time to run, UTC nanoseconds.

    Raises
    ------
    BacktestError
        If a symbol has no bars, none in the range, or not more than the warm-up takes.

    """
    _check_symbols(settings, store, times)
    first = min(int(ts[0]) for ts in times.values())
    last = max(int(ts[-1]) for ts in times.values())
    begin = first if start is None else max(start, first)
    finish = last if end is None else min(end, last)
    if start is not None and end is not None and start > end:
        raise BacktestError(f"Expected --start before --end, was {_day(start)} and {_day(end)}; swap them.")
    for symbol, ts in times.items():
        _check_symbol_range(symbol, ts, begin, finish, settings.bars.warmup_bars)
    return begin, finish


def _check_symbols(settings: Settings, store: BarStore, times: Times) -> None:
    missing = [symbol for symbol, ts in times.items() if not len(ts)]
    if not missing:
        return
    there = store.bar_types()
    if not there:
        raise BacktestError(
            f"The catalog {store.path} holds no bars. Import some (uv run python -m catalog import --help), build the "
            "sample (uv run python -m catalog sample), or leave --catalog out to run on the sample."
        )
    raise BacktestError(
        f"The catalog {store.path} has no {settings.bars.step} bars of {', '.join(missing)}; it has "
        f"{', '.join(name.removesuffix('-LAST-EXTERNAL') for name in there)}. Import them, or trade others "
        "(strategies.symbol, bars.step in the configuration)."
    )


def _check_symbol_range(symbol: str, ts: NDArray[np.int64], begin: int, finish: int, warmup_bars: int) -> None:
    bars = int(((ts >= begin) & (ts <= finish)).sum())
    if not bars:
        raise BacktestError(
            f"{symbol} has no bars from {_day(begin)} to {_day(finish)}; the catalog has {_day(int(ts[0]))} to "
            f"{_day(int(ts[-1]))}. Choose --start and --end within that."
        )
    if bars <= warmup_bars:
        raise BacktestError(
            f"{symbol} has {bars} bars in the range, and bars.warmup_bars = {warmup_bars} takes all of them: nothing "
            "would trade. Choose a longer range or a shorter warm-up (--set bars.warmup_bars=0)."
        )


def _day(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 1_000_000_000, UTC):%Y-%m-%d %H:%M} UTC"
