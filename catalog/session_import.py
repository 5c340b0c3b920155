"""
Bars that live sessions recorded, merged into a catalog: then a backtest can replay the day.

A recorded bar replaces one that is there: it is what the session acted on. Doing it again changes nothing. What a
session did not see (it started late, or was down) is not in its file: ``download`` fetches it.

"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from catalog.bar_files import COLUMNS
from catalog.errors import CatalogError
from catalog.instruments import parse_step, split_bar_type
from catalog.quality import expected_closes
from catalog.recorded_bars import FOLDER, RecordedBar, read
from catalog.sessions import Sessions
from catalog.store import BarStore


def find_recorded(state_dir: Path) -> list[Path]:
    """Return the files that live sessions recorded, in order of their days; raise CatalogError for none."""
    files = sorted((state_dir / FOLDER).glob("*.csv"))
    if not files:
        raise CatalogError(
            f"No recorded bars in {state_dir / FOLDER}; expected the state directory of a live session (--state of "
            f"run_live.py, by default state/<mode>-<account>)."
        )
    return files


def import_recorded(file: Path, store: BarStore) -> Iterator[str]:
    """
    Merge the bars of a file into the catalog; yield a line for each bar type.

    Raises
    ------
    CatalogError
        If it is no such file, the catalog holds the synthetic sample of a bar type, or cannot be written.

    """
    by_type: dict[str, list[RecordedBar]] = {}
    for bar in read(file):
        by_type.setdefault(bar.bar_type, []).append(bar)
    for bar_type in sorted(by_type):
        if store.is_synthetic(bar_type):
            raise CatalogError(f"{store.path} holds the synthetic {bar_type}; import into another --catalog.")
    for bar_type in sorted(by_type):
        frame = _frame(by_type[bar_type])
        written = store.write(bar_type, frame)
        unchanged = len(frame) - written.added - written.replaced
        yield (
            f"{file.stem}  {bar_type}: {len(frame):,} of {_expected(bar_type, frame):,} bars; "
            f"{written.added:,} new, {written.replaced:,} replaced, {unchanged:,} unchanged"
        )


def _frame(bars: list[RecordedBar]) -> pd.DataFrame:
    rows = [(bar.ts, *map(float, bar[2:])) for bar in bars]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"ts": "int64"})
    return frame.sort_values("ts", ignore_index=True)


def _expected(bar_type: str, frame: pd.DataFrame) -> int:
    """Return how many bars the regular sessions of these bars have."""
    sessions, ts = Sessions(), frame["ts"].to_numpy()
    windows = sessions.between(sessions.local(int(ts[0])).date(), sessions.local(int(ts[-1])).date())
    return len(np.unique(expected_closes(ts, windows, parse_step(split_bar_type(bar_type)[1]), sessions)))
