"""The watchdog: what a supervisor hears of a node, on the engine and from the unit's own command line over TCP."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from actors.loop.watchdog import Watchdog
from actors.messages import Side
from tests.deploy_files import INSTALLED, ROOT, unit_secs, unit_settings
from tests.integration.live_rig import SETTLE_SECS, Node, floor
from tests.integration.live_steps import enter, opening
from tests.integration.rig import build, scripted, session_bars, store_of

MINUTES = 30


class Supervisor:
    """A datagram socket that is read at once, as its queue is short (ten messages), and remembers what it was told."""

    def __init__(self, address: str) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.address = address
        self._told: list[str] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while text := self._line.recv(4096).decode():
            self._told.append(text)

    @property
    def told(self) -> list[str]:
        return [*self._told]

    def all_told(self) -> list[str]:
        """Return everything that was told by one that tells no more."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(b"", self._line.getsockname())
        self._reader.join()
        return self.told

    def close(self) -> None:
        self._line.close()


@contextmanager
def supervisor(*, is_abstract: bool) -> Iterator[Supervisor]:
    with tempfile.TemporaryDirectory(prefix="ballast-") as short:  # a path of a socket has at most 107 bytes
        line = Supervisor(f"@{short}" if is_abstract else f"{short}/notify")
        try:
            yield line
        finally:
            line.close()


def run_with(tmp_path: Path, watchdog: Watchdog) -> list:
    catalog = store_of(tmp_path / "catalog", AAPL=session_bars([100.0] * MINUTES))
    backtest = build(catalog, [scripted()], onlookers=[watchdog])
    record = backtest.run()
    backtest.dispose()
    return list(record.errors)


@pytest.mark.parametrize("is_abstract", [True, False])
@pytest.mark.parametrize("starts_anew", [True, False])
def test_start_life_and_end_are_told_but_no_end_that_is_a_new_start(tmp_path, is_abstract, starts_anew):
    with supervisor(is_abstract=is_abstract) as line:
        failures = run_with(tmp_path, Watchdog(line.address, 1200.0, lambda: starts_anew))

        told = line.all_told()
        assert failures == []
        assert told[0] == "READY=1"
        assert told[1:3] == ["WATCHDOG=1"] * 2  # every 400 s of 30 minutes
        assert told.count("STOPPING=1") == (not starts_anew)
        assert set(told) <= {"READY=1", "WATCHDOG=1", "STOPPING=1"}


def test_supervisor_that_wants_no_sign_of_life_gets_none(tmp_path):
    with supervisor(is_abstract=True) as line:
        assert run_with(tmp_path, Watchdog(line.address, None, lambda: False)) == []
        assert line.all_told() == ["READY=1", "STOPPING=1"]


def test_supervisor_that_is_gone_is_told_and_ends_nothing(tmp_path):
    failures = run_with(tmp_path, Watchdog(str(tmp_path / "nobody"), None, lambda: False))

    assert {failure.component for failure in failures} == {"Watchdog"}


class Service(Node):
    """The node as systemd starts it: the unit's command, its settings file, its environment, its directory."""

    def __init__(self, port: int, directory: Path, table: str, line: Supervisor) -> None:
        working, settings, alerts = directory / "lib", directory / "ballast.toml", directory / "alert-urls"
        working.mkdir(parents=True)
        alerts.touch()
        settings.write_text(
            f"schema_version = 1\nstrategies = [{table}]\nib.port = {port}\nbars.warmup_bars = 0\n"
            "session.avoid_first_mins = 0\nsession.avoid_last_mins = 0\n"
        )
        [command] = unit_settings()["ExecStart"]
        places = {f"{INSTALLED}/.venv/bin/python": sys.executable, INSTALLED: str(ROOT), "/etc/ballast": str(directory)}
        for name, place in places.items():
            command = command.replace(name, place)
        clean = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
        environ = clean | {
            "NOTIFY_SOCKET": line.address,
            "WATCHDOG_USEC": str(300_000),
            "BALLAST_ALERT_URLS_FILE": str(alerts),
            "PYTHONPATH": str(ROOT),
        }
        self._terminal = directory / "terminal.txt"
        with self._terminal.open("w") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                shlex.split(command), stdout=out, stderr=out, cwd=working, env=environ
            )
        self.working = working

    @property
    def state(self) -> Path:
        """Where it keeps its state; known once it runs."""
        return next((self.working / "state").glob("paper-*"))


def test_the_units_command_line_runs_is_heard_and_ends(tmp_path):
    with floor(tmp_path) as day, supervisor(is_abstract=False) as line:
        node = Service(day.gateway.port, tmp_path / "service", opening(Side.LONG, 2), line)
        day.nodes.append(node)
        node.until(lambda: line.told.count("WATCHDOG=1") > 2, "signs of life")
        assert line.told[0] == "READY=1"
        node.until(lambda: day.gateway.received()["HistoricalDataRequest"] >= 1, "the subscription of bars")
        node.until((node.working / "state").is_dir, "the state directory")
        time.sleep(SETTLE_SECS)
        enter(day, node, 2)

        node.process.send_signal(getattr(signal, unit_settings()["KillSignal"][0]))
        assert node.process.wait(unit_secs("TimeoutStopSec")) == 0
        assert "STOPPING=1" in line.all_told()
        assert "errors" not in node.terminal
        assert day.stop()["quantity"] == 100
        assert list((node.working / "reports").glob("paper-*/summary.json"))
