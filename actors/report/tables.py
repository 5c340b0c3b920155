"""The CSV files of a report: their columns, and how a record becomes a row; times are ISO 8601 in UTC."""

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from actors.messages import OrderFilled, Side, SignalDecided
from actors.report.format import iso_utc, plain
from actors.report.records import EquityPoint, OrderRecord, SessionRecord, Trade

TIME_COLUMNS = frozenset({"ts", "entry_time", "exit_time", "created", "last_event"})


def csv_files(record: SessionRecord) -> dict[str, str]:
    """Return the text of each CSV file by its name; a file without rows still has its header."""
    return {
        "trades.csv": _csv_text(Trade, record.trades),
        "orders.csv": _csv_text(OrderRecord, record.orders),
        "fills.csv": _csv_text(OrderFilled, record.fills),
        "decisions.csv": _csv_text(SignalDecided, record.decisions),
        "equity.csv": _csv_text(EquityPoint, record.equity),
    }


def _csv_text(kind: type, rows: Iterable[Any]) -> str:
    columns = [column.name for column in fields(kind)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time" if column == "ts" else column for column in columns])
    for row in rows:
        writer.writerow([_cell(row, column) for column in columns])
    return text.getvalue()


def _cell(row: object, column: str) -> str:
    value = getattr(row, column)
    if value is None:
        return ""
    if isinstance(value, int) and column in TIME_COLUMNS:
        return iso_utc(value)
    if isinstance(value, Side):
        return _side(row, value)
    if isinstance(value, StrEnum):
        return value.value
    return plain(value) if isinstance(value, Decimal) else str(value)


def _side(row: object, side: Side) -> str:
    # A trade has the side of its position, a fill that of its order (as orders.csv).
    if isinstance(row, OrderFilled):
        return "BUY" if side is Side.LONG else "SELL"
    return side.name.lower()
