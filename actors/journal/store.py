"""
The journal of a live node: what was decided, sent and filled, on the disk before the node goes on (law 11).

Every write is one transaction, committed and flushed when it returns: kill -9 or a power cut loses nothing that
returned. It protects neither from a disk that lies about flushing, nor from a file that is deleted or lost.

"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path

from actors.journal.file import PATIENCE_MS, JournalError, open_to_write, problem, told
from actors.journal.reader import JournalReader, RunInfo
from actors.journal.schema import COMMANDS, KINDS, Kind
from actors.messages import OPERATOR, OPERATORS_HOLDS, LockSymbol, LossLimitHit, OrderFilled

LOCKED_PATIENCE_MS = 50  # while another process holds the file: an exit must not wait for seconds again and again


class AnothersJournal(JournalError):  # noqa: N818 - an interlock, not a fault
    """The journal is that of another account, or of another mode."""


class JournalStore(JournalReader):
    """
    The one journal of an account; written by its node and by the operator's commands.

    ``is_known_sound``: the file is not read through to look for damage, as nobody waits for that at a command.

    """

    def __init__(self, path: Path, *, is_known_sound: bool = False) -> None:
        self._open(path, open_to_write(path, is_known_sound=is_known_sound))
        runs = self.runs()
        self._run_id = runs[-1].run_id if runs else 0
        self._patience_ms = self._usual_patience_ms = PATIENCE_MS
        self._inserts = {kind: _insert(known) for kind, known in KINDS.items()}

    # -- Runs -----------------------------------------------------------------------------------

    def begin_run(self, run: RunInfo) -> int:
        """
        Enter a run of the node; return its number.

        Raises
        ------
        AnothersJournal
            If the runs before were of another account or mode.
        JournalError
            If it cannot be written.

        """
        earlier = self.runs()
        if earlier and (earlier[-1].info.mode, earlier[-1].info.account) != (run.mode, run.account):
            owner = earlier[-1].info
            found = f"{run.mode} {run.account}; use the state directory of that account"
            raise AnothersJournal(str(problem(self.path, f"runs of {owner.mode} {owner.account}", found)))
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO sessions (started_ns, mode, account, engine, config_sha256, starting_cash_usd) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (*astuple(run)[:-1], str(run.starting_cash_usd)),
            )
            self._db.execute("INSERT OR IGNORE INTO cash VALUES (1, ?)", (str(run.starting_cash_usd),))
            self._run_id = int(cursor.lastrowid or 0)
        return self._run_id

    def end_run(self, run_id: int, ended_ns: int, exit_code: int, reason: str) -> None:
        """Enter how a run ended."""
        with self._transaction():
            self._db.execute(
                "UPDATE sessions SET ended_ns = ?, exit_code = ?, reason = ? WHERE run_id = ?",
                (ended_ns, exit_code, reason, run_id),
            )

    # -- Messages -------------------------------------------------------------------------------

    def write(self, message: object, wall_ns: int) -> None:
        """Write a message; it is on the disk when this returns. A fill that is known already changes nothing."""
        self.write_together([(message, wall_ns)])

    def write_together(self, messages: Iterable[tuple[object, int]]) -> None:
        """Write messages, each with its time, all or none; they are on the disk when this returns."""
        with self._transaction():
            for message, wall_ns in messages:
                self._write(message, wall_ns)

    def wait_at_most(self, patience_ms: int) -> None:
        """Set how long a write waits for another process that writes."""
        self._usual_patience_ms = patience_ms
        self._wait(patience_ms)

    def _write(self, message: object, wall_ns: int) -> None:
        values = KINDS[type(message)].values(message)
        if isinstance(message, COMMANDS):
            values = [*values, type(message).__name__, _source(message)]
        row = (self._next(), self._run_id, wall_ns)
        is_new = self._db.execute(self._inserts[type(message)], (*row, *values)).rowcount == 1
        if isinstance(message, OrderFilled) and is_new:
            spent = message.side * message.quantity * message.price + message.commission_usd
            self._add_cash(-spent)
        self._latch(message, row)

    def _latch(self, message: object, row: tuple[int, int, int]) -> None:
        match message:
            case LockSymbol(ts=ts, symbol=symbol, detail=detail):
                self._set_latch(row, ts, "lock", symbol, detail)
            case LossLimitHit(ts=ts, session=session, day_pnl_usd=pnl, limit_usd=limit):
                self._set_latch(row, ts, "loss_limit", session.isoformat(), f"{pnl} USD <= -{limit} USD")

    def _set_latch(
        self, row: tuple[int, int, int], ts: int, kind: str, subject: str, detail: str, reason: str = ""
    ) -> None:
        values = (*row, ts, kind, subject, reason, detail)
        self._db.execute("INSERT INTO latches VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", values)

    # -- Account and latches --------------------------------------------------------------------

    def adjust_cash(self, amount_usd: Decimal, wall_ns: int, detail: str) -> None:
        """Enter cash that came or went without a fill: a deposit, interest, a dividend."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO cash_adjustments VALUES (?, ?, ?, ?, ?)",
                (self._next(), self._run_id, wall_ns, str(amount_usd), detail),
            )
            if not self._add_cash(amount_usd):
                raise problem(self.path, "a run begun before cash is adjusted", "none; begin one")

    def unlock(self, symbol: str, wall_ns: int) -> bool:
        """Clear the locks of a symbol; False when there was none."""
        with self._transaction():
            return self._clear_latches("lock", symbol, wall_ns)

    def _clear_latches(self, kind: str, subject: str, wall_ns: int) -> bool:
        cursor = self._db.execute(
            "UPDATE latches SET cleared_ns = ? WHERE kind = ? AND subject = ? AND cleared_ns IS NULL",
            (wall_ns, kind, subject),
        )
        return cursor.rowcount > 0

    def _add_cash(self, amount_usd: Decimal) -> bool:
        """Add to the one row of cash; False before the first run, when no cash is known."""
        cash = self.cash_usd()
        if cash is None:
            return False
        self._db.execute("UPDATE cash SET cash_usd = ?", (str(cash + amount_usd),))
        return True

    # -- SQL ------------------------------------------------------------------------------------

    def _next(self) -> int:
        """Return the number of a new row, one count for all tables and all writers."""
        rows = self._db.execute("UPDATE sequence SET last = last + 1 RETURNING last").fetchall()
        if not rows:
            raise problem(self.path, "a sound file", "a damaged one (no sequence); restore it from a backup")
        return int(rows[0][0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with told(self.path):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                    self._wait(LOCKED_PATIENCE_MS)
                raise
            self._wait(self._usual_patience_ms)

    def _wait(self, patience_ms: int) -> None:
        if patience_ms != self._patience_ms:
            self._db.execute(f"PRAGMA busy_timeout = {patience_ms}")
            self._patience_ms = patience_ms


def _insert(kind: Kind) -> str:
    columns = ["seq", "run_id", "wall_ns", *kind.columns]
    if kind.message in COMMANDS:
        columns += ["kind", "source"]
    known = " ON CONFLICT (client_order_id, trade_id) DO NOTHING" if kind.message is OrderFilled else ""
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {kind.table} ({', '.join(columns)}) VALUES ({marks}){known}"  # noqa: S608 - names of our own schema


def _source(command: object) -> str:
    """Return who gave a command: an operator's names it as the reason, or as the one who holds the entries."""
    given_by = getattr(command, "reason", None) or getattr(command, "source", None)
    return OPERATOR if given_by in OPERATORS_HOLDS else "component"
