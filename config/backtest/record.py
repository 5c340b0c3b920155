"""From a run to its record: what the components collected, the engine's orders, the bars for the charts."""

import resource
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from typing import Any, Protocol

import numpy as np
import pandas as pd
from nautilus_trader.backtest import BacktestEngine
from nautilus_trader.model import ClientOrderId
from numpy.typing import NDArray

from actors.messages import HandlerFailed, OrderIntended, OrderRole
from actors.report.records import DataNote, OrderRecord, SessionRecord
from catalog.instruments import parse_step
from catalog.nautilus_v2 import ENGINE
from catalog.quality import check_bars
from catalog.sessions import Sessions
from catalog.store import BarStore
from config.backtest.data import BacktestData
from config.components import Components
from config.printed import as_toml_text
from config.schema import Settings


@dataclass(slots=True)
class Effort:
    """How far a run came, and what it took."""

    bars: int = 0
    bars_left: int = 0  # not run, because of a failure
    end: int = 0  # closing time up to which it ran, UTC nanoseconds
    engine_secs: float = 0.0
    was_interrupted: bool = False
    started: float = field(default_factory=time.perf_counter)


class Run(Protocol):
    """What a record is made of; see ``Backtest``."""

    settings: Settings
    store: BarStore
    symbols: list[str]
    bar_types: dict[str, str]
    data: BacktestData
    start: int
    asked: tuple[int | None, int | None]
    components: Components
    engine: BacktestEngine

    def failures(self) -> list[HandlerFailed | str]: ...


def make_record(run: Run, effort: Effort) -> SessionRecord:
    """Return everything a report says about a run."""
    parts = run.components
    recorder, ledger = parts.recorder, parts.ledger
    bars = StoredBars(run, effort.end)
    closes = _bar_closes(run, effort.end)
    return SessionRecord(
        mode="backtest",
        engine=ENGINE,
        config_sha256=run.settings.fingerprint(),
        config_text=as_toml_text(run.settings),
        starting_equity_usd=run.settings.backtest.starting_cash_usd,
        start=run.start,
        end=effort.end,
        symbols=run.symbols,
        bars=effort.bars,
        bar_closes=closes,
        sessions=_session_days(run, closes),
        decisions=_in_order(recorder.decisions),
        orders=[_order(run, intent) for intent in _in_order(recorder.intents)],
        fills=_in_order(recorder.fills),
        trades=[*ledger.round_trips.closed, *ledger.round_trips.open_trades()],
        equity=ledger.equity,
        stops=_in_order(recorder.stops),
        loss_limit_halts=len(recorder.loss_limit_hits),
        errors=run.failures(),
        more_errors=recorder.failures.more,
        bars_left=effort.bars_left,
        alerts=_in_order(recorder.alerts),
        data_notes=_data_notes(run, bars),
        was_interrupted=effort.was_interrupted,
        wall_secs=time.perf_counter() - effort.started,
        engine_secs=effort.engine_secs,
        peak_rss_mb=peak_rss_mb(),
        price_series=bars,
    )


class StoredBars(Mapping[str, pd.DataFrame]):
    """The bars of a run by symbol, read from the catalog when asked for: years of them would fill the memory."""

    def __init__(self, run: Run, end: int) -> None:
        self._run = run
        self._end = end

    def __getitem__(self, symbol: str) -> pd.DataFrame:
        return self._run.store.frame(self._run.bar_types[symbol], self._run.start, self._end)

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.bar_types)

    def __len__(self) -> int:
        return len(self._run.bar_types)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._run.bar_types


class _Dated(Protocol):
    @property
    def ts(self) -> int: ...
    @property
    def symbol(self) -> str: ...


def _in_order[Item: _Dated](items: list[Item]) -> list[Item]:
    # What happens to several symbols in one moment reaches us in the engine's own order, which is not always the same
    return sorted(items, key=lambda item: (item.ts, item.symbol))


def _order(run: Run, intent: OrderIntended) -> OrderRecord:
    meant = OrderRecord.of(intent)
    order: Any = run.engine.cache.order(ClientOrderId(intent.client_order_id))
    if order is None:
        return meant
    return replace(
        meant,
        filled=int(order.filled_qty),
        trigger_price=order.trigger_price.as_decimal() if intent.role is OrderRole.STOP else None,
        status=order.status.name,
        average_price=order.avg_px,
        last_event=order.ts_last,
        reason=str(getattr(order.last_event, "reason", None) or ""),
    )


def _bar_closes(run: Run, end: int) -> NDArray[np.int64]:
    # One symbol after the other: all times of many symbols at once would fill the memory
    inside = (ts[(ts >= run.start) & (ts <= end)] for ts in run.data.times.values())
    return reduce(np.union1d, inside, np.empty(0, np.int64))


def _session_days(run: Run, closes: NDArray[np.int64]) -> list[date]:
    if not len(closes):
        return []
    sessions = Sessions(run.settings.session.calendar)
    first, last = (sessions.local(int(ts)).date() for ts in (closes[0], closes[-1]))
    return [window.session for window in sessions.between(first, last)]


def _data_notes(run: Run, bars: Mapping[str, pd.DataFrame]) -> list[DataNote]:
    notes = []
    synthetic = [symbol for symbol, bar_type in run.bar_types.items() if run.store.is_synthetic(bar_type)]
    if synthetic:
        text = f"SYNTHETIC DATA: the bars of {', '.join(synthetic)} are made up; the result says nothing about markets."
        notes.append(DataNote("synthetic", text))
    sessions, step_secs = Sessions(run.settings.session.calendar), parse_step(run.settings.bars.step)
    for symbol, frame in bars.items():
        for finding in check_bars(frame, step_secs, sessions, symbol, run.asked):
            text = f"{symbol}: {finding.kind}: {finding.detail} [{finding.count:,}]"
            notes.append(DataNote(finding.severity, text))
    return notes


def peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)  # bytes on macOS, KiB on Linux
