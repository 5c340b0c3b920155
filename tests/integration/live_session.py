"""A session with a journal beside it, its live record, and messages as a killed program leaves them."""

from decimal import Decimal

import pandas as pd

from actors.journal.journal import Journal
from actors.journal.reader import JournalReader
from actors.journal.store import JournalStore
from actors.messages import ExitReason, OrderFilled, OrderIntended, OrderProgressed, OrderRole, Side, StopMoved
from actors.report.records import EquityPoint, SessionRecord
from catalog.sessions import Sessions
from config.backtest.run import Backtest
from config.live_report.record import LiveFacts, live_record
from config.live_report.window import report_window
from config.loader import load_settings
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, build, opening, scripted, session_bars, store_of

TUESDAY = "2024-10-08"
SESSIONS = Sessions()
FACTS = LiveFacts(wall_secs=60.0, peak_rss_mb=200.0, bars={AAPL: 30, MSFT: 30})
CLOSES = [100.0, 100.3, 99.8, 100.6, 101.1, 100.2, 99.9, 100.4, 101.3, 100.8] * 3
MONDAY_BARS = session_bars(CLOSES)
TUESDAY_BARS = session_bars([close + 2 for close in CLOSES], TUESDAY)
SETTINGS = load_settings(None, [f"strategies=[{scripted()}]"], {})
FIRST, LAST = int(MONDAY_BARS["ts"].iloc[0]), int(MONDAY_BARS["ts"].iloc[-1])


def journalled(
    store: JournalStore, tables, *onlookers, bars=MONDAY_BARS, settings=()
) -> tuple[Backtest, SessionRecord]:
    """Run the tables over both symbols with a journal; return the run and its own record."""
    runs = []

    def latest():
        return runs[0].components.ledger.latest()

    catalog = store_of(store.path.parent / "catalog", AAPL=bars, MSFT=bars)
    runs.append(build(catalog, tables, settings, onlookers=(*onlookers, Journal(store, latest))))
    record = runs[0].run()
    runs[0].dispose()
    return runs[0], record


def live_of(run: Backtest, store: JournalStore, *, moments=(FIRST, LAST), mode="paper", bars=None, facts=FACTS):
    with JournalReader(store.path) as reader:
        return live_record(reader, run.settings, report_window(SESSIONS, moments), mode, facts, bars)


def kept(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {AAPL: frame, MSFT: frame}


def busy(side: Side) -> list[str]:
    """Two closed trips and an open one in AAPL, a closed one in MSFT and an entry that the last bar leaves unsent."""
    return [opening(side, 3, 12, 22, closing=(9, 18)), opening(side, 8, 30, closing=(14,), symbol=MSFT)]


class Journalled:
    """Writes what a killed program leaves, message by message; shares of AAPL at 100, a minute apart."""

    def __init__(self, store: JournalStore, side: Side) -> None:
        self.store, self.side, self.ts = store, side, FIRST
        self.decision_id = f"{AAPL}-000001"

    def _next(self) -> int:
        self.ts += MINUTE_NS
        return self.ts

    def intent(self, role: OrderRole, quantity: int = 100) -> None:
        side = self.side if role is OrderRole.ENTRY else self.side.opposite
        trigger = Decimal(100 - 5 * self.side) if role is OrderRole.STOP else None
        self.store.write(
            OrderIntended(self._next(), AAPL, "rule", self.decision_id, f"O-{role}", role, side, quantity, trigger), 1
        )

    def state(self, role: OrderRole, status: str, reason: str = "") -> None:
        self.store.write(OrderProgressed(self._next(), AAPL, f"O-{role}", "V", status, reason), 1)

    def fill(self, role: OrderRole, quantity: int, held: int, price: int = 100) -> None:
        side = self.side if role is OrderRole.ENTRY else self.side.opposite
        reason = None if role is OrderRole.ENTRY else ExitReason.SIGNAL
        self.store.write(
            OrderFilled(
                ts=self._next(),
                symbol=AAPL,
                strategy="rule",
                decision_id=self.decision_id,
                client_order_id=f"O-{role}",
                trade_id=f"T-{self.ts}",
                role=role,
                side=side,
                quantity=quantity,
                price=Decimal(price),
                commission_usd=Decimal(1),
                position_after=held * self.side,
                exit_reason=reason,
                last_close=Decimal(101),
            ),
            1,
        )

    def move(self, trigger: Decimal | None, quantity: int) -> None:
        self.store.write(StopMoved(self._next(), AAPL, f"O-{OrderRole.STOP}", trigger, quantity, is_raise=False), 1)

    def mark(self, equity: int, cash: int, exposure: int) -> None:
        self.store.write(EquityPoint(self._next(), Decimal(equity), Decimal(cash), Decimal(exposure)), 1)

    def record(self) -> SessionRecord:
        with JournalReader(self.store.path) as reader:
            return live_record(reader, SETTINGS, report_window(SESSIONS, [FIRST]), "paper", FACTS)
