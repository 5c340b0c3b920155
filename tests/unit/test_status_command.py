"""The status of a state directory: alive, silent, ended, killed; its keys; how it looks."""

import fcntl
import json
import re
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from actors.journal.commands import Answer, CommandJournal
from actors.messages import ExitReason, Side
from actors.performance.measures import MEASURES
from actors.performance.order_tracks import OrderTracks
from actors.status.parts import orders_status, positions_status
from actors.status.report import (
    AccountStatus,
    BlockedStatus,
    BookStatus,
    DataStatus,
    EntriesStatus,
    HaltStatus,
    LinkStatus,
    MeasureStatus,
    NodeStatus,
    SessionStatus,
    StatusReport,
)
from config.commands.status import LOOK_SECS, LOOKS, SILENT_NS, await_word, read_status, show_status
from config.live.state_dir import JOURNAL, LOCK
from tests.unit.journal_builders import RUN
from tests.unit.status_builders import MSFT, held

NOW = 1_795_372_800_000_000_000  # 2026-11-22 18:40:00 UTC
SECOND = 10**9
ROOT = Path(__file__).parents[2]


def report(**changes) -> StatusReport:
    symbols = [held(), held(MSFT, Side.SHORT, stop_trigger=None, exit_reason=ExitReason.OPERATOR, phase="cancelling")]
    facts = {
        "state": "holding",
        "as_of": "2026-11-22T18:39:59.000Z",
        "node": NodeStatus(
            mode="paper", account="DU…567", started="2026-11-22T15:00:00.000Z", pid=77, rss_mb=201.5, cpu_pct=1.25
        ),
        "link": LinkStatus(state="down", since="2026-11-22T18:39:00.000Z", detail="no answer [yet]"),
        "session": SessionStatus(
            date="2026-11-23",
            is_open=False,
            opens="2026-11-23T14:30:00.000Z",
            closes="2026-11-23T21:00:00.000Z",
            secs_to_open=71_400,
            secs_to_close=None,
        ),
        "entries": EntriesStatus(are_allowed=False, reason="not_ready: link: no answer [yet]"),
        "halts": (HaltStatus(source="operator", since="2026-11-22T18:00:00.000Z", detail="by anna@desk: lunch"),),
        "account": AccountStatus(
            equity_usd=Decimal("100398.00"),
            cash_usd=Decimal("90000.10"),
            exposure_usd=Decimal(20200),
            day_pnl_usd=Decimal("-398.126"),
            daily_loss_limit_usd=Decimal(1000),
        ),
        "positions": positions_status(symbols, trails=True),
        "orders": orders_status(symbols, OrderTracks()),
        "blocked": (BlockedStatus(symbol=MSFT, reason="locked", detail="locked: 50 shares are not ours"),),
        "data": (
            DataStatus(symbol="AAPL.NASDAQ", last_bar="2026-11-22T18:39:00.000Z", age_secs=60.4, is_stale=False),
            DataStatus(symbol=MSFT, last_bar=None, age_secs=None, is_stale=True),
        ),
        "book": BookStatus(is_equal=True, checked="2026-11-22T18:39:50.000Z"),
        "latencies_ms": {"signal_processing": measured(99.0, goal=100, is_met=True), "sent_to_accepted": measured(7.5)},
        "load": {"memory_mb": measured(512.0, goal=500, is_met=False)},
    }
    return StatusReport(**facts | changes)


def measured(p95: float, goal: float | None = None, is_met: bool | None = None) -> MeasureStatus:
    return MeasureStatus(count=1_500, p50=1.25, p95=p95, max=600.0, mean=3.0, goal=goal, is_met=is_met)


@contextmanager
def lock_held(directory: Path):
    with (directory / LOCK).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with CommandJournal(tmp_path / JOURNAL) as journal:
        journal.begin_run(RUN)
        journal.put_snapshot(report().model_dump_json(), NOW - SECOND)
    return tmp_path


def shown(state: Path, *, as_json: bool = False, now: int = NOW, columns: int = 0) -> tuple[int, str]:
    """Print on a terminal of so many columns, 0 = on none."""
    terminal = {"force_terminal": True, "width": columns, "color_system": None} if columns else {}
    console = Console(highlight=False, soft_wrap=True, **terminal)
    with console.capture() as capture:
        code = show_status(state, console, now, as_json=as_json)
    return code, capture.get()


def test_a_node_that_runs_is_told_as_it_says_itself(state):
    with lock_held(state):
        assert read_status(state, NOW) == report()
        assert shown(state)[0] == 0


