"""``run_live.py`` whose start fails, or that was killed, in its own process: what the telephone shows of that night."""

import pytest

from actors.messages import Side
from config.alerts.start_memory import FILE
from tests.integration import live_rig
from tests.integration.alert_servers import http_inbox
from tests.integration.live_rig import Node, at_minute, floor
from tests.integration.terminals import exit_code_at_a_terminal

TABLES = [at_minute(up=(2,))]


@pytest.fixture
def web(monkeypatch, tmp_path):
    """Every node started here has an inbox, and its own directory for temporary files."""
    real = live_rig.subprocess.Popen
    (tmp_path / "tmp").mkdir()
    with http_inbox() as inbox:
        changes = {"BALLAST_ALERT_URLS": f"json://127.0.0.1:{inbox.port}/", "TMPDIR": str(tmp_path / "tmp")}
        for name, value in changes.items():
            monkeypatch.setenv(name, value)

        def started(command, *, env, **options):
            return real(command, env=env | changes, **options)

        monkeypatch.setattr(live_rig.subprocess, "Popen", started)
        yield inbox


def has_filled(node: Node) -> bool:
    with node.journal() as journal:
        return bool(journal.open_trips()["AAPL.NASDAQ"].fills)


@pytest.mark.parametrize("side", list(Side))
def test_night_of_a_kill_and_an_absent_gateway(tmp_path, web, side):
    """Killed with a position; two starts without a gateway, one alert; the start that succeeds tells of both."""
    marks = {"down": (2,), "short": True} if side is Side.SHORT else {"up": (2,)}
    held = f"AAPL {side * 100:+} (stop {'105.00' if side is Side.SHORT else '95.00'})"
    with floor(tmp_path) as day:
        node = day.start([at_minute(**marks)])
        day.minute(2)
        node.until(lambda: len(day.orders()) == 2, "the entry and its stop")
        day.prints()
        node.until(lambda: has_filled(node), "the fill in the journal")
        node.kill()

        for _ in range(2):
            assert Node(1, day.state, [at_minute(**marks)], ()).exit_code() == 4
        assert len(web.lines) == 1
        assert "start failed (exit 4): connection: nothing answers at 127.0.0.1:1" in web.lines[0]
        assert f"At the broker, as last known: {held}" in web.lines[0]

        day.start([at_minute(**marks)]).until(lambda: len(web.lines) > 2, "the alerts of the start")
        assert "AAPL.NASDAQ started; 2 starts had failed since " in web.lines[1]
        assert "the run before had no end: it was killed, it crashed, or the machine went down" in web.lines[2]
        assert f"as it knew: {held}" in web.lines[2]
        assert not (day.state / FILE).exists()
        with node.journal() as journal:
            assert [each.code for each in journal.alerts(0, 2**62)].count("restarted_after_crash") == 1


def test_bug_in_the_start_is_told_and_its_trace_stays_on_the_terminal(tmp_path, web):
    node = Node(1, tmp_path / "state", TABLES, (), sooner={"config.live.start.run_preflight": None})

    assert node.exit_code() == 1
    assert "start failed (exit 1): 'NoneType' object is not callable" in web.lines[0]
    assert "Traceback" in node.terminal


def test_node_that_cannot_connect_after_the_checks_is_told(tmp_path, web):
    with floor(tmp_path) as day:
        broken = {"config.live.session.make_node": "lambda *_: 1 // 0"}
        node = Node(day.gateway.port, day.state, TABLES, (), sooner=broken)
        assert node.exit_code() == 1
        with node.journal() as journal:
            assert [(run.exit_code, run.reason) for run in journal.runs()] == [(1, "the node was not built")]

    assert "paper DU…567 start failed (exit 1): integer division or modulo by zero" in web.lines[0]


def test_slip_in_the_settings_is_told_by_a_supervisor_and_not_by_a_terminal(tmp_path, web):
    assert exit_code_at_a_terminal(tmp_path, "--set", "risk.max_positons=3") == 2
    assert web.asked == 0
    node = Node(1, tmp_path / "state", TABLES, ["risk.max_positons=3"])

    assert node.exit_code() == 2
    assert "start failed (exit 2): --set risk.max_positons: " in web.lines[0]


def test_run_that_ended_as_it_was_asked_is_no_crash(tmp_path, web):
    with floor(tmp_path) as day:
        assert day.start(TABLES).terminate() == 0
        node = day.start(TABLES)
        assert node.terminate() == 0

    assert "had no end" not in node.terminal
    assert web.lines == []
