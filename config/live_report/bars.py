"""The bars that a live session recorded, as the frames of its report."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pandas as pd

from catalog.recorded_bars import day_file, read

PRICES = ["open", "high", "low", "close"]


def recorded_frames(
    directory: Path, bar_types: dict[str, str], days: Iterable[date], window: tuple[int, int]
) -> dict[str, pd.DataFrame]:
    """
    Return by symbol the bars of some session days that close in a window, in order of time; columns ts and prices.

    Parameters
    ----------
    directory : Path
        The state directory.
    bar_types : dict[str, str]
        Symbol → bar type.
    days : Iterable[date]
        Days of which there is no file are passed over.
    window : tuple[int, int]
        First and last close, UTC nanoseconds.

    """
    first, last = window
    files = [file for day in days if (file := day_file(directory, day)).exists()]
    bars = [bar for file in files for bar in read(file) if first <= bar.ts <= last]
    frame = pd.DataFrame(bars, columns=["bar_type", "ts", *PRICES, "volume"])
    frame = frame.drop_duplicates(["bar_type", "ts"], keep="last").sort_values("ts", ignore_index=True)
    frame[PRICES] = frame[PRICES].astype(float)
    return {
        symbol: frame.loc[frame["bar_type"] == bar_type, ["ts", *PRICES]].reset_index(drop=True)
        for symbol, bar_type in bar_types.items()
    }
