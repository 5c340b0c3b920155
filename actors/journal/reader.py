"""
Reads the journal: ownership and latches for a restart, rows of a time window for a report, the state for ``status``.

It may be another process than the node's, while that writes or after it died. Windows are of event time, both ends
included; what is read comes in the order of its writing.

"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, cast

from actors.journal.file import open_to_read, told
from actors.journal.schema import KINDS
from actors.journal.trips import Numbered, TripLog, TripRows, trip_log
from actors.messages import (
    AlertRaised,
    HandlerFailed,
    LossBaselineSet,
    LossLimitHit,
    OrderFilled,
    OrderIntended,
    OrderProgressed,
    OrderRole,
    PositionReported,
    SignalDecided,
    StopMoved,
)
from actors.report.records import EquityPoint, StopPoint


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run of the node, as it begins."""

    started_ns: int
    mode: str
    account: str
    engine: str  # name and version
    config_sha256: str
    starting_cash_usd: Decimal  # of the account; counts in the first run only, later ones go on from the journal's cash


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the node; ``ended_ns`` None = it goes on, or it was killed."""

    run_id: int
    info: RunInfo
    ended_ns: int | None
    exit_code: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class LossLatch:
    """The daily loss limit as it last stood."""

    session: date
    baseline_usd: Decimal
    equity_usd: Decimal  # of the latest mark; the baseline before the first
    breach: str = ""  # what hit which limit, in words; "" = nothing yet

    @property
    def is_breached(self) -> bool:
        return bool(self.breach)


@dataclass(frozen=True, slots=True)
class OperatorHalt:
    """An operator allows no entries until he resumes."""

    since_ns: int
    given_by: str
    reason: str

    @property
    def detail(self) -> str:
        return f"by {self.given_by}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a node stood at a moment, in words of its own (``actors/status/report.py``)."""

    run_id: int
    wall_ns: int
    text: str


