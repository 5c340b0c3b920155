"""The journal between processes: killed at any moment, read while it is written, written by two at once."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from actors.journal.reader import JournalReader
from actors.journal.schema import KINDS
from actors.journal.store import JournalStore
from actors.messages import OrderFilled
from tests.integration.journal_writer import story
from tests.unit.journal_builders import AAPL, ALL_TIME, RUN

ROOT = Path(__file__).parents[2]
MSFT = "MSFT.NASDAQ"
ENDLESS = 1_000_000


@contextmanager
def writer(path: Path, symbol: str = AAPL, messages: int = ENDLESS) -> Iterator[subprocess.Popen]:
    """Run a writer, and kill it at the end whatever it does."""
    command = [sys.executable, "-m", "tests.integration.journal_writer", str(path), symbol, str(messages)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            process.kill()


def killed_after(path: Path, lines: int) -> int:
    """Kill a writer with SIGKILL once it said so many lines; return how many messages it called written."""
    with writer(path) as process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    return sum(line.strip().isdigit() for line in said)


def all_rows(reader: JournalReader) -> dict[type, list]:
    return {kind: reader.messages(kind, *ALL_TIME) for kind in KINDS}


def rows_of(path: Path, messages: list[object]) -> tuple[object, ...]:
    """Return what a journal holds that was written without any mishap."""
    with JournalStore(path) as store:
        store.begin_run(RUN)
        for number, message in enumerate(messages):
            store.write(message, number)
        return all_rows(store), store.last_trip(AAPL), store.cash_usd()


@pytest.mark.parametrize("seed", range(10))
def test_law_11_a_kill_at_any_moment_loses_nothing_that_was_written(tmp_path, seed):
    path = tmp_path / "journal.sqlite"
    written = killed_after(path, lines=1 + (random.Random(seed).randrange(80) if seed else 0))  # noqa: S311 - a moment
    if path.exists():
        with JournalReader(path) as reader:
            before = all_rows(reader)
    with JournalStore(path) as store:
        found = sum(len(rows) for rows in all_rows(store).values())
        expected = rows_of(tmp_path / "whole.sqlite", list(islice(story(AAPL), found)))
        if not store.runs():
            store.begin_run(RUN)

        assert written <= found <= written + 1
        assert (all_rows(store), store.last_trip(AAPL), store.cash_usd()) == expected
        assert found == 0 or before == expected[0]


def test_another_process_reads_while_the_node_writes_and_after_it_died(tmp_path):
    path = tmp_path / "journal.sqlite"
    with writer(path) as process:
        said = 0
        while said < 200:
            line = process.stdout.readline().strip()
            said = int(line) if line.isdigit() else 0
            if said and said % 10 == 0:
                with JournalReader(path) as reader:
                    assert sum(len(rows) for rows in all_rows(reader).values()) >= said
                    assert reader.open_trip(AAPL) in (None, reader.last_trip(AAPL)) or process.poll() is None
        process.kill()
        process.wait()
    with JournalReader(path) as reader:
        assert reader.runs()[0].ended_ns is None
        assert len(reader.fills(*ALL_TIME)) >= 2 * (200 // 14)


def test_two_processes_make_and_write_one_journal(tmp_path):
    path, messages = tmp_path / "journal.sqlite", 140
    with writer(path, AAPL, messages) as one, writer(path, MSFT, messages) as other:
        assert [process.wait() for process in (one, other)] == [0, 0]
    with JournalReader(path) as reader:
        rows = all_rows(reader)
        counted = sum(len(of_kind) for of_kind in rows.values())
        cash = RUN.starting_cash_usd - sum(f.side * f.quantity * f.price + f.commission_usd for f in rows[OrderFilled])

        assert counted == 2 * messages
        assert reader._rows("SELECT last FROM sequence") == [(counted,)]
        assert reader.cash_usd() == cash
        assert len(reader.runs()) == 2
        assert reader.open_trips() == {}
