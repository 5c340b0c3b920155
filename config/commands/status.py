"""
The ``status`` of a state directory: what its node says of itself, or since when it says nothing.

The node says it once a second. Who gave a command and then looks must not see how it stood before: that is waited for.

"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from actors.journal.reader import JournalReader, OperatorHalt, Run, Snapshot
from actors.log.printed_line import shortened
from actors.report.format import held_for, iso_utc
from actors.status.report import EntriesStatus, HaltStatus, NodeStatus, StatusReport
from actors.status.table import print_status
from config.live.state_dir import HALT_FILE_NAME, JOURNAL, StateError, is_running

EXIT_RUNNING, EXIT_NOT_RUNNING = 0, 4
NANOS_IN_SECOND = 1_000_000_000
COLUMNS = 100  # of what is no terminal
SILENT_NS = 10 * NANOS_IN_SECOND  # a node that runs says how it stands every second
LOOK_SECS, LOOKS = 0.05, 30  # for its word after the latest answer to a command
NOT_KNOWN = {"link": None, "session": None, "data": ()}  # what only a node that is connected can say


def await_word(directory: Path, pause: Callable[[float], None]) -> None:
    """Wait, a second and a half at most, until the node said how it stands since it last answered a command."""
    with JournalReader(directory / JOURNAL) as journal:
        for _ in range(LOOKS):
            snapshot = journal.snapshot()
            if snapshot is None or snapshot.wall_ns > journal.last_answer_ns() or not is_running(directory):
                return
            pause(LOOK_SECS)


def show_status(directory: Path, console: Console, now_ns: int, *, as_json: bool) -> int:
    """
    Print how the node of a state directory stands; return 0 when it runs and answers, else 4.

    Raises
    ------
    StateError
        If no node ever ran there.
    JournalError
        If its journal cannot be read.

    """
    report = read_status(directory, now_ns)
    if not console.is_terminal:
        console.width = COLUMNS
    if as_json:
        console.out(report.model_dump_json(indent=2))
    else:
        print_status(report, console, now_ns)
    return EXIT_RUNNING if report.is_running and report.state != "silent" else EXIT_NOT_RUNNING


def read_status(directory: Path, now_ns: int) -> StatusReport:
    """Return the status, of a node that is gone too."""
    runs_now = is_running(directory)  # before its words are read: one that starts between the two is not called dead
    with JournalReader(directory / JOURNAL) as journal:
        runs, snapshot, halt = journal.runs(), journal.snapshot(), journal.operator_halt()
    if not runs:
        raise StateError(f"Expected the journal of a node in {directory}, found one in which none has run yet.")
    report = _said(runs[-1], snapshot)
    living = _of_living(report, runs[-1], snapshot, now_ns) if runs_now else None
    if living is report:
        return report
    found = living or _of_gone(report, runs[-1], snapshot, now_ns)
    return found.model_copy(update={"halts": _halts_now(directory, report, halt)})


def _halts_now(directory: Path, report: StatusReport, halt: OperatorHalt | None) -> tuple[HaltStatus, ...]:
    """Return what halts the next entry, of a node that does not say it: operators come and go without it."""
    halts, file = [one for one in report.halts if one.source == "loss_limit"], directory / HALT_FILE_NAME
    if halt is not None:
        halts.append(HaltStatus(source="operator", since=iso_utc(halt.since_ns), detail=shortened(halt.detail)))
    if file.exists():
        detail = f"file {HALT_FILE_NAME}; remove it to lift that"
        halts.append(HaltStatus(source="halt_file", since=iso_utc(file.stat().st_mtime_ns), detail=detail))
    return tuple(halts)


def _said(run: Run, snapshot: Snapshot | None) -> StatusReport:
    """Return the node's latest words; those of the run before when this one has said none."""
    try:
        if snapshot is not None:
            return StatusReport.model_validate_json(snapshot.text)
    except ValidationError:
        pass  # of another version of this program
    return StatusReport(
        state="starting",
        as_of=iso_utc(run.info.started_ns),
        node=_node(run),
        entries=EntriesStatus(are_allowed=False, reason="not started"),
    )


def _node(run: Run) -> NodeStatus:
    info = run.info
    return NodeStatus(mode=info.mode, account=shortened(info.account), started=iso_utc(info.started_ns))


def _of_living(report: StatusReport, run: Run, snapshot: Snapshot | None, now_ns: int) -> StatusReport:
    if snapshot is None or snapshot.run_id != run.run_id:
        entries = EntriesStatus(are_allowed=False, reason="the node is starting")
        detail = (
            "connecting to the broker; what follows is of the run before" if snapshot else "connecting to the broker"
        )
        changes = {"state": "starting", "detail": detail, "node": _node(run), "entries": entries}
        return report.model_copy(update=changes | NOT_KNOWN)
    age_ns = now_ns - snapshot.wall_ns
    if age_ns <= SILENT_NS:
        return report
    detail = f"its process runs, but its last word is {held_for(age_ns)} old: it hangs, or cannot write its journal"
    return report.model_copy(update={"state": "silent", "detail": detail})


def _of_gone(report: StatusReport, run: Run, snapshot: Snapshot | None, now_ns: int) -> StatusReport:
    is_of_run = snapshot is not None and snapshot.run_id == run.run_id
    heard_ns = snapshot.wall_ns if snapshot is not None and is_of_run else run.info.started_ns
    since_ns = heard_ns if run.ended_ns is None else run.ended_ns
    ended = None if run.ended_ns is None else iso_utc(run.ended_ns)
    node = (report.node if is_of_run else _node(run)).model_copy(
        update={"ended": ended, "exit_code": run.exit_code, "end_reason": run.reason, "pid": None}
    )
    changes = {
        "state": "dead" if ended is None else "stopped",
        "is_running": False,
        "detail": _end_text(run, since_ns, now_ns),
        "node": node,
        "entries": EntriesStatus(are_allowed=False, reason="no node runs"),
    }
    return report.model_copy(update=changes | NOT_KNOWN)


def _end_text(run: Run, since_ns: int, now_ns: int) -> str:
    since = f"{datetime.fromtimestamp(since_ns // NANOS_IN_SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC"
    ago = held_for(now_ns - since_ns)
    if run.ended_ns is None:
        return f"no node runs: the last one was killed or crashed, last heard of {ago} ago, at {since}"
    return f"no node runs since {since} ({ago} ago): {run.reason} (exit code {run.exit_code})"
