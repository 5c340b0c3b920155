"""
Owns the position of one symbol: sends its orders, follows their life, keeps the stop equal to the position.

An exit is never refused: cancel the stop, await its end, close what is then held, verify (law 7, trap T7). A stop that
vanished by itself is put back; when that fails the position is closed and the operator told (law 4).

"""

from decimal import Decimal

from nautilus_trader.model import (
    ClientOrderId,
    Equity,
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderModifyRejected,
    OrderRejected,
    OrderSide,
    OrderUpdated,
)
from nautilus_trader.model import OrderFilled as EngineFill
from nautilus_trader.trading import Strategy

from actors.messages import (
    AlertRaised,
    EntryEnded,
    ExitReason,
    LockSymbol,
    OrderFilled,
    OrderIntended,
    OrderRole,
    PositionReported,
    Side,
    StopMoved,
    Topic,
)
from strategies.entry_plan import StrategySetup
from strategies.holding import Holding, Phase, StopStatus
from strategies.order_release import OrderRelease
from strategies.orders import OrderMaker
from strategies.stops import clamp_to_market, tightened

ENDED_UNFILLED = (OrderCanceled, OrderRejected, OrderDenied, OrderExpired)


class PositionOwner:
    """The orders and the position of one symbol; told of order events by its strategy."""

    def __init__(self, strategy: Strategy, setup: StrategySetup) -> None:
        self.holding = Holding()
        self._strategy = strategy
        self._setup = setup
        self._market = Decimal(0)  # the last close seen
        self._stops_lost = 0  # in this round trip

    def start(self, instrument: Equity) -> None:
        """Bind to the instrument; call once the strategy is registered with its engine."""
        self._instrument = instrument
        self._orders = OrderMaker(self._strategy, instrument)
        self._release = OrderRelease(self._strategy, instrument.id, hold_until_open=self._setup.hold_until_open)

    def mark(self, close: Decimal) -> None:
        """Take in the close that stops are clamped to."""
        self._market = close

    # -- Entry ----------------------------------------------------------------------------------

    def enter(self, rule: str, decision_id: str, side: Side, quantity: int, trigger: Decimal, ts: int) -> None:
        """Send an entry with its protective stop as one list (law 2)."""
        entry, stop = self._orders.entry_with_stop(side, quantity, trigger, ts)
        self._stops_lost = 0
        self.holding = Holding(
            phase=Phase.ENTERING,
            rule=rule,
            decision_id=decision_id,
            side=side,
            entry_id=entry.client_order_id.value,
            entry_time=ts,
            entry_open=quantity,
        )
        self.holding.stop_sent(stop.client_order_id.value, quantity, trigger)
        self._intend(OrderRole.ENTRY, self.holding.entry_id, quantity, None, ts)
        self._intend(OrderRole.STOP, self.holding.stop_id, quantity, trigger, ts)
        self._release.send([entry, stop])

    def cancel_entry(self, ts: int) -> None:
        """Cancel what of the entry is still open; what filled stays protected."""
        if self._release.drop():
            self.holding.stop_gone()
            self._entry_ended(ts)
        elif self.holding.entry_open:
            self._cancel(self.holding.entry_id)

    def time_out_entry(self, ts: int) -> None:
        """Cancel an entry that did not fill within ``entry_timeout_secs`` of its signal bar."""
        waited_secs = (ts - self.holding.entry_time) / 1_000_000_000
        text = f"entry cancelled: {self.holding.entry_open} shares unfilled after {waited_secs:.0f} s"
        self._alert(ts, "entry_timeout", f"{text} > {self._setup.risk.entry_timeout_secs}")
        self.cancel_entry(ts)

    def on_open(self, ts: int) -> None:
        """Release a held order: the symbol's next bar opened, in time for an entry or not."""
        timeout_ns = self._setup.risk.entry_timeout_secs * 1_000_000_000
        if self.holding.phase is Phase.ENTERING and ts - self.holding.entry_time > timeout_ns:
            self.time_out_entry(ts)
        else:
            self._release.on_open()

    # -- Exit -----------------------------------------------------------------------------------

    def exit(self, reason: ExitReason, ts: int) -> None:
        """Go flat; a second call while one is under way changes nothing."""
        holding = self.holding
        if holding.is_flat or holding.exit_reason is not None:
            return
        holding.exit_reason = reason
        if holding.phase is Phase.ENTERING:
            self.cancel_entry(ts)
        else:
            self._leave(ts)

    def retry(self, ts: int) -> None:
        """Try an exit again that could not be carried out on an earlier bar."""
        if self.holding.phase is Phase.OPEN and self.holding.exit_reason is not None:
            self._leave(ts)

    def _leave(self, ts: int) -> None:
        if self.holding.has_stop:
            self.holding.phase = Phase.CANCELLING
            self._cancel(self.holding.stop_id)
        else:
            self._close(ts)

    def _close(self, ts: int) -> None:
        holding = self.holding
        holding.phase = Phase.CLOSING
        order = self._orders.exit(holding.side, abs(holding.quantity), ts)
        holding.exit_id = order.client_order_id.value
        self._intend(OrderRole.EXIT, holding.exit_id, abs(holding.quantity), None, ts)
        self._report(ts)
        self._release.send([order])

    # -- Stop -----------------------------------------------------------------------------------

    def raise_stop(self, trigger: Decimal) -> None:
        """Move the stop to ``trigger`` if that tightens it and leaves a tick to the market (law 3)."""
        holding = self.holding
        if holding.phase is not Phase.OPEN or holding.stop_status is not StopStatus.RESTING:
            return
        target = tightened(holding.side, holding.stop_trigger, trigger, self._market or trigger, self._setup.tick)
        if target is not None:
            order_id = ClientOrderId(holding.stop_id)
            self._strategy.modify_order(order_id, trigger_price=self._orders.price(target))

    def repair_stop(self, ts: int) -> None:
        """Make the stop equal to the position: resize it, put it back, or close what cannot be protected (law 4)."""
        holding = self.holding
        shares = abs(holding.quantity)
        if holding.is_exiting or not shares:
            return
        if holding.stop_status is StopStatus.RESTING and holding.stop_quantity != shares:
            quantity = self._instrument.make_qty(shares)
            self._strategy.modify_order(ClientOrderId(holding.stop_id), quantity=quantity)
        elif not holding.has_stop and self._stops_lost > 1:
            text = f"{shares} shares without a stop after {self._stops_lost} tries: closing"
            self._alert(ts, "unprotected", text, severity="critical")
            self.exit(ExitReason.PROTECTIVE_STOP, ts)
        elif not holding.has_stop:
            self._put_stop_back(ts)

    def _put_stop_back(self, ts: int) -> None:
        holding = self.holding
        trigger = clamp_to_market(holding.side, holding.stop_trigger, self._market, self._setup.tick)
        stop = self._orders.stop(holding.side, abs(holding.quantity), trigger, ts)
        holding.stop_sent(stop.client_order_id.value, abs(holding.quantity), trigger)
        self._intend(OrderRole.STOP, holding.stop_id, abs(holding.quantity), trigger, ts)
        self._strategy.submit_order(stop)

    # -- Events ---------------------------------------------------------------------------------

    def on_order_event(self, event: object) -> float | None:
        """Follow the life of an order; return the net return (fraction) of the round trip when it ended."""
        role = self.holding.role_of(event.client_order_id.value)  # type: ignore[attr-defined]
        if role is None:
            self._foreign(event)
            return None
        match event:
            case EngineFill():
                return self._filled(role, event)
            case OrderAccepted() if role is OrderRole.STOP:
                self._stop_rests(event.ts_event)
            case OrderUpdated() if role is OrderRole.STOP:
                self._stop_updated(event)
            case OrderCancelRejected() if role is OrderRole.STOP and self.holding.phase is Phase.CANCELLING:
                self.holding.phase = Phase.OPEN  # filled meanwhile, or tried again on the next bar
            case OrderModifyRejected() if role is OrderRole.STOP and self.holding.phase is Phase.OPEN:
                self._alert(
                    event.ts_event, "stop_modify_rejected", f"stop stays at {self.holding.stop_trigger}: {event.reason}"
                )
            case _ if isinstance(event, ENDED_UNFILLED):
                self._ended(role, event)
        return None

    def _foreign(self, event: object) -> None:
        if isinstance(event, EngineFill):
            detail = f"fill of unknown order {event.client_order_id}"
            self._alert(event.ts_event, "foreign_fill", detail, severity="critical")
            self._strategy.publish_message(Topic.COMMANDS, LockSymbol(event.ts_event, self._setup.symbol, detail))

    def _filled(self, role: OrderRole, fill: EngineFill) -> float | None:
        holding = self.holding
        reason = holding.reason_of(role)
        commission = Decimal(0) if fill.commission is None else fill.commission.as_decimal()
        holding.filled(role, int(fill.last_qty), fill.last_px.as_decimal(), commission)
        message = OrderFilled(
            ts=fill.ts_event,
            symbol=self._setup.symbol,
            strategy=holding.rule,
            decision_id=holding.decision_id,
            client_order_id=fill.client_order_id.value,
            trade_id=fill.trade_id.value,
            role=role,
            side=Side.LONG if fill.order_side == OrderSide.BUY else Side.SHORT,
            quantity=int(fill.last_qty),
            price=fill.last_px.as_decimal(),
            commission_usd=commission,
            position_after=holding.quantity,
            exit_reason=reason,
            last_close=self._market,
        )
        self._strategy.publish_message(Topic.FILLS, message)
        return self._after_fill(role, fill.ts_event)

    def _after_fill(self, role: OrderRole, ts: int) -> float | None:
        holding = self.holding
        if role is OrderRole.ENTRY and not holding.entry_open:
            self._entry_ended(ts)
            return None
        if role is OrderRole.ENTRY or holding.quantity:
            self._report(ts)
            return None
        return self._flat(ts)

    def _entry_ended(self, ts: int) -> None:
        """No share of the entry is open any more: go on with what filled, if anything."""
        holding = self.holding
        holding.entry_open = 0
        self._strategy.publish_message(Topic.ENTRIES, EntryEnded(ts, self._setup.symbol))
        if not holding.quantity:
            if holding.has_stop:
                self._cancel(holding.stop_id)
            self._flat(ts)
            return
        holding.phase = Phase.OPEN
        if holding.exit_reason is not None:
            self._leave(ts)
        elif holding.stop_quantity > abs(holding.quantity):
            self.repair_stop(ts)  # reported once the smaller stop rests
        else:
            self._report(ts)

    def _ended(self, role: OrderRole, event: OrderCanceled | OrderRejected | OrderDenied | OrderExpired) -> None:
        """An order ended with shares unfilled."""
        ts, name = event.ts_event, type(event).__name__
        reason = getattr(event, "reason", None)
        if not isinstance(event, OrderCanceled):
            self._alert(ts, "order_refused", f"{role} order {event.client_order_id}: {name}, {reason}")
        if role is OrderRole.ENTRY:
            self._entry_ended(ts)
        elif role is OrderRole.STOP:
            self._stop_ended(ts, name)
        elif self.holding.quantity:
            self.holding.phase = Phase.OPEN
            self._put_stop_back(ts)  # the exit is tried again on the next bar

    def _stop_ended(self, ts: int, name: str) -> None:
        holding = self.holding
        holding.stop_gone()
        self._publish_stop(ts, is_raise=False)
        if holding.phase is Phase.CANCELLING:
            self._close(ts)
        elif holding.quantity:
            self._stops_lost += 1
            text = f"the protective stop ended by itself ({name}) with {holding.quantity} held"
            self._alert(ts, "stop_lost", text, severity="critical")
            self._report(ts)

    def _stop_rests(self, ts: int) -> None:
        self.holding.stop_status = StopStatus.RESTING
        self._publish_stop(ts, is_raise=False)
        self._report(ts)

    def _stop_updated(self, event: OrderUpdated) -> None:
        holding = self.holding
        is_raise = event.trigger_price is not None and event.trigger_price.as_decimal() != holding.stop_trigger
        if event.trigger_price is not None:
            holding.stop_trigger = event.trigger_price.as_decimal()
        quantity, holding.stop_quantity = holding.stop_quantity, int(event.quantity) - holding.stop_filled
        holding.was_raised = holding.was_raised or is_raise
        self._publish_stop(event.ts_event, is_raise=is_raise)
        if holding.stop_quantity != quantity:
            self._report(event.ts_event)

    def _flat(self, ts: int) -> float | None:
        closed = self.holding.return_frac if self.holding.entry_filled else None
        stop_id, self.holding = self.holding.stop_id, Holding()
        self._strategy.publish_message(Topic.STOPS, StopMoved(ts, self._setup.symbol, stop_id, None, 0, is_raise=False))
        self._report(ts)
        return closed

    # -- Words ----------------------------------------------------------------------------------

    def _cancel(self, order_id: str) -> None:
        self._strategy.cancel_order(ClientOrderId(order_id))

    def _intend(self, role: OrderRole, order_id: str, quantity: int, trigger: Decimal | None, ts: int) -> None:
        holding = self.holding
        side = holding.side if role is OrderRole.ENTRY else holding.side.opposite
        message = OrderIntended(
            ts, self._setup.symbol, holding.rule, holding.decision_id, order_id, role, side, quantity, trigger
        )
        self._strategy.publish_message(Topic.ORDERS, message)

    def _report(self, ts: int) -> None:
        holding = self.holding
        message = PositionReported(
            ts=ts,
            symbol=self._setup.symbol,
            quantity=holding.quantity,
            entry_open=holding.entry_open,
            stop_quantity=holding.stop_quantity,
            stop_trigger=holding.stop_trigger if holding.has_stop else None,
            average_price=holding.average_price,
            is_exiting=holding.is_exiting,
        )
        self._strategy.publish_message(Topic.POSITIONS, message)

    def _publish_stop(self, ts: int, *, is_raise: bool) -> None:
        holding = self.holding
        trigger = holding.stop_trigger if holding.has_stop else None
        message = StopMoved(ts, self._setup.symbol, holding.stop_id, trigger, holding.stop_quantity, is_raise)
        self._strategy.publish_message(Topic.STOPS, message)

    def _alert(self, ts: int, code: str, text: str, severity: str = "warning") -> None:
        message = AlertRaised(ts, code, severity, f"{self._setup.symbol}: {text}", self._setup.symbol)
        self._strategy.publish_message(Topic.ALERTS, message)
