"""Faults of the journal under a running node with a position: protection goes on, entries stop, nothing is lost."""

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from actors.messages import Action, ExitReason, Side, StopMoved
from catalog.recorded_bars import read
from strategies.intents import Intents
from strategies.order_release import OrderRelease
from strategies.owner_voice import OwnerVoice
from tests.integration.live_rig import PATIENCE_SECS, ROOT, AtMinute, Floor, Node, flat_market, floor
from tests.integration.live_steps import EVER, alerts, codes, decisions, enter, fills, flat, opening, reports
from tests.integration.operator_rig import Operator
from tests.integration.rig import AAPL, MSFT, SIDES

TRAILING = ('trailing_stop.kind="percent"', "trailing_stop.distance_pct=5.0")
SOON = {"actors.journal.watch.LOOK_FOR_DAMAGE_NS": 2e8}
JOURNAL = "journal.sqlite"


class Doomed(AtMinute):
    """A rule whose node is killed at a moment of its first order's way, as by kill -9."""

    class Config(AtMinute.Config):
        dies: str

    Config: ClassVar = Config

    def __init__(self, config: Config, tick_size: float) -> None:
        super().__init__(config, tick_size)
        match config.dies:
            case "decided":
                Intents.entry = _die
            case "half told":
                told = OwnerVoice.intended
                OwnerVoice.intended = lambda *args: (told(*args), _die())
            case "entry told":
                OrderRelease.send = _die
            case "exit told":
                send = OrderRelease.send
                OrderRelease.send = lambda self, orders: _die() if len(orders) == 1 else send(self, orders)


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def doomed(table: str, dies: str) -> str:
    """Return the table of a rule with a moment to die at."""
    return table.replace("tests.integration.live_rig:AtMinute", "tests.integration.test_live_journal:Doomed").replace(
        "}", f', dies = "{dies}"}}'
    )


def market(side: Side):
    """Return a session that moves in favour of a position from the fifth minute, so that its stop is raised."""
    return flat_market(AAPL=[*[100.0] * 4, *(100.0 + side * step for step in range(1, 30))])


