"""``python -m catalog`` as a process: Ctrl-C at any moment, an output that is full, killed and crowded imports."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pandas as pd
import pytest

from catalog.store import BarStore, WriteResult

ROOT = Path(__file__).resolve().parents[2]
KIND = "IBM.NYSE-1-MINUTE-LAST-EXTERNAL"


def start(*words: object, stdout: int | IO[str] = subprocess.PIPE, first: str = "") -> subprocess.Popen[str]:
    """Start a command; ``first`` is what its process does before it loads it."""
    code = f"import runpy; {first}; runpy.run_module('catalog', run_name='__main__', alter_sys=True)"
    command = [sys.executable, *(["-c", code] if first else ["-m", "catalog"]), *map(str, words)]
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


def importing(
    file: Path, catalog: Path, stdout: int | IO[str] = subprocess.PIPE, first: str = ""
) -> subprocess.Popen[str]:
    words = ("import", file, "--symbol", "IBM.NYSE", "--hours", "all", "--catalog", catalog)
    return start(*words, stdout=stdout, first=first)


def struck(event: str, word: str, number: int) -> str:
    """Return code that sends its own process a signal at the first such event of Python's about such a thing."""
    hit = (
        f"hits and os.kill(os.getpid(), hits.pop() * {number}) if event == {event!r} and {word!r} in str(found) else 0"
    )
    return f"import os, sys; hits = [1]; sys.addaudithook(lambda event, found: {hit})"


@pytest.mark.parametrize(
    ("event", "word"), [("import", "'pandas'"), ("import", "'pyarrow.parquet'"), ("open", "a.csv")]
)
def test_interrupt_is_one_line_and_130_even_while_libraries_load(tmp_path: Path, event: str, word: str) -> None:
    file = make_file(tmp_path / "a.csv", "2020-01-02", 3)
    code, out, errors = end(importing(file, tmp_path / "c", first=struck(event, word, signal.SIGINT)))

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
    file = make_file(tmp_path / "a.csv", "2020-01-02", 3)
    code, _, _ = end(importing(file, tmp_path / "c", first=struck("os.rename", ".writing-", signal.SIGKILL)))
    aside = list(tmp_path.glob("c/.writing-*"))

    store = BarStore(tmp_path / "c")

    assert (len(aside), code) == (1, -signal.SIGKILL)
    assert not list(tmp_path.glob("c/.writing-*"))
    bars = pd.DataFrame({"ts": [10**18], "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0})
    assert store.write(KIND, bars) == WriteResult(1, 0, 0)  # its lock went with it
