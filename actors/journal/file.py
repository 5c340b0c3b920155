"""
The journal as a file: opened or created, checked, and what SQLite says of it in words for the operator.

It does not mend a damaged file: what the node owns must not be guessed.

"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from actors.journal.schema import APPLICATION_ID, CREATE, OLDEST_READ, SCHEMA_VERSION, UPGRADES

PATIENCE_MS = 5_000  # how long a write waits for another process that writes
_ADVICE = {  # by the start of SQLite's name of the error
    "SQLITE_BUSY": (
        "to write to it",
        "another process holding it; end the program that has the file open",
    ),
    "SQLITE_FULL": ("room on its disk", "none; free some space"),
    "SQLITE_READONLY": ("to write to it", "a read-only file or directory; give this user the right to write both"),
    "SQLITE_CANTOPEN": (
        "a file that can be opened",
        "none; the directory must exist and this user may read and write it",
    ),
    "SQLITE_PERM": ("a file that can be opened", "no right to; give this user the right to read and write it"),
    "SQLITE_IOERR": (
        "a disk that reads and writes",
        "one that fails; look at the system's log, move the file to another disk",
    ),
    "SQLITE_NOTADB": ("a journal", "something else, or a damaged header; restore it from a backup, or move it away"),
    "SQLITE_CORRUPT": ("a sound file", "a damaged one; restore it from a backup, or move it away"),
}


class JournalError(Exception):
    """The journal cannot be opened, read or written; the operator acts."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into a ``JournalError`` that says what was expected, what was found and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        for start, (expected, found) in _ADVICE.items():
            if name.startswith(start):
                raise problem(path, expected, f"{found} ({error})") from error
        raise problem(path, "SQLite to do as told", f"{name or type(error).__name__}: {error}") from error
    except OSError as error:
        found = f"{error.strerror}; give this user the right to write there"
        raise problem(path, "a directory for files", found) from error


def problem(path: Path, expected: str, found: str) -> JournalError:
    """Return the error of a journal."""
    return JournalError(f"Journal {path}: expected {expected}, found {found}.")


def open_to_write(path: Path, *, is_known_sound: bool = False) -> sqlite3.Connection:
    """Open a journal, or create it; what is committed is on the disk."""
    with told(path):
        if not path.exists():
            _create(path)
        connection = _connect(path, "rw")
        try:
            if not is_known_sound:
                _check_soundness(path, connection)
            check_schema(path, connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _upgrade(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a journal that another process may be writing."""
    if not path.exists():
        raise problem(path, "the journal of a node", "none; has the node run with this state directory?")
    with told(path):
        connection = _connect(path, "ro")
        try:
            check_schema(path, connection)
            if (version := _pragma(connection, "user_version")) < OLDEST_READ:
                found = f"version {version}; start the node once, which brings it up to date"
                raise problem(path, f"a journal of schema version {OLDEST_READ} or later", found)
        except BaseException:
            connection.close()
            raise
    return connection


def damage_of(path: Path) -> str:
    """Read a journal through, that others may be writing; return what is damaged, "" if it is sound or busy."""
    try:
        with closing(open_to_read(path)) as connection, told(path):
            _check_soundness(path, connection)
    except JournalError as error:
        return "" if _is_busy(error.__cause__) else str(error)
    return ""


def _is_busy(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def check_schema(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse another program's database, and the journal of a version that cannot be brought up to this one."""
    application_id, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    if not _pragma(connection, "page_count"):
        raise problem(path, "a journal", "an empty file; restore it from a backup, or move it away")
    if application_id != APPLICATION_ID:
        raise problem(path, "a journal", "another program's database; move it away, or choose another state directory")
    if version != SCHEMA_VERSION and version not in UPGRADES:
        found = f"version {version}; use the version of Ballast that wrote it, or another state directory"
        raise problem(path, f"a journal of schema version {SCHEMA_VERSION}", found)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Bring the journal of an older version up to this one, all steps or none."""
    if _pragma(connection, "user_version") == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        while (version := _pragma(connection, "user_version")) != SCHEMA_VERSION:
            for statement in UPGRADES[version]:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE_MS / 1000)


def _check_soundness(path: Path, connection: sqlite3.Connection) -> None:
    found = " ".join(connection.execute("PRAGMA quick_check(1)").fetchone()[0].split())
    if found != "ok":
        raise problem(path, "a sound file", f"a damaged one ({found}); restore it from a backup, or move it away")


def _create(path: Path) -> None:
    """Make the file beside its place and put it there whole: one that is there and empty has lost what it held."""
    left = path.with_name(f"{path.name}-wal")
    if left.exists() and not path.exists():  # SQLite would play it into the new file
        found = f"only its {left.name}; put the journal back beside it, or move that file away too"
        raise problem(path, "a journal with its write-ahead log, or neither", found)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)  # of a process that was killed here
    connection = _connect(draft, "rwc")
    try:
        connection.execute("BEGIN")
        for statement in CREATE:
            connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        connection.close()
    with suppress(FileExistsError):  # another process was faster
        path.hardlink_to(draft)
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
