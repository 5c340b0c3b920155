"""
The strategy: one instance per symbol, holding the signal rules configured for it (law 5).

Bar → signals → entry gate → size → one order list (entry + protective stop). It owns the position until it is
flat again: it moves the stop when the trailing stop asks, exits on an opposite signal, before the close, or
on command, and always by cancel, await, close, verify (law 7).

It does not protect from gaps through the stop, nor from a broker that loses an order without a word: what of an
order's fate is unknown blocks the symbol (law 10).

"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import Bar, InstrumentId, OrderFilled, TradeTick
from nautilus_trader.trading import Strategy

from actors.messages import (
    AccountProvider,
    Action,
    AlertRaised,
    BarHandled,
    EntryRequested,
    ExitReason,
    FailureTeller,
    FetchMissedBars,
    Flatten,
    Halt,
    HoldEntries,
    LinkChanged,
    LinkState,
    LockSymbol,
    MissedBar,
    RaiseStop,
    ReleaseEntries,
    RepairStop,
    Side,
    SubscribeAnew,
    Topic,
    WithdrawEntries,
)
from catalog.instruments import is_off_session
from catalog.nautilus_v2 import UNTOUCHABLE_EVENTS, contained, contained_start, strategy_config
from strategies.bar_feed import BarFeed
from strategies.command_lane import CommandLane
from strategies.decision_voice import DecisionVoice
from strategies.entry_gate import Verdict
from strategies.entry_holds import MAX_FAILURES, EntryHolds
from strategies.entry_plan import ConfiguredRule, EntryPlan, EntryPlanner, StrategySetup
from strategies.memory import Memory
from strategies.order_changes import ANSWERS
from strategies.order_news import progress_of
from strategies.position_owner import PositionOwner
from strategies.price_bar import price_bar_of
from strategies.retries import Retries
from strategies.rule_row import RuleRow, Spoken
from strategies.stop_raises import StopRaises

STARTED = timedelta(milliseconds=1)  # after which every component listens
MAY_MISS_BARS = {"link", "farm", "data"}  # who holds entries because bars may not come


class SignalStrategy(Strategy):
    """
    Trades one symbol by its signal rules.

    Parameters
    ----------
    setup : StrategySetup
        Rules, limits and session of the symbol.
    account : AccountProvider
        Asked for the state of the whole account at each entry decision.
    memory : Memory
        What the journal knows of the symbol; empty in a backtest.
    lane : CommandLane
        Shared by all strategies: who may cancel or change an order next.

    """

    def __new__(cls, *_args: object, **_kwargs: object) -> "SignalStrategy":
        return super().__new__(cls)  # Nautilus' base takes a config only

    def __init__(self, setup: StrategySetup, account: AccountProvider, memory: Memory, lane: CommandLane) -> None:
        tag = setup.symbol.replace(".", "_").replace("-", "_")
        super().__init__(strategy_config("SignalStrategy", tag, claim=setup.symbol))
        self.setup = setup
        self.owner = PositionOwner(self, setup, lane)
        self._raises = StopRaises(self.owner.raise_stop)
        self.planner = EntryPlanner(setup)
        self.bars_seen = 0
        self.feed = BarFeed(self, setup.bar_type, setup.sessions, self.on_history_overdue, is_live=setup.is_live)
        self._account = account
        self._memory = memory
        self._is_starting = setup.is_live  # the owner does not know its orders yet
        self._is_warm = not (setup.is_live and setup.warmup_bars)
        self.last_ts = 0
        self.close = Decimal(0)
        self._decisions = DecisionVoice(setup.symbol, self.publish_message, memory.decisions)
        self._retries = Retries(self, self.on_retry)
        self._holds = EntryHolds(setup.sessions)
        self._failures = FailureTeller(setup.symbol)
        self.lock = ""  # why no order is sent for the symbol (law 11)
        self._rules = RuleRow(setup.rules, lambda error: self.on_failure("on_bar", error))

    # -- Life -----------------------------------------------------------------------------------

    @contained_start
    def on_start(self) -> None:
        instrument = self.cache.instrument(InstrumentId.from_str(self.setup.symbol))
        if instrument is None:
            message = f"Expected the instrument {self.setup.symbol} in the cache, was none; is it in the catalog?"
            raise LookupError(message)
        self.owner.start(instrument)
        self.subscribe_topic(Topic.COMMANDS, self.on_command)
        history_from = 0
        if self.setup.is_live:
            self.subscribe_topic(Topic.LINK, self.on_link)
            self.subscribe_quotes(instrument.id)  # without a price a market order is denied (T2)
            self.clock.set_time_alert("adopt", self.clock.utc_now() + STARTED, callback=self.on_all_started)
            history_from = self.setup.sessions.bars_back(self._now(), self.setup.step_secs, self.setup.warmup_bars)
        self.feed.start(history_from)

    @contained
    def on_all_started(self, _event: TimeEvent) -> None:
        now, self._is_starting = self._now(), False
        self.owner.adopt(self._memory, now)
        for halt in self._holds.halts:
            self.owner.exit(halt.reason, now)  # it was told before it was known what is held

    def _now(self) -> int:
        return int(self.clock.timestamp_ns())

    # -- Data -----------------------------------------------------------------------------------

    @contained
    def on_bar(self, bar: Bar) -> None:
        if self.feed.is_built and is_off_session(bar, self.setup.sessions):
            return
        taken = self._now() if self.setup.is_live else 0
        bars = self.feed.live(bar)
        for each in bars:
            self._act(each)
        if taken and bars:
            self.publish_message(Topic.PERFORMANCE, BarHandled(bar.ts_init, self.setup.symbol, taken, self._now()))

    @contained
    def on_trade(self, tick: TradeTick) -> None:
        self.owner.on_open(tick.ts_init)

    @contained
    def on_historical_bars(self, bars: Sequence[Bar]) -> None:
        if not self.feed.is_answer(bars):
            self.feed.refused()
            return
        if not bars:
            self._tell_no_history(self._now())
        self._end_history(list(bars))

    @contained
    def on_history_overdue(self, event: TimeEvent) -> None:
        if self.feed.try_again():
            return
        self.bars_seen = 0  # what the rules know has a hole, or is nothing: they warm up before the next entry
        self._tell_no_history(event.ts_event)
        self._end_history([])

    def _tell_no_history(self, ts: int) -> None:
        text = f"{self.setup.symbol}: no history came, the rules warm up on live bars"
        self.publish_message(Topic.ALERTS, AlertRaised(ts, "no_history", "warning", text))

    def _end_history(self, bars: list[Bar]) -> None:
        past, present = self.feed.answered(bars), self.feed.settle()  # before an exception can leave it waiting
        for bar in past:
            self._learn(bar)
        self._is_warm = True
        for bar in present:
            self._act(bar)
        if self.last_ts:
            self.owner.retry(self.last_ts)

    def _act(self, bar: Bar) -> None:
        """Decide on a bar that closed just now."""
        ts = bar.ts_init
        spoken = self._see(bar)
        was_flat = self.owner.holding.is_flat
        if was_flat and not spoken:
            return
        self._mark(bar)
        if not was_flat:
            self.owner.tend(ts)
        for rule, signal in spoken:
            self._decide(rule, signal, ts, was_flat=was_flat)
        self._raises.decided(ts)

    def _learn(self, bar: Bar) -> None:
        """Take in a bar of the past: it warms up, and once we run it can still ask for an exit (law 7)."""
        spoken = self._see(bar)
        self._mark(bar)
        ts, values = bar.ts_init, (value.as_decimal() for value in (bar.open, bar.high, bar.low, bar.close, bar.volume))
        past = MissedBar(ts, self.setup.symbol, *values)
        if not self._is_warm:
            self.publish_message(Topic.HISTORY, past)
            return
        self.publish_message(Topic.MISSED_BARS, past)
        for rule, signal in spoken:
            if signal == -self.owner.holding.side and not self.owner.holding.is_flat:
                self._decide(rule, signal, ts, was_flat=False)
            else:
                self._decisions.refused(rule, signal, ts, "missed", "missed: the bar was fetched after its time")

    def _see(self, bar: Bar) -> Spoken:
        """Feed a closed bar to the measures and the rules; return the rules that spoke."""
        self.last_ts = self.owner.bar_ts = bar.ts_init
        price_bar = price_bar_of(bar)
        self.bars_seen += 1
        for measure in self.planner.measures:
            measure(price_bar)
        return self._rules.hear(price_bar)

    def _mark(self, bar: Bar) -> None:
        self.close = self.owner.market = self._decisions.close = bar.close.as_decimal()

    # -- Decisions ------------------------------------------------------------------------------

    def _decide(self, rule: ConfiguredRule, signal: int, ts: int, *, was_flat: bool) -> None:
        holding = self.owner.holding
        if self.lock:
            self._decisions.refused(rule, signal, ts, "held", f"held: {self.lock}")
        elif holding.is_flat:
            self._consider_entry(rule, signal, ts)
        elif signal == holding.side:
            self._consider_entry(rule, signal, ts, lock=f"{self.setup.symbol} is {holding.phase}")
        elif was_flat:
            self._decisions.refused(rule, signal, ts, "conflict", f"conflict: {holding.rule} entered on this bar")
        elif holding.exit_reason is not None:
            self._decisions.refused(rule, signal, ts, "exiting", f"exiting: under way because of {holding.exit_reason}")
        elif self.setup.exit_by == "opener" and rule.label != holding.rule:
            self._decisions.refused(
                rule, signal, ts, "not_opener", f"not_opener: {holding.rule} opened, exit_by = opener"
            )
        else:
            quantity = abs(holding.quantity)
            self._decisions.acted(rule, signal, ts, Action.EXITED, quantity, f"closes what {holding.rule} opened")
            self.owner.exit(ExitReason.SIGNAL, ts)

    def _consider_entry(self, rule: ConfiguredRule, signal: int, ts: int, lock: str = "") -> None:
        if signal < 0 and not rule.allow_short and not lock:
            self._decisions.refused(
                rule, signal, ts, "no_position", "no_position: nothing to close and allow_short = false"
            )
            return
        plan = self.planner.plan(
            Side(signal),
            ts,
            self.close,
            self._account(),
            bars_seen=self.bars_seen - 1,  # the bars before this one: the first `warmup_bars` never trade
            halt=self._holds.halted(ts),
            lock=lock,
            hold=self._hold_text(),
        )
        if not plan.quantity:
            self._decisions.refused(rule, signal, ts, plan.reason, plan.detail)
            return
        self._enter(rule, Side(signal), ts, plan)

    def _enter(self, rule: ConfiguredRule, side: Side, ts: int, plan: EntryPlan) -> None:
        decision_id = self._decisions.acted(rule, int(side), ts, Action.ENTERED, plan.quantity, plan.detail)
        self.publish_message(Topic.ENTRIES, EntryRequested(ts, self.setup.symbol, plan.quantity * self.close))
        self.owner.enter(rule.label, decision_id, side, plan.quantity, plan.trigger, ts, self._hold_text)

    def _hold_text(self) -> str:
        return self._holds.held() or ("" if self._has_quote() else "data: no quote yet")

    def _has_quote(self) -> bool:
        return not self.setup.is_live or self.cache.quote(InstrumentId.from_str(self.setup.symbol)) is not None

    def objection(self, ts: int) -> Verdict:
        """Return whether a signal at this moment might enter, as far as what is held here does not forbid it."""
        return self.planner.verdict(
            ts,
            self._account(),
            bars_seen=self.bars_seen,
            halt=self._holds.halted(ts),
            lock=self.lock,
            hold=self._hold_text(),
        )

    # -- Commands -------------------------------------------------------------------------------

    @contained
    def on_link(self, change: object) -> None:
        if isinstance(change, LinkChanged):
            self.owner.link(is_up=change.state is LinkState.UP, ts=self.last_ts or change.ts)

    @contained
    def on_command(self, command: object) -> None:
        match command:
            case RaiseStop(symbol=self.setup.symbol):
                self._raises.asked(command, self.last_ts)
            case RepairStop(symbol=self.setup.symbol, ts=ts):
                self.owner.repair_stop(ts)
            case Halt():
                self._holds.halt(command)
                self.owner.exit(command.reason, command.ts)
            case LockSymbol(symbol=self.setup.symbol, detail=detail, ts=ts):
                self.lock = f"locked: {detail}"
                self.owner.lock(ts)
            case Flatten(symbol="" | self.setup.symbol, reason=reason, ts=ts):
                self.owner.exit(reason, ts)
            case WithdrawEntries(ts=ts):
                self.owner.withdraw_entry(ts)
            case _:
                self._on_hold_or_feed(command)

    def _on_hold_or_feed(self, command: object) -> None:
        match command:
            case HoldEntries(symbol="" | self.setup.symbol):
                self._holds.hold(command)
                if command.source in MAY_MISS_BARS:
                    self.feed.suspect()
            case ReleaseEntries(symbol="" | self.setup.symbol, source=source):
                self._holds.release(source)
            case FetchMissedBars(symbol="" | self.setup.symbol):
                self.feed.fetch_missed()
            case SubscribeAnew(symbol="" | self.setup.symbol):
                self.feed.subscribe_anew()

    # -- Orders ---------------------------------------------------------------------------------

    @contained
    def on_order_event(self, event: object) -> None:
        if isinstance(event, UNTOUCHABLE_EVENTS):
            return
        if not isinstance(event, OrderFilled):
            self.publish_message(Topic.ORDER_STATES, progress_of(self.setup.symbol, event, self.owner.ts_of(event)))
            if self.setup.is_live:
                self._retries.heard(event)
        if self._is_starting:
            return  # the owner finds it in the cache when it takes up its round trip
        closed = self.owner.on_order_event(event)
        if self.setup.is_live and self.owner.holding.is_naked:
            self._retries.heard_naked(event)
        if isinstance(event, ANSWERS):
            self.owner.changes.answered(event.client_order_id.value)
        if closed is not None:
            self.planner.trades.add(closed)

    @contained
    def on_retry(self, _event: TimeEvent) -> None:
        if self._has_quote():
            self.owner.retry(self.last_ts or self._now())
        else:
            self._retries.later()  # without a price an exit would be denied (T2)

    # -- Failures -------------------------------------------------------------------------------

    def on_failure(self, handler: str, error: Exception) -> None:
        self._holds.failed()
        ts = self.last_ts or self._now()
        self.publish_message(Topic.FAILURES, self._failures.message(handler, error, ts))
        if self._holds.failures == MAX_FAILURES:
            text = f"{self.setup.symbol}: {MAX_FAILURES} exceptions in handlers, no more entries"
            self.publish_message(Topic.ALERTS, AlertRaised(ts, "handler_failures", "critical", text, self.setup.symbol))
