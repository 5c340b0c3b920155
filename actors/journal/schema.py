"""
The tables of the journal, and how each message becomes a row and a row its message again.

Decimals are TEXT and exact, times INTEGER UTC nanoseconds, dates ISO text, enums their value. ``seq`` counts the rows
of all tables in the order of their writing, ``wall_ns`` is the clock's time of writing, ``run_id`` the row of
``sessions`` (0 = written before the first one). Any change of a table needs a new ``SCHEMA_VERSION``.

"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_type_hints

from actors.messages import (
    AlertRaised,
    DataAgeChanged,
    EquityMarked,
    Flatten,
    Halt,
    HandlerFailed,
    HoldEntries,
    LinkChanged,
    LockSymbol,
    LossBaselineSet,
    LossLimitHit,
    OrderFilled,
    OrderIntended,
    OrderProgressed,
    PositionReported,
    ReleaseEntries,
    SignalDecided,
    StopMoved,
)
from actors.report.records import EquityPoint

SCHEMA_VERSION = 3
APPLICATION_ID = 0x42_4C_53_54  # "BLST" in the header of the file: tells our journal from another program's database

_ROW = "seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL"
_EVENT = f"{_ROW}, ts INTEGER NOT NULL"
_TABLES = {
    "decisions": f"""{_EVENT}, decision_id TEXT NOT NULL, symbol TEXT NOT NULL, strategy TEXT NOT NULL,
        signal INTEGER NOT NULL, close TEXT NOT NULL, action TEXT NOT NULL, quantity INTEGER NOT NULL,
        reason TEXT NOT NULL, detail TEXT NOT NULL""",
    "orders": f"""{_EVENT}, symbol TEXT NOT NULL, strategy TEXT NOT NULL, decision_id TEXT NOT NULL,
        client_order_id TEXT NOT NULL, role TEXT NOT NULL, side INTEGER NOT NULL, quantity INTEGER NOT NULL,
        "trigger" TEXT""",
    "order_states": f"""{_EVENT}, symbol TEXT NOT NULL, client_order_id TEXT NOT NULL, broker_order_id TEXT NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL""",
    "fills": f"""{_EVENT}, symbol TEXT NOT NULL, strategy TEXT NOT NULL, decision_id TEXT NOT NULL,
        client_order_id TEXT NOT NULL, trade_id TEXT NOT NULL, role TEXT NOT NULL, side INTEGER NOT NULL,
        quantity INTEGER NOT NULL, price TEXT NOT NULL, commission_usd TEXT NOT NULL, position_after INTEGER NOT NULL,
        exit_reason TEXT, last_close TEXT NOT NULL, UNIQUE (client_order_id, trade_id)""",
    "positions": f"""{_EVENT}, symbol TEXT NOT NULL, quantity INTEGER NOT NULL, entry_open INTEGER NOT NULL,
        stop_quantity INTEGER NOT NULL, stop_trigger TEXT, average_price TEXT, is_exiting INTEGER NOT NULL,
        is_resizing INTEGER NOT NULL, decision_id TEXT NOT NULL, strategy TEXT NOT NULL, exit_reason TEXT""",
    "stops": f"""{_EVENT}, symbol TEXT NOT NULL, client_order_id TEXT NOT NULL, "trigger" TEXT,
        quantity INTEGER NOT NULL, is_raise INTEGER NOT NULL""",
    "equity": f"""{_EVENT}, session TEXT, equity_usd TEXT NOT NULL, cash_usd TEXT NOT NULL,
        gross_exposure_usd TEXT NOT NULL""",
    "loss_baselines": f"{_EVENT}, session TEXT NOT NULL, baseline_usd TEXT NOT NULL",
    "loss_limit_hits": f"""{_EVENT}, session TEXT NOT NULL, day_pnl_usd TEXT NOT NULL, limit_usd TEXT NOT NULL,
        baseline_usd TEXT NOT NULL""",
    "alerts": f"""{_EVENT}, code TEXT NOT NULL, severity TEXT NOT NULL, "text" TEXT NOT NULL,
        symbol TEXT NOT NULL""",
    "failures": f"""{_EVENT}, component TEXT NOT NULL, handler TEXT NOT NULL, error TEXT NOT NULL,
        place TEXT NOT NULL, trace TEXT NOT NULL""",
    "links": f"{_EVENT}, state TEXT NOT NULL, detail TEXT NOT NULL",
    "data_ages": f"{_EVENT}, symbol TEXT NOT NULL, is_stale INTEGER NOT NULL, age_secs REAL NOT NULL",
    "commands": f"""{_EVENT}, kind TEXT NOT NULL, source TEXT NOT NULL, symbol TEXT, session TEXT, reason TEXT,
        holder TEXT, detail TEXT""",
    "latches": f"""{_EVENT}, kind TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
        cleared_ns INTEGER""",
    "cash_adjustments": f"{_ROW}, amount_usd TEXT NOT NULL, detail TEXT NOT NULL",
    "operator_commands": f"""{_ROW}, kind TEXT NOT NULL, symbol TEXT NOT NULL, reason TEXT NOT NULL,
        given_by TEXT NOT NULL, taken_ns INTEGER, answered_ns INTEGER, exit_code INTEGER, answer TEXT""",
    "snapshot": """only_row INTEGER PRIMARY KEY CHECK (only_row = 1), run_id INTEGER NOT NULL,
        wall_ns INTEGER NOT NULL, "text" TEXT NOT NULL""",
    "performance": """run_id INTEGER NOT NULL, measure TEXT NOT NULL, wall_ns INTEGER NOT NULL, total REAL NOT NULL,
        "max" REAL NOT NULL, counts TEXT NOT NULL, PRIMARY KEY (run_id, measure)""",
    "sessions": """run_id INTEGER PRIMARY KEY, started_ns INTEGER NOT NULL, mode TEXT NOT NULL, account TEXT NOT NULL,
        engine TEXT NOT NULL, config_sha256 TEXT NOT NULL, starting_cash_usd TEXT NOT NULL, ended_ns INTEGER,
        exit_code INTEGER, reason TEXT""",
    "cash": "only_row INTEGER PRIMARY KEY CHECK (only_row = 1), cash_usd TEXT NOT NULL",
    "sequence": "only_row INTEGER PRIMARY KEY CHECK (only_row = 1), last INTEGER NOT NULL",
}


def _create_table(name: str) -> str:
    return f"CREATE TABLE {name} ({_TABLES[name]}) STRICT"


_INDEXES = (
    ("decisions", "symbol"),
    ("orders", "symbol, seq"),
    ("orders", "decision_id"),
    ("orders", "client_order_id"),
    ("order_states", "client_order_id"),
    ("fills", "decision_id"),
    ("positions", "decision_id"),
    ("stops", "client_order_id"),
)
CREATE = (
    *(_create_table(name) for name in _TABLES),
    *(f"CREATE INDEX {table}_by_{columns.replace(', ', '_')} ON {table} ({columns})" for table, columns in _INDEXES),
    "INSERT INTO sequence VALUES (1, 0)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
OLDEST_READ = 2  # a reader does without what the upgrades from there on add
UPGRADES = {  # what brings a journal of a version to the next one
    1: (_create_table("operator_commands"), _create_table("snapshot"), "PRAGMA user_version = 2"),
    2: (_create_table("performance"), "PRAGMA user_version = 3"),
}

_IS_COMMAND = {"source": "holder"}  # who holds the entries; the column `source` says who gave the command


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: its table, its columns and the way back."""

    message: type
    table: str
    columns: tuple[str, ...]
    decoders: tuple[Callable[[Any], Any] | None, ...]
    where: str  # which rows of the table are of this kind

    def values(self, message: object) -> list[object]:
        """Return what stands in the columns."""
        return [_stored(getattr(message, field.name)) for field in fields(self.message)]

    def read(self, row: tuple[Any, ...]) -> Any:
        """Return the message of a row of the columns."""
        pairs = zip(row, self.decoders, strict=True)
        return self.message(*(value if value is None or decode is None else decode(value) for value, decode in pairs))


