from pathlib import Path

import pytest

from config.loader import ConfigError, load_settings
from config.schema import Settings

MINIMAL = """
schema_version = 1

[[strategies]]
kind = "moving_average_cross"
symbol = "AAPL.NASDAQ"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(MINIMAL)
    return path


def problems_of(path: Path | None, *overrides: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides, environ)
    assert str(caught.value) == "\n\n".join(caught.value.problems)
    return caught.value.problems


def problem_of(path: Path | None, *overrides: str, **environ: str) -> str:
    problems = problems_of(path, *overrides, **environ)
    assert len(problems) == 1, problems
    return problems[0]


def problem_in(file: Path, text: str) -> str:
    file.write_text(MINIMAL + text)
    return problem_of(file)


def test_default_file_is_the_setup_of_the_work_plan() -> None:
    settings = load_settings(None, environ={})

    rules = [(table.kind, table.symbol) for table in settings.strategies]
    assert rules == [
        ("moving_average_cross", "AAPL.NASDAQ"),
        ("rsi_macd", "AAPL.NASDAQ"),
        ("moving_average_cross", "MSFT.NASDAQ"),
        ("moving_average_cross", "TSLA.NASDAQ"),
    ]
    periods = [table.rule_config.model_dump().get("fast_period") for table in settings.strategies]
    assert periods == [20, None, 20, 10]
    assert settings.account.mode == "paper"
    assert (settings.sizing.method, settings.sizing.notional_usd) == ("fixed_notional", 10_000)
    assert (settings.risk.max_positions, settings.risk.max_daily_loss_usd) == (5, 1_000)
    assert (settings.stop.kind, settings.stop.distance_pct) == ("percent", 5)
    assert (settings.trailing_stop.kind, settings.trailing_stop.distance_pct) == ("percent", 5)
    assert (settings.session.avoid_first_mins, settings.session.avoid_last_mins) == (10, 10)
    assert settings.bars.warmup_bars == 200


def test_process_environment_is_read_when_none_is_given(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BALLAST_RISK__MAX_POSITIONS", "2")

    assert load_settings(file).risk.max_positions == 2


@pytest.mark.parametrize(
    ("overrides", "environ", "expected"),
    [
        ((), {}, 7),
        ((), {"BALLAST_RISK__MAX_POSITIONS": "8"}, 8),
        (("risk.max_positions=9",), {"BALLAST_RISK__MAX_POSITIONS": "8"}, 9),
        (("risk.max_positions=9", "risk.max_positions=3"), {}, 3),
    ],
)
def test_precedence_file_environment_option_last_wins(
    file: Path, overrides: tuple[str, ...], environ: dict[str, str], expected: int
) -> None:
    file.write_text(f"{MINIMAL}\n[risk]\nmax_positions = 7\n")

    assert load_settings(file, overrides, environ).risk.max_positions == expected


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("bars.step=5-SECOND", "bars.step", "5-SECOND"),
        ('bars.step="5-SECOND"', "bars.step", "5-SECOND"),
        ("account.id=DU1234567", "account.id", "DU1234567"),
        ("trading.enabled=false", "trading.enabled", False),
        ("trading.enabled=False", "trading.enabled", False),
        ("risk.max_positions = 3", "risk.max_positions", 3),
        ("risk.max_positions='3'", "risk.max_positions", 3),
        ('alerts.events=["halt", "stop"]', "alerts.events", ("halt", "stop")),
        ("strategies.0.symbol=MSFT.NASDAQ", "strategies.0.symbol", "MSFT.NASDAQ"),
        ("strategies.0.fast_period=12", "strategies.0.fast_period", 12),
    ],
)
def test_value_from_option_and_environment_is_read_alike(file: Path, option: str, name: str, value: object) -> None:
    key, _, text = option.partition("=")
    variable = f"BALLAST_{key.strip().replace('.', '__').upper()}"

    from_option = load_settings(file, [option], {})
    from_environment = load_settings(file, (), {variable: text})

    assert from_option == from_environment
    assert setting(from_option, name) == value


def setting(settings: Settings, name: str) -> object:
    node = settings.model_dump()
    for key in name.split("."):
        node = node[int(key)] if key.isdigit() else node[key]
    return node


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("max_positons", "Did you mean 'max_positions'?"),
        ("MAX_POSITIONS", "Did you mean 'max_positions'?"),
        ("distance_pct", "It is a setting of [stop] and [trailing_stop]."),
        ("zzz", "here."),
    ],
)
def test_unknown_setting_in_section_names_the_nearest(file: Path, name: str, hint: str) -> None:
    problem = problem_in(file, f"[risk]\n{name} = 3\n")

    assert problem.startswith(f"{file}, risk.{name}: there is no setting '{name}' here.")
    assert problem.endswith(hint)


@pytest.mark.parametrize(
    ("name", "nearest"), [("fast_perod", "fast_period"), ("alow_short", "allow_short"), ("rule_config", None)]
)
def test_unknown_setting_in_strategy_names_the_nearest_of_common_and_own(
    file: Path, name: str, nearest: str | None
) -> None:
    problem = problem_of(file, f"strategies.0.{name}=1")

    assert f"there is no setting '{name}' here." in problem
    assert ("Did you mean" in problem) == (nearest is not None)
    assert nearest is None or f"'{nearest}'" in problem


def test_unknown_section_names_the_nearest(file: Path) -> None:
    problem = problem_in(file, "[sesion]\ncalendar = 'XNYS'\n")

    assert problem == f"{file}, sesion: there is no section or setting 'sesion'. Did you mean 'session'?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[risk]\nmax_positions = 'five'", 'risk.max_positions: expected a whole number from 1 to 500, found "five".'),
        ("[risk]\nmax_positions = 2.5", "risk.max_positions: expected a whole number from 1 to 500, found 2.5."),
        ("[risk]\nmax_positions = true", "risk.max_positions: expected a whole number from 1 to 500, found true."),
        ("[risk]\nmax_positions = 0", "risk.max_positions: expected a whole number from 1 to 500, found 0."),
        ("[risk]\nmax_positions = 501", "risk.max_positions: expected a whole number from 1 to 500, found 501."),
        ("[risk]\nmax_positions = []", "risk.max_positions: expected a whole number from 1 to 500, found []."),
        (
            "[risk]\nmax_positions = {a = 1}",
            "risk.max_positions: expected a whole number from 1 to 500, found a table.",
        ),
        ("[sizing]\nnotional_usd = -1", "sizing.notional_usd: expected a number above 0, found -1."),
        ("[sizing]\nnotional_usd = 1979-05-27", 'sizing.notional_usd: expected a number above 0, found "1979-05-27".'),
        ("[bars]\nwarmup_bars = -1", "bars.warmup_bars: expected a whole number from 0 to 100_000, found -1."),
        ("[account]\nmode = 'real'", 'account.mode: expected "paper" or "live", found "real".'),
        ("[account]\nid = 1234567", "account.id: expected text, found 1_234_567."),
        ("[trading]\nenabled = 'maybe'", 'trading.enabled: expected true or false, found "maybe".'),
        ("[ib]\nhost = ''", 'ib.host: expected text not empty, found "".'),
        ("[alerts]\nevents = 'halt'", 'alerts.events: expected a list of text, found "halt".'),
        ("[alerts]\nevents = [1]", "alerts.events.0: expected a list of text, found 1."),
        ("[[risk]]\nmax_positions = 1", "risk: expected a table of settings, found [a table]."),
    ],
)
def test_value_of_wrong_type_or_range_tells_expected_and_found(file: Path, text: str, expected: str) -> None:
    assert problem_in(file, f"{text}\n") == f"{file}, {expected}"


@pytest.mark.parametrize(
    "value", ["nan", "-nan", "inf", "-inf", "1e400", "'NaN'", "'Infinity'", "'1e999'", "1" + "0" * 400]
)
@pytest.mark.parametrize(
    "key", ["stop.distance_pct", "strategies.0.min_separation_pct", "sizing.notional_usd", "ib.port"]
)
def test_number_that_is_not_finite_is_refused_everywhere(file: Path, key: str, value: str) -> None:
    assert ": expected a finite number, found " in problem_of(file, f"{key}={value}")


@pytest.mark.parametrize("value", ["1e999999999", "1e99999999999999999999", "-1e999999999"])
def test_exponent_far_out_is_refused_at_once(file: Path, value: str) -> None:
    assert "ib.port: expected a finite number, found " in problem_of(file, f"ib.port={value}")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("strategies.0.fast_period=50", ("fast_period", "slow_period", "50")),
        ("strategies.0.symbol=aapl", ("strategies.0.symbol", "SYMBOL.VENUE", "'aapl'")),
        ("strategies.0.kind=moving_averag_cross", ('Did you mean "moving_average_cross"?',)),
        ("strategies.0.kind=no_such_module:Rule", ("no_such_module", "cannot import")),
        ("bars.step=7-MINUTE", ("bar step", "'7-MINUTE'")),
        ("session.calendar=XNYZ", ("calendar", "'XNYZ'")),
        ("account.id=DU-123", ("letters and digits", "'DU-123'")),
        ("account.id=DÜ123", ("letters and digits", "'DÜ123'")),
        ("session={hours='any', flatten_before_close_mins=5}", ('hours = "any"', "found 5", '"regular"')),
        ("session={avoid_first_mins=200, avoid_last_mins=190}", ("390",)),
        ("schema_version=2", ("schema_version = 1", "this program reads", "found 2")),
    ],
)
def test_contradiction_tells_the_values(file: Path, option: str, words: tuple[str, ...]) -> None:
    problem = problem_of(file, option)

    assert [word for word in words if word not in problem] == []


def test_same_table_twice_is_refused_and_other_settings_are_not(file: Path) -> None:
    table = MINIMAL.partition("[[strategies]]")[2]

    assert "found moving_average_cross on AAPL.NASDAQ twice" in problem_in(
        file, f"[[strategies]]{table}slow_period = 50\n"
    )
    file.write_text(f"{MINIMAL}\n[[strategies]]{table}allow_short = true\n")
    assert [table.allow_short for table in load_settings(file, (), {}).strategies] == [False, True]


def test_rule_module_that_fails_is_told_with_its_place(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rule_that_fails.py").write_text("\nwidth = 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)

    problem = problem_of(file, "strategies.0.kind=rule_that_fails:Rule")

    assert "rule_that_fails.py:2 with ZeroDivisionError" in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["schema_version: expected schema_version = 1", "strategies: expected at least one [[strategies]] table"]),
        ("schema_version = 1", ["strategies: expected at least one [[strategies]] table, found nothing."]),
        (
            "schema_version = 1\nstrategies = []",
            ["strategies: expected at least one [[strategies]] table, found none."],
        ),
        (
            "schema_version = 1\n[strategies]\nkind = 'x'",
            ["strategies: expected at least one [[strategies]] table, found"],
        ),
        ("schema_version = 1\nstrategies = [5]", ["strategies.0: expected a table of settings, found 5."]),
        (
            "schema_version = 1\n[[strategies]]\nkind = 'momentum'",
            ["strategies.0.symbol (momentum on no symbol): expected"],
        ),
    ],
)
def test_file_without_the_required_tells_what_to_add(file: Path, text: str, expected: list[str]) -> None:
    file.write_text(text)

    problems = problems_of(file)

    assert len(problems) == len(expected)
    assert all(problem.startswith(f"{file}, {start}") for problem, start in zip(problems, expected, strict=True))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"schema_version = \n", ("expected TOML", "line 1")),
        (b"a = 1\na = 2\n", ("expected TOML", "line 2")),
        (b"\x00\x01\x02", ("expected TOML",)),
        (b"\xff\xfe\x80garbage", ("UTF-8",)),
        (b"a = " + b"[" * 100_000, ("expected TOML",)),
    ],
)
def test_file_that_is_no_toml_tells_the_place(file: Path, content: bytes, words: tuple[str, ...]) -> None:
    file.write_bytes(content)

    problem = problem_of(file)

    assert problem.startswith(f"{file}: ")
    assert [word for word in words if word not in problem] == []


def test_file_with_a_byte_order_mark_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())

    assert load_settings(file, (), {}).strategies[0].symbol == "AAPL.NASDAQ"


def test_missing_file_and_directory_are_told(tmp_path: Path) -> None:
    assert "expected a settings file, found nothing" in problem_of(tmp_path / "none.toml")
    assert problem_of(tmp_path).startswith(f"{tmp_path}: expected a settings file that can be read, found: ")


@pytest.mark.parametrize("option", ["risk.max_positions", "=3", ".max_positions=3", "risk.=3", ""])
def test_option_without_key_or_equals_sign_tells_the_form(file: Path, option: str) -> None:
    assert problem_of(file, option) == f'--set: expected section.key=value, found "{option}".'


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("strategies.1.symbol=IBM.NYSE", "expected the number of one of 1 entries, counted from 0, found '1'."),
        ("strategies.x.symbol=IBM.NYSE", "expected the number of one of 1 entries, counted from 0, found 'x'."),
        ("schema_version.x=1", "expected a table or list that can hold 'x', found 1."),
    ],
)
def test_option_that_reaches_nothing_is_told(file: Path, option: str, expected: str) -> None:
    assert problem_of(file, option) == f"--set {option.partition('=')[0]}: {expected}"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BALLAST_RISK__MAX_POSITIONS", "many", ('found "many"',)),
        ("BALLAST_RISK__MAX_POSITION", "3", ("Did you mean 'max_positions'?",)),
        ("BALLAST_RSK__MAX_POSITIONS", "3", ("Did you mean 'risk'?",)),
        ("BALLAST_RISK_MAX_POSITIONS", "3", ("Did you mean 'BALLAST_RISK__MAX_POSITIONS'?",)),
        ("BALLAST_ALERT_URL", "x", ("Did you mean 'BALLAST_ALERT_URLS'?",)),
        ("BALLAST_ALERTS", "x", ("Did you mean 'BALLAST_ALERT_URLS'?",)),
        ("BALLAST_URLS", "", ("Did you mean 'BALLAST_ALERT_URLS'?",)),
        ("BALLAST_ALERT_FILE", "x", ("Did you mean 'BALLAST_ALERT_URLS_FILE'?",)),
        ("BALLAST_ARM", "U1234567", ("Did you mean 'BALLAST_ARM_LIVE'?",)),
        ("BALLAST_MAX_DAILY_LOSS_USD", "9", ("Did you mean 'BALLAST_RISK__MAX_DAILY_LOSS_USD'?",)),
        ("BALLAST_", "x", ("there is no such setting. Names that begin with BALLAST_ are", "unset it.")),
        ("BALLAST_HOME", "/srv", ("there is no such setting. Names that begin with BALLAST_ are", "unset it.")),
    ],
)
def test_variable_that_sets_nothing_or_nonsense_is_told_by_name(
    file: Path, name: str, value: str, words: tuple[str, ...]
) -> None:
    problem = problem_of(file, **{name: value})

    assert problem.startswith(f"environment {name}")
    assert [word for word in words if word not in problem] == []


def test_variables_of_others_are_left_alone(file: Path) -> None:
    environ = {"BALLASTS": "/srv", "TWS_USERID": "x", "BALLAST_ARM_LIVE": "U1234567", "RISK__MAX_POSITIONS": "1"}

    assert load_settings(file, (), environ) == load_settings(file, (), {})


def test_text_that_reads_like_a_number_stays_text(file: Path) -> None:
    assert load_settings(file, ['alerts.events=["nan", "inf"]'], {}).alerts.events == ("nan", "inf")


def test_long_value_is_shown_in_part(file: Path) -> None:
    assert problem_of(file, f"ib.port={'x' * 5_000}").endswith(f'found "{"x" * 59}….')


def test_text_with_lines_of_toml_stays_one_value(file: Path) -> None:
    assert "account.mode" not in problem_of(file, 'ib.port=1\n[account]\nmode = "live"')


def test_all_problems_are_told_at_once(file: Path) -> None:
    file.write_text(f"{MINIMAL}\n[risk]\nmax_positons = 3\n[stop]\ndistance_pct = nan\n")

    problems = problems_of(file, "x", "ib.port=0", BALLAST_BARS__STEP="soon")

    starts = ["--set: ", f"{file}, risk.max_positons: ", f"{file}, stop.distance_pct: ", "--set ib.port: "]
    assert len(problems) == 5
    assert [
        start
        for start in [*starts, "environment BALLAST_BARS__STEP: "]
        if not any(p.startswith(start) for p in problems)
    ] == []


def test_problem_text_has_nothing_of_the_validator(file: Path) -> None:
    file.write_text(f"{MINIMAL}\nfoo = 1\n[risk]\nmax_positions = 'x'\n[account]\nmode = 1\nid = 'ä'\n")

    text = "\n".join(problems_of(file)).lower()

    assert [
        word for word in ("pydantic", "input should", "value error", "extra inputs", "traceback") if word in text
    ] == []
