"""Journals that earlier versions of the program wrote, as they wrote them: the present one takes them up whole."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from actors.journal.commands import CommandJournal
from actors.journal.file import JournalError
from actors.journal.reader import JournalReader
from actors.journal.schema import SCHEMA_VERSION, UPGRADES
from config.alerts.last_run import left_by
from config.live.restart import recall
from tests.unit.journal_builders import ALL_TIME

OLD = Path(__file__).with_name("old_journals")
VERSIONS = pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))


def as_written_by(version: int, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as journal:
        journal.executescript((OLD / f"version_{version}.sql").read_text(encoding="utf-8"))
    return path


def schema_of(path: Path) -> tuple[set[tuple[str, str]], int]:
    with closing(sqlite3.connect(path)) as journal:
        names = set(journal.execute("SELECT type, name FROM sqlite_schema"))
        return names, journal.execute("PRAGMA user_version").fetchone()[0]


@VERSIONS
def test_journal_of_an_old_version_is_taken_up_with_its_position_and_cash(tmp_path: Path, version: int) -> None:
    path = as_written_by(version, tmp_path / "journal.sqlite")
    CommandJournal(tmp_path / "new.sqlite").close()
    assert schema_of(path)[1] == version

    for _ in range(2):  # the second time there is nothing left to do
        with CommandJournal(path) as journal:
            past = recall(journal, ["AAPL.NASDAQ", "MSFT.NASDAQ"], Decimal(1))
            assert left_by(journal) == "MSFT -100 (stop 105)"
            assert past.memories["MSFT.NASDAQ"].holding.quantity == -100
            assert past.cash_usd == Decimal(
                "110197.00"
            )  # 100,000 + 198 of the round trip + 10,000 − 1 of the short sale
            assert past.loss is not None
            assert len(journal.fills(*ALL_TIME)) == 3
            assert journal.ask("halt", "me", 1, reason="lunch")
            journal.put_snapshot("{}", 1)
    assert schema_of(path) == schema_of(tmp_path / "new.sqlite")


def test_reader_says_what_to_do_with_a_journal_that_it_cannot_show(tmp_path: Path) -> None:
    path = as_written_by(1, tmp_path / "journal.sqlite")

    with pytest.raises(JournalError, match="found version 1; start the node once, which brings it up to date"):
        JournalReader(path)


def test_there_is_an_upgrade_and_a_journal_of_every_old_version() -> None:
    assert sorted(UPGRADES) == list(range(1, SCHEMA_VERSION))
    assert sorted(file.name for file in OLD.iterdir()) == [f"version_{one}.sql" for one in UPGRADES]
