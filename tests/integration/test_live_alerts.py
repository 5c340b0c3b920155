"""A live node with an alert target: what arrives of a session, and that the address is written nowhere."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actors.messages import Side
from tests.integration import live_rig
from tests.integration.alert_servers import Inbox, http_inbox
from tests.integration.live_rig import at_minute, floor

SECRET = "hunter2"  # noqa: S105 - what must not be shown


@pytest.fixture
def web(monkeypatch):
    """Every node started here has this target in its environment, and one that nobody listens at."""
    real = live_rig.subprocess.Popen
    with http_inbox() as inbox:
        addresses = " ".join(f"json://{SECRET}:{SECRET}@127.0.0.1:{port}/{SECRET}" for port in (inbox.port, 1))

        def started(command, *, env, **options):
            return real(command, env=env | {"BALLAST_ALERT_URLS": addresses}, **options)

        monkeypatch.setattr(live_rig.subprocess, "Popen", started)
        yield inbox


def everything_written(directory: Path) -> bytes:
    with closing(sqlite3.connect(directory / "state" / "journal.sqlite")) as journal:
        dump = "\n".join(journal.iterdump()).encode()
    return dump + b"".join(file.read_bytes() for file in directory.rglob("*") if file.is_file())


def test_session_tells_its_start_entry_stop_end_and_a_dead_target_and_no_secret(tmp_path, web: Inbox):
    """Of a SIGTERM with a position: it is told that it rests behind its stop."""
    with floor(tmp_path) as day:
        node = day.start([at_minute(up=(2,))], 'alerts.min_level="info"')
        node.until(lambda: "takes no alerts" in "".join(web.lines), "the death of the other target")
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints()
        node.until(lambda: "AAPL entry: " in "".join(web.lines), "the alert of the entry")
        assert day.position() == 100 * Side.LONG
        assert node.terminate() == 0

    told, written = "\n".join(web.lines), everything_written(tmp_path)
    assert " Ballast paper DU…" in web.lines[0]
    assert web.lines[0].endswith("AAPL.NASDAQ started")
    assert "target 2 (json://127.0.0.1) takes no alerts: no connection, or it refused the message" in told
    assert told.count("AAPL entry: bought 100 at 100.00, 100 of 100; holds +100") == 1
    assert "ended: asked to stop (exit 0); day P&L" in web.lines[-1]
    assert web.lines[-1].endswith("holds AAPL +100 (stop 95.00)")
    assert "WARNING target 2 (json://127.0.0.1) takes no alerts" in node.terminal
    assert b"target 2 (json://127.0.0.1) takes no alerts" in written
    assert SECRET not in f"{web.messages}"
    assert SECRET.encode() not in written


def test_address_that_cannot_be_read_ends_the_start_without_a_trace(tmp_path, monkeypatch):
    real = live_rig.subprocess.Popen
    environ = {"BALLAST_ALERT_URLS": f"tgrm://{SECRET}/1"}
    monkeypatch.setattr(
        live_rig.subprocess, "Popen", lambda command, *, env, **options: real(command, env=env | environ, **options)
    )
    with floor(tmp_path) as day:
        node = live_rig.Node(day.gateway.port, day.state, [at_minute(up=(2,))], ())
        day.nodes.append(node)

        assert node.exit_code() == 2
    assert node.terminal.endswith(
        "run_live: environment BALLAST_ALERT_URLS: target 1: expected an address that apprise can read, found one that "
        "begins with tgrm://; correct it.\n"
    )
    assert "Traceback" not in node.terminal
    assert SECRET not in node.terminal
