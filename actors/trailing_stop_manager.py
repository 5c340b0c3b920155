"""
The trailing-stop manager: it says how far a stop is to be raised, the owner of the position moves it.

It watches a symbol's bars only while a position with a resting stop is held.

"""

from decimal import Decimal

from nautilus_trader.model import Bar, BarType, Price

from actors.bars.renewal import BarWatcher
from actors.messages import MissedBar, PositionReported, RaiseStop, Side, StopMoved, Topic
from actors.trailing_rules import TrailingRule, TrailingStopConfig
from catalog.indicators import AverageTrueRange
from catalog.instruments import is_off_session
from catalog.nautilus_v2 import contained, contained_start
from catalog.sessions import Sessions


class TrailingStopManager(BarWatcher):
    """
    Trails the stops of all symbols.

    Parameters
    ----------
    config : TrailingStopConfig
        Kind, distance, activation and smallest step.
    bar_types : dict[str, str]
        Symbol → bar type it trails on.
    ticks : dict[str, Decimal]
        Symbol → price increment, USD.
    sessions : Sessions
        Outside of which nothing trails.

    """

    def __init__(
        self, config: TrailingStopConfig, bar_types: dict[str, str], ticks: dict[str, Decimal], sessions: Sessions
    ) -> None:
        super().__init__()
        self._sessions = sessions
        self._config = config
        self._bar_types = {symbol: BarType.from_str(text) for symbol, text in bar_types.items()}
        self._symbols = {bar_type: symbol for symbol, bar_type in self._bar_types.items()}
        self._ticks = ticks
        self._rules: dict[str, TrailingRule] = {}
        self._ranges = {s: AverageTrueRange(config.atr_period) for s in bar_types} if config.kind == "atr" else {}

    @contained_start
    def on_start(self) -> None:
        if self._config.kind == "none":
            return
        self.listen(Topic.POSITIONS, self.on_position)
        self.listen(Topic.STOPS, self.on_stop_moved)
        self.listen(Topic.MISSED_BARS, self.on_missed_bar)
        self.listen(Topic.HISTORY, self.on_history_bar)
        for symbol in self._ranges:
            self.hear_bars(self._bar_types[symbol])

    @contained
    def on_position(self, report: PositionReported) -> None:
        symbol = report.symbol
        is_trailed = bool(report.quantity) and report.stop_trigger is not None and not report.is_exiting
        if not is_trailed:
            if self._rules.pop(symbol, None) is not None and symbol not in self._ranges:
                self.ignore_bars(self._bar_types[symbol])
        elif symbol not in self._rules and report.entry_open == 0:
            self._begin(report)

    def _begin(self, report: PositionReported) -> None:
        symbol = report.symbol
        if report.average_price is None or report.stop_trigger is None:
            return
        side = Side.LONG if report.quantity > 0 else Side.SHORT
        self._rules[symbol] = TrailingRule(
            self._config, side, report.average_price, self._ticks[symbol], report.stop_trigger, self._ranges.get(symbol)
        )
        if symbol not in self._ranges:
            self.hear_bars(self._bar_types[symbol])

    @contained
    def on_stop_moved(self, move: StopMoved) -> None:
        rule = self._rules.get(move.symbol)
        if rule is not None and move.trigger is not None:
            rule.current_stop = move.trigger

    @contained
    def on_bar(self, bar: Bar) -> None:
        if not is_off_session(bar, self._sessions):
            self._closed(self._symbols[bar.bar_type], bar.ts_init, bar.high, bar.low, bar.close)

    @contained
    def on_history_bar(self, bar: MissedBar) -> None:
        average_range = self._ranges.get(bar.symbol)
        if average_range is not None:
            average_range.update(float(bar.high), float(bar.low), float(bar.close))

    @contained
    def on_missed_bar(self, bar: MissedBar) -> None:
        self._closed(bar.symbol, bar.ts, bar.high, bar.low, bar.close)

    def _closed(self, symbol: str, ts: int, *prices: Price | Decimal) -> None:
        high, low, close = map(float, prices)
        average_range = self._ranges.get(symbol)
        if average_range is not None:
            average_range.update(high, low, close)
        rule = self._rules.get(symbol)
        if rule is None:
            return
        trigger = rule.update(high, low, close)
        if trigger is not None:
            self.publish_message(Topic.COMMANDS, RaiseStop(ts, symbol, trigger, Decimal(str(prices[-1]))))
