"""The journal as a file: what is said of one that cannot be used, and that it is left as it is."""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from actors.journal import file as journal_file
from actors.journal.file import PATIENCE_MS, JournalError
from actors.journal.reader import JournalReader
from actors.journal.store import JournalStore
from actors.messages import OrderRole, Side
from tests.unit.journal_builders import ALL_TIME, RUN, SHARES, TripTeller, write

ENTRY = OrderRole.ENTRY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[JournalStore]:
    with JournalStore(path) as store:
        store.begin_run(RUN)
        yield store


def spoil_header(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be looked at" + path.read_bytes()[51:])


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_pages(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def spoil_rows(path: Path) -> None:
    """Damage the rows of one table only: what opening a database does not look at."""
    with sqlite3.connect(path) as other:
        query = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'fills'"
        start = (other.execute(query).fetchone()[0] - 1) * 4096
    other.close()
    data = path.read_bytes()
    path.write_bytes(data[:start] + b"\xff" * 4096 + data[start + 4096 :])


def raise_version(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()


def make_foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE trades (id)")
    other.close()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (spoil_header, "expected a journal, found something else, or a damaged header; restore it from a backup"),
        (cut_off, "expected a sound file, found a damaged one.*; restore it from a backup, or move it away"),
        (spoil_pages, "expected a sound file, found a damaged one.*; restore it from a backup, or move it away"),
        (spoil_rows, "expected a sound file, found a damaged one.*; restore it from a backup, or move it away"),
        (empty, "expected a journal, found an empty file; restore it from a backup, or move it away"),
        (raise_version, "expected a journal of schema version 3, found version 99; use the version of Ballast that"),
        (make_foreign, "expected a journal, found another program's database; move it away, or choose another"),
    ],
)
def test_a_file_that_is_no_sound_journal_is_refused_and_left_as_it_is(path, store, spoil, text):
    write(store, *TripTeller(Side.LONG).whole_trip())
    store.close()
    spoil(path)
    before = path.read_bytes()

    with pytest.raises(JournalError, match=f"Journal {path}: {text}"):
        JournalStore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("spoil", [spoil_header, empty, raise_version, make_foreign])
def test_a_reader_refuses_it_too(path, store, spoil):
    store.close()
    spoil(path)

    with pytest.raises(JournalError, match="expected a journal"):
        JournalReader(path)


def test_a_journal_that_is_not_there_is_told_to_the_reader(path):
    with pytest.raises(JournalError, match="expected the journal of a node, found none; has the node run"):
        JournalReader(path)
    assert not path.exists()


@pytest.mark.parametrize("place", ["absent/journal.sqlite", ""])
def test_a_place_where_no_file_can_be_made_is_told(tmp_path, place):
    with pytest.raises(JournalError, match="expected a file that can be opened, found none; the directory must exist"):
        JournalStore(tmp_path / place)


def test_a_draft_left_by_a_kill_is_in_nobodys_way(path):
    path.with_name(f"{path.name}.{os.getpid()}.new").write_bytes(b"half a header")
    with JournalStore(path) as store:
        assert store.begin_run(RUN) == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_no_journal_is_made_beside_the_write_ahead_log_of_another(path, store):
    """SQLite would play it into the new file: a stranger's pages, or damage."""
    write(store, TripTeller(Side.LONG).decision())
    path.unlink()

    with pytest.raises(JournalError, match=r"expected a journal with its .* found only its journal\.sqlite-wal; put"):
        JournalStore(path)
    assert not path.exists()


def test_a_journal_that_another_process_made_meanwhile_is_kept(path, store):
    write(store, TripTeller(Side.LONG).decision())
    journal_file._create(path)

    assert len(store.decisions(*ALL_TIME)) == 1
    assert not list(path.parent.glob("*.new"))


def test_a_reader_changes_nothing(path, store):
    with JournalReader(path) as reader, pytest.raises(JournalError, match="expected to write to it"):
        reader._rows("DELETE FROM sessions")


def test_a_file_that_may_only_be_read_is_told(store):
    store._db.execute("PRAGMA query_only = ON")

    with pytest.raises(JournalError, match="expected to write to it, found a read-only file or directory; give this"):
        store.write(TripTeller(Side.LONG).decision(), 5)


def test_a_full_disk_is_told_and_leaves_nothing_half_written(store):
    pages = store._rows("PRAGMA page_count")[0][0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    teller = TripTeller(Side.LONG)
    fills = [replace(teller.fill(ENTRY, SHARES), trade_id=f"T-{number}") for number in range(1_000)]
    with pytest.raises(JournalError, match="expected room on its disk, found none; free some space"):
        write(store, *fills)
    rows = len(store.fills(*ALL_TIME))
    assert store.cash_usd() == 100_000 - rows * (SHARES * 100 + 1)
    store._db.execute("PRAGMA max_page_count = 1000000")
    write(store, teller.fill(ENTRY, SHARES))

    assert len(store.fills(*ALL_TIME)) == rows + 1


def test_a_file_that_another_holds_is_told_and_then_waited_for_less(path, store):
    store._db.execute("PRAGMA busy_timeout = 0")  # the test need not wait
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="expected to write to it, found another process holding it; end the"):
        store.write(TripTeller(Side.LONG).decision(), 5)
    held = store._rows("PRAGMA busy_timeout")[0][0]
    other.execute("ROLLBACK")
    other.close()
    write(store, TripTeller(Side.LONG).decision())

    assert held < PATIENCE_MS / 10
    assert store._rows("PRAGMA busy_timeout")[0][0] == PATIENCE_MS


def test_what_is_written_is_flushed_to_the_disk(store):
    assert store._rows("PRAGMA journal_mode") == [("wal",)]
    assert store._rows("PRAGMA synchronous") == [(2,)]  # FULL