def _stored(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _decoder(hint: Any) -> Callable[[Any], Any] | None:
    plain = next((part for part in get_args(hint) if part is not NoneType), hint)
    if plain is date:
        return date.fromisoformat
    return plain if plain in (Decimal, bool) or issubclass(plain, Enum) else None


def _kind(message: type, table: str, where: str = "TRUE", renamed: dict[str, str] | None = None) -> Kind:
    hints = get_type_hints(message)
    names = [field.name for field in fields(message)]
    columns = tuple(f'"{(renamed or {}).get(name, name)}"' for name in names)
    return Kind(message, table, columns, tuple(_decoder(hints[name]) for name in names), where)


COMMANDS = (Halt, Flatten, LockSymbol, HoldEntries, ReleaseEntries)
KINDS: dict[type, Kind] = {
    kind.message: kind
    for kind in (
        _kind(SignalDecided, "decisions"),
        _kind(OrderIntended, "orders"),
        _kind(OrderProgressed, "order_states"),
        _kind(OrderFilled, "fills"),
        _kind(PositionReported, "positions"),
        _kind(StopMoved, "stops"),
        _kind(EquityMarked, "equity", "session IS NOT NULL"),
        _kind(EquityPoint, "equity"),
        _kind(LossBaselineSet, "loss_baselines"),
        _kind(LossLimitHit, "loss_limit_hits"),
        _kind(AlertRaised, "alerts"),
        _kind(HandlerFailed, "failures"),
        _kind(LinkChanged, "links"),
        _kind(DataAgeChanged, "data_ages"),
        *(_kind(command, "commands", f"kind = '{command.__name__}'", _IS_COMMAND) for command in COMMANDS),
    )
}
