"""
Both sides of the parity: the live node on a gateway in lock-step, and the backtest on the bars that it saw.

Each leaves a session record as the product makes it: of the journal, and of the backtest.

"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd

from actors.journal.reader import JournalReader
from actors.report.records import SessionRecord
from catalog.instruments import make_bar_type
from catalog.sessions import Sessions
from catalog.store import BarStore
from config.backtest.data import VOLUME_SHARE
from config.backtest.run import Backtest
from config.components import traded_symbols
from config.live.state_dir import JOURNAL
from config.live_report.record import LiveFacts, live_record
from config.live_report.window import report_window
from config.loader import ConfigError, load_settings
from config.schema import Settings
from tests.acceptance.parity_node import BARS_SEEN, DEFAULT_CONFIG
from tests.gateway.gateway import ACCOUNT, Gateway
from tests.gateway.market import Market

ROOT = Path(__file__).parents[2]
STALL_SECS = 60.0  # without progress; a minute of the session takes milliseconds
END_SECS = 30.0
LOOK_SECS = 0.1
NANOS_IN_MINUTE = 60 * 10**9
STEP = "1-MINUTE"
# What must be the same on both sides, or cannot be set at a gateway: where it is, its fees, when an order fills
COMMON = (
    'account.mode="paper"',
    f'account.id="{ACCOUNT}"',
    'ib.host="127.0.0.1"',
    'trading.on_stop="keep_stops"',
    'risk.on_daily_loss="halt"',
    'backtest.fill="next_open"',
    "backtest.slippage_ticks=0",
    "backtest.commission_per_share_usd=0.005",
    "backtest.commission_min_usd=1.00",
    "backtest.commission_max_pct=1.0",
    "backtest.chunk_bars=0",
)

Progress = Callable[[int, int], None]  # minutes played, minutes in all


class ParityError(Exception):
    """The session could not be played on both sides; says what was expected, found, and how to mend it."""


def load(config: Path | None, overrides: Sequence[str]) -> Settings:
    """Return the settings of both sides, the environment left out; raises ConfigError."""
    settings = load_settings(config, [*overrides, *COMMON], {})
    if settings.bars.step != STEP:
        raise ConfigError(
            [f"bars.step: expected {STEP}, was {settings.bars.step}; the gateway serves a day of minutes."]
        )
    return settings


@dataclass(frozen=True, slots=True)
class Case:
    """A configuration on a market."""

    market: Market
    config: Path | None
    overrides: Sequence[str]

    def settings(self) -> Settings:
        """Return the settings of both sides; raises ConfigError."""
        return load(self.config, self.overrides)

    def bars_in_session(self, symbol: str) -> int:
        """Return how many bars of the session a symbol has."""
        return len(self._session(symbol))

    def thin_bars(self, symbol: str, shares: int) -> int:
        """Return how many of them are too thin for such an order: a backtest splits it, the rest a tick worse."""
        return int((self._session(symbol)["volume"] // VOLUME_SHARE < shares).sum())

    def _session(self, symbol: str) -> pd.DataFrame:
        return _since(self.market.frames(symbol), self.market.session.open)


@dataclass(frozen=True, slots=True)
class Live:
    """What the live side left."""

    record: SessionRecord
    bars_seen: Mapping[str, int]
    broker_cash_usd: Decimal
    broker_equity_usd: Decimal


def run_live(case: Case, folder: Path, progress: Progress) -> Live:
    """Play the session to a live node and return its record; raises ParityError."""
    settings = case.settings()
    symbols = traded_symbols(settings)
    cash = settings.backtest.starting_cash_usd
    folder.mkdir(parents=True)
    options = {"lockstep": True, "control": 0, "subscriptions": len(symbols), "cash_usd": cash}
    with Gateway.start(case.market, **options) as gateway, _node(case, folder, gateway) as process:
        _play(gateway, process, folder, progress)
        _end(process, folder)
        state = gateway.state()
    return Live(
        _record(case, settings, folder),
        json.loads((folder / BARS_SEEN).read_text()),
        Decimal(str(state["cash_usd"])),
        Decimal(str(state["equity_usd"])),
    )


@contextmanager
def _node(case: Case, folder: Path, gateway: Gateway) -> Iterator[subprocess.Popen[bytes]]:
    config = DEFAULT_CONFIG if case.config is None else str(case.config.resolve())
    settings = [*case.overrides, *COMMON, f"ib.port={gateway.port}"]
    where = [str(gateway.control_port), str(folder)]
    command = [sys.executable, "-m", "tests.acceptance.parity_node", *where, config, *settings]
    with (folder / "terminal.txt").open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT)  # noqa: S603 - our own module
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _play(gateway: Gateway, process: subprocess.Popen[bytes], folder: Path, progress: Progress) -> None:
    """Wait until the session is played to its end and acknowledged."""
    last, since = 0, time.monotonic()
    while True:
        state = gateway.state()
        opened, now, closed = state["session"]["open"], state["now"], state["session"]["close"]
        progress((now - opened) // NANOS_IN_MINUTE, (closed - opened) // NANOS_IN_MINUTE)
        if state["is_done"]:
            return
        if process.poll() is not None:
            raise ParityError(_ended(process, folder))
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > STALL_SECS:
            minute = (now - opened) / NANOS_IN_MINUTE
            raise ParityError(
                f"Expected the node to go on, it stood still for {STALL_SECS:.0f} s in minute {minute:.1f} of the "
                f"session. The end of its log:\n{_tail(folder)}"
            )
        time.sleep(LOOK_SECS)


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECS)
    if process.poll() != 0:
        raise ParityError(_ended(process, folder))


def _ended(process: subprocess.Popen[bytes], folder: Path) -> str:
    return f"Expected the node to run to the end of the session, it ended with {process.poll()}:\n{_tail(folder)}"


def _tail(folder: Path) -> str:
    return "\n".join((folder / "terminal.txt").read_text().splitlines()[-12:])


def _record(case: Case, settings: Settings, folder: Path) -> SessionRecord:
    session = case.market.session
    frames = {symbol: _since(case.market.frames(symbol), session.open) for symbol in traded_symbols(settings)}
    with JournalReader(folder / JOURNAL) as journal:
        window = report_window(Sessions(settings.session.calendar), [session.open, session.close])
        return live_record(journal, settings, window, "paper", LiveFacts(), frames)


def _since(frame: pd.DataFrame, ts: int) -> pd.DataFrame:
    return frame[frame["ts"] > ts].reset_index(drop=True)


def run_backtest(case: Case, folder: Path, bars_seen: Mapping[str, int]) -> SessionRecord:
    """Run the backtest on the bars that the live side saw, history included, and return its record."""
    history = [seen - case.bars_in_session(symbol) for symbol, seen in bars_seen.items()]
    settings = case.settings()
    # Of an answer with more history than asked for no bar is traded live; in a backtest those are the warm-up
    warmup_bars = max(settings.bars.warmup_bars, *history)
    settings = settings.model_copy(update={"bars": settings.bars.model_copy(update={"warmup_bars": warmup_bars})})
    store = BarStore(folder)
    for symbol, count in bars_seen.items():
        store.write(str(make_bar_type(symbol, settings.bars.step)[0]), case.market.frames(symbol).tail(count))
    backtest = Backtest(settings, store)
    try:
        return backtest.run()
    finally:
        backtest.dispose()