def test_a_node_that_runs_and_says_nothing_is_silent(state):
    with lock_held(state):
        code, text = shown(state, now=NOW - SECOND + SILENT_NS + 1)
        assert (code, "SILENT" in text) == (4, True)
        assert "its last word is 10 s old: it hangs, or cannot write its journal" in text


def test_a_node_that_was_killed_is_dead_since_its_last_word(state):
    code, text = shown(state, now=NOW + 119 * SECOND)
    assert (code, text.startswith("DEAD")) == (4, True)
    assert "killed or crashed, last heard of 2 min ago, at 2026-11-22 18:39:59 UTC" in text
    assert "no node runs" in text
    assert re.search(r"AAPL +\+100", text)  # what it held is told all the same


def test_a_node_that_ended_tells_how(state):
    with CommandJournal(state / JOURNAL) as journal:
        journal.end_run(1, NOW, 5, "the daily loss limit")
        journal.ask("halt", "bob@desk", NOW, reason="night")
    found = read_status(state, NOW + 60 * SECOND)

    assert (found.state, found.is_running, found.node.exit_code) == ("stopped", False, 5)
    assert found.detail == "no node runs since 2026-11-22 18:40:00 UTC (1 min ago): the daily loss limit (exit code 5)"
    assert [halt.detail for halt in found.halts] == ["by bob@desk: night"]  # as of now, not as it last knew
    assert (found.link, found.session, found.data, found.entries.are_allowed) == (None, None, (), False)


def test_a_node_that_starts_is_not_taken_for_the_one_before(state):
    with CommandJournal(state / JOURNAL) as journal:
        journal.begin_run(RUN)
    with lock_held(state):
        found = read_status(state, NOW + 3600 * SECOND)
    assert (found.state, found.entries.reason) == ("starting", "the node is starting")
    assert found.node.pid is None
    assert (found.link, found.session, found.data, found.halts) == (None, None, (), ())  # those were of the run before
    assert read_status(state, NOW).state == "dead"


@pytest.mark.parametrize("is_up", [True, False])
def test_halts_are_told_as_of_now_by_a_node_that_says_nothing_or_is_gone(state, is_up):
    with CommandJournal(state / JOURNAL) as journal:
        journal.ask("resume", "bob@desk", NOW)
    (state / "HALT").touch()
    with lock_held(state) if is_up else nullcontext():
        [halt] = read_status(state, NOW + 60 * SECOND).halts
    assert (halt.source, halt.detail) == ("halt_file", "file HALT; remove it to lift that")


class Pauses:
    """Counts what is waited, and has the node say its word at the n-th time."""

    def __init__(self, state: Path, word_at: int) -> None:
        self.count, self._state, self._word_at = 0, state, word_at

    def __call__(self, secs: float) -> None:
        assert secs == LOOK_SECS
        self.count += 1
        if self.count == self._word_at:
            with CommandJournal(self._state / JOURNAL) as journal:
                journal.put_snapshot(report().model_dump_json(), NOW + SECOND)


@pytest.mark.parametrize(("is_taken", "is_up", "expected"), [(True, True, 3), (True, False, 0), (False, True, 0)])
def test_who_looks_after_a_command_waits_for_the_word_that_knows_of_it(state, is_taken, is_up, expected):
    with CommandJournal(state / JOURNAL) as journal:
        number = journal.ask("halt", "bob@desk", NOW, reason="night")
        if is_taken:
            assert journal.take(number, NOW)
        journal.answer(number, Answer(0, "halted"), NOW)
    pauses = Pauses(state, word_at=3)
    with lock_held(state) if is_up else nullcontext():
        await_word(state, pauses)
    assert pauses.count == expected


def test_who_looks_after_a_command_does_not_wait_for_ever(state):
    with CommandJournal(state / JOURNAL) as journal:
        number = journal.ask("halt", "bob@desk", NOW, reason="night")
        assert journal.take(number, NOW)
        journal.answer(number, Answer(0, "halted"), NOW)
    pauses = Pauses(state, word_at=0)
    with lock_held(state):
        await_word(state, pauses)
    assert pauses.count == LOOKS


def test_words_of_another_version_are_not_guessed_at(state):
    with CommandJournal(state / JOURNAL) as journal:
        journal.put_snapshot('{"state": "dancing"}', NOW)
    assert (read_status(state, NOW).state, read_status(state, NOW).positions) == ("dead", ())


