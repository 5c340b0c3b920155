"""The commands of ``python -m catalog``: output, exit codes, no stack trace."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.__main__ import app
from catalog.sample import build_sample
from catalog.store import BarStore

HEADER = "timestamp,open,high,low,close,volume\n"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def make_file(folder: Path, text: str = "2014-06-09 09:30,10,11,9,10.5,100\n") -> Path:
    file = folder / "prices.csv"
    file.write_text(HEADER + text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    assert run("sample", "--catalog", folder).exit_code == 0
    return folder


def test_sample_says_that_it_is_synthetic_and_where_it_lies(tmp_path: Path) -> None:
    result = run("sample", "--catalog", tmp_path)

    assert result.exit_code == 0
    assert f"Built the sample (synthetic, not real prices) in {tmp_path}" in result.output
    assert "TSLA.NASDAQ-1-MINUTE-LAST-EXTERNAL  24,600 bars" in result.output


def test_sample_built_twice_and_elsewhere_is_the_same_to_the_byte(sample: Path, tmp_path: Path) -> None:
    def content(folder: Path) -> dict[Path, bytes]:
        return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    before = content(sample)
    build_sample(sample)
    build_sample(tmp_path)

    assert before == content(sample) == content(tmp_path)


def test_sample_is_listed_as_synthetic_without_gaps_and_verified(sample: Path) -> None:
    info, verify = run("info", "--catalog", sample), run("verify", "--catalog", sample)

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in info.output.splitlines() if "NASDAQ" in line]
    assert rows[0] == [
        "AAPL.NASDAQ",
        "1-MINUTE",
        "2024-10-01 09:31",
        "2024-12-31 16:00",
        "64",
        "24,600",
        "0",
        "synthetic",
    ]
    assert [row[0] for row in rows] == ["AAPL.NASDAQ", "MSFT.NASDAQ", "TSLA.NASDAQ"]
    assert (info.exit_code, verify.exit_code) == (0, 0)
    assert "error " not in verify.output


def test_sample_never_goes_over_real_bars(tmp_path: Path) -> None:
    run("import", make_file(tmp_path), "--symbol", "AAPL.NASDAQ", "--catalog", tmp_path / "c")

    result = run("sample", "--catalog", tmp_path / "c")

    assert result.exit_code == 2
    assert "holds real bars; build the sample with another --catalog" in result.stderr


def test_import_tells_what_came_in(tmp_path: Path) -> None:
    text = "2014-06-09 09:30,10,11,9,10.125,100\n2014-06-09 08:30,10,11,9,10,100\nsoon,1,1,1,1,1\n"
    file = make_file(tmp_path, text)

    result = run("import", file, "--symbol", "IBM.NYSE", "--on-bad", "drop", "--catalog", tmp_path / "c")

    assert result.exit_code == 0
    assert result.output.splitlines()[:6] == [
        "IBM.NYSE-1-MINUTE-LAST-EXTERNAL: 3 rows read, 1 bars kept",
        "  1 of the 390 bars of their regular sessions",
        "  1 new, 0 replaced, 0 unchanged",
        "  1 rows outside the regular session left out (--hours all keeps them)",
        "  1 prices rounded to the tick of $0.01",
        "  1 bad rows dropped:",
    ]
    assert f"{file}:4: time 'soon'" in result.output


def test_verify_exits_1_on_errors_and_0_on_notes(tmp_path: Path) -> None:
    lines = {"a": "2014-06-06 15:59,70,70,70,70,1\n", "b": "2014-06-09 09:30,10,10,10,10,1\n"}
    run("import", make_file(tmp_path, lines["a"]), "--symbol", "A.NYSE", "--catalog", tmp_path / "c")
    notes = run("verify", "--catalog", tmp_path / "c")
    run("import", make_file(tmp_path, lines["b"]), "--symbol", "A.NYSE", "--catalog", tmp_path / "c")
    errors = run("verify", "--catalog", tmp_path / "c")

    assert (notes.exit_code, errors.exit_code) == (0, 1)
    assert "note   A.NYSE-1-MINUTE-LAST-EXTERNAL  missing_bars: 389 of 390 bars missing" in notes.output
    assert "split: 7:1 split on 2014-06-09?" in errors.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["info", "--catalog", "{dir}/none"], "No bars in {dir}/none; build the sample with"),
        (["verify", "--catalog", "{dir}/none"], "No bars in {dir}/none; build the sample with"),
        (["info", "--catalog", "{file}"], "Expected a directory for the catalog, was a file: {file}"),
        (["sample", "--catalog", "{file}/x"], "{file}/x: Not a directory"),
        (["import", "{dir}/none.csv", "--symbol", "A.NYSE"], "File not found: {dir}/none.csv"),
        (
            ["import", "{file}", "--symbol", "ANYSE"],
            "Expected SYMBOL.VENUE in capitals such as AAPL.NASDAQ, was 'ANYSE'",
        ),
        (["import", "{file}", "--symbol", "A.NYSE", "--bar", "1-WEEK"], "Expected a bar step such as 5-SECOND"),
        (["import", "{file}", "--symbol", "A.NYSE", "--timezone", "Mars"], "Unknown time zone 'Mars'"),
        (["import", "{file}"], "Missing option '--symbol'"),
        (["import", "{file}", "--symbol", "A.NYSE", "--hours", "some"], "Invalid value for '--hours'"),
        (["inform"], "No such command 'inform'"),
    ],
)
def test_wrong_use_is_told_on_stderr_with_exit_2(tmp_path: Path, words: list[str], message: str) -> None:
    names = {"dir": str(tmp_path), "file": str(make_file(tmp_path))}
    catalog = ["--catalog", str(tmp_path / "c")] if words[0] == "import" else []

    result = run(*(word.format(**names) for word in words), *catalog)

    assert result.exit_code == 2
    assert message.format(**names) in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "c").exists()


def test_import_asks_for_no_directory_before_it_has_something_to_write(tmp_path: Path) -> None:
    run("import", make_file(tmp_path, "soon,1,1,1,1,1\n"), "--symbol", "A.NYSE", "--catalog", tmp_path / "c")

    assert BarStore(tmp_path / "c").bar_types() == []
    assert not (tmp_path / "c").exists()
