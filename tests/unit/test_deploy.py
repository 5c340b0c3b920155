"""The files of deploy/: what systemd, the compose file's readers and the product make of them."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from actors.loop.helm import FLATTEN_SECS
from config.checks.tws_probe import TOTAL_SECS
from config.commands.parser import parse
from config.exit_codes import EXIT_BROKEN, EXIT_LOSS_LIMIT, EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_USAGE
from config.live.node import CONNECT_SECS, DISCONNECT_SECS, RECONCILE_SECS, SETTLE_SECS
from config.loader import load_settings
from config.problems import variable_names
from config.secrets import ALERT_URLS_FILE, NAMES
from tests.deploy_files import DEPLOY, INSTALLED, ROOT, example_variables, unit_secs, unit_settings

UNITS = ["ballast.service", "ballast-failed.service", "ballast-backup.service", "ballast-backup.timer"]
VERIFY = shutil.which("systemd-analyze")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
GATEWAY = COMPOSE["services"]["ib-gateway"]


# -- The unit -----------------------------------------------------------------------------------


@pytest.mark.skipif(VERIFY is None, reason="systemd-analyze is not installed here")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path, name: str) -> None:
    for unit in UNITS:
        text = (DEPLOY / unit).read_text(encoding="utf-8")
        installed = text.replace(f"{INSTALLED}/.venv/bin/python", sys.executable).replace(INSTALLED, str(ROOT))
        (tmp_path / unit).write_text(installed.replace("User=ballast", "User=root"))

    done = subprocess.run(  # noqa: S603 - the system's own tool
        [str(VERIFY), "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, [line for line in done.stderr.splitlines() if "ballast" in line]) == (0, [])


@pytest.mark.skipif(VERIFY is None, reason="systemd-analyze is not installed here")
@pytest.mark.parametrize("name", [unit for unit in UNITS if unit.endswith(".service")])
def test_systemd_calls_a_unit_well_protected(name: str) -> None:
    done = subprocess.run(  # noqa: S603 - the system's own tool
        [str(VERIFY), "security", "--offline=true", "--no-pager", str(DEPLOY / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    [exposure] = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)

    assert float(exposure) < 4  # of 10; "OK", where a unit without any protection has 9.6, "UNSAFE"


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
    assert kept_down == {EXIT_USAGE, EXIT_REFUSED, EXIT_LOSS_LIMIT}
    assert kept_down & {EXIT_BROKEN, EXIT_UNREACHABLE} == set()


def test_runbook_says_of_each_exit_code_what_the_unit_does() -> None:
    """Restarted, or left down; how often, and how long the unit goes on when each start takes no time at all."""
    runbook, unit = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), unit_settings()
    rows = re.findall(r"^\| ([\d, a-z]+) \| (stays down|is started again[^|]*) \|", runbook, flags=re.MULTILINE)
    codes = {int(code): what for words, what in rows for code in re.findall(r"\d", words)}
    prevented = {int(code) for code in unit["RestartPreventExitStatus"][0].split()}

    assert {code for code, what in codes.items() if what == "stays down"} == {0, *prevented}
    assert set(codes) == {0, EXIT_BROKEN, EXIT_USAGE, EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_LOSS_LIMIT}
    assert unit_secs("RestartSec") == 60
    assert codes[EXIT_UNREACHABLE] == (
        f"is started again after a minute, {unit['StartLimitBurst'][0]} times in "
        f"{unit['StartLimitIntervalSec'][0].removesuffix('h')} hours"
    )


@pytest.mark.parametrize("name", ["ballast-failed", "ballast-backup"])
def test_units_beside_the_node_run_as_its_user_where_its_state_is(name: str) -> None:
    unit, node = unit_settings(f"{name}.service"), unit_settings()

    for setting in ("User", "StateDirectory", "WorkingDirectory", "UMask"):
        assert unit[setting] == node[setting]


def test_unit_that_tells_of_the_end_has_the_targets_and_says_nothing_of_what_the_program_told() -> None:
    unit, node = unit_settings("ballast-failed.service"), unit_settings()
    [line] = unit["ExecStart"]
    args = parse(line.split()[2:])

    assert node["OnFailure"] == ["ballast-failed.service"]
    assert (args.command, args.alert, str(args.config)) == ("status", True, "/etc/ballast/ballast.toml")
    assert unit["LoadCredential"] == node["LoadCredential"]
    assert unit["Environment"] == [node["Environment"][0]]
    assert unit["SuccessExitStatus"] == [str(EXIT_UNREACHABLE)]
    for status in ("1", "4", "203", "", *node["RestartPreventExitStatus"][0].split()):
        words = shlex.split(unit["ExecCondition"][0])
        is_told = subprocess.run(words, env={"MONITOR_EXIT_STATUS": status}, check=False).returncode == 0  # noqa: S603 - our own unit
        assert is_told == (status not in node["RestartPreventExitStatus"][0].split())


def test_backup_is_made_once_a_day_after_the_close() -> None:
    timer = unit_settings("ballast-backup.timer")

    assert timer["OnCalendar"] == ["Mon..Fri 16:30 America/New_York"]
    assert timer["Persistent"] == ["yes"]
    assert unit_settings("ballast-backup.service")["ExecStart"][0].split()[1:] == [
        f"{INSTALLED}/deploy/backup.py",
        *("state", "backup"),
    ]


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

    assert re.fullmatch(
        r"ghcr\.io/gnzsnz/ib-gateway:10\.45\.\w+", GATEWAY["image"]
    )  # `stable` takes other variables by now
    assert GATEWAY["restart"] == "always"
    assert all(isinstance(value, str) for value in environment.values())  # an unquoted yes is a true
    chosen = {"TRADING_MODE", "READ_ONLY_API", "TWOFA_TIMEOUT_ACTION", "RELOGIN_AFTER_TWOFA_TIMEOUT"}
    assert [environment[name] for name in sorted(chosen)] == ["no", "yes", "paper", "restart"]
    assert re.fullmatch(r"\$\{AUTO_RESTART_TIME:-\d\d:\d\d [AP]M\}", environment["AUTO_RESTART_TIME"])


def test_parts_that_the_gateway_names_are_defined() -> None:
    assert set(COMPOSE) <= {"name", "services", "secrets"}
    assert set(GATEWAY) <= {"image", "restart", "environment", "secrets", "volumes", "ports"}
    [settings] = GATEWAY["volumes"]
    assert settings["target"] == GATEWAY["environment"]["TWS_SETTINGS_PATH"]
    assert settings["bind"] == {"create_host_path": False}  # one that Docker makes would belong to root
    assert set(GATEWAY["secrets"]) == set(COMPOSE["secrets"])
    [secret] = GATEWAY["secrets"]
    assert GATEWAY["environment"]["TWS_PASSWORD_FILE"] == f"/run/secrets/{secret}"


# -- The example of the environment -------------------------------------------------------------


def test_every_variable_of_the_example_is_used_and_every_one_of_the_gateway_is_there() -> None:
    names = example_variables()
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yml").read_text(encoding="utf-8")))

    ours = {name for name in names if name.startswith("BALLAST_")}
    assert names.keys() - ours == wanted
    assert set(NAMES) <= ours <= {*NAMES, *variable_names()}


def test_every_variable_of_the_example_is_explained() -> None:
    lines = (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines()

    before = {line.lstrip("#").partition("=")[0]: lines[number - 1] for number, line in enumerate(lines) if "=" in line}
    assert [name for name, line in before.items() if not re.match(r"# \w", line)] == []


def test_no_secret_stands_in_the_example() -> None:
    assert {name for name, value in example_variables().items() if value} == {
        *("AUTO_RESTART_TIME", "TIME_ZONE", "TWS_SETTINGS_DIR")
    }
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
