"""What is read in the adapter's log: its own words in lines as the engine writes them, each once, through rotations."""

import json
from pathlib import Path

from actors.link.heard import AdapterBack, AdapterLost, OrderStreamEnded
from config.live.adapter_log import AdapterLog

TRANSPORT = "ibapi::transport::r#async"
ORDERS = "nautilus_interactive_brokers::execution::updates"
LOST = "Connection error detected, attempting to reconnect: Io(Os { code: 104 })"
BACK = "Successfully reconnected to TWS/Gateway"
ENDED = "IB order update stream ended; execution client is disconnected"


def line(component: str, message: str) -> str:
    fields = {"timestamp": "2026-11-22T18:11:31.539Z", "trader_id": "BALLAST-001", "level": "ERROR", "color": "RED"}
    return json.dumps(fields | {"component": component, "message": message}, separators=(",", ":")) + "\n"


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(lines)


def test_its_three_words_are_read_in_order_and_once(tmp_path):
    file = tmp_path / "engine_2026-11-22_180113-151.jsonl"
    log = AdapterLog(tmp_path)
    write(file, line(TRANSPORT, LOST), line("Ledger", "a bar"), line(TRANSPORT, BACK), line(ORDERS, ENDED))

    assert log.poll() == [AdapterLost(), AdapterBack(), OrderStreamEnded("the adapter's order stream ended")]
    assert log.poll() == []


def test_what_was_written_before_is_passed_over(tmp_path):
    file = tmp_path / "engine.jsonl"
    write(file, line(ORDERS, ENDED))
    log = AdapterLog(tmp_path)
    write(file, line(TRANSPORT, LOST))

    assert log.poll() == [AdapterLost()]


def test_words_that_somebody_else_quotes_are_no_mark(tmp_path):
    log = AdapterLog(tmp_path)
    write(tmp_path / "engine.jsonl", line("Narrator", ENDED), line("Narrator", LOST), line(ORDERS, LOST))

    assert log.poll() == []


def test_a_line_that_comes_in_pieces_is_read_when_it_is_whole(tmp_path):
    file = tmp_path / "engine.jsonl"
    log = AdapterLog(tmp_path)
    whole = line(TRANSPORT, LOST)
    write(file, whole[:60])
    assert log.poll() == []
    write(file, whole[60:-1])
    assert log.poll() == []
    write(file, "\n", whole[:10])
    assert log.poll() == [AdapterLost()]


def test_it_reads_on_after_a_rotation_to_the_end_of_the_old_file_first(tmp_path):
    old, new = tmp_path / "engine_1.jsonl", tmp_path / "engine_2.jsonl"
    write(old, "")
    log = AdapterLog(tmp_path)
    write(old, line(TRANSPORT, LOST))
    write(new, line(TRANSPORT, BACK))

    assert log.poll() == [AdapterLost(), AdapterBack()]
    old.unlink()
    write(new, line(TRANSPORT, LOST))
    assert log.poll() == [AdapterLost()]


def test_other_files_and_an_empty_directory_say_nothing(tmp_path):
    log = AdapterLog(tmp_path)
    write(tmp_path / "journal.jsonl", line(ORDERS, ENDED))

    assert log.poll() == []
