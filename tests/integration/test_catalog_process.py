"""``python -m catalog`` as a process: Ctrl-C at any moment, an output that is full, killed and crowded imports."""

import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import IO

import pandas as pd
import pytest

from catalog.store import BarStore, WriteResult

ROOT = Path(__file__).resolve().parents[2]
KIND = "IBM.NYSE-1-MINUTE-LAST-EXTERNAL"


def start(*words: object, stdout: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "catalog", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True)  # noqa: S603 - ourselves


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a command; return its exit code, what it printed and its errors."""
    out, errors = process.communicate()
    return process.returncode, out, errors


def make_file(file: Path, start_at: str, minutes: int) -> Path:
    times = pd.date_range(start_at, periods=minutes, freq="min", tz="UTC").strftime("%Y-%m-%dT%H:%MZ")
    rows = [f"{time},10,11,9,10,100" for time in times]
    file.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n", encoding="utf-8")
    return file


def importing(file: Path, catalog: Path, stdout: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
    return start("import", file, "--symbol", "IBM.NYSE", "--hours", "all", "--catalog", catalog, stdout=stdout)


@pytest.mark.parametrize("after_secs", [0.3, 1.0])
def test_interrupt_is_one_line_and_130_even_while_libraries_load(tmp_path: Path, after_secs: float) -> None:
    process = importing(make_file(tmp_path / "a.csv", "2020-01-02", 300_000), tmp_path / "c")
    timer = Timer(after_secs, process.send_signal, [signal.SIGINT])
    timer.start()
    code, out, errors = end(process)
    timer.join()

    assert (code, out, len(errors.splitlines())) == (130, "", 1)
    assert errors.startswith("Interrupted: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["import", "--help"])
def test_output_that_is_full_is_one_line_and_1(tmp_path: Path, command: str) -> None:
    file = make_file(tmp_path / "a.csv", "2020-01-02 14:30", 3)

    with Path("/dev/full").open("w") as full:
        process = importing(file, tmp_path / "c", full) if command == "import" else start(command, stdout=full)
        code, _, errors = end(process)

    assert (code, errors) == (1, "Error: standard output could not be written: No space left on device.\n")


def test_imports_of_one_symbol_at_once_hold_all_bars_in_order(tmp_path: Path) -> None:
    files = [make_file(tmp_path / f"{day}.csv", f"2020-01-0{day}", 4_000) for day in (2, 4)]

    ended = [end(process)[0] for process in [importing(file, tmp_path / "c") for file in files]]

    minutes = pd.date_range("2020-01-02 00:01", periods=2 * 1440 + 4_000, freq="min", tz="UTC")
    assert ended == [0, 0]
    assert BarStore(tmp_path / "c").timestamps(KIND).tolist() == minutes.as_unit("ns").astype("int64").tolist()
    assert len(list(tmp_path.rglob("data/bars/*/*.parquet"))) == 1


def test_import_killed_while_it_writes_leaves_nothing_behind_after_the_next_opening(tmp_path: Path) -> None:
    process = importing(make_file(tmp_path / "a.csv", "2020-01-02", 50_000), tmp_path / "c")
    while process.poll() is None and not list(tmp_path.glob("c/.writing-*")):
        pass
    process.kill()
    code, _, _ = end(process)
    aside = list(tmp_path.glob("c/.writing-*"))

    store = BarStore(tmp_path / "c")

    assert (len(aside), code) == (1, -signal.SIGKILL)
    assert not list(tmp_path.glob("c/.writing-*"))
    bars = pd.DataFrame({"ts": [10**18], "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0})
    assert store.write(KIND, bars) == WriteResult(1, 0, 0)  # its lock went with it
