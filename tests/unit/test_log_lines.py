"""A line of ``ballast.log``: JSON in UTC, the ids and latency of an order, no account number in full, no secret."""

import json
from datetime import date
from decimal import Decimal

import pytest

from actors.link.heard import BooksCompared
from actors.log.file import LogFile
from actors.log.lines import LogLines
from actors.messages import AlertRaised, HandlerFailed, LossBaselineSet, OrderRole, Side
from config.live.desk import mask_of
from config.schema import AlertsConfig
from tests.unit.journal_builders import TripTeller

SIDES = pytest.mark.parametrize("side", list(Side))
START = 1_795_372_800_000_000_000  # 2026-11-22 18:40 UTC
MS = 1_000_000
SECRET = "json://user:hunter2@hooks.example.com/T0KEN"  # noqa: S105 - of no one


def plain(text: str) -> str:
    return text


@SIDES
def test_each_step_of_an_order_is_a_line_with_its_ids_and_latency(side):
    trip, lines = TripTeller(side), LogLines(plain)
    steps = [
        trip.decision(),
        trip.intent(OrderRole.ENTRY),
        trip.state(OrderRole.ENTRY, "submitted"),
        trip.state(OrderRole.ENTRY, "accepted"),
        trip.fill(OrderRole.ENTRY, 100),
    ]
    rows = [json.loads(lines.line(step, START + number * MS)) for number, step in enumerate(steps)]

    assert [row["kind"] for row in rows] == ["SignalDecided", "OrderIntended", *["OrderProgressed"] * 2, "OrderFilled"]
    assert rows[0]["time"] == "2026-11-22T18:40:00.000Z"
    for row in rows[1:]:
        assert (row["decision_id"], row["client_order_id"]) == (trip.decision_id, trip.id(OrderRole.ENTRY))
        assert row["role"] == "entry"
    assert [row["broker_order_id"] for row in rows[2:]] == ["V-1"] * 3
    assert rows[-1]["latency_ms"] == {"decision": 4.0, "intent": 3.0, "sent": 2.0, "accepted": 1.0}
    assert (rows[-1]["price"], rows[-1]["quantity"], rows[-1]["exit_reason"]) == ("100", 100, None)


def test_levels_are_those_of_what_happened():
    lines, trip = LogLines(plain), TripTeller(Side.LONG)
    found = [
        json.loads(lines.line(message, START))["level"]
        for message in (
            AlertRaised(1, "x", "critical", "text"),
            HandlerFailed(1, "Rule", "on_bar", "error", "place", "trace"),
            trip.state(OrderRole.ENTRY, "rejected"),
            LossBaselineSet(1, date(2026, 11, 23), Decimal("100000.10")),
        )
    ]
    assert found == ["critical", "error", "warning", "info"]


def test_accounts_are_shortened_wherever_a_text_names_one_and_ids_are_whole():
    lines = LogLines(plain)
    alert = AlertRaised(1, "x", "warning", "account DU1234567 and U7654321")
    compared = BooksCompared(1, ("DU1234567 holds 5",))

    assert "DU…567 and U…321" in lines.line(alert, START)
    assert json.loads(lines.line(compared, START))["differences"] == ["DU…567 holds 5"]
    trip = TripTeller(Side.LONG)
    trip.id = lambda role: "O-U1234567"
    assert json.loads(lines.line(trip.intent(OrderRole.ENTRY), START))["client_order_id"] == "O-U1234567"


def test_a_target_of_the_alerts_is_masked_in_whatever_is_told():
    lines = LogLines(mask_of(AlertsConfig(targets=(SECRET,))))
    failed = HandlerFailed(1, "Alerter", "on_message", f"cannot reach {SECRET}", "x.py:1", f"trace {SECRET}\n more")
    line = lines.line(failed, START)

    assert "hunter2" not in line
    assert "T0KEN" not in line
    assert "cannot reach ***" in line


def test_a_line_is_one_line_whatever_its_text():
    line = LogLines(plain).line(AlertRaised(1, "x", "info", 'two\nlines "quoted" \u2028 ü'), START)
    assert "\n" not in line
    assert json.loads(line)["text"] == 'two\nlines "quoted" \u2028 ü'


def test_the_file_is_rotated_and_keeps_what_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr("actors.log.file.MAX_BYTES", 100)
    monkeypatch.setattr("actors.log.file.OLD_FILES", 2)
    file = LogFile(tmp_path / "ballast.log")
    for number in range(9):
        file.put(f"{number} " + "x" * 40)
    file.close()
    files = sorted(path.name for path in tmp_path.iterdir())

    assert files == ["ballast.log", "ballast.log.1", "ballast.log.2"]
    kept = "".join((tmp_path / name).read_text() for name in reversed(files))
    assert [line[0] for line in kept.splitlines()] == ["4", "5", "6", "7", "8"]


def test_a_disk_that_refuses_is_told_to_the_caller_and_forgiven(tmp_path):
    file = LogFile(tmp_path / "folder" / "ballast.log")
    with pytest.raises(OSError, match="No such file"):
        file.put("lost")
    (tmp_path / "folder").mkdir()
    file.put("kept")
    file.close()
    assert (tmp_path / "folder" / "ballast.log").read_text() == "kept\n"
