from pathlib import Path

import pytest

from config.loader import ConfigError, load_settings
from config.printed import as_toml_text
from config.schema import Settings

ADDRESS = "mailto://user:hunter2@example.com"
TWO_TARGETS = f"{ADDRESS}\n  slack://hunter2/b/c "


def targets(settings: Settings) -> list[str]:
    return [target.get_secret_value() for target in settings.alerts.targets]


def test_targets_from_variable_or_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    path.write_text(TWO_TARGETS)

    from_variable = load_settings(None, (), {"BALLAST_ALERT_URLS": TWO_TARGETS})
    from_file = load_settings(None, (), {"BALLAST_ALERT_URLS_FILE": str(path)})

    assert targets(from_variable) == targets(from_file) == [ADDRESS, "slack://hunter2/b/c"]
    assert targets(load_settings(None, (), {"BALLAST_ALERT_URLS": ""})) == []


def test_targets_are_masked_wherever_settings_are_shown() -> None:
    settings = load_settings(None, (), {"BALLAST_ALERT_URLS": TWO_TARGETS})

    text = as_toml_text(settings)

    shown = [text, repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())]
    assert [form for form in shown if "hunter2" in form] == []
    assert text.count('# targets = "***"') == 2
    assert settings.fingerprint() == load_settings(None, (), {}).fingerprint()


@pytest.mark.parametrize(
    ("overrides", "environ"),
    [
        ([f'alerts.targets=["{ADDRESS}"]'], {}),
        ([f"alerts.targets={ADDRESS}"], {}),
        ([ADDRESS], {}),
        ([f"alerts.urls={ADDRESS}"], {}),
        ([f"alerts.events={ADDRESS}"], {}),
        ([f"alert={ADDRESS}"], {}),
        ([f"risk.max_positions=['{ADDRESS}']"], {}),
        ([], {"BALLAST_ALERTS__TARGETS": ADDRESS}),
        ([], {"BALLAST_ALERT__URLS": ADDRESS}),
        ([], {"BALLAST_ALERT_URL": ADDRESS}),
        (["ib.port=x"], {"BALLAST_ALERT_URLS": ADDRESS}),
        (["alerts.min_level=x"], {"BALLAST_ALERT_URLS": ADDRESS}),
    ],
)
def test_problem_never_shows_a_secret(overrides: list[str], environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, overrides, environ)

    assert "hunter2" not in str(caught.value)


def test_targets_in_the_file_are_refused_with_the_right_place(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(
        f'schema_version = 1\n[alerts]\ntargets = ["{ADDRESS}"]\n[[strategies]]\nkind = "momentum"\nsymbol = "A.NYSE"\n'
    )

    with pytest.raises(ConfigError) as caught:
        load_settings(path, (), {})

    expected = f"{path}, alerts.targets: expected no secret here; move the targets to BALLAST_ALERT_URLS."
    assert caught.value.problems == (expected,)


@pytest.mark.parametrize("content", [None, b"\xff\xfehunter2"])
def test_file_of_targets_that_cannot_be_read_is_told_by_name_alone(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "urls"
    if content:
        path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load_settings(None, ["ib.port=0"], {"BALLAST_ALERT_URLS_FILE": str(path)})

    first, second = caught.value.problems
    assert first.startswith(
        f"environment BALLAST_ALERT_URLS_FILE: expected the name of a readable text file, found '{path}'"
    )
    assert "hunter2" not in first
    assert second.startswith("--set ib.port")


def test_targets_in_both_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found both; unset one"):
        load_settings(None, (), {"BALLAST_ALERT_URLS": ADDRESS, "BALLAST_ALERT_URLS_FILE": str(tmp_path)})