def keys(value: object, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {found for key, part in value.items() for found in keys(part, f"{path}.{key}" if path else key)}
    if isinstance(value, list):
        return {found for part in value for found in keys(part, f"{path}[]")}
    return {path}


def test_the_keys_of_the_json_are_those_of_the_page(state):
    with lock_held(state):
        code, text = shown(state, as_json=True)
    said = keys(json.loads(text))
    page = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
    block = page.partition("<!-- status keys -->\n```\n")[2].partition("```")[0]

    assert code == 0
    said = {re.sub(r"^(latencies_ms|load)\.\w+", r"\1.MEASURE", key) for key in said}
    assert said == set(block.split())
    assert all(f"`{name}`" in page for name in MEASURES)
    found = json.loads(text)
    assert (found["schema_version"], found["account"]["day_pnl_usd"], found["positions"][1]["side"]) == (
        1,
        -398.126,
        "short",
    )


def test_the_table_fits_and_says_everything(state):
    with lock_held(state):
        _, text = shown(state)
    lines = text.splitlines()

    assert max(map(len, lines)) <= 100
    for words in (
        "HOLDING  paper DU…567",
        "NOT allowed: not_ready: link: no answer [yet]",
        "operator, since 13:00:00: by anna@desk: lunch",
        "2026-11-23, opens in 19 h 50 min at 09:30",
        "DOWN since 13:39:00: no answer [yet]",
        "equity $100,398.00, cash $90,000.10, exposure $20,200.00",
        "−$398.13, limit −$1,000.00",
        "Books    equal the broker's, checked 10 s ago",
        "age of the last bar: AAPL 1 min, MSFT no bar yet STALE",
        "MSFT: locked: 50 shares are not ours",
        "process 77, started 10:00:00, memory 202 MB, CPU 1.2 %; as of 13:39:59",
        "NO STOP",
        "cancelling (operator)",
        "O-AAPL.NASDAQ-2",
    ):
        assert words in text, words
    for row in (
        r"Performance +p50 +p95 +Max +Mean +Count +Goal",
        r"Bar → decisions, orders +1\.25 +99\.0 +600 +3\.00 +ms +1,500 +p95 ≤ 100: met",
        r"Order: sent → accepted +1\.25 +7\.50 +600 +3\.00 +ms +1,500 *\n",
        r"Memory +1\.25 +512 +600 +3\.00 +MB +1,500 +max ≤ 500: MISSED",
    ):
        assert re.search(row, text), row


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_terminal_cuts_no_number(state, columns):
    with lock_held(state):
        _, text = shown(state, columns=columns)
    lines = text.splitlines()

    assert "…" not in text.replace("DU…567", "")
    assert max(map(len, lines)) <= columns
    said = " ".join(text.split())
    for words in (
        "Position AAPL: shares +100, average 100.00, last 101.00, P&L +$100.00, stop 95.00, trailing waiting",
        "Position MSFT: shares -100,",
        "Order AAPL: role stop, open 100, stop 95.00, status resting, client order id O-AAPL.NASDAQ-2",
        "Performance Bar → decisions, orders: p50 1.25, p95 99.0, max 600, mean 3.00, ms, count 1,500",
    ):
        assert words in said, words


def test_the_facts_end_without_spaces_and_a_measure_without_a_count_is_left_out(state):
    empty = MeasureStatus(count=0, p50=0, p95=0, max=0, mean=0, goal=None, is_met=None)
    with CommandJournal(state / JOURNAL) as journal:
        journal.put_snapshot(report(load={"memory_mb": empty}).model_dump_json(), NOW)
    with lock_held(state):
        facts, _, tables = shown(state)[1].partition("Position")
    assert [line for line in facts.rstrip("\n ").splitlines() if line != line.rstrip()] == []
    assert "Performance" in tables
    assert "Memory" not in tables


@pytest.mark.parametrize("end", ["ended", "killed", "starts again"])
def test_blocks_and_measures_of_a_node_that_is_gone_are_not_shown(state, end):
    with CommandJournal(state / JOURNAL) as journal:
        if end == "ended":
            journal.end_run(1, NOW, 0, "stopped")
        elif end == "starts again":
            journal.begin_run(RUN)
    with lock_held(state) if end == "starts again" else nullcontext():
        _, text = shown(state)
    assert "Position" in text
    assert not any(word in text for word in ("Blocked", "Performance", "Memory"))


def test_a_book_that_differs_is_told_with_the_difference(state):
    book = BookStatus(is_equal=False, checked="2026-11-22T18:39:50.000Z", detail="AAPL 100, the broker's 50")
    with CommandJournal(state / JOURNAL) as journal:
        journal.put_snapshot(report(book=book).model_dump_json(), NOW)
    with lock_held(state):
        assert "DIFFER from the broker's: AAPL 100, the broker's 50" in shown(state)[1]
