"""
The bar recorder: keeps the bars of a live session, so that a backtest can replay the day the same evening.

Each closed bar is in the day's file before the next one comes; those that were fetched after an outage are there too.
``python -m catalog import-session`` brings them into a catalog. It never disturbs trading: while the disk refuses,
the bars wait in memory, and one alert tells of it.

It does not record what a session did not see: bars before its start, or while the program was down.

"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from nautilus_trader.model import Bar, BarType

from actors.bars.renewal import BarWatcher
from actors.messages import AlertRaised, MissedBar, Topic
from catalog.errors import CatalogError
from catalog.instruments import is_off_session, make_bar_type, split_bar_type
from catalog.nautilus_v2 import contained, contained_start
from catalog.recorded_bars import RecordedBar, append, day_file, read
from catalog.sessions import Sessions

MAX_WAITING = 10_000  # bars kept while the disk refuses: more than a day of twenty symbols


class BarRecorder(BarWatcher):
    """
    Writes closed bars to the state directory.

    Parameters
    ----------
    state_dir : Path
        Where the files go, in a directory of their own.
    bar_types : dict[str, str]
        Symbol → bar type, as the strategies have it; recorded is the one of the catalog, also of bars built from ticks.
    sessions : Sessions
        Tells to which day a bar belongs.

    """

    def __init__(self, state_dir: Path, bar_types: dict[str, str], sessions: Sessions) -> None:
        super().__init__()
        self._state_dir = state_dir
        self._bar_types = {symbol: BarType.from_str(text) for symbol, text in bar_types.items()}
        self._symbols = {bar_type: symbol for symbol, bar_type in self._bar_types.items()}
        self._recorded_as = {symbol: _catalog_type(text) for symbol, text in bar_types.items()}
        self._sessions = sessions
        self._seen: dict[Path, set[tuple[str, int]]] = {}  # bar type and close, by file of the current day
        self._waiting: list[tuple[Path, RecordedBar]] = []
        self._has_told = False

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.MISSED_BARS, self.on_missed_bar)
        for bar_type in self._bar_types.values():
            self.hear_bars(bar_type)

    @contained
    def on_bar(self, bar: Bar) -> None:
        if is_off_session(bar, self._sessions):
            return
        prices = (each.as_decimal() for each in (bar.open, bar.high, bar.low, bar.close))
        self._record(self._symbols[bar.bar_type], bar.ts_init, (*prices, bar.volume.as_decimal()))

    @contained
    def on_missed_bar(self, bar: MissedBar) -> None:
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        self._record(bar.symbol, bar.ts, values)

    @contained_start
    def on_stop(self) -> None:
        self._write()

    def _record(self, symbol: str, ts: int, values: Iterable[Decimal]) -> None:
        bar_type = self._recorded_as[symbol]
        file = day_file(self._state_dir, self._sessions.session_of(ts))
        if file not in self._seen:
            self._seen = {file: _recorded_before(file)}
        if (bar_type, ts) in self._seen[file]:
            return  # the same day again after a restart, or told twice
        self._seen[file].add((bar_type, ts))
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append((file, RecordedBar(bar_type, ts, *values)))
        self._write()

    def _write(self) -> None:
        """Write what waits; a file at a time, as a day may end while the disk refuses."""
        while self._waiting:
            file = self._waiting[0][0]
            bars = [bar for other, bar in self._waiting if other == file]
            try:
                append(file, bars)
            except OSError as error:
                self._tell(file, error)
                return
            self._waiting = [each for each in self._waiting if each[0] != file]
        self._has_told = False

    def _tell(self, file: Path, error: OSError) -> None:
        if not self._has_told:
            self._has_told = True
            text = f"bars are not recorded, trading goes on: {file}: {error.strerror or error}"
            self.publish_message(
                Topic.ALERTS, AlertRaised(self.clock.timestamp_ns(), "bars_unrecorded", "warning", text)
            )


def _catalog_type(bar_type: str) -> str:
    return str(make_bar_type(*split_bar_type(bar_type.partition("@")[0]))[0])


def _recorded_before(file: Path) -> set[tuple[str, int]]:
    try:
        return {(bar.bar_type, bar.ts) for bar in read(file)}
    except (CatalogError, OSError):
        return set()  # none yet; or one that cannot be read, which the import tells
