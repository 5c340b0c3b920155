"""Beside a node that trades: a second start, and ``check``, as somebody types them who forgot the first one. TCP."""

import os
import subprocess
import sys

import pytest

from tests.integration.alert_servers import http_inbox
from tests.integration.live_rig import ROOT, at_minute, floor


def typed(place, port, *words, **variables):
    """Run a command with the settings as they are delivered, no account named; return exit code and output."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "run_live.py"), *words],
        cwd=place,
        env=environ | {"BALLAST_IB__PORT": str(port), "COLUMNS": "200"} | variables,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with floor(tmp_path_factory.mktemp("floor")) as day:
        yield day, day.start([at_minute(up=[2])])


@pytest.mark.parametrize("account", ["", "DU1234567"], ids=["no account set", "account set"])
def test_a_second_start_is_refused_at_once_and_rings_no_telephone(tmp_path, node, account):
    day, first = node
    with http_inbox() as inbox:
        named = {"BALLAST_ACCOUNT__ID": account} if account else {}
        target = {"BALLAST_ALERT_URLS": f"json://127.0.0.1:{inbox.port}/"}
        code, said = typed(tmp_path, day.gateway.port, **named, **target)

    assert code == 3
    assert said == f"run_live: a node already runs here (process {first.process.pid}): uv run run_live.py status\n"
    assert inbox.asked == 0
    assert not (tmp_path / "state").exists()


def test_another_account_and_a_dry_run_may_start_beside_it(tmp_path, node):
    day, _ = node
    code, said = typed(tmp_path, day.gateway.port, BALLAST_ACCOUNT__ID="DU7654321")
    assert "already runs" not in said
    assert code == 4  # its client id is taken: here another one is the remedy
    assert "client id 1 is in use by another program" in said

    code, said = typed(tmp_path, day.gateway.port, "--dry-run")
    assert (code, "client id 1 is in use by another program" in said) == (4, True)


def test_check_beside_it_is_no_failure(tmp_path, node):
    day, first = node
    code, said = typed(tmp_path, day.gateway.port, "check")

    assert code == 0
    assert f"the node itself runs (process {first.process.pid})" in said
    assert "ib.client_id" not in said
    assert "Ready, with 2 to know of." in said


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ("", "warning none set; nobody is told when you are not at the terminal"),
        ("json://127.0.0.1:1/ json://127.0.0.1:2/", "ok 2 targets"),
    ],
)
def test_check_and_start_say_who_is_told(tmp_path, targets, words):
    for command in ([], ["check"]):
        _, said = typed(tmp_path, 1, *command, BALLAST_ALERT_URLS=targets)
        assert f"alerts {words}" in " ".join(said.split())
