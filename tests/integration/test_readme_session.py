"""The live session that README shows, made: each of its commands is run, and prints such lines in that order."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.journal.reader import JournalReader
from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.integration.live_rig import SETTLE_SECS, Floor

ROOT = Path(__file__).parents[2]
PATIENCE_SECS = 180.0
LOOK_SECS = 0.05
MINUTES = 390
STATE = Path("state/paper-DU1234567/journal.sqlite")
ONE_SHOT = ("check", "status", "halt", "resume", "flatten", "stop")


def shown() -> list[tuple[list[str], list[str]]]:
    """Return the words of each command of the section and the lines printed below it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## Live, without an account\n")[1].split("\n## ")[0]
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL))
    parts = re.split(r"^\$ uv run (.+)$", blocks, flags=re.MULTILINE)[1:]
    return [(shlex.split(line), output.split("\n")) for line, output in zip(parts[::2], parts[1::2], strict=True)]


def shape(line: str) -> str:
    """Return a line without its figures, signs, spaces and names of users, which may be others."""
    text = re.sub(
        r"^\d{4}-\d\d-\d\d (?=\d\d:)", "", " ".join(line.split())
    )  # a line of another day than the one before
    text = re.sub(r"\S+@\S+", "USER", text)
    return re.sub(r"\d[\d,.]*\d|\d", "0", text).replace("+", "").replace("−", "")


def pattern(line: str) -> str:
    """Return what the shape of a printed line must match; ``…`` is anything."""
    return ".*".join(re.escape(part) for part in shape(line).split("…"))


def missing(expected: list[str], printed: str) -> list[str]:
    """Return the lines that are not there, after the one before them."""
    lines, at, lost = [shape(line) for line in printed.splitlines()], 0, []
    for line in filter(str.strip, expected):
        found = next((n for n in range(at, len(lines)) if re.fullmatch(pattern(line), lines[n])), None)
        if found is None:
            lost.append(line)
        else:
            at = found + 1
    return lost


class Terminals:
    """Runs commands as README does, in a directory of the test, with the gateway of the test."""

    def __init__(self, port: int, place: Path) -> None:
        self.place = place
        environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
        self._environ = environ | {"BALLAST_IB__PORT": str(port), "PYTHONUNBUFFERED": "1"}
        self._program = [sys.executable, str(ROOT / "run_live.py")]

    def run(self, words: list[str], meanwhile: Callable[[], object] = lambda: time.sleep(LOOK_SECS)) -> tuple[int, str]:
        command, pipe = [*self._program, *words], subprocess.PIPE
        with subprocess.Popen(  # noqa: S603 - our own script
            command, cwd=self.place, env=self._environ, stdout=pipe, stderr=subprocess.STDOUT, text=True
        ) as process:
            while process.poll() is None:
                meanwhile()
            text = process.stdout.read() if process.stdout else ""
        return process.returncode, text

    @contextmanager
    def node(self) -> Iterator[Callable[[], str]]:
        """Trade meanwhile; yield what tells what was printed so far."""
        out = self.place / "node.txt"
        with out.open("w") as file:
            node = subprocess.Popen(self._program, cwd=self.place, env=self._environ, stdout=file, stderr=file)  # noqa: S603 - our own script
        try:
            yield out.read_text
            assert node.wait(PATIENCE_SECS) == 0
        finally:
            if node.poll() is None:
                node.send_signal(signal.SIGKILL)
                node.wait()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECS)


def slowly(day: Floor) -> Callable[[], None]:
    """Return what lets five seconds of the session pass in one: bars come, and the positions outlast the commands."""

    def go_on() -> None:
        day.prints()
        time.sleep(1 - SETTLE_SECS)

    return go_on


def holds_three(state: Path) -> bool:
    with JournalReader(state) as journal:
        return [bool(trip.fills) for trip in journal.open_trips().values()] == [True] * 3


def test_session_of_the_readme_prints_what_the_readme_shows(tmp_path: Path) -> None:
    parts = shown()
    [(gateway_words, _)] = [part for part in parts if part[0][0] == "python"]
    assert gateway_words == ["python", "-m", "tests.gateway"]  # its own words: test_gateway_command
    outputs = {tuple(words[1:]): output for words, output in parts if words[0] == "run_live.py"}
    assert {words[0] for words in outputs if words} == set(ONE_SHOT)

    with Gateway.start(Market.demo(soon()), speed=None) as gateway:
        day, terminals = Floor(gateway, tmp_path), Terminals(gateway.port, tmp_path)
        expected = {words: [line.replace("4002", str(gateway.port)) for line in out] for words, out in outputs.items()}
        results = {("check",): terminals.run(["check"])}
        with terminals.node() as printed:
            until(lambda: day.asked() == 3)
            time.sleep(SETTLE_SECS)
            for minute in range(1, MINUTES):
                if not missing(expected[()], printed()) and holds_three(tmp_path / STATE):
                    break
                day.minute(minute)
            until(lambda: "TSLA" in terminals.run(["status"], slowly(day))[1])
            for words in list(outputs)[2:]:
                results[words] = terminals.run(list(words), slowly(day))

    assert {words: code for words, (code, _) in results.items() if code} == {}
    assert {words: missing(expected[words], text) for words, (_, text) in results.items()} == {
        key: [] for key in results
    }


def test_line_that_is_not_printed_is_told() -> None:
    assert missing(["flat: TSLA +39 closed."], "flat: TSLA −7 closed.\n") == []
    assert missing(["TSLA   stop    39"], "TSLA  gone   39\n") == ["TSLA   stop    39"]
    assert missing(["b 1", "a 1"], "a 2\nb 2\n") == ["a 1"]
