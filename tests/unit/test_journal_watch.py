"""The watch over the journal's file: what it finds gone, replaced or damaged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.journal import watch as journal_watch
from actors.journal.file import damage_of
from actors.journal.store import JournalStore
from actors.journal.watch import JournalWatch
from actors.messages import Side
from tests.unit.journal_builders import RUN, TripTeller, write


@pytest.fixture
def store(tmp_path: Path):
    with JournalStore(tmp_path / "journal.sqlite") as store:
        store.begin_run(RUN)
        write(store, *TripTeller(Side.LONG).whole_trip())
        yield store


def delete(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    other.replace(file)


@pytest.mark.parametrize("name", ["journal.sqlite", "journal.sqlite-wal"])
@pytest.mark.parametrize(("act", "found"), [(delete, "none in its place"), (replace, "another one in its place")])
def test_a_file_that_is_not_the_opened_one_is_told_until_it_is_back(
    store, name: str, act: Callable[[Path], None], found: str
):
    watch, file = JournalWatch(store.path), store.path.with_name(name)
    kept = file.with_name("kept")
    kept.hardlink_to(file)
    assert watch.trouble(0) == ""
    act(file)

    assert f"Journal {file}: expected the file that this node opened, found {found}; put it back" in watch.trouble(1)
    kept.replace(file)
    assert watch.trouble(2) == ""


def spoil(file: Path) -> None:
    """Overwrite every page but the first."""
    with file.open("r+b") as open_file:
        open_file.seek(4096)
        open_file.write(b"\xff" * (file.stat().st_size - 4096))


def test_damage_is_found_at_the_next_look_and_forgotten_when_it_is_mended(store, monkeypatch):
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    watch, sound, now_ns = JournalWatch(store.path), store.path.read_bytes(), journal_watch.LOOK_FOR_DAMAGE_NS

    def looked(at_ns: int) -> str:
        watch.trouble(at_ns)
        watch._thread.join()
        return watch.trouble(at_ns)

    assert looked(now_ns) == ""
    spoil(store.path)
    assert watch.trouble(now_ns + 1) == ""  # not looked for so soon
    assert "expected a sound file, found a damaged one" in looked(2 * now_ns)
    store.path.write_bytes(sound)
    assert looked(3 * now_ns) == ""


def test_a_file_that_is_busy_is_not_called_damaged(store):
    store._db.execute("BEGIN EXCLUSIVE")

    assert damage_of(store.path) == ""
