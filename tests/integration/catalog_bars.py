"""A few plain bars about a new year, where a catalog begins another file."""

import numpy as np
import pandas as pd

KIND = "AAPL.NASDAQ-1-MINUTE-LAST-EXTERNAL"
NEW_YEAR = pd.Timestamp("2020-01-01", tz="UTC").value
MINUTE = 60 * 10**9


def make_bars(minutes: list[int], price: float = 100.0) -> pd.DataFrame:
    ts = NEW_YEAR + np.array(minutes, dtype=np.int64) * MINUTE
    return pd.DataFrame({"ts": ts, "open": price, "high": price + 1, "low": price - 1, "close": price, "volume": 10.0})
