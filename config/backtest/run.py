"""
A backtest: the components of a configuration on a catalog, in chunks, to a session record.

It drives a BacktestEngine itself rather than a BacktestNode, so that memory is bounded, progress is told, Ctrl-C
stops between chunks and the opening trades come with the bars (docs/decisions/0004-fill-timing.md).

"""

import time
from collections.abc import Callable, Sequence

from nautilus_trader.common import DataActor

from actors.messages import HandlerFailed
from actors.report.records import SessionRecord
from catalog.fees import FixedPlanFees
from catalog.instruments import parse_step
from catalog.sessions import Sessions
from catalog.store import BarStore
from config.backtest.data import BacktestData, Span
from config.backtest.engine import make_engine
from config.backtest.range import check_range
from config.backtest.record import Effort, make_record
from config.backtest.simulation import OrderFees
from config.components import bar_types_of, build_components, traded_symbols
from config.schema import Settings

Progress = Callable[[int, int], None]  # bars done, bars in all


class Backtest:
    """
    One run of a configuration over a range of a catalog.

    Parameters
    ----------
    settings : Settings
        The whole configuration.
    store : BarStore
        The catalog.
    start, end : int | None
        First and last closing time of the bars, UTC nanoseconds; None = all there is.
    onlookers : Sequence[DataActor]
        Actors that run along, for tests and for studies of one's own; they change no fill.

    Raises
    ------
    BacktestError
        If the catalog cannot give what the configuration asks for.

    """

    def __init__(
        self,
        settings: Settings,
        store: BarStore,
        start: int | None = None,
        end: int | None = None,
        onlookers: Sequence[DataActor] = (),
    ) -> None:
        self.settings = settings
        self.store = store
        self.symbols = traded_symbols(settings)
        self.bar_types = bar_types_of(settings, is_live=False)
        sessions = Sessions(settings.session.calendar)
        self.data = BacktestData(store, self.bar_types, parse_step(settings.bars.step), sessions)
        self.asked = (start, end)
        self.start, self.end = check_range(settings, store, self.data.times, start, end)
        self.instruments = {symbol: store.instrument(symbol) for symbol in self.symbols}
        chosen = settings.backtest
        self.components = build_components(
            settings, self.instruments, chosen.starting_cash_usd, hold_until_open=chosen.fill == "next_open"
        )
        plan = FixedPlanFees(chosen.commission_per_share_usd, chosen.commission_min_usd, chosen.commission_max_pct)
        self.fees = OrderFees(plan)
        self.engine = make_engine(settings, self.instruments, self.fees)
        for actor in (*self.components.actors, *onlookers):
            self.engine.add_actor(actor)
        for strategy in self.components.strategies:
            self.engine.add_strategy(strategy)

    def run(
        self, progress: Progress = lambda _done, _total: None, should_stop: Callable[[], bool] = lambda: False
    ) -> SessionRecord:
        """Run to the end, to the end of a chunk with a failure, or until ``should_stop``; return what ran."""
        effort = Effort()
        spans = self.data.spans(self.start, self.end, self.settings.backtest.chunk_bars)
        total = sum(span.bars for span in spans)
        progress(0, total)
        for number, span in enumerate(spans, start=1):
            self._run_span(span, effort)
            progress(effort.bars, total)
            if self.failures():
                effort.bars_left = total - effort.bars
                break
            if number < len(spans) and should_stop():
                effort.was_interrupted = True
                break
        self.engine.end()
        return make_record(self, effort)

    def failures(self) -> list[HandlerFailed | str]:
        """Return the first failures in each place of a component, or the fee model's; a run with any has failed."""
        fee_error = self.fees.error
        return [*self.components.recorder.failures.kept, *([f"OrderFees: {fee_error!r}"] if fee_error else [])]

    def dispose(self) -> None:
        """Give back what the engine holds."""
        self.engine.dispose()

    def _run_span(self, span: Span, effort: Effort) -> None:
        if not span.bars:
            return
        for batch in self.data.load(span):
            self.engine.add_data(batch, validate=False, sort=False)
        self.engine.sort_data()
        began = time.perf_counter()
        self.engine.run(streaming=True)
        effort.engine_secs += time.perf_counter() - began
        effort.bars += span.bars
        effort.end = span.end
        self.engine.clear_data()
