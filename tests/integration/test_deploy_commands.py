"""The very command lines of the units beside the node: the backup of a journal under way, and the word of its end."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from actors.journal.commands import CommandJournal
from actors.journal.reader import JournalReader
from actors.messages import OrderRole, Side
from config.live.state_dir import JOURNAL
from tests.deploy_files import INSTALLED, ROOT, unit_settings
from tests.integration.alert_servers import http_inbox
from tests.integration.live_rig import Node, at_minute, floor
from tests.integration.live_steps import enter
from tests.unit.journal_builders import RUN, TripTeller, write


def has_spoken(node: Node) -> bool:
    with node.journal() as journal:
        return journal.snapshot() is not None


def run_unit(name: str, where: Path, *, exit_code: int, **environ: str) -> str:
    """Run the command line of a unit with the program of this tree, and return what it printed."""
    [line] = unit_settings(name)["ExecStart"]
    words = line.replace(f"{INSTALLED}/.venv/bin/python", sys.executable).replace(INSTALLED, str(ROOT)).split()
    words = [word.replace("/etc/ballast/ballast.toml", str(ROOT / "config" / "default.toml")) for word in words]
    done = subprocess.run(words, cwd=where, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own unit
    assert done.returncode == exit_code, done.stderr
    return " ".join((done.stdout + done.stderr).split())


# -- Backup -------------------------------------------------------------------------------------


def test_journal_is_copied_whole_while_a_node_writes_it_and_a_start_goes_on_from_the_copy(tmp_path: Path) -> None:
    """With a position: the node of the copy owns it and its stop, as after a restart."""
    tables = [at_minute(up=(2,))]
    with floor(tmp_path) as day:
        day.state = tmp_path / "state" / "paper-DU1234567"
        node = day.start(tables)
        enter(day, node, 2)
        assert "paper-DU1234567-" in run_unit("ballast-backup.service", tmp_path, exit_code=0)
        assert node.process.poll() is None
        node.kill()

        [copy] = (tmp_path / "backup").glob("*.sqlite")
        for file in day.state.glob(f"{JOURNAL}*"):
            file.unlink()
        copy.rename(day.state / JOURNAL)
        before = day.orders()
        assert day.start(tables).terminate() == 0

        assert day.position() == 100
        assert day.orders() == before  # nothing was sent twice, the stop rests as it did
        assert "at the broker: AAPL.NASDAQ +100 shares with their stop at 95" in node.terminal


def test_copy_that_cannot_be_made_is_told_and_the_one_of_last_week_stays(tmp_path: Path) -> None:
    state = tmp_path / "state" / "paper-DU1234567"
    state.mkdir(parents=True)
    with CommandJournal(state / JOURNAL) as journal:
        journal.begin_run(RUN)
        run_unit("ballast-backup.service", tmp_path, exit_code=0)
    [copy] = (tmp_path / "backup").iterdir()
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    before = copy.read_bytes()
    (state / JOURNAL).write_bytes(b"no journal" * 500)

    assert "was not copied: file is not a database" in run_unit("ballast-backup.service", tmp_path, exit_code=1)
    assert copy.read_bytes() == before
    with JournalReader(copy) as journal:
        assert [run.info for run in journal.runs()] == [RUN]


def test_backup_without_a_journal_is_told(tmp_path: Path) -> None:
    assert "expected state/<mode>-<account>/journal.sqlite" in run_unit("ballast-backup.service", tmp_path, exit_code=1)


# -- The end ------------------------------------------------------------------------------------


def environ_of(port: int, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "alert-urls").write_text(f"json://127.0.0.1:{port}/")
    return {"BALLAST_ALERT_URLS_FILE": str(tmp_path / "alert-urls"), "TMPDIR": str(tmp_path)}


@pytest.mark.parametrize("side", list(Side))
def test_supervisor_that_gave_up_has_it_told_what_rests_at_the_broker(tmp_path: Path, side: Side) -> None:
    state = tmp_path / "state" / "paper-DU1234567"
    state.mkdir(parents=True)
    trip = TripTeller(side)
    with CommandJournal(state / JOURNAL) as journal:
        run = journal.begin_run(RUN)
        write(journal, trip.decision(), trip.intent(OrderRole.ENTRY), trip.intent(OrderRole.STOP, "-5"))
        write(journal, trip.fill(OrderRole.ENTRY, 100), trip.stop("-5"))
        journal.end_run(run, time.time_ns(), 4, "nothing answers")
    with http_inbox() as inbox:
        printed = run_unit("ballast-failed.service", tmp_path, exit_code=4, **environ_of(inbox.port, tmp_path))

    [(title, [line])] = inbox.messages
    assert title == "CRITICAL node_down: Ballast paper DU…567"
    assert "paper DU…567 is down: no node runs since " in line
    assert "nothing answers (exit code 4). At the broker, as last known: AAPL " in line
    assert f"AAPL {side * 100:+} (stop {trip.price('-5')})" in line
    assert printed.endswith(f"alert node_down sent to target 1 (json://127.0.0.1:{inbox.port})")


def test_damaged_journal_is_told_by_it_too(tmp_path: Path) -> None:
    state = tmp_path / "state" / "paper-DU1234567"
    state.mkdir(parents=True)
    (state / JOURNAL).write_bytes(b"no journal" * 500)
    with http_inbox() as inbox:
        run_unit("ballast-failed.service", tmp_path, exit_code=1, **environ_of(inbox.port, tmp_path))

    assert "paper-DU…567 is down: Journal " in inbox.lines[0]
    assert "What rests at the broker is not known" in inbox.lines[0]


def test_node_that_runs_is_not_told_to_be_down(tmp_path: Path) -> None:
    with floor(tmp_path) as day, http_inbox() as inbox:
        day.state = tmp_path / "state" / "paper-DU1234567"
        node = day.start([at_minute(up=(2,))])
        node.until(lambda: has_spoken(node), "the first snapshot")
        run_unit("ballast-failed.service", tmp_path, exit_code=0, **environ_of(inbox.port, tmp_path))

    assert inbox.asked == 0
    with closing(sqlite3.connect(day.state / JOURNAL)) as journal:
        assert journal.execute("PRAGMA quick_check").fetchone() == ("ok",)
