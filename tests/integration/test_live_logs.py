"""What a live node writes of its session: each step of an order once, each notice once, all of it JSON in UTC."""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.messages import Side
from tests.integration import live_rig
from tests.integration.live_rig import flat_market, floor
from tests.integration.live_steps import codes, enter, flat, is_told, opening, shape
from tests.integration.rig import SIDES
from tests.integration.test_live_faults import restart

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
PIPE_BYTES = 4096
STEPS = {"OrderIntended", "OrderProgressed", "OrderFilled"}
TRAILING = ('trailing_stop.kind="percent"', "trailing_stop.min_step_bps=50")


def rows(state: Path, pattern: str = "ballast.log*") -> list[dict[str, Any]]:
    """Return the lines of all files of a log, the oldest first."""
    files = sorted(
        state.glob(pattern), key=lambda file: -int("0" + file.suffix[1:]) if file.suffix[1:].isdigit() else 0
    )
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def told_steps(log: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return by order, under its role and number, what was told of it; the broker's word on new terms is left out."""
    steps: dict[str, list[str]] = {}
    for row in log:
        if row["kind"] in STEPS and row.get("status") != "updated":
            name = f"{row['role']} {row['client_order_id'].rpartition('-')[2]}"
            steps.setdefault(name, []).append(row.get("status") or row["kind"].removeprefix("Order").lower())
    return steps


@SIDES
def test_each_step_of_each_order_is_one_line_with_its_ids_over_rotation_and_restart(tmp_path, side):
    path = [100, 100, 100, 100 + side, 100 + 2 * side, 100 + 2 * side]
    sooner = {"actors.log.file.MAX_BYTES": 3_000, "actors.log.file.OLD_FILES": 100}
    with floor(tmp_path, flat_market(AAPL=path)) as day:
        tables = [opening(side, 2, closing=(7,))]
        first = day.start(tables, *TRAILING, sooner=sooner)
        day.gateway.do.split_fills(2)
        enter(day, first, 2)
        day.prints()
        first.until(lambda: day.position() == 100 * side and is_told(day, first), "the whole entry")
        for minute, told in ((4, 2), (5, 3)):
            day.minute(minute)
            first.until(lambda: first.terminal.count(" for 100, risk ") == told, "a step of the stop")  # noqa: B023
        for code in (2104, 2119, 2104, 2119, 2158):
            day.gateway.do.notice(code)
        restart(day, first, 0.2)
        assert first.terminate() == 0
        second = day.start(tables, *TRAILING, sooner=sooner)
        day.gateway.do.split_fills(1)
        day.minute(7)
        second.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints()
        flat(day, second)
        assert second.terminate() == 0

        assert len(list(day.state.glob("ballast.log.*"))) > 3
        log = rows(day.state)
        entered = ["intended", "submitted", "accepted", "filled", "filled"]
        stopped = ["intended", "submitted", "accepted", "canceled"]
        assert told_steps(log) == {"entry 1": entered, "stop 2": stopped, "exit 1": [*entered[:3], "filled"]}
        moves = [(row["trigger"], row["is_raise"]) for row in log if row["kind"] == "StopMoved"]
        assert [is_raise for _, is_raise in moves].count(True) == 2
        assert [trigger for trigger, _ in moves].count(None) == 1  # its end, which the flat position tells again
        for row in log:
            if row["kind"] in STEPS or row["kind"] == "StopMoved":
                assert row["decision_id"] == "AAPL.NASDAQ-000001", row
                assert row["client_order_id"].startswith("O-"), row
                assert row.get("status") == "submitted" or row["kind"] == "OrderIntended" or row["broker_order_id"], row
                assert all(millis >= 0 for millis in row["latency_ms"].values()), row
        notices = [row["code"] for row in log if row["kind"] == "BrokerNoticed"]
        assert sorted(notices) == sorted([2104, 2106, 2158, 2119, 2104, 2106, 2158])  # of two sessions
        assert all(UTC.fullmatch(row["time"]) and UTC.fullmatch(row["event_time"]) for row in log)
        engine = rows(day.state, "engine_*.jsonl")
        assert len(engine) > 100
        assert all(UTC.fullmatch(row["timestamp"]) for row in engine)

        said = first.terminal.partition("Ready")[2]
        for noise in ("\x1b", "[ERROR]", " 2104", " 2119", "link up", "link down"):
            assert noise not in said
        assert said.count("the broker is not reached") == said.count("the broker is reached again") == 1
        assert "[ERROR]" in (day.state / "engine_stderr.txt").read_text()  # what it would have had


@pytest.fixture
def stalled(monkeypatch) -> Iterator[None]:
    """Standard error of every node started here is a pipe that is full and that nobody reads."""
    real = live_rig.subprocess.Popen
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.write(writing, b"x" * PIPE_BYTES)
    monkeypatch.setattr(
        live_rig.subprocess, "Popen", lambda command, **options: real(command, **options | {"stderr": writing})
    )
    yield
    os.close(reading)
    os.close(writing)


def test_a_terminal_that_takes_nothing_hides_no_broken_connection_from_the_node(tmp_path, stalled):
    """The engine writes errors to standard error whatever is set, and its log would stop with that."""
    with floor(tmp_path) as day:
        node = day.start([opening(Side.LONG, 2)])
        enter(day, node, 2)
        day.gateway.do.bad_frame()
        assert node.exit_code() == 4
        assert "order_stream_dead" in codes(node)
        assert day.stop()["quantity"] == day.position() == 100
