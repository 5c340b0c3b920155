"""A round trip as its owner tells it, message by message, for the tests of the journal."""

from collections.abc import Iterator
from decimal import Decimal

from actors.journal.reader import RunInfo
from actors.journal.store import JournalStore
from actors.messages import (
    Action,
    ExitReason,
    OrderFilled,
    OrderIntended,
    OrderProgressed,
    OrderRole,
    PositionReported,
    Side,
    SignalDecided,
    StopMoved,
)

AAPL = "AAPL.NASDAQ"
RUN = RunInfo(1, "paper", "DU1234567", "nautilus_trader 2", "c0ffee", Decimal("100000.00"))
ALL_TIME = (0, 2**63 - 1)
SHARES = 100


def write(store: JournalStore, *messages: object) -> None:
    for message in messages:
        store.write(message, wall_ns=5)


class TripTeller:
    """Makes the messages of round trip ``number`` on a side; prices are distances from 100 on that side."""

    def __init__(self, side: Side, number: int = 1, symbol: str = AAPL) -> None:
        self.side, self.symbol, self.decision_id = side, symbol, f"{symbol}-{number:06d}"
        self._ts = number * 1_000

    def id(self, role: OrderRole) -> str:
        return f"O-{self.decision_id}-{role}"

    def price(self, distance: str) -> Decimal:
        return 100 + self.side * Decimal(distance)

    def decision(self) -> SignalDecided:
        close, ts = self.price("0"), self._next()
        return SignalDecided(
            self.decision_id, ts, self.symbol, "rule", int(self.side), close, Action.ENTERED, SHARES, "signal", ""
        )

    def intent(self, role: OrderRole, trigger: str | None = None, order_id: str = "") -> OrderIntended:
        bought = self.side if role is OrderRole.ENTRY else self.side.opposite
        price = None if trigger is None else self.price(trigger)
        order_id = order_id or self.id(role)
        ts = self._next()
        return OrderIntended(ts, self.symbol, "rule", self.decision_id, order_id, role, bought, SHARES, price)

    def state(self, role: OrderRole, status: str) -> OrderProgressed:
        return OrderProgressed(self._next(), self.symbol, self.id(role), "V-1", status, "")

    def fill(self, role: OrderRole, held: int, shares: int = SHARES, distance: str = "0") -> OrderFilled:
        is_entry = role is OrderRole.ENTRY
        ts = self._next()
        return OrderFilled(
            ts=ts,
            symbol=self.symbol,
            strategy="rule",
            decision_id=self.decision_id,
            client_order_id=self.id(role),
            trade_id=f"T-{ts}",
            role=role,
            side=self.side if is_entry else self.side.opposite,
            quantity=shares,
            price=self.price(distance),
            commission_usd=Decimal("1.00"),
            position_after=self.side * held,
            exit_reason=None if is_entry else ExitReason.SIGNAL,
            last_close=self.price("0"),
        )

    def stop(self, distance: str | None, shares: int = SHARES, *, is_raise: bool = False) -> StopMoved:
        trigger = None if distance is None else self.price(distance)
        return StopMoved(self._next(), self.symbol, self.id(OrderRole.STOP), trigger, shares, is_raise)

    def report(
        self, held: int, stop: int = 0, reason: ExitReason | None = None, entry_open: int = 0
    ) -> PositionReported:
        return PositionReported(
            ts=self._next(),
            symbol=self.symbol,
            quantity=self.side * held,
            entry_open=entry_open,
            stop_quantity=stop,
            stop_trigger=self.price("-5") if stop else None,
            average_price=self.price("0") if held else None,
            is_exiting=reason is not None and held > 0,
            decision_id=self.decision_id,
            strategy="rule" if held or entry_open else "",
            exit_reason=reason,
        )

    def whole_trip(self) -> Iterator[object]:
        """Yield entry, stop, a raise of it and the exit by signal, to the end."""
        yield self.decision()
        yield self.intent(OrderRole.ENTRY)
        yield self.intent(OrderRole.STOP, "-5")
        yield self.state(OrderRole.ENTRY, "submitted")
        yield self.fill(OrderRole.ENTRY, SHARES)
        yield self.stop("-5")
        yield self.report(SHARES, SHARES)
        yield self.stop("-3", is_raise=True)
        yield self.report(SHARES, SHARES, ExitReason.SIGNAL)
        yield self.state(OrderRole.STOP, "canceled")
        yield self.stop(None, 0)
        yield self.intent(OrderRole.EXIT)
        yield self.fill(OrderRole.EXIT, 0, distance="2")
        yield self.report(0)

    def _next(self) -> int:
        self._ts += 1
        return self._ts
