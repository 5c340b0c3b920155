"""The command ``run_backtest.py`` as a person calls it: reports, errors in one paragraph, Ctrl-C."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalog.sample import build_sample
from run_backtest import main

ROOT = Path(__file__).resolve().parents[2]
FILES = ["decisions.csv", "equity.csv", "fills.csv", "orders.csv", "report.html", "summary.json", "trades.csv"]
SUMMARY_KEYS = [
    "mode",
    "engine",
    "config_sha256",
    "start",
    "end",
    "symbols",
    "bars",
    "signals",
    "orders",
    "fills",
    "trades",
    "wins",
    "losses",
    "starting_equity_usd",
    "ending_equity_usd",
    "net_pnl_usd",
    "commissions_usd",
    "max_drawdown_pct",
    "sharpe",
    "profit_factor",
    "blocked_entries",
    "loss_limit_halts",
    "errors",
    "wall_secs",
    "engine_secs",
    "bars_per_sec",
    "peak_rss_mb",
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("sample")
    build_sample(path)
    return str(path)


def test_the_default_configuration_reports_every_file_and_key(sample, tmp_path, capsys):
    code = main(["--catalog", sample, "--start", "2024-10-01", "--end", "2024-10-31", "--report", str(tmp_path)])
    summary = json.loads((tmp_path / "summary.json").read_text())
    shown = capsys.readouterr().out

    assert code == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == FILES
    assert list(summary) == SUMMARY_KEYS
    assert summary["bars"] == 23 * 390 * 3
    assert summary["trades"] > 100
    assert f"{summary['net_pnl_usd']:+,.2f}".replace("+", "+$").replace("-", "-$") in shown
    assert "SYNTHETIC DATA" in shown
    assert "SYNTHETIC DATA" in (tmp_path / "report.html").read_text()


def test_the_files_of_a_report_agree_with_each_other(sample, tmp_path):
    main(["--catalog", sample, "--end", "2024-10-31", "--report", str(tmp_path), "--quiet"])
    summary = json.loads((tmp_path / "summary.json").read_text())
    tables = {
        name: list(csv.DictReader((tmp_path / f"{name}.csv").read_text().splitlines()))
        for name in ("trades", "orders", "fills", "decisions", "equity")
    }
    entered = [row for row in tables["decisions"] if row["action"] == "entered"]
    fees = sum(float(fill["commission_usd"]) for fill in tables["fills"])

    assert summary["fills"] == len(tables["fills"])
    assert summary["orders"] == len(tables["orders"])
    assert summary["signals"] == len(tables["decisions"])
    assert summary["commissions_usd"] == pytest.approx(fees)
    assert sum(summary["blocked_entries"].values()) <= len(tables["decisions"]) - len(entered)
    assert {row["decision_id"] for row in entered} == {row["decision_id"] for row in tables["orders"]}
    assert sum(float(row["net_pnl_usd"]) for row in tables["trades"]) == pytest.approx(summary["net_pnl_usd"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--catalog", "{tmp}/none"], "holds no bars"),
        (["--catalog", "{tmp}/file"], "Expected a directory for the catalog"),
        (["--config", "{tmp}/none.toml"], "none.toml"),
        (["--set", "strategies.0.symbol=IBM.NYSE"], "has no 1-MINUTE bars of IBM.NYSE"),
        (["--set", "bars.step=5-MINUTE"], "it has AAPL.NASDAQ-1-MINUTE"),
        (["--start", "2025-06-01"], "Choose --start and --end within that"),
        (["--end", "2020-01-01"], "Choose --start and --end within that"),
        (["--start", "2024-12-01", "--end", "2024-11-01"], "Expected --start before --end"),
        (["--start", ""], "--start: expected an ISO 8601 date or time"),
        (["--end", "1970-01-01T00:00Z"], "Choose --start and --end within that"),
        (["--start", "yesterday"], "--start: expected an ISO 8601 date or time"),
        (["--end", "2024-02-30"], "--end: expected an ISO 8601 date or time"),
        (["--set", "bars.warmup_bars=1000000"], "bars.warmup_bars"),
        (["--start", "2024-12-31", "--set", "bars.warmup_bars=500"], "takes all of them"),
        (["--report", "{tmp}/file/below"], "--report DIR"),
        (["--set", "risk.max_postions=1"], "max_positions"),
        (["--set", "strategies.0.fast_period=60"], "fast_period"),
        (["--set", "nonsense"], "section.key=value"),
    ],
)
def test_a_wrong_input_is_one_paragraph_and_exit_2(sample, tmp_path, capsys, arguments, expected):
    (tmp_path / "file").write_text("not a directory")
    given = [argument.replace("{tmp}", str(tmp_path)) for argument in arguments]
    defaults = [] if "--catalog" in given else ["--catalog", sample]
    defaults += [] if "--report" in given else ["--report", str(tmp_path / "report")]

    code = main([*defaults, *given])
    streams = capsys.readouterr()

    assert code == 2
    assert expected in " ".join(streams.err.split())
    assert "Traceback" not in streams.err
    assert "\n\n" not in streams.err.strip()
    assert not list((tmp_path / "report").glob("*.*"))


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--report", ""]])
def test_a_wrong_option_is_exit_2(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2


def test_an_exception_in_a_rule_fails_the_run_with_its_place_and_still_reports(sample, tmp_path, capsys):
    table = '{kind="tests.integration.rig:Scripted", symbol="AAPL.NASDAQ", fail=[300]}'
    code = main(
        ["--catalog", sample, "--set", f"strategies=[{table}]", "--end", "2024-10-04", "--report", str(tmp_path)]
    )
    error = capsys.readouterr().err

    assert code == 1
    assert "AAPL.NASDAQ, on_bar: ZeroDivisionError: a bug in a rule" in error
    assert "rig.py:" in error
    assert "Traceback" not in error
    assert json.loads((tmp_path / "summary.json").read_text())["errors"] == 1


def test_a_notional_that_every_cap_cuts_is_told_before_the_run(sample, tmp_path, capsys):
    arguments = ["--catalog", sample, "--end", "2024-10-03", "--report", str(tmp_path)]
    main([*arguments, "--set", "sizing.notional_usd=20000"])
    told = " ".join(capsys.readouterr().out.split())
    main(arguments)

    assert told.startswith("sizing.notional_usd 20,000 is above risk.max_position_value_usd 10,000: every entry is cut")
    assert "sizing.notional_usd" not in capsys.readouterr().out


def test_a_range_that_ends_at_noon_lacks_no_bar_of_the_afternoon(sample, tmp_path, capsys):
    code = main(["--catalog", sample, "--end", "2024-10-03T12:00", "--report", str(tmp_path)])

    assert code == 0
    assert "missing" not in capsys.readouterr().out


def test_a_rule_that_fails_at_every_bar_is_told_once_with_its_count_and_where_the_run_stopped(sample, tmp_path, capsys):
    table = f'{{kind="tests.integration.rig:Scripted", symbol="AAPL.NASDAQ", fail={list(range(206, 400))}}}'
    sets = ["--set", f"strategies=[{table}]", "--set", "backtest.chunk_bars=390"]
    code = main(["--catalog", sample, *sets, "--end", "2024-10-04", "--report", str(tmp_path)])
    shown = capsys.readouterr()
    page = (tmp_path / "report.html").read_text()

    assert code == 1
    assert len(shown.err.splitlines()) == 1
    assert "184 more like it; the trace is in report.html" in shown.err
    first_lines = " ".join(shown.out.split())
    assert first_lines.startswith("185 errors: the run failed, its figures mean nothing. It stopped there: 1,170 bars")
    assert json.loads((tmp_path / "summary.json").read_text())["errors"] == 185
    assert page.count("Traceback") == 20
    assert "165 more like those of" in page


def test_a_failing_fee_model_fails_the_run(sample, tmp_path, capsys, monkeypatch):
    """Nautilus would lose the fill and end OK (T18)."""
    monkeypatch.setattr("catalog.fees.FixedPlanFees.charge", lambda *_: 1 / 0)
    code = main(["--catalog", sample, "--end", "2024-10-08", "--report", str(tmp_path), "--quiet"])

    assert code == 1
    assert "OrderFees: ZeroDivisionError" in capsys.readouterr().err


def test_ctrl_c_stops_between_chunks_and_reports_what_ran(sample, tmp_path):
    report = tmp_path / "report"
    command = [sys.executable, "run_backtest.py", "--catalog", sample, "--report", str(report)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--set", "backtest.chunk_bars=1000"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    while process.poll() is None and not report.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=180)
    summary = json.loads((report / "summary.json").read_text())

    assert process.returncode == 0
    assert 0 < summary["bars"] < 73_800
    assert summary["end"] < "2024-12-31"
    assert "Interrupted" in shown
    assert (report / "report.html").exists()


@pytest.mark.parametrize("end", ["2024-10-02", "20241002", "2024-10-02T16:00", "2024-10-02T20:00Z"])
def test_an_end_is_a_whole_day_or_a_time_on_the_exchange(sample, tmp_path, end):
    main(["--catalog", sample, "--start", "2024-10-02", "--end", end, "--report", str(tmp_path), "--quiet"])

    assert json.loads((tmp_path / "summary.json").read_text())["bars"] == 390 * 3
