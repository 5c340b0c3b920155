"""What the owner of a position tells the others: orders, fills, the position, its stop, alerts."""

from decimal import Decimal

from nautilus_trader.model import OrderFilled as EngineFill
from nautilus_trader.model import OrderSide
from nautilus_trader.trading import Strategy

from actors.messages import (
    AlertRaised,
    EntryEnded,
    EntryRequested,
    ExitReason,
    LockSymbol,
    OrderFilled,
    OrderIntended,
    OrderRole,
    PositionReported,
    Side,
    StopMoved,
    StopNode,
    Topic,
)
from strategies.holding import Holding

RESTART_HELPS = 4  # exit code


class OwnerVoice:
    """Publishes for one symbol; it decides nothing."""

    def __init__(self, strategy: Strategy, symbol: str) -> None:
        self._strategy = strategy
        self._symbol = symbol

    def intended(self, holding: Holding, order_id: str, side: Side, trigger: Decimal | None, ts: int) -> None:
        """Tell of an order before it leaves."""
        role, quantity = holding.roles[order_id], holding.working[order_id]
        message = OrderIntended(
            ts, self._symbol, holding.rule, holding.decision_id, order_id, role, side, quantity, trigger
        )
        self._strategy.publish_message(Topic.ORDERS, message)

    def filled(
        self, holding: Holding, role: OrderRole, fill: EngineFill, commission_usd: Decimal, last_close: Decimal
    ) -> None:
        """Tell of a fill that was booked."""
        message = OrderFilled(
            ts=fill.ts_event,
            symbol=self._symbol,
            strategy=holding.rule,
            decision_id=holding.decision_id,
            client_order_id=fill.client_order_id.value,
            trade_id=fill.trade_id.value,
            role=role,
            side=Side.LONG if fill.order_side == OrderSide.BUY else Side.SHORT,
            quantity=int(fill.last_qty),
            price=fill.last_px.as_decimal(),
            commission_usd=commission_usd,
            position_after=holding.quantity,
            exit_reason=holding.reason_of(role),
            last_close=last_close,
        )
        self._strategy.publish_message(Topic.FILLS, message)

    def closed_elsewhere(self, holding: Holding, ts: int) -> None:
        """Tell that the position is gone without an order of ours: booked at its entry price, for no price is known."""
        shares, price = holding.quantity, holding.average_price or Decimal(0)
        text = f"{shares:+} shares of ours are gone at the broker by no order of ours, closed by hand? "
        text += "The round trip ends at its entry price; what it really made is not known"
        self.alert(ts, "closed_elsewhere", text, severity="critical")
        holding.quantity = 0
        message = OrderFilled(
            ts=ts,
            symbol=self._symbol,
            strategy=holding.rule,
            decision_id=holding.decision_id,
            client_order_id=holding.stop_id,
            trade_id=f"elsewhere-{holding.decision_id}",
            role=OrderRole.EXIT,
            side=holding.side.opposite,
            quantity=abs(shares),
            price=price,
            commission_usd=Decimal(0),
            position_after=0,
            exit_reason=ExitReason.OPERATOR,
            last_close=price,
        )
        self._strategy.publish_message(Topic.FILLS, message)

    def entry_requested(self, notional_usd: Decimal, ts: int) -> None:
        """Tell that an entry is about to leave, or still works after a restart."""
        self._strategy.publish_message(Topic.ENTRIES, EntryRequested(ts, self._symbol, notional_usd))

    def entry_ended(self, ts: int) -> None:
        """Tell that the entry pends no more."""
        self._strategy.publish_message(Topic.ENTRIES, EntryEnded(ts, self._symbol))

    def position(self, holding: Holding, ts: int, ended: str = "") -> None:
        """Tell what is held, and what protects it; when flat, which round trip ``ended``."""
        message = PositionReported(
            ts=ts,
            symbol=self._symbol,
            quantity=holding.quantity,
            entry_open=holding.entry_open,
            stop_quantity=holding.stop_open,
            stop_trigger=holding.stop_trigger if holding.stop_open else None,
            average_price=holding.average_price,
            is_exiting=holding.is_leaving,
            is_resizing=holding.is_resizing or bool(holding.stop_open and not holding.is_stop_resting),
            decision_id=ended or holding.decision_id,
            strategy=holding.rule,
            exit_reason=holding.exit_reason,
        )
        self._strategy.publish_message(Topic.POSITIONS, message)

    def stop(self, holding: Holding, ts: int, *, is_raise: bool = False) -> None:
        """Tell where the stop rests, or that none does."""
        trigger = holding.stop_trigger if holding.stop_open else None
        message = StopMoved(ts, self._symbol, holding.stop_id, trigger, holding.stop_open, is_raise)
        self._strategy.publish_message(Topic.STOPS, message)

    def break_off(self, code: str, detail: str, ts: int) -> None:
        """Tell that somebody else trades the symbol, and ourselves to keep our hands off it (law 11)."""
        self.alert(ts, code, detail, severity="critical")
        self._strategy.publish_message(Topic.COMMANDS, LockSymbol(ts, self._symbol, detail))

    def restart(self, ts: int, detail: str, *, by_itself: bool = False) -> None:
        """Ask for the end of the session: stops stay at the broker, and the next start can help."""
        stop = StopNode(ts, RESTART_HELPS, f"{self._symbol}: {detail}", restarts=by_itself)
        self._strategy.publish_message(Topic.COMMANDS, stop)

    def alert(self, ts: int, code: str, text: str, severity: str = "warning") -> None:
        """Raise an alert about the symbol."""
        message = AlertRaised(ts, code, severity, f"{self._symbol}: {text}", self._symbol)
        self._strategy.publish_message(Topic.ALERTS, message)