class JournalReader:
    """A journal that is only read; also a context manager."""

    def __init__(self, path: Path) -> None:
        self._open(path, open_to_read(path))

    def _open(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- Ownership ------------------------------------------------------------------------------

    def open_trip(self, symbol: str) -> TripLog | None:
        """Return the round trip of a symbol that was not over; an order that may never have left counts."""
        trip = self.last_trip(symbol)
        return None if trip is None or trip.is_over else trip

    def open_trips(self) -> dict[str, TripLog]:
        """Return the round trips that were not over, by symbol."""
        symbols = [symbol for (symbol,) in self._rows("SELECT DISTINCT symbol FROM orders ORDER BY symbol")]
        return {symbol: trip for symbol in symbols if (trip := self.open_trip(symbol)) is not None}

    def last_trip(self, symbol: str) -> TripLog | None:
        """Return the latest round trip of a symbol, over or not."""
        with self._snapshot():
            latest = self._rows("SELECT decision_id FROM orders WHERE symbol = ? ORDER BY seq DESC LIMIT 1", symbol)
            if not latest:
                return None
            of_trip = ("symbol = ? AND decision_id = ?", symbol, latest[0][0])
            of_orders = (
                "client_order_id IN (SELECT client_order_id FROM orders WHERE symbol = ? AND decision_id = ?)",
                *of_trip[1:],
            )
            return trip_log(
                TripRows(
                    intents=self._numbered(OrderIntended, *of_trip),
                    fills=self._numbered(OrderFilled, *of_trip),
                    states=self._numbered(OrderProgressed, *of_orders),
                    stops=self._numbered(StopMoved, *of_orders),
                    reports=self._numbered(PositionReported, *of_trip),
                )
            )

    def is_ours(self, client_order_id: str) -> bool:
        """Return whether an order was intended by one of our runs."""
        return bool(self._rows("SELECT 1 FROM orders WHERE client_order_id = ? LIMIT 1", client_order_id))

    def order_roles(self, symbol: str) -> dict[str, OrderRole]:
        """Return every order of a symbol that one of our runs intended, with what it was for."""
        rows = self._rows("SELECT client_order_id, role FROM orders WHERE symbol = ? ORDER BY seq", symbol)
        return {order_id: OrderRole(role) for order_id, role in rows}

    def decision_count(self, symbol: str) -> int:
        """Return the highest number used in a decision id of a symbol, 0 before the first."""
        ids = "SELECT decision_id FROM decisions WHERE symbol = ? UNION SELECT decision_id FROM orders WHERE symbol = ?"
        rows = self._rows(ids, symbol, symbol)
        numbers = (decision_id.removeprefix(f"{symbol}-") for (decision_id,) in rows)
        return max((int(number) for number in numbers if number.isdecimal()), default=0)

    # -- Account and latches --------------------------------------------------------------------

    def cash_usd(self) -> Decimal | None:
        """Return the cash after all fills and adjustments, None before the first run."""
        rows = self._rows("SELECT cash_usd FROM cash")
        return Decimal(rows[0][0]) if rows else None

    def loss_latch(self) -> LossLatch | None:
        """Return how the daily loss limit last stood; cash that came or went since is no profit and no loss."""
        with self._snapshot():
            latest = self._latest(LossBaselineSet)
            if latest is None:
                return None
            seq, baseline = latest
            baseline_usd = baseline.baseline_usd + self._adjusted_since(seq)
            mark = self._latest(EquityPoint)
            equity_usd = baseline_usd if mark is None else mark[1].equity_usd + self._adjusted_since(mark[0])
            breaches = [detail for *_, detail in self._latches("loss_limit", baseline.session.isoformat())]
            return LossLatch(baseline.session, baseline_usd, equity_usd, *breaches[-1:])

    def locks(self) -> dict[str, str]:
        """Return why each symbol is locked that nobody unlocked."""
        return {subject: detail for _, subject, _, detail in self._latches("lock")}

    def operator_halt(self) -> OperatorHalt | None:
        """Return the latest halt of an operator that was not resumed."""
        halts = self._latches("halt")
        if not halts:
            return None
        since_ns, _, given_by, reason = halts[-1]
        return OperatorHalt(since_ns, given_by, reason)

    def snapshot(self) -> Snapshot | None:
        """Return how the node last said it stood."""
        rows = self._rows("SELECT run_id, wall_ns, text FROM snapshot")
        return Snapshot(*rows[0]) if rows else None

    def last_answer_ns(self) -> int:
        """Return when a node last answered a command of an operator, UTC nanoseconds; 0 = never."""
        query = "SELECT coalesce(max(answered_ns), 0) FROM operator_commands WHERE taken_ns IS NOT NULL"
        return int(self._rows(query)[0][0])

    # -- Rows -----------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        rows = self._rows(
            "SELECT run_id, started_ns, mode, account, engine, config_sha256, starting_cash_usd, ended_ns, exit_code, "
            "reason FROM sessions ORDER BY run_id"
        )
        return [
            Run(run_id, RunInfo(started, mode, account, engine, sha256, Decimal(cash)), *end)
            for run_id, started, mode, account, engine, sha256, cash, *end in rows
        ]

    def performance(self, since_ns: int) -> list[tuple[str, float, float, str]]:
        """Return measure, total, maximum and counts of each histogram of the runs that were up since, by the clock."""
        query = 'SELECT measure, total, "max", counts FROM performance WHERE wall_ns >= ? ORDER BY run_id, measure'
        return cast("list[tuple[str, float, float, str]]", self._rows(query, since_ns))

    def messages[Message](self, kind: type[Message], start_ns: int, end_ns: int) -> list[Message]:
        """Return all messages of a kind in a window."""
        return [message for _, message in self._numbered(kind, "ts BETWEEN ? AND ?", start_ns, end_ns)]

    def decisions(self, start_ns: int, end_ns: int) -> list[SignalDecided]:
        return self.messages(SignalDecided, start_ns, end_ns)

    def intents(self, start_ns: int, end_ns: int) -> list[OrderIntended]:
        return self.messages(OrderIntended, start_ns, end_ns)

    def progress(self, start_ns: int, end_ns: int) -> list[OrderProgressed]:
        return self.messages(OrderProgressed, start_ns, end_ns)

    def fills(self, start_ns: int, end_ns: int) -> list[OrderFilled]:
        return self.messages(OrderFilled, start_ns, end_ns)

    def stops(self, start_ns: int, end_ns: int) -> list[StopPoint]:
        return [StopPoint(move.ts, move.symbol, move.trigger) for move in self.messages(StopMoved, start_ns, end_ns)]

    def equity(self, start_ns: int, end_ns: int) -> list[EquityPoint]:
        """Return the marks of a window in order of time, of each moment the latest."""
        marks = {point.ts: point for point in self.messages(EquityPoint, start_ns, end_ns)}
        return [marks[ts] for ts in sorted(marks)]

    def loss_hits(self, start_ns: int, end_ns: int) -> list[LossLimitHit]:
        return self.messages(LossLimitHit, start_ns, end_ns)

    def alerts(self, start_ns: int, end_ns: int) -> list[AlertRaised]:
        return self.messages(AlertRaised, start_ns, end_ns)

    def failures(self, start_ns: int, end_ns: int) -> list[HandlerFailed]:
        return self.messages(HandlerFailed, start_ns, end_ns)

    # -- SQL ------------------------------------------------------------------------------------

    def _numbered[Message](self, kind: type[Message], where: str, *values: object) -> Numbered[Message]:
        known = KINDS[kind]
        columns = ", ".join(known.columns)
        query = f"SELECT seq, {columns} FROM {known.table} WHERE ({known.where}) AND {where} ORDER BY seq"  # noqa: S608 - names of our own schema
        return [(row[0], cast("Message", known.read(row[1:]))) for row in self._rows(query, *values)]

    def _adjusted_since(self, seq: int) -> Decimal:
        rows = self._rows("SELECT amount_usd FROM cash_adjustments WHERE seq > ?", seq)
        return sum((Decimal(amount) for (amount,) in rows), Decimal(0))

    def _latest[Message](self, kind: type[Message]) -> tuple[int, Message] | None:
        known = KINDS[kind]
        rows = self._numbered(kind, f"seq = (SELECT max(seq) FROM {known.table} WHERE {known.where})")  # noqa: S608 - as above
        return rows[0] if rows else None

    def _latches(self, kind: str, subject: str | None = None) -> list[tuple[Any, ...]]:
        """Return ts, subject, reason and detail of the latches that hold."""
        query = (
            "SELECT ts, subject, reason, detail FROM latches "
            "WHERE cleared_ns IS NULL AND kind = ? AND subject = coalesce(?, subject) ORDER BY seq"
        )
        return self._rows(query, kind, subject)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with told(self.path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Let several reads see the same moment, whatever another process writes meanwhile."""
        with told(self.path):
            self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
