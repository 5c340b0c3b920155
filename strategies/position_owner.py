"""
Owns the position of one symbol: sends its orders, follows their life, keeps the stop equal to the position.

An exit is never refused: cancel what works, await its end, close what is then held, verify (law 7, trap T7). A stop
that vanished by itself is put back; when that fails, or the market is past its trigger, the position is closed and
the operator told (law 4). Whatever order the events come in, a round trip is over only when nothing is held and
nothing works any more.

"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.model import (
    Equity,
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
)
from nautilus_trader.model import OrderFilled as EngineFill
from nautilus_trader.trading import Strategy

from actors.messages import ExitReason, OrderRole, Side
from catalog.nautilus_v2 import NOT_READY
from strategies.adoption import Adoption, held_by_broker
from strategies.answer_watch import AnswerWatch
from strategies.booking import Booking
from strategies.command_lane import CommandLane
from strategies.entry_plan import StrategySetup
from strategies.holding import Holding, Phase
from strategies.intents import Intents
from strategies.left_overs import LeftOvers
from strategies.memory import Memory
from strategies.order_changes import OrderChanges
from strategies.order_release import OrderRelease
from strategies.orders import OrderMaker
from strategies.owner_voice import OwnerVoice
from strategies.stale_bars import StaleBars
from strategies.stop_keeper import StopKeeper
from strategies.way_in_and_out import WayInAndOut

Ended = OrderCanceled | OrderRejected | OrderDenied | OrderExpired


class PositionOwner:
    """The orders and the position of one symbol; told of order events by its strategy."""

    def __init__(self, strategy: Strategy, setup: StrategySetup, lane: CommandLane) -> None:
        self.holding = Holding()
        self.is_locked = False  # somebody else trades the symbol: no new order of ours (law 11)
        self.is_reachable = True  # False: what we send would not arrive, so nothing is sent
        self.bar_ts = 0  # of the last bar
        self._withdraws = False  # the session ends: no entry may work on
        self._last = Holding()  # the round trip before, for fills that come late
        self._strategy = strategy
        self._setup = setup
        self._lane = lane
        self._voice = OwnerVoice(strategy, setup.symbol)
        self._booking = Booking(self._voice, setup.fees)
        self.market = Decimal(0)  # the last close seen, which stops are clamped to

    def start(self, instrument: Equity) -> None:
        """Bind to the instrument; call once the strategy is registered with its engine."""
        strategy = self._strategy
        self._answers = AnswerWatch(self, strategy, self._voice, is_live=self._setup.is_live)
        self.changes = OrderChanges(strategy, instrument, self._lane, lambda: self.holding, self._answers.asked)
        self._left_overs = LeftOvers(strategy, self._setup.symbol, self.changes, self._voice)
        intents = Intents(OrderMaker(strategy, instrument), self._voice, self._answers.sent)
        release = OrderRelease(strategy, instrument.id, hold_until_open=self._setup.hold_until_open)
        self._way = WayInAndOut(self.changes, intents, release, self._voice)
        if self._setup.is_live:
            StaleBars(self, strategy, self._setup.symbol, self._setup.step_secs).start()
        self._stop = StopKeeper(strategy, self._setup.tick, self.changes, intents, self._voice)

    # -- Restart and outage ---------------------------------------------------------------------

    def adopt(self, memory: Memory, ts: int) -> None:
        """Go on with what the journal remembers, corrected by what the broker told at the start (law 11)."""
        adoption = Adoption(self._strategy.cache, self._setup.symbol, self._booking, self._voice)
        self.holding, self._last = adoption.round_trip(memory), memory.last
        self._left_overs.take(adoption.strays(self.holding, memory.orders, ts), ts)
        self._cancel_left_overs()
        if adoption.take_up(self.holding, memory.booked_trades, self.market, ts):
            self._advance(ts)

    def _cancel_left_overs(self) -> None:
        if self.is_reachable:
            self._left_overs.cancel()

    def look(self, now: int) -> None:
        """Look, live, once a second after what waits for the broker by the clock."""
        self.changes.look()
        self._left_overs.look(now, is_reachable=self.is_reachable)

    def link(self, *, is_up: bool, ts: int) -> None:
        """Take in whether the broker can be reached; what could not be sent is sent once it can."""
        was_reachable, self.is_reachable = self.is_reachable, is_up
        if is_up and not was_reachable:
            self.retry(ts)

    def tend(self, ts: int) -> None:
        """Look after what is held, once a bar: entry timeout, flatten before the close, what is to be tried again."""
        self.time_out_entry(ts)
        if self._setup.sessions.is_past_flatten_time(ts, self._setup.session.flatten_before_close_mins):
            self.exit(ExitReason.SESSION_CLOSE, ts)
        self.retry(ts)

    # -- Entry ----------------------------------------------------------------------------------

    def enter(
        self,
        rule: str,
        decision_id: str,
        side: Side,
        quantity: int,
        trigger: Decimal,
        ts: int,
        hold: Callable[[], str] = str,
    ) -> None:
        """Send an entry with its protective stop as one list (law 2), unless by now ``hold`` says why not."""
        holding = Holding(phase=Phase.ENTERING, rule=rule, decision_id=decision_id, side=side, entry_time=ts)
        orders = self._way.make_entry(holding, quantity, trigger, ts)
        self.holding = holding
        if reason := hold():  # the journal could not take the intents
            self._voice.alert(ts, "entry_dropped", f"entry not sent: {reason}")
            holding.working.clear()
            self._advance(ts)
        else:
            self._way.enter(orders)
            self._voice.position(self.holding, ts)  # whoever ends the session knows of it before the broker answers

    def time_out_entry(self, ts: int) -> bool:
        """Cancel an entry that did not fill within ``entry_timeout_secs`` of its signal bar; True when it is late."""
        holding, limit_secs = self.holding, self._setup.risk.entry_timeout_secs
        waited_secs = (ts - holding.entry_time) / 1_000_000_000
        if holding.phase is not Phase.ENTERING or waited_secs <= limit_secs or not self.is_reachable:
            return False
        text = f"entry cancelled: {holding.entry_open} shares unfilled after {waited_secs:.0f} s > {limit_secs}"
        self._voice.alert(ts, "entry_timeout", text)
        self._cancel_entry(ts)
        return True

    def withdraw_entry(self, ts: int) -> None:
        """Cancel what of an entry has not filled, for the end of the session; a cancel refused is sent again."""
        self._withdraws = True
        if self.holding.phase is Phase.ENTERING:
            self._cancel_entry(ts)

    def on_open(self, ts: int) -> None:
        """Release a held order: the symbol's next bar opened, in time for an entry or not."""
        if not self.time_out_entry(ts):
            self._way.on_open()

    def _cancel_entry(self, ts: int) -> None:
        if self.is_reachable and self._way.withdraw(self.holding):
            self._advance(ts)

    # -- Exit -----------------------------------------------------------------------------------

    def exit(self, reason: ExitReason, ts: int) -> None:
        """Go flat; a second call while one is under way changes nothing."""
        holding = self.holding
        is_ending = holding.is_flat or holding.is_over  # over: its last fill is being told
        if is_ending or holding.exit_reason is not None or self.is_locked:
            return
        holding.exit_reason = reason
        if holding.phase is Phase.ENTERING:
            self._cancel_entry(ts)
        else:
            self._leave(ts)

    def retry(self, ts: int) -> None:
        """Try again what could not be done on an earlier bar: to leave, or to make the stop equal to the position."""
        holding = self.holding
        self._cancel_left_overs()
        if self.is_locked:
            self._limit_stop()
        elif holding.phase is Phase.OPEN and holding.exit_reason is not None:
            self._leave(ts)
        elif holding.phase is Phase.ENTERING and (holding.exit_reason is not None or self._withdraws):
            self._cancel_entry(ts)
        elif holding.phase is Phase.OPEN:
            holding.is_resizing = False
            self.repair_stop(ts)
            if holding.refused_trigger is not None:
                self.raise_stop(holding.refused_trigger, self.market)

    def _leave(self, ts: int) -> None:
        if self._may_send:
            self._way.leave(self.holding, ts)

    # -- Stop -----------------------------------------------------------------------------------

    def raise_stop(self, trigger: Decimal, market: Decimal) -> None:
        """Move the stop to ``trigger`` if that tightens it and leaves a tick to the market (law 3)."""
        if self._may_send:
            self._stop.tighten(self.holding, trigger, market)

    def repair_stop(self, ts: int) -> None:
        """Make the stop equal to the position, or close what cannot be protected (law 4)."""
        if self._may_send and not self._stop.repair(self.holding, self.market, ts):
            self.exit(ExitReason.PROTECTIVE_STOP, ts)  # one that is wanted already is tried again on the next bar

    @property
    def _may_send(self) -> bool:
        return self.is_reachable and not self.is_locked

    # -- Law 11 ---------------------------------------------------------------------------------

    def lock(self, ts: int) -> None:
        """Send no more orders; the stop stays, but never for more than the broker holds on its side."""
        self.is_locked = True
        self._limit_stop()
        self._voice.position(self.holding, ts)

    def _limit_stop(self) -> None:
        if self.is_reachable:
            self._stop.cap(self.holding, held_by_broker(self._strategy.cache, self._setup.symbol))

    def ts_of(self, event: Any) -> int:
        """Return the time of an event; a session that is replayed ahead of the clock has its own, that of its bars."""
        return max(int(event.ts_event), self.bar_ts)

    # -- Events ---------------------------------------------------------------------------------

    def on_order_event(self, event: object) -> float | None:
        """Follow the life of an order; return the net return (fraction) of the round trip when it ended."""
        order_id: str = event.client_order_id.value  # type: ignore[attr-defined]
        if order_id not in self.holding.roles and not self._is_of_last(order_id, event):
            if isinstance(event, EngineFill):
                self._voice.break_off("foreign_fill", f"fill of unknown order {order_id}", self.ts_of(event))
            return None
        role = self.holding.roles[order_id]
        self._answers.heard(order_id, event)
        match event:
            case EngineFill():
                return self._filled(role, event)
            case OrderAccepted() if order_id == self.holding.stop_id:
                self._stop_rests(self.ts_of(event))
            case OrderUpdated() if order_id == self.holding.stop_id:
                self._stop.updated(self.holding, event, self.ts_of(event))
            case OrderCancelRejected() if self.holding.phase is Phase.CANCELLING:
                self.holding.phase = Phase.OPEN  # filled meanwhile, or tried again on the next bar
                self.holding.exit_reason = self.holding.exit_reason or ExitReason.PROTECTIVE_STOP
            case OrderModifyRejected() if order_id == self.holding.stop_id:
                self._stop.refused(self.holding, event, self.ts_of(event))
            case _ if isinstance(event, Ended):
                return self._ended(role, event)
        return None

    def _is_of_last(self, order_id: str, event: object) -> bool:
        """Return whether a fill belongs to the round trip before, which then is not over after all."""
        is_late = isinstance(event, EngineFill) and self.holding.is_flat and order_id in self._last.roles
        if is_late:
            self.holding = self._last
        return is_late

    def _filled(self, role: OrderRole, fill: EngineFill) -> float | None:
        holding, order_id = self.holding, fill.client_order_id.value
        if order_id not in holding.working:
            text = f"{role} order {order_id} filled {fill.last_qty} after its end"
            self._voice.alert(self.ts_of(fill), "late_fill", text, severity="critical")
        self._booking.book(holding, role, fill, self.market, self.ts_of(fill))
        return self._advance(self.ts_of(fill))

    def _advance(self, ts: int) -> float | None:
        """Do what the state now calls for; return the net return of the round trip when it is over."""
        holding = self.holding
        if holding.is_over:
            return self._flat(ts)
        if holding.entry_open:
            if holding.entry_filled and not holding.quantity:
                self.changes.cancel(holding.entry_id)  # stopped out of what filled: the rest is not wanted any more
            self._voice.position(holding, ts)
            return None
        if holding.phase in (Phase.ENTERING, Phase.FLAT):
            holding.phase = Phase.OPEN
            self._voice.entry_ended(ts)
        if holding.is_reversed and holding.exit_reason is None:
            holding.exit_reason = ExitReason.PROTECTIVE_STOP
        if holding.exit_reason is not None or not holding.quantity:
            self._leave(ts)
        else:
            self.repair_stop(ts)
        self._voice.position(holding, ts)
        return None

    def _ended(self, role: OrderRole, event: Ended) -> float | None:
        """An order ended with shares unfilled."""
        holding, ts, order_id = self.holding, self.ts_of(event), event.client_order_id.value
        reason = str(getattr(event, "reason", None))
        if NOT_READY in reason:
            self.is_reachable = False  # until the link is told to be up again
        elif not isinstance(event, OrderCanceled):
            self._voice.alert(ts, "order_refused", f"{role} order {order_id}: {type(event).__name__}, {reason}")
        holding.ended(order_id)
        if order_id == holding.stop_id:
            self._voice.stop(holding, ts)
            if holding.phase is Phase.OPEN and holding.quantity and self._may_send:
                self._stop.lost(holding, type(event).__name__, self.market, ts)
            if holding.entry_open:
                self._cancel_entry(ts)  # law 2: without its stop the entry is not wanted
        if holding.phase is Phase.CANCELLING and not holding.working:
            holding.phase = Phase.OPEN
        elif role is OrderRole.EXIT and holding.quantity:
            self._exit_failed(ts)
            return None
        return self._advance(ts)

    def _exit_failed(self, ts: int) -> None:
        """The closing order ended: it is tried again on the next bar, behind a stop until then."""
        holding = self.holding
        holding.phase = Phase.OPEN
        if not holding.is_reversed and not holding.working and self._may_send:
            self._stop.put_back(holding, self.market, ts)
        self._voice.position(holding, ts)

    def _stop_rests(self, ts: int) -> None:
        self._stop.rests(self.holding, ts)
        self.repair_stop(ts)
        self._voice.position(self.holding, ts)

    def _flat(self, ts: int) -> float | None:
        holding = self.holding
        if holding.phase is Phase.ENTERING:
            self._voice.entry_ended(ts)
        self._voice.stop(holding, ts)
        holding.phase = Phase.FLAT
        is_new = holding.entry_filled > 0 and holding is not self._last  # a late fill does not count the trade twice
        self._last, self.holding = holding, Holding()
        self._voice.position(self.holding, ts, ended=holding.decision_id)
        return holding.return_frac if is_new else None
