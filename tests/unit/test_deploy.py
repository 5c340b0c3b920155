"""The files of deploy/: what systemd, the compose file's readers and the product make of them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import run_live
from actors.helm import FLATTEN_SECS
from config.live_node import CONNECT_SECS, DISCONNECT_SECS, RECONCILE_SECS, SETTLE_SECS
from config.live_parser import parse
from config.loader import load_settings
from config.problems import variable_names
from config.secrets import ALERT_URLS_FILE, NAMES
from config.tws_probe import TOTAL_SECS
from tests.deploy_files import DEPLOY, INSTALLED, ROOT, example_variables, unit_secs, unit_settings

VERIFY = shutil.which("systemd-analyze")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
GATEWAY = COMPOSE["services"]["ib-gateway"]


# -- The unit -----------------------------------------------------------------------------------


@pytest.mark.skipif(VERIFY is None, reason="systemd-analyze is not installed here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "ballast.service").read_text(encoding="utf-8")
    installed = text.replace(f"{INSTALLED}/.venv/bin/python", sys.executable).replace(INSTALLED, str(ROOT))
    (tmp_path / "ballast.service").write_text(installed.replace("User=ballast", "User=root"))

    done = subprocess.run(  # noqa: S603 - the system's own tool
        [str(VERIFY), "verify", "--man=no", str(tmp_path / "ballast.service")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, [line for line in done.stderr.splitlines() if "ballast.service" in line]) == (0, [])


def test_command_line_of_the_unit_is_one_that_the_product_takes() -> None:
    [line] = unit_settings()["ExecStart"]
    python, script, *words = line.split()
    args = parse(words)

    assert (python, script) == (f"{INSTALLED}/.venv/bin/python", f"{INSTALLED}/run_live.py")
    assert (ROOT / "run_live.py").is_file()
    assert (args.command, args.dry_run, str(args.config)) == ("run", False, "/etc/ballast/ballast.toml")


def test_every_exit_code_is_restarted_or_not_as_its_meaning_asks() -> None:
    unit = unit_settings()

    kept_down = {int(code) for code in unit["RestartPreventExitStatus"][0].split()}
    assert unit["Restart"] == ["on-failure"]
    assert kept_down == {run_live.EXIT_USAGE, run_live.EXIT_REFUSED, 5}
    assert kept_down & {run_live.EXIT_BROKEN, 4} == set()


def test_spans_of_the_unit_are_longer_than_what_they_wait_for() -> None:
    stop = FLATTEN_SECS + SETTLE_SECS + DISCONNECT_SECS
    start = TOTAL_SECS + CONNECT_SECS + RECONCILE_SECS

    assert unit_secs("TimeoutStopSec") > stop + 20
    assert unit_secs("TimeoutStartSec") > start + 20
    assert unit_secs("WatchdogSec") > SETTLE_SECS + DISCONNECT_SECS + start + 20  # it starts anew in one process


def test_unit_brings_the_alert_targets_as_a_credential_and_leaves_the_account_lock_shared() -> None:
    unit = unit_settings()

    [credential] = unit["LoadCredential"]
    assert f"{ALERT_URLS_FILE}=%d/{credential.partition(':')[0]}" in unit["Environment"]
    assert unit["KillSignal"] == ["SIGTERM"]
    assert unit["Type"] == ["notify"]
    assert "PrivateTmp" not in unit  # the lock of the account lies in /tmp
    assert unit["ReadWritePaths"] == ["/tmp"]  # noqa: S108
    assert unit["WorkingDirectory"] == [f"%S/{unit['StateDirectory'][0]}"]


# -- The gateway --------------------------------------------------------------------------------


def test_ports_of_the_gateway_are_open_to_this_machine_alone() -> None:
    assert GATEWAY["ports"] == ["127.0.0.1:4002:4004", "127.0.0.1:5900:5900"]
    assert load_settings(None, [], {}).ib.port == 4002


def test_gateway_is_paper_restarts_each_day_and_asks_again_for_the_second_factor() -> None:
    environment = GATEWAY["environment"]

    assert GATEWAY["image"] == "ghcr.io/gnzsnz/ib-gateway:stable"
    assert GATEWAY["restart"] == "always"
    assert all(isinstance(value, str) for value in environment.values())  # an unquoted yes is a true
    chosen = {"TRADING_MODE", "READ_ONLY_API", "TWOFA_TIMEOUT_ACTION", "RELOGIN_AFTER_TWOFA_TIMEOUT"}
    assert [environment[name] for name in sorted(chosen)] == ["no", "yes", "paper", "restart"]
    assert re.fullmatch(r"\$\{AUTO_RESTART_TIME:-\d\d:\d\d [AP]M\}", environment["AUTO_RESTART_TIME"])


def test_parts_that_the_gateway_names_are_defined() -> None:
    assert set(COMPOSE) <= {"name", "services", "volumes", "secrets"}
    assert set(GATEWAY) <= {"image", "restart", "environment", "secrets", "volumes", "ports"}
    assert {volume.partition(":")[0] for volume in GATEWAY["volumes"]} == set(COMPOSE["volumes"])
    assert set(GATEWAY["secrets"]) == set(COMPOSE["secrets"])
    [secret] = GATEWAY["secrets"]
    assert GATEWAY["environment"]["TWS_PASSWORD_FILE"] == f"/run/secrets/{secret}"


# -- The example of the environment -------------------------------------------------------------


def test_every_variable_of_the_example_is_used_and_every_one_of_the_gateway_is_there() -> None:
    names = example_variables()
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yml").read_text(encoding="utf-8")))

    ours = {name for name in names if name.startswith("BALLAST_")}
    assert names.keys() - ours == wanted
    assert ours <= {*NAMES, *variable_names()}
    assert ours


def test_no_secret_stands_in_the_example() -> None:
    assert {name for name, value in example_variables().items() if value} == {"AUTO_RESTART_TIME", "TIME_ZONE"}
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


# -- The runbook --------------------------------------------------------------------------------


def test_runbook_says_what_to_do_at_every_critical_alert() -> None:
    alerts, runbook = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("alerts.md", "runbook.md"))
    critical = re.findall(r"^\| `(\w+)` \| critical \|", alerts, flags=re.MULTILINE)

    assert len(critical) > 10
    assert [code for code in critical if f"`{code}`" not in runbook] == []


def test_commands_of_the_runbook_at_a_service_are_taken() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    [words] = re.findall(r"^ballast\(\) \{ .*run_live\.py \"\$@\" (.+); \}$", runbook, flags=re.MULTILINE)

    for name in ("status", "stop", "check", "alert-test"):
        assert str(parse([name, *words.split()]).config) == "/etc/ballast/ballast.toml"
    for file in re.findall(r"(?:deploy|config)/[\w.]+\.(?:service|yml|toml|example)", runbook):
        assert (ROOT / file).is_file(), file
