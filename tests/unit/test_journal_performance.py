"""The measures in the journal: a row for each run and measure, and an older journal that had none of them."""

import sqlite3
from pathlib import Path

import pytest

from actors.journal.file import JournalError
from actors.journal.performance import NodeJournal, read_performance
from actors.journal.reader import JournalReader
from actors.journal.schema import SCHEMA_VERSION
from actors.messages import Side
from actors.performance.histogram import Histogram
from tests.unit.journal_builders import ALL_TIME, RUN, TripTeller, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def of(*values):
    made = Histogram()
    for value in values:
        made.add(value)
    return made


def test_what_is_kept_again_replaces_what_was_kept_of_the_run(path):
    with NodeJournal(path) as journal:
        journal.begin_run(RUN)
        journal.put_performance({"loop_lateness": of(1.0)}, 5)
        journal.put_performance({"loop_lateness": of(1.0, 900_000.0), "memory_mb": of(99.5)}, 6)
        rows = journal._rows("SELECT run_id, measure, wall_ns, total FROM performance ORDER BY measure")
    assert rows == [(1, "loop_lateness", 6, 900_001.0), (1, "memory_mb", 6, 99.5)]


def test_the_runs_that_were_up_since_a_time_are_merged(path):
    with NodeJournal(path) as journal:
        for wall_ns, values in ((7, (30.0,)), (8, (1.0, 2.0)), (9, (400.0,))):
            journal.begin_run(RUN)
            journal.put_performance({"loop_lateness": of(*values)}, wall_ns)
    with JournalReader(path) as reader:
        found = read_performance(reader, 8)["loop_lateness"]
        assert (found.count, found.max, found.total) == (3, 400.0, 403.0)
        assert found.counts == of(1.0, 2.0, 400.0).counts
        assert read_performance(reader, 10) == {}


def as_version_2(path: Path) -> None:
    """Make a journal what one of the version before was."""
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE performance")
        other.execute("PRAGMA user_version = 2")
    other.close()


def schema(path: Path):
    with sqlite3.connect(path) as other:
        tables = set(other.execute("SELECT type, name, sql FROM sqlite_schema"))
        version = other.execute("PRAGMA user_version").fetchone()[0]
    other.close()
    return tables, version


def test_a_journal_of_version_2_is_brought_up_to_date_and_keeps_what_it_holds(path):
    with NodeJournal(path) as journal:
        journal.begin_run(RUN)
        write(journal, *TripTeller(Side.LONG).whole_trip())
        fills = journal.fills(*ALL_TIME)
    new = schema(path)
    as_version_2(path)
    with JournalReader(path) as reader:  # status and an operator look at it before a node of this version does
        assert reader.fills(*ALL_TIME) == fills
    assert schema(path)[1] == 2
    for _ in range(2):
        with NodeJournal(path) as journal:
            assert journal.fills(*ALL_TIME) == fills
            journal.put_performance({"memory_mb": of(1.0)}, 5)
    assert schema(path) == new
    assert new[1] == SCHEMA_VERSION


def test_an_upgrade_that_fails_leaves_the_journal_as_it_was(path):
    NodeJournal(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 2")  # of another program's making: the table is there already
    other.close()
    with pytest.raises(JournalError, match="table performance already exists"):
        NodeJournal(path)
    assert schema(path)[1] == 2


def test_a_version_that_never_was_is_refused(path):
    NodeJournal(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 0")
    other.close()
    for kind in (NodeJournal, JournalReader):
        with pytest.raises(JournalError, match="expected a journal of schema version 3, found version 0"):
            kind(path)
