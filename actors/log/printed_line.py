"""
How a line looks on the terminal: exchange time before it, one row of printable text, account numbers shortened. Pure.

The whole text is in log and journal.

"""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

NANOS_IN_SECOND = 1_000_000_000
MAX_CHARACTERS = 200
ACCOUNT = re.compile(r"\b(D?[UFI][A-Z]?)\d{3,}(\d{3})\b")  # U1234567, DU1234567, DUN123456, F1234567


class LineStamp:
    """Puts the time of an exchange before lines, and the date whenever it is not that of the line before."""

    def __init__(self, zone: ZoneInfo, now_ns: int, max_characters: int = MAX_CHARACTERS) -> None:
        self._zone = zone
        self._max_characters = max_characters
        self._date: date = self._local(now_ns).date()  # a line of today needs none

    def line(self, ts: int, text: str) -> str:
        """Return the line to print."""
        local = self._local(ts)
        day = "" if local.date() == self._date else f"{local:%Y-%m-%d} "
        self._date = local.date()
        return f"{day}{local:%H:%M:%S} {_one_row(text, self._max_characters)}"

    def _local(self, ts: int) -> datetime:
        return datetime.fromtimestamp(ts // NANOS_IN_SECOND, UTC).astimezone(self._zone)


def shortened(text: str) -> str:
    """Return a text with only the ends of the account numbers in it: ``DU…567``."""
    return ACCOUNT.sub(r"\1…\2", text)


def _one_row(text: str, max_characters: int) -> str:
    row = "".join(sign for sign in " ".join(shortened(text).split()) if sign.isprintable())
    return row if len(row) <= max_characters else f"{row[: max_characters - 1]}…"
