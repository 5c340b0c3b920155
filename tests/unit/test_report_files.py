"""The files of a report: their columns, their texts, and that they are whole or not there."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from report_builders import OPEN_MONDAY, equity, make_decision, make_fill, make_record, make_trade

from actors.messages import ExitReason, OrderRole, Side
from actors.report.format import plain
from actors.report.records import OrderRecord
from actors.report.reports import ReportError, ensure_writable, write_report

NAMES = ["trades.csv", "orders.csv", "fills.csv", "decisions.csv", "equity.csv", "report.html", "summary.json"]
TRADE_COLUMNS = (
    "symbol, strategy, side, quantity, entry_time, entry_price, exit_time, exit_price, exit_reason, gross_pnl_usd, "
    "commission_usd, net_pnl_usd, mae_usd, mfe_usd"
)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_report_has_every_file_and_leaves_nothing_else(tmp_path):
    paths = write_report(make_record(), tmp_path / "new" / "report")

    assert [path.name for path in paths] == NAMES
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(NAMES)


def test_trades_csv_has_the_columns_that_others_read_even_without_trades(tmp_path):
    write_report(make_record(), tmp_path)

    assert (tmp_path / "trades.csv").read_text("utf-8") == TRADE_COLUMNS.replace(", ", ",") + "\n"


def test_trades_csv_tells_times_in_utc_and_exact_money(tmp_path):
    open_one = make_trade("-1.665", exit_time=None, exit_reason=ExitReason.OPEN, side=Side.SHORT)
    write_report(make_record(trades=[make_trade("10"), open_one]), tmp_path)
    first, second = rows(tmp_path / "trades.csv")

    assert first["entry_time"] == "2025-03-03T15:00:00.000Z"
    assert (first["side"], first["exit_reason"], first["net_pnl_usd"]) == ("long", "signal", "10.00")
    assert (second["side"], second["exit_reason"], second["net_pnl_usd"]) == ("short", "open", "-1.665")
    assert second["exit_time"] == ""


def test_fills_orders_and_decisions_share_their_words(tmp_path):
    order = OrderRecord(
        "O-1", "AAPL.NASDAQ", "rsi_macd", "D-1", OrderRole.STOP, "SELL", "STOP_MARKET", 5, 0, Decimal("95.5"),
        "GTC", "CANCELED", None, OPEN_MONDAY, OPEN_MONDAY + 50_000_000, "",
    )  # fmt: skip
    fills = [make_fill(Side.LONG, 5, "100"), make_fill(Side.SHORT, 5, "99.5")]
    write_report(make_record(orders=[order], fills=fills, decisions=[make_decision()]), tmp_path)

    (written,) = rows(tmp_path / "orders.csv")
    assert (written["role"], written["trigger_price"], written["average_price"]) == ("stop", "95.50", "")
    assert written["last_event"] == "2025-03-03T14:30:00.050Z"
    assert [row["side"] for row in rows(tmp_path / "fills.csv")] == ["BUY", "SELL"]
    assert rows(tmp_path / "fills.csv")[0]["time"] == "2025-03-03T14:30:00.000Z"
    assert rows(tmp_path / "decisions.csv")[0]["detail"] == "max_positions: 5 open + 0 pending >= 5"


def test_equity_csv_has_a_row_a_point(tmp_path):
    write_report(make_record(equity=equity("100000", "100001.25")), tmp_path)

    assert [row["equity_usd"] for row in rows(tmp_path / "equity.csv")] == ["100000.00", "100001.25"]


def test_summary_json_is_strict_json(tmp_path):
    write_report(make_record(), tmp_path)

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads((tmp_path / "summary.json").read_text("utf-8"), parse_constant=refuse)["profit_factor"] is None


@pytest.mark.parametrize("write", [ensure_writable, lambda path: write_report(make_record(), path)])
def test_directory_that_is_a_file_is_refused_with_what_to_do(tmp_path, write):
    taken = tmp_path / "taken"
    taken.write_text("")

    with pytest.raises(ReportError, match=r"expected a directory that can be written to, found .*taken.*--report DIR"):
        write(taken)


def test_failure_while_writing_keeps_the_former_file_and_leaves_no_half_one(tmp_path, monkeypatch):
    write_report(make_record(bars=1), tmp_path)
    original = Path.write_text

    def disk_full(path, text, **options):
        original(path, text[:10], **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", disk_full)
    with pytest.raises(ReportError, match="No space left on device"):
        write_report(make_record(bars=2), tmp_path)

    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["bars"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


def test_summary_is_missing_until_everything_else_is_there(tmp_path, monkeypatch):
    write_report(make_record(bars=1), tmp_path)
    original, whole = Path.replace, []

    def dies_at_the_page(path, target):
        whole.append((tmp_path / "summary.json").exists())
        if target.name == "report.html":
            raise KeyboardInterrupt
        return original(path, target)

    monkeypatch.setattr(Path, "replace", dies_at_the_page)
    with pytest.raises(KeyboardInterrupt):
        write_report(make_record(bars=2), tmp_path)

    assert whole == [False] * 6
    assert not (tmp_path / "summary.json").exists()
    assert not list(tmp_path.glob(".*"))


def test_two_reports_into_one_directory_share_no_unfinished_file(tmp_path, monkeypatch):
    written, original = [], Path.write_text

    def remember(path, text, **options):
        written.append(path.name)
        return original(path, text, **options)

    monkeypatch.setattr(Path, "write_text", remember)
    write_report(make_record(), tmp_path)
    write_report(make_record(), tmp_path)

    assert len(written) == len(set(written)) == 2 * len(NAMES)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1E+3", "1000.00"), ("-0.0000001", "0.00"), ("33.333333333", "33.333333"), ("2.5", "2.50"), ("-1.665", "-1.665")],
)
def test_plain_figures_have_no_exponent_and_two_to_six_decimals(amount, text):
    assert plain(Decimal(amount)) == text
