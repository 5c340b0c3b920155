"""
The commands of README and docs, run: each one that needs no more than the stand-in gateway and what is made here.

Which of them only have to be understood is said here, with the reason; ``tests/unit/test_docs.py`` sees to that.

"""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from math import sin
from pathlib import Path

import pytest

from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.integration.alert_servers import http_inbox
from tests.unit.test_docs import PAGES, commands, text_of

ROOT = Path(__file__).parents[2]
PATIENCE_SECS = 180.0
NOT_RUN = {  # the beginning of a command, and why
    "pytest": "runs this",
    "python -m catalog download": "test_download does, against the gateway",
    "python -m catalog import-session": "test_bar_recorder does, with a session of its own",
    "python -m catalog import prices": "test_catalog_import does, with files of its own",
    "python -m catalog sample": "test_catalog_default_sample does",
    "python -m config.reference": "writes docs/config.md; test_config_reference compares it",
    "python -m tests.benchmarks": "takes minutes",
    "python -m tests.gateway": "test_gateway_command does",
    "run_backtest.py --catalog my_bars --start 2026": "needs the bars that a session recorded",
    "run_backtest.py --config daily.toml": "needs bars of days; test_catalog_download",
}
NODE = re.compile(r"run_live\.py( --.*)?$")  # trades until it is stopped
PRODUCT = ("run_live.py", "run_backtest.py")


def all_commands() -> list[tuple[dict[str, str], list[str]]]:
    """Return each command of the pages once, in the order of the pages."""
    found = {}
    for page in PAGES:
        for environ, words in commands(page):
            found.setdefault((*environ.items(), *words), (environ, words))
    return list(found.values())


def chosen(*beginnings: str) -> list[tuple[dict[str, str], list[str]]]:
    skipped = tuple(NOT_RUN)
    return [
        (environ, words)
        for environ, words in all_commands()
        if " ".join(words).startswith(beginnings) and not " ".join(words).startswith(skipped)
    ]


class Shell:
    """Runs the commands in a directory of their own."""

    def __init__(self, place: Path, **environ: str) -> None:
        self.place = place
        self.nodes: list[subprocess.Popen[bytes]] = []
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
        self.environ = inherited | {"PYTHONPATH": str(ROOT)} | environ

    def command(self, words: list[str]) -> list[str]:
        own = [str(ROOT / word) if word in (*PRODUCT, "deploy/backup.py") else word for word in words]
        return [sys.executable, *(own[1:] if own[0] == "python" else own)]

    def run(self, words: list[str], environ: dict[str, str]) -> tuple[int, str]:
        done = subprocess.run(  # noqa: S603 - our own pages
            self.command(words),
            cwd=self.place,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECS,
        )
        return done.returncode, done.stdout + done.stderr

    def start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.place / "node.txt").open("w") as out:
            node = subprocess.Popen(self.command(words), cwd=self.place, env=self.environ, stdout=out, stderr=out)  # noqa: S603 - our own pages
        self.nodes.append(node)
        return node


def test_reasons_not_to_run_a_command_are_of_commands_that_are_there() -> None:
    lines = [" ".join(words) for _, words in all_commands()]

    assert [each for each in NOT_RUN if not any(line.startswith(each) for line in lines)] == []
    assert len(chosen("")) > 25
    assert {line.split()[0] for line in lines} <= {*PRODUCT, "python", "pytest"}


def test_commands_of_a_backtest_and_its_data_do_what_they_say(tmp_path: Path) -> None:
    shell = Shell(tmp_path, PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)]))  # a rule of one's own lies here
    (tmp_path / "IBM.csv").write_text(csv_of_two_sessions())
    [settings] = re.findall(r"^```toml\n(.*?)^```", text_of("README.md"), flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "my.toml").write_text(settings)
    page = text_of("docs/strategies.md")
    rules = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "my_rule.py").write_text(next(code for code in rules if "class Breakout:" in code))
    [own] = [
        text for text in re.findall(r"^```toml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL) if "my_rule:" in text
    ]
    (tmp_path / "mine.toml").write_text(own)
    ran = {" ".join(words): shell.run(words, environ) for environ, words in chosen("python -m catalog", "run_backtest")}

    assert len(ran) > 6
    assert {line: text[-300:] for line, (code, text) in ran.items() if code} == {}
    assert "780 rows read, 780 bars kept" in next(text for line, (_, text) in ran.items() if "import IBM.csv" in line)


def csv_of_two_sessions() -> str:
    """Return rows as README shows them: a slow wave around 184."""
    rows = ["timestamp,open,high,low,close,volume"]
    for session in (7, 8):
        opened = datetime.fromisoformat(f"2013-10-{session:02d}T09:30:00-04:00")
        for minute in range(390):
            price = 184 + 2 * sin(minute / 40)
            stamp = (opened + timedelta(minutes=minute)).isoformat()
            rows.append(f"{stamp},{price:.2f},{price + 0.05:.2f},{price - 0.05:.2f},{price:.2f},4958")
    return "\n".join(rows)


@pytest.fixture
def live(tmp_path: Path):
    """The gateway of the tests on a free port, and a target for alerts, both in the environment of each command."""
    with Gateway.start(Market.demo(soon()), speed=30) as gateway, http_inbox() as inbox:
        address = f"json://127.0.0.1:{inbox.port}/"
        shell = Shell(tmp_path, BALLAST_IB__PORT=str(gateway.port), BALLAST_ALERT_URLS=address)
        yield shell
        for node in shell.nodes:  # of a test that failed
            node.kill()
            node.wait()


def test_commands_of_a_live_node_do_what_they_say(live: Shell, tmp_path: Path) -> None:
    """A node of each kind is started and stopped by Ctrl-C; beside the last one all the others are run, `stop` last."""
    paper = (ROOT / "config" / "default.toml").read_text(encoding="utf-8")
    (tmp_path / "live.toml").write_text(paper.replace('mode = "paper"', 'mode = "live"\nid = "U1234567"'))
    lines = [(environ, words) for environ, words in chosen("run_live.py", "python deploy")]
    nodes = [words for _, words in lines if NODE.match(" ".join(words))]
    others = sorted((each for each in lines if each[1] not in nodes), key=lambda each: "stop" in each[1])
    assert len(nodes) > 3
    for words in sorted(nodes, key=len, reverse=True):
        node = live.start(words)
        wait_for(tmp_path / "node.txt", "Ready", node)
        if words == ["run_live.py"]:
            break
        time.sleep(1)  # somewhere between the checks and the first bars
        node.send_signal(signal.SIGINT)
        assert node.wait(PATIENCE_SECS) == 0, (tmp_path / "node.txt").read_text()
    while live.run(["run_live.py", "status"], {})[0]:
        assert node.poll() is None, (tmp_path / "node.txt").read_text()

    ran = {" ".join(words): live.run(words, environ) for environ, words in others}

    wrong = {line: text[-300:] for line, (code, text) in ran.items() if code != expected_code(line)}
    assert wrong == {}
    assert node.wait(PATIENCE_SECS) == 0


def expected_code(line: str) -> int:
    """Return the exit code of a command beside a node that trades the paper account."""
    if line.startswith("run_live.py check --config live.toml"):
        return 3  # the second key is missing
    return 0  # of `check` too: that the node uses its client id is no failure


def wait_for(file: Path, text: str, node: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECS
    while text not in file.read_text():
        assert node.poll() is None, file.read_text()
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.05)