@contextmanager
def locked(node: Node) -> Iterator[None]:
    """Hold the journal as another process that writes does."""
    with closing(sqlite3.connect(node.state / JOURNAL, timeout=PATIENCE_SECS, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full_disk(node: Node) -> Iterator[None]:
    """Let the system refuse everything that the node writes into a file: journal, log, bars, terminal."""
    before = resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def moved_away(node: Node) -> Iterator[None]:
    journal, elsewhere = node.state / JOURNAL, node.state / "elsewhere"
    journal.rename(elsewhere)
    yield
    elsewhere.rename(journal)


def spoil(journal: Path) -> None:
    """Overwrite the middle half."""
    size = journal.stat().st_size
    with journal.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xff" * (size // 2))


def back_up(journal: Path, copy: Path) -> None:
    """Copy the journal of a running node by the runbook's own command."""
    found = re.search(r"^uv run python (\S+) state backup$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert found
    script, copies = ROOT / found[1], copy.with_suffix(".copies")
    subprocess.run([sys.executable, script, journal.parent.parent, copies], check=True)  # noqa: S603 - our own page's
    [made] = copies.iterdir()
    made.replace(copy)


def until_raised(day: Floor, node: Node, side: Side) -> None:
    before = day.stop()["stop_price"]
    day.minute(6)
    node.until(lambda: (day.stop()["stop_price"] - before) * side > 0, "a raise of the stop")


def leave(day: Floor, node: Node, minute: int) -> None:
    """Play to the minute of a signal that closes, and let the closing order fill."""
    day.minute(minute)
    node.until(lambda: [order["type"] for order in day.resting()] == ["MKT"], "the closing order")
    day.prints()
    assert day.position() == 0


def until_told(node: Node, text: str) -> None:
    """Wait for words of an alert in the log, which has them whole."""
    node.until(lambda: text in (node.state / "ballast.log").read_text(), text)


def refusals(node: Node, symbol: str = MSFT) -> list[str]:
    return [each.detail for each in decisions(node) if each.symbol == symbol and each.action is Action.REFUSED]


def check_that_nothing_is_missing(day: Floor, node: Node) -> None:
    """Check that the journal has every order, fill and raise of the stop, and that no handler failed."""
    made = day.gateway.state()["executions"]
    booked = fills(node) + fills(node, MSFT)
    with node.journal() as journal:
        assert journal.failures(*EVER) == []
        assert len(journal.intents(*EVER)) == len(day.orders()) + len(day.orders(MSFT))
        raised = [stop.trigger for stop in journal.messages(StopMoved, *EVER) if stop.is_raise]
    assert sorted((fill.symbol, fill.price) for fill in booked) == sorted(
        (each["symbol"], each["price"]) for each in made
    )
    assert raised[-1] == next(order["stop_price"] for order in day.orders() if order["type"] == "STP")
    node.until_equal(lambda: reports(node)[-1].stop_quantity, 100)


def check_that_commands_say_what_else_helps(node: Node, *commands: list[str]) -> None:
    given = [Operator(node.state).begin(*words) for words in commands]
    for process in given:
        text, _ = process.communicate(timeout=PATIENCE_SECS)
        assert (process.returncode, "Traceback" in text, text.count("\n")) == (1, False, 1)
        assert f"a file {node.state}/HALT shuts entries, `kill {node.process.pid}` ends the node" in text


@pytest.mark.parametrize(
    ("side", "fault", "found"),
    [
        (Side.LONG, locked, "another process holding it"),
        (Side.SHORT, locked, "another process holding it"),
        (Side.SHORT, full_disk, "a disk that reads and writes"),
        (Side.LONG, moved_away, "none in its place"),
    ],
)
def test_law_13_a_journal_that_takes_nothing_holds_entries_and_nothing_else(tmp_path, side, fault, found):
    """Afterwards it has everything that happened meanwhile; so have the recorded bars."""
    with floor(tmp_path, market(side)) as day:
        node = day.start([opening(side, 2, closing=(9,)), opening(side, 7, 14, symbol=MSFT)], *TRAILING)
        enter(day, node, 2)
        with fault(node):
            until_raised(day, node, side)
            if fault is not full_disk:  # which has found it by the raise, and where its terminal takes no word
                node.until_says("entries are held")
            leave(day, node, 9)
            assert day.orders(MSFT) == []
            if fault is not full_disk:  # of the operator's process the disk is not full
                check_that_commands_say_what_else_helps(node, ["halt", "--reason", "x"])
        flat(day, node)
        node.until(lambda: "journal_restored" in codes(node), "the end of the trouble")
        enter(day, node, 14, MSFT)

        assert len(refusals(node)) == 1
        assert refusals(node)[0].startswith("not_ready: journal: Journal ")
        assert found in refusals(node)[0]
        told = [each for each in alerts(node) if each[0].startswith("journal")]
        assert told == [("journal", "critical"), ("journal_restored", "warning")]
        check_that_nothing_is_missing(day, node)
        [file] = (day.state / "bars").iterdir()
        node.until_equal(lambda: sum(bar.bar_type.startswith(AAPL) for bar in read(file)), 14)


@SIDES
def test_law_13_a_journal_that_is_damaged_is_told_while_the_node_runs_and_restored_from_its_backup(tmp_path, side):
    """HALT and the stop signal reach the node without it; the next start refuses it, and goes on with the backup."""
    tables = [opening(side, 2, 11, closing=(9,)), opening(side, 4, 13, symbol=MSFT)]
    with floor(tmp_path, market(side)) as day:
        node, journal = day.start(tables, *TRAILING, sooner=SOON), day.state / JOURNAL
        enter(day, node, 2)
        enter(day, node, 4, MSFT)
        backup = tmp_path / "journal-backup.sqlite"
        back_up(journal, backup)
        spoil(journal)
        until_told(node, "expected a sound file, found a damaged one")
        until_raised(day, node, side)
        check_that_commands_say_what_else_helps(
            node, ["status"], ["halt", "--reason", "x"], ["flatten", "MSFT"], ["stop"]
        )
        leave(day, node, 9)
        node.until_says("AAPL flat")
        day.minute(11)
        node.until_says("AAPL refused: not_ready: journal: ")
        (day.state / "HALT").write_text("by hand")
        node.until_says("file HALT: by hand. No entries until resumed. Held: MSFT")
        assert node.terminate() == 1  # no report can be made of it
        assert f"at the broker: {MSFT} {100 * side:+} shares with their stop" in node.terminal

        refused = Node(day.gateway.port, day.state, tables, TRAILING)
        day.nodes.append(refused)
        assert refused.exit_code() == 1
        assert refused.terminal.splitlines()[-1].startswith(f"run_live: Journal {journal}: expected a sound file, ")
        assert "Traceback" not in refused.terminal

        for file in day.state.glob(f"{JOURNAL}*"):
            file.rename(tmp_path / file.name)
        (day.state / "HALT").unlink()
        shutil.copy(backup, journal)
        before = day.stop(MSFT)
        node = day.start(tables, *TRAILING)
        node.until(lambda: "closed_elsewhere" in codes(node), "what became of AAPL since the backup")
        day.minute(13)
        node.until(lambda: refusals(node) == [f"held: {MSFT} is open"], "the round trip to go on")
        assert day.stop(MSFT) == before
        node.until_equal(lambda: set(codes(node)), {"restarted_after_crash", "closed_elsewhere"})


def test_law_11_a_journal_that_is_replaced_is_told_and_exits_go_on(tmp_path):
    """What the node writes would be lost with its end: no entries until then."""
    side = Side.SHORT
    with floor(tmp_path, market(side)) as day:
        node, journal = day.start([opening(side, 2, 11, closing=(9,))], *TRAILING), day.state / JOURNAL
        enter(day, node, 2)
        back_up(journal, tmp_path / "copy")
        (tmp_path / "copy").replace(journal)
        until_told(node, "expected the file that this node opened, found another one in its place")
        until_raised(day, node, side)
        leave(day, node, 9)
        node.until_says("AAPL flat")
        day.minute(11)
        node.until_says("AAPL refused: not_ready: journal: ")
        assert node.terminate() == 0
        assert len(day.orders()) == 3


@SIDES
def test_law_8_the_loss_limit_closes_and_ends_a_node_whose_journal_is_damaged(tmp_path, side):
    """With its own exit code: a supervisor must not start it again, though no report can be made."""
    with floor(tmp_path, flat_market(AAPL=[*[100.0] * 4, *[100.0 - 3 * side] * 20])) as day:
        node = day.start([opening(side, 2)], "risk.max_daily_loss_usd=200", sooner=SOON)
        enter(day, node, 2)
        spoil(day.state / JOURNAL)
        until_told(node, "found a damaged one")
        leave(day, node, 5)
        assert node.exit_code() == 5
        assert "no report: Journal " in node.terminal


def test_law_13_a_session_ends_as_asked_while_its_journal_is_locked(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2)], sooner={"actors.journal.journal.PATIENCE_MS": 100})
        enter(day, node, 2)
        with locked(node):
            assert node.terminate() == 0
        assert "the journal does not have this end: Journal " in node.terminal
        assert f"at the broker: {AAPL} +100 shares with their stop" in node.terminal


@pytest.mark.parametrize(
    ("side", "dies", "orders", "intents"),
    [
        (Side.LONG, "decided", 0, 0),
        (Side.SHORT, "half told", 0, 0),
        (Side.LONG, "entry told", 0, 2),
        (Side.SHORT, "exit told", 2, 3),
    ],
)
def test_law_11_killed_at_any_moment_of_an_order_the_broker_has_none_that_the_journal_lacks(
    tmp_path, side, dies, orders, intents
):
    """What leaves is on the disk, wholly; what is not has not left. The next start goes on from there."""
    table = opening(side, 2, 8, closing=(4,) if orders else ())
    with floor(tmp_path) as day:
        node = day.start([doomed(table, dies)])
        if orders:
            enter(day, node, 2)
        else:
            day.minute(2)
        if orders:
            day.minute(4)
        assert node.exit_code() == -signal.SIGKILL
        with node.journal() as journal:
            assert (len(day.orders()), len(journal.intents(*EVER))) == (orders, intents)

        node = day.start([table])
        if orders:
            node.until(lambda: [order["type"] for order in day.resting()] == ["MKT"], "the closing order")
            day.prints()
            flat(day, node)
            assert fills(node)[-1].exit_reason is ExitReason.SIGNAL
        enter(day, node, 8)
        with node.journal() as journal:
            refs = [order["order_ref"] for order in day.orders()]
            assert len(refs) in ((5, 6) if orders else (2,))  # a stop more if the exit had to wait for a quote
            assert all(journal.is_ours(ref.partition(":")[0]) for ref in refs)
