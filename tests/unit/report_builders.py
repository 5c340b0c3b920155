"""Records, fills and trades for the tests of the report, with every field open to override."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from actors.messages import Action, ExitReason, OrderFilled, OrderRole, Side, SignalDecided
from actors.report.records import DataNote, EquityPoint, SessionRecord, Trade

OPEN_MONDAY = 1_741_012_200_000_000_000  # 2025-03-03 09:30 in New York, 14:30 UTC
MINUTE = 60_000_000_000
DAY = 24 * 60 * MINUTE


def make_fill(side: Side, quantity: int, price: str, minute: int = 0, **overrides: Any) -> OrderFilled:
    fill = OrderFilled(
        ts=OPEN_MONDAY + minute * MINUTE,
        symbol="AAPL.NASDAQ",
        strategy="moving_average_cross",
        decision_id="AAPL.NASDAQ-000001",
        client_order_id="O-1",
        trade_id="T-1",
        role=OrderRole.ENTRY,
        side=side,
        quantity=quantity,
        price=Decimal(price),
        commission_usd=Decimal("1.00"),
        position_after=0,
        exit_reason=None,
        last_close=Decimal(price),
    )
    return replace(fill, **overrides)


def make_trade(net_usd: str = "10", **overrides: Any) -> Trade:
    trade = Trade(
        symbol="AAPL.NASDAQ",
        strategy="moving_average_cross",
        side=Side.LONG,
        quantity=10,
        entry_time=OPEN_MONDAY + 30 * MINUTE,
        entry_price=Decimal(100),
        exit_time=OPEN_MONDAY + 60 * MINUTE,
        exit_price=Decimal(101),
        exit_reason=ExitReason.SIGNAL,
        gross_pnl_usd=Decimal(net_usd) + 2,
        commission_usd=Decimal(2),
        net_pnl_usd=Decimal(net_usd),
        mae_usd=Decimal(-5),
        mfe_usd=Decimal(15),
    )
    return replace(trade, **overrides)


def make_decision(action: Action = Action.REFUSED, reason: str = "max_positions", **overrides: Any) -> SignalDecided:
    decision = SignalDecided(
        decision_id="AAPL.NASDAQ-000001",
        ts=OPEN_MONDAY,
        symbol="AAPL.NASDAQ",
        strategy="moving_average_cross",
        signal=1,
        close=Decimal(100),
        action=action,
        quantity=0,
        reason=reason,
        detail="max_positions: 5 open + 0 pending >= 5",
    )
    return replace(decision, **overrides)


def equity(*levels: str, step: int = DAY) -> list[EquityPoint]:
    """Points ``step`` apart, from the first minute of trading on."""
    values = [Decimal(level) for level in levels]
    return [EquityPoint(OPEN_MONDAY + MINUTE + i * step, v, v, Decimal(0)) for i, v in enumerate(values)]


def make_note(text: str, severity: Literal["synthetic", "error", "note"] = "note") -> DataNote:
    return DataNote(severity, text)


def weekdays(number: int) -> list[date]:
    """So many days of the exchange, from the first one of trading on."""
    days = (date(2025, 3, 3) + timedelta(days=i) for i in range(2 * number))
    return [day for day in days if day.weekday() < 5][:number]


def price_frame(bars: int) -> pd.DataFrame:
    """Minute bars whose close rises by a cent each."""
    closes = [100 + i / 100 for i in range(bars)]
    columns = {"open": closes, "high": [c + 0.05 for c in closes], "low": [c - 0.05 for c in closes], "close": closes}
    return pd.DataFrame({"ts": [OPEN_MONDAY + (i + 1) * MINUTE for i in range(bars)], **columns})


def make_record(**overrides: Any) -> SessionRecord:
    fields: dict[str, Any] = {
        "mode": "backtest",
        "engine": "nautilus_trader 2.0.0rc7",
        "config_sha256": "ab" * 32,
        "config_text": "schema_version = 1",
        "starting_equity_usd": Decimal(100_000),
        "start": OPEN_MONDAY,
        "end": OPEN_MONDAY + 5 * DAY,
        "symbols": ["AAPL.NASDAQ"],
    }
    return SessionRecord(**(fields | overrides))
