"""
The account of a session: ``summary.json``, the CSV files and ``report.html`` in one directory.

Every file is written under another name and renamed when all are complete, ``summary.json`` last: where it is, the
report is whole. A process that dies leaves no half file under these names. After a loss of power a file may still be
short: nothing is forced to the disk. Two runs that end at once in one directory may leave files of both.

"""

import json
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from actors.messages import Action
from actors.report.format import iso_utc
from actors.report.page import page
from actors.report.performance import PERFORMANCE, performance_file
from actors.report.records import SessionRecord
from actors.report.statistics import (
    EquityCurve,
    daily_closes,
    drawdown_pct,
    equity_curve,
    profit_factor,
    session_days,
    sharpe_ratio,
)
from actors.report.tables import csv_files


class ReportError(OSError):
    """The report cannot be written where it was asked for; the operator names another directory."""


SUMMARY = "summary.json"
# Refused signals that asked for an exit: there was nothing for them to close
NO_ENTRY_WANTED = ("no_position", "not_opener", "conflict", "exiting")


def summarise(record: SessionRecord) -> dict[str, Any]:
    """
    Return what ``summary.json`` holds.

    Equity is marked to market; positions open at the end are in ``ending_equity_usd`` and not in ``trades``, ``wins``
    (net > 0) or ``losses`` (net < 0). ``signals`` counts the non-zero ones. ``max_drawdown_pct`` is a positive number.
    ``sharpe`` is annualised (sqrt 252) from the equity at the end of every session from the first bar to the last,
    those without a position included; below 20 sessions it is null, as is every figure that is not defined.

    """
    curve = equity_curve(record)
    ending = record.equity[-1].equity_usd if record.equity else record.starting_equity_usd
    closed = [trade.net_pnl_usd for trade in record.trades if not trade.is_open]
    return {
        "mode": record.mode,
        "engine": record.engine,
        "config_sha256": record.config_sha256,
        "start": iso_utc(record.start),
        "end": iso_utc(record.end),
        "symbols": list(record.symbols),
        "bars": record.bars,
        "signals": len(record.decisions),
        "orders": len(record.orders),
        "fills": len(record.fills),
        "trades": len(closed),
        "wins": sum(net > 0 for net in closed),
        "losses": sum(net < 0 for net in closed),
        "starting_equity_usd": _cents(record.starting_equity_usd),
        "ending_equity_usd": _cents(ending),
        "net_pnl_usd": _cents(ending - record.starting_equity_usd),
        "commissions_usd": _cents(sum((fill.commission_usd for fill in record.fills), Decimal(0))),
        **_ratios(record, curve),
        "blocked_entries": _blocked_entries(record),
        "loss_limit_halts": record.loss_limit_halts,
        "errors": record.error_count,
        **_effort(record),
    }


def ensure_writable(directory: Path) -> None:
    """Create the directory and try to write in it; raises ``ReportError``. To be called before a long run as well."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _report_error(directory, error) from error


def write_report(record: SessionRecord, directory: Path) -> list[Path]:
    """Write all files of the report and return their paths; raises ``ReportError`` when the directory refuses them."""
    ensure_writable(directory)
    summary = summarise(record)
    texts = {
        **csv_files(record),
        **_performance(record),
        "report.html": page(record, summary),
        SUMMARY: json.dumps(summary, indent=2, allow_nan=False) + "\n",
    }
    try:
        return _write(directory, texts)
    except OSError as error:
        raise _report_error(directory, error) from error


def _performance(record: SessionRecord) -> dict[str, str]:
    if record.live is None:
        return {}
    return {PERFORMANCE: json.dumps(performance_file(record.live.performance), indent=2, allow_nan=False) + "\n"}


def _ratios(record: SessionRecord, curve: EquityCurve) -> dict[str, float | None]:
    starting = float(record.starting_equity_usd)
    drawdown = drawdown_pct(curve.equity, starting)
    sharpe = sharpe_ratio(daily_closes(curve, session_days(record, curve), starting), starting)
    factor = profit_factor(record.trades)
    return {
        "max_drawdown_pct": round(-float(drawdown.min()) + 0.0, 4) if len(drawdown) else 0.0,
        "sharpe": None if sharpe is None else round(sharpe, 4),
        "profit_factor": None if factor is None else round(factor, 4),
    }


def _effort(record: SessionRecord) -> dict[str, float | None]:
    return {
        "wall_secs": round(record.wall_secs, 3),
        "engine_secs": round(record.engine_secs, 3),
        "bars_per_sec": round(record.bars / record.engine_secs) if record.engine_secs > 0 else None,
        "peak_rss_mb": round(record.peak_rss_mb, 1),
    }


def _blocked_entries(record: SessionRecord) -> dict[str, int]:
    return {reason: number for reason, number in refusals(record).items() if reason not in NO_ENTRY_WANTED}


def refusals(record: SessionRecord) -> dict[str, int]:
    """Return how many signals were refused for each reason, most first."""
    refused = Counter(decision.reason for decision in record.decisions if decision.action is Action.REFUSED)
    return dict(sorted(refused.items(), key=lambda item: (-item[1], item[0])))


def _cents(amount: Decimal) -> float:
    return float(round(amount, 2))


def _write(directory: Path, texts: dict[str, str]) -> list[Path]:
    own = uuid4().hex  # another run may write here at the same time
    unfinished = {name: directory / f".{name}.{own}.part" for name in texts}
    try:
        for name, text in texts.items():
            unfinished[name].write_text(text, encoding="utf-8", newline="\n")
        (directory / SUMMARY).unlink(missing_ok=True)
        return [part.replace(directory / name) for name, part in unfinished.items()]
    finally:
        for part in unfinished.values():
            part.unlink(missing_ok=True)


def _report_error(directory: Path, error: OSError) -> ReportError:
    return ReportError(
        f"Report: expected a directory that can be written to, found {directory}: {error.strerror or error}. "
        "Name another one (of a backtest with --report DIR), or mend its permissions or free space."
    )
