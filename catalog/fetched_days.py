"""
Which days were fetched whole from the broker, and how many bars they had; pure.

A stock that is not traded in every minute never has all its bars: without this note such a day would be asked for
again and again. A day whose bars in the catalog are not as many any more is fetched anew. A note that was lost, or
torn by a kill, costs one request.

"""

import csv
import os
from datetime import date
from pathlib import Path

FILE = "downloads.csv"  # bar type, session, bars; the last line of a session holds


class FetchedDays:
    """The notes of one catalog directory."""

    def __init__(self, catalog: Path) -> None:
        self._file = catalog / FILE

    def of(self, bar_type: str) -> dict[date, int]:
        """Return the number of bars of each session that was fetched whole."""
        found: dict[date, int] = {}
        if self._file.exists():
            with self._file.open(encoding="utf-8", newline="") as file:
                for row in csv.reader(file):
                    if len(row) == 3 and row[0] == bar_type and row[2].isdecimal():
                        found[date.fromisoformat(row[1])] = int(row[2])
        return found

    def add(self, bar_type: str, session: date, bars: int) -> None:
        """Note a session; the catalog directory exists, its bars are written."""
        with self._file.open("a+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            is_torn = size and file.read(1) != b"\n"
            file.write(f"{'\n' if is_torn else ''}{bar_type},{session},{bars}\n".encode())
