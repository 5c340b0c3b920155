"""
The operator's commands in the journal: asked by the command line, carried out and answered by the node.

A command is carried out once or not at all: the node takes it before it acts, and what it has not taken the asker may
withdraw. A halt is a latch in the journal itself, so that it holds whether a node runs or not.

"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from actors.journal.file import told
from actors.journal.store import JournalStore

_COMMAND = "seq, wall_ns, kind, symbol, reason, given_by"


@dataclass(frozen=True, slots=True)
class OperatorCommand:
    """What an operator asked for."""

    number: int
    asked_ns: int
    kind: str  # halt | resume | flatten | stop
    symbol: str  # of a flatten, "" = all
    reason: str  # of a halt
    given_by: str  # user@host, process


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    exit_code: int
    text: str


class CommandJournal(JournalStore):
    """The journal with the operator's commands and the node's latest snapshot."""

    # -- The asker ------------------------------------------------------------------------------

    def ask(self, kind: str, given_by: str, wall_ns: int, *, symbol: str = "", reason: str = "") -> int:
        """Enter a command and return its number; a halt holds, and is lifted by a resume, from here on."""
        with self._transaction():
            row = (self._next(), self._run_id, wall_ns)
            self._db.execute(
                "INSERT INTO operator_commands VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)",
                (*row, kind, symbol, reason, given_by),
            )
            if kind == "halt":
                self._set_latch((self._next(), *row[1:]), wall_ns, "halt", "", reason, given_by)
            elif kind == "resume":
                self._clear_latches("halt", "", wall_ns)
        return row[0]

    def answer_of(self, number: int) -> Answer | None:
        """Return what became of a command, None while nobody said."""
        query = "SELECT exit_code, answer FROM operator_commands WHERE seq = ? AND answered_ns IS NOT NULL"
        rows = self._rows(query, number)
        return Answer(*rows[0]) if rows else None

    def withdraw(self, number: int, answer: Answer, wall_ns: int) -> bool:
        """End a command that no node has taken; False when one has, and will answer."""
        return self._update(
            "answered_ns = ?, exit_code = ?, answer = ? WHERE seq = ? AND taken_ns IS NULL AND answered_ns IS NULL",
            (wall_ns, answer.exit_code, answer.text, number),
        )

    # -- The node -------------------------------------------------------------------------------

    def waiting(self) -> list[OperatorCommand]:
        """Return the commands that nobody has taken, oldest first."""
        query = f"SELECT {_COMMAND} FROM operator_commands WHERE taken_ns IS NULL AND answered_ns IS NULL ORDER BY seq"  # noqa: S608 - names of our own schema
        return [OperatorCommand(*row) for row in self._rows(query)]

    def take(self, number: int, wall_ns: int) -> bool:
        """Make a command ours; False when it was withdrawn meanwhile."""
        return self._update(
            "taken_ns = ? WHERE seq = ? AND taken_ns IS NULL AND answered_ns IS NULL", (wall_ns, number)
        )

    def answer(self, number: int, answer: Answer, wall_ns: int) -> None:
        """Enter what became of a command."""
        self._update(
            "answered_ns = ?, exit_code = ?, answer = ? WHERE seq = ?",
            (wall_ns, answer.exit_code, answer.text, number),
        )

    def put_snapshot(self, text: str, wall_ns: int) -> None:
        """Keep how the node stands now; written for its readers, not for a restart, so the disk is not waited for."""
        with self._unwaited():
            values = (self._run_id, wall_ns, text)
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?)", values)

    @contextmanager
    def _unwaited(self) -> Iterator[None]:
        """Make a transaction that is not flushed: a power cut may undo it, never spoil the file."""
        with told(self.path):
            self._db.execute("PRAGMA synchronous = NORMAL")
            try:
                with self._transaction():
                    yield
            finally:
                self._db.execute("PRAGMA synchronous = FULL")

    def _update(self, change: str, values: tuple[object, ...]) -> bool:
        with self._transaction():
            return self._db.execute(f"UPDATE operator_commands SET {change}", values).rowcount > 0  # noqa: S608 - as above
