"""Secrets from every place they may come from are shown nowhere; nor is the account's number where it is shortened."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import run_live
from actors.messages import Side
from tests.integration.alert_rig import ALL, give_environment
from tests.integration.alert_servers import http_inbox
from tests.integration.live_rig import Node, at_minute, floor
from tests.integration.live_steps import codes, enter, opening
from tests.integration.operator_rig import Operator
from tests.integration.test_live_faults import restart

SECRET = "hunter2"  # noqa: S105 - what must not be shown
ACCOUNT = b"DU1234567"
WHOLE = ("journal.sqlite", "engine_")  # where docs/live.md says that the number stands whole


def everything_written(directory: Path) -> bytes:
    with closing(sqlite3.connect(directory / "state" / "journal.sqlite")) as journal:
        dump = "\n".join(journal.iterdump()).encode()
    return dump + b"".join(file.read_bytes() for file in directory.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"BALLAST_ALERT_URLS": f"json://u:{SECRET}@host/{SECRET} tgrm://{SECRET}/1"}, ["config", "show"]),
        ({"BALLAST_ALERT_URLS": f"json://u:{SECRET}@127.0.0.1:1/{SECRET}"}, ["check"]),
        ({"BALLAST_ALERT_URLS": f"json://u:{SECRET}@127.0.0.1:1/{SECRET}"}, ["run", "--state", "state"]),
        ({"BALLAST_ALERT_URLS": f"json://u:{SECRET}@127.0.0.1:1/{SECRET}"}, ["status", "--state", "state"]),
        ({"BALLAST_ALERT_URLS": f"json://u:{SECRET}@127.0.0.1:1/{SECRET} tgrm://{SECRET}/1 {SECRET}"}, ["alert-test"]),
        ({"BALLAST_ALERT_URLS": f"mailto://u:{SECRET}@127.0.0.1:1?to=a@example.com"}, ["alert-test"]),
        ({"BALLAST_ALERT_URLS": f"json://{SECRET}@host:99999999/{SECRET}"}, ["alert-test"]),
        ({"BALLAST_ALERT_URLS": SECRET, "BALLAST_ALERT_URLS_FILE": "urls"}, ["config", "show"]),
        ({"BALLAST_ALERT_URLS_FILE": "urls"}, ["alert-test"]),
        ({"BALLAST_ALERT_URLS_FILE": "binary"}, ["alert-test"]),
        ({"BALLAST_ALERT_URLS_FILE": f"tgram://{SECRET}/1"}, ["config", "show"]),
        ({"BALLAST_ALERT_URL": f"tgram://{SECRET}/1"}, ["config", "show"]),
        ({"BALLAST_ALERTS__TARGETS": f'["tgram://{SECRET}/1"]'}, ["config", "show"]),
        ({"BALLAST_ALERTS__URLS": f"tgram://{SECRET}/1"}, ["config", "show"]),
        ({"BALLAST_ALERTS__EVENTS": f"tgram://{SECRET}/1"}, ["config", "show"]),
        ({}, ["config", "show", "--set", f"alerts.targets=tgram://{SECRET}/1"]),
        ({}, ["config", "show", "--set", f"tgram://{SECRET}/1"]),
        ({}, ["config", "show", "--config", "targets.toml"]),
        ({}, ["config", "show", "--config", "broken.toml"]),
    ],
)
def test_no_command_shows_a_secret_wherever_it_was_put(tmp_path, monkeypatch, capfd, environ, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "urls").write_text(f"tgrm://{SECRET}/1 json://u:{SECRET}@127.0.0.1:1/{SECRET}")
    (tmp_path / "binary").write_bytes(f"json://{SECRET}".encode() + b"\xff")
    (tmp_path / "targets.toml").write_text(f'schema_version = 1\n[alerts]\ntargets = ["tgram://{SECRET}/1"]\n')
    (tmp_path / "broken.toml").write_text(f'schema_version = 1\n[alerts]\ntargets = "tgram://{SECRET}/1\n')
    given = {path.name for path in tmp_path.iterdir()}
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    ports = ["--set", "ib.port=1"] if words[0] in ("check", "run") else []

    run_live.main([*words, *ports])

    out, err = capfd.readouterr()
    assert out + err
    assert SECRET not in out + err
    for path in tmp_path.rglob("*"):
        assert path.name in given or not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_session_writes_neither_a_secret_nor_the_whole_account_number(tmp_path, monkeypatch):
    """With a drop, targets that refuse, and the logs of all libraries turned on by a rule of the user's own."""
    loud = "__import__('logging').basicConfig(level=1) or 0.0"
    with http_inbox() as well, http_inbox() as sour, floor(tmp_path) as day:
        sour.answers = [401] * 1_000
        urls = " ".join(f"json://u:{SECRET}@127.0.0.1:{port}/{SECRET}" for port in (well.port, sour.port, 1))
        (tmp_path / "urls").write_text(urls)
        give_environment(monkeypatch, BALLAST_ALERT_URLS_FILE=str(tmp_path / "urls"))
        node = day.start([opening(Side.LONG, 2)], *ALL, sooner={"actors.alerts.targets.LOUD": loud})
        enter(day, node, 2)
        restart(day, node, 0.2)
        node.until(lambda: codes(node).count("alert_channel") == 2, "the targets that take none")
        code, status = Operator(day.state)("status")
        assert code == 0
        assert node.terminate() == 0
        assert well.messages

    (tmp_path / "urls").unlink()
    assert "DEBUG" in (tmp_path / "state" / "engine_stderr.txt").read_text() + node.terminal  # the libraries did speak
    assert SECRET.encode() not in everything_written(tmp_path)
    assert SECRET not in status + f"{well.messages}"
    assert ACCOUNT.decode() not in status + f"{well.messages}"
    for file in (tmp_path / "state").rglob("*"):
        if file.is_file() and not file.name.startswith(WHOLE):
            assert ACCOUNT not in file.read_bytes(), file


def test_address_that_cannot_be_read_ends_the_start_without_a_trace(tmp_path, monkeypatch):
    give_environment(monkeypatch, BALLAST_ALERT_URLS=f"tgrm://{SECRET}/1")
    with floor(tmp_path) as day:
        node = Node(day.gateway.port, day.state, [at_minute(up=(2,))], ())
        day.nodes.append(node)

        assert node.exit_code() == 2
    assert node.terminal.endswith(
        "run_live: environment BALLAST_ALERT_URLS: target 1: expected an address that apprise can read, found one that "
        "begins with tgrm://; correct it.\n"
    )
    assert "Traceback" not in node.terminal
    assert SECRET not in node.terminal
