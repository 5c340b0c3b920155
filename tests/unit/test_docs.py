"""The pages tell the truth about commands, settings, files, links, alert codes and who hears which message."""

import ast
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import run_backtest
from catalog.__main__ import app
from config.commands.parser import parse as parse_live
from config.loader import load_settings
from tests.gateway import __main__ as gateway

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SEVERITIES = {"info", "warning", "critical"}
CODE = [file for room in ("strategies", "actors", "config", "catalog") for file in sorted((ROOT / room).rglob("*.py"))]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(page: Path) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield what each command sets in the environment and its words after ``uv run``; in code and in sentences."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`((?:[A-Z_]+=\S+ )?uv run[^`\n]*)`", text)
    for line in lines:
        found = re.match(r"(?:\$ )?((?:[A-Z_]+=\S+ )*)uv run (.+)", line)
        if found and "…" not in line:
            environ = dict(pair.split("=", 1) for pair in found[1].split())
            yield environ, shlex.split(found[2], comments=True)


def check_command(environ: dict[str, str], words: list[str]) -> None:
    """Raise when a command of a page would be refused before it does anything."""
    match words:
        case ["run_backtest.py", *args]:
            options = run_backtest._parse(args)
            if options.config is None:
                load_settings(None, options.set, environ)
        case ["run_live.py", *args]:
            live = parse_live(args)
            if live.config is None:
                load_settings(None, live.set, environ)
        case ["python", "-m", "tests.gateway", *args]:
            gateway._parse(args)
        case ["python", "-m", "catalog", name, *args]:
            group = typer.main.get_command(app)
            group.commands[name].make_context(name, args)
        case ["python", "-m", module]:
            place = ROOT / Path(*module.split("."))
            assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module
        case ["python", "deploy/backup.py", _states, _copies]:
            pass
        case ["pytest", *paths]:
            assert [path for path in paths if not (ROOT / path).exists()] == []
        case _:
            pytest.fail(f"uv run {' '.join(words)}: expected a command that this test knows")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        pytest.param(environ, words, id=f"{page.name}-{' '.join(words)}")
        for page in PAGES
        for environ, words in commands(page)
    ],
)
def test_command_of_a_page_is_accepted(environ: dict[str, str], words: list[str]) -> None:
    check_command(environ, words)


@pytest.mark.parametrize(
    "line",
    [
        "uv run run_backtest.py --raport x",
        "uv run run_backtest.py --set risk.max_positons=3",
        "BALLAST_RISK__MAX_POSITONS=3 uv run run_backtest.py",
        "uv run run_live.py chek",
        "uv run python -m tests.gateway --sped 3",
        "uv run python -m catalog verifi",
        "$ uv run python -m catalog import a.csv --symbl IBM.NYSE",
        "uv run python -m config.nothing",
        "uv run pytest tests/nothing",
        "uv run run_nothing.py",
    ],
)
def test_command_that_would_be_refused_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "page.md").write_text(f"```\n{line}  # a word on it\n```\n")
    [(environ, words)] = commands(tmp_path / "page.md")

    with pytest.raises((Exception, SystemExit, pytest.fail.Exception)):
        check_command(environ, words)


def test_readme_has_the_commands_that_everybody_starts_with() -> None:
    lines = [line.removeprefix("$ ") for line in text_of("README.md").splitlines()]

    assert {"pip install uv", "uv run run_backtest.py", "uv run pytest"} <= set(lines)
    assert {"uv run python -m tests.gateway", "uv run run_live.py"} <= set(lines)
    assert "uv run pytest" in text_of(".ci/run").splitlines()


def test_settings_file_of_the_readme_is_accepted(tmp_path: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", text_of("README.md"), flags=re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "my.toml").write_text(block)
        load_settings(tmp_path / "my.toml", [], {})


# -- Links and files ----------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert lost == []


def test_files_named_in_the_architecture_exist() -> None:
    names = re.findall(r"`([\w./]+(?:\.py|\.md|\.toml|/\w*))`", text_of("docs/architecture.md"))

    assert len(names) > 40
    assert [name for name in names if not (ROOT / name).exists()] == []


# -- What the code says -------------------------------------------------------------------------


def alerts_in_code() -> dict[str, set[str]]:
    """Return the severities of each alert code; those of a private ``_alert`` are what its body or its call says."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in CODE:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = [node for node in ast.walk(tree) if getattr(node, "name", "") == "_alert"]
        usual = [words(node) & SEVERITIES for node in named] or [{"warning"}]  # the default of OwnerVoice.alert
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).rpartition(".")[2]
            code = call.args[1] if name in {"AlertRaised", "_alert", "alert"} and len(call.args) > 1 else None
            if name == "break_off" and isinstance(call.args[0], ast.Constant):
                found[call.args[0].value] |= {"critical"}  # what that method raises
            if isinstance(code, ast.Constant):
                found[code.value] |= words(call) & SEVERITIES or usual[0]
    return found


def words(node: ast.AST) -> set[str]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def test_alerts_of_the_page_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", text_of("docs/alerts.md"), flags=re.MULTILINE)

    assert {code: {severity} for code, severity in rows} == alerts_in_code()
    assert len(rows) == len(dict(rows))


def messages_in_code() -> dict[str, dict[str, set[str]]]:
    """Return who publishes and who hears on each topic, by the names of classes."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"publish": set(), "hear": set()})
    verbs = {"publish_message": "publish", "listen": "hear", "subscribe_topic": "hear"}
    for file in CODE:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            for call in (node for node in ast.walk(owner) if isinstance(node, ast.Call)):
                verb = verbs.get(ast.unparse(call.func).rpartition(".")[2])
                topic = ast.unparse(call.args[0]) if verb else ""
                if verb and topic.startswith("Topic."):
                    found[topic.removeprefix("Topic.")][verb].add(owner.name)
    return found


def test_message_table_of_the_architecture_is_the_codes() -> None:
    page = text_of("docs/architecture.md")
    rows = re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", page, flags=re.MULTILINE)
    table = {
        topic: {"publish": set(re.findall(r"\w+", publish)), "hear": set(re.findall(r"\w+", hear))}
        for topic, publish, hear in rows
    }

    assert table == messages_in_code()
