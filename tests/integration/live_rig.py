"""
A whole live node as its user starts it, ``run_live.py`` in a process of its own, against a gateway in this one.

The gateway's time stands still until a test moves it, a minute at a time. What the node did is read where others read
it: in the gateway's book, in the journal, on the terminal.

"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from actors.journal.reader import JournalReader
from catalog.sessions import Sessions
from strategies.price_bar import PriceBar
from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market
from tests.integration.rig import AAPL, MINUTE_NS, QUIET, session_bars

ROOT = Path(__file__).parents[2]
PATIENCE_SECS = 90.0  # far above what anything takes, a start on a busy machine too: who waits so long has failed
LOOK_SECS = 0.02
SETTLE_SECS = 0.25  # for the node to deal with a minute that changes nothing a test could wait for
HISTORY = "HistoricalDataRequest"
PRICE = 100.0
FRIDAY = "2024-10-04"  # the session before that of `session_bars`


class AtMinute:
    """A rule that says what its settings say at the n-th minute of the session (1 = the first bar)."""

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        up: tuple[int, ...] = ()
        down: tuple[int, ...] = ()

    Config: ClassVar = Config
    bars_needed = 1

    def __init__(self, config: Config, tick_size: float) -> None:
        self._config = config
        self._sessions = Sessions()

    def update(self, bar: PriceBar) -> int:
        window = self._sessions.window(bar.ts)
        minute = (bar.ts - window.open) // MINUTE_NS if window else 0
        return (minute in self._config.up) - (minute in self._config.down)


def at_minute(
    symbol: str = AAPL, *, up: Sequence[int] = (), down: Sequence[int] = (), short: bool = False, number: int = 0
) -> str:
    """Return a [[strategies]] table of the rule; ``number`` tells apart two with the same minutes."""
    common = f'kind = "{__name__}:AtMinute", symbol = "{symbol}", allow_short = {str(short).lower()}'
    marks = [*up, *([1000 + number] if number else [])]
    return f"{{{common}, up = {marks}, down = {list(down)}}}"


def flat_market(minutes: int = 390, **closes: Sequence[float]) -> Market:
    """Return a full session of AAPL and MSFT at 100, or with chosen closes at its beginning (by ticker)."""
    frames = {}
    for ticker in ("AAPL", "MSFT"):
        path = np.full(minutes, PRICE)
        chosen = closes.get(ticker, ())
        path[: len(chosen)] = chosen
        frames[f"{ticker}.NASDAQ"] = [session_bars(np.full(minutes, path[0]), FRIDAY), session_bars(path)]
    return Market.of_frames(frames, soon())


class Node:
    """A running ``run_live.py``."""

    def __init__(
        self,
        port: int,
        state: Path,
        tables: Sequence[str],
        overrides: Sequence[str],
        *flags: str,
        sooner: Mapping[str, float] | None = None,
    ) -> None:
        self.state = state
        settings = [f"strategies=[{', '.join(tables)}]", f"ib.port={port}", *QUIET, *overrides]
        options = [part for setting in settings for part in ("--set", setting)]
        environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
        script = _impatient(sooner) if sooner else [str(ROOT / "run_live.py")]
        command = [sys.executable, *script, "run", "--state", str(state), *flags, *options]
        state.mkdir(parents=True, exist_ok=True)
        self._terminal = state / "terminal.txt"
        with self._terminal.open("a") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                command, stdout=out, stderr=out, cwd=state, env=environ | {"PYTHONPATH": str(ROOT)}
            )

    @property
    def terminal(self) -> str:
        """Everything it printed, and those before it on the same state directory."""
        return self._terminal.read_text()

    def terminate(self) -> int:
        """Stop it as a supervisor does, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.exit_code()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE_SECS)

    def journal(self) -> JournalReader:
        return JournalReader(self.state / "journal.sqlite")

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait for something and return it; a node that ends or a wait that is too long fails the test."""
        for _ in range(int(PATIENCE_SECS / LOOK_SECS)):
            has_ended = self.process.poll() is not None  # asked first: what it did last may be what is waited for
            if found := condition():
                return found
            assert not has_ended, f"the node ended while a test waited for {what}:\n{self.terminal}"
            time.sleep(LOOK_SECS)
        raise AssertionError(f"waited in vain for {what}:\n{self.terminal[-4000:]}")

    def until_equal(self, look: Callable[[], Any], expected: Any) -> None:
        """Look until what is seen is what is ``expected``: the node writes while a test reads."""
        for _ in range(int(PATIENCE_SECS / LOOK_SECS)):
            has_ended = self.process.poll() is not None
            if look() == expected or has_ended:
                break
            time.sleep(LOOK_SECS)
        assert look() == expected, self.terminal[-4000:]

    def until_says(self, text: str) -> None:
        self.until(lambda: text in self.terminal, repr(text))


def _impatient(sooner: Mapping[str, float]) -> list[str]:
    """Return how to run the script with other constants, such as how long it waits before it acts."""
    names = [name.rpartition(".") for name in sooner]
    lines = [
        f"import {module}; {module}.{constant} = {sooner[f'{module}.{constant}']}" for module, _, constant in names
    ]
    return ["-c", "; ".join([*lines, "import sys, run_live; sys.exit(run_live.main(sys.argv[1:]))"])]


class Floor:
    """The gateway, the session's clock in the hand of the test, and the nodes that trade on it."""

    def __init__(self, gateway: Gateway, state: Path) -> None:
        self.gateway = gateway
        self.state = state
        self.nodes: list[Node] = []
        self._open = gateway.state()["session"]["open"]

    def start(
        self,
        tables: Sequence[str],
        *overrides: str,
        flags: Sequence[str] = (),
        asks: str = HISTORY,
        sooner: Mapping[str, float] | None = None,
    ) -> Node:
        """
        Start a node and wait until it receives bars, which it ``asks`` for once a symbol.

        ``sooner`` sets constants of its modules by their dotted names, for what it would else wait for too long.

        """
        before = self.asked(asks)
        node = Node(self.gateway.port, self.state, tables, overrides, *flags, sooner=sooner)
        self.nodes.append(node)
        symbols = 2 if any("MSFT" in table for table in tables) else 1
        node.until(lambda: self.asked(asks) >= before + symbols, "the subscription of bars")
        time.sleep(SETTLE_SECS)
        return node

    def asked(self, kind: str = HISTORY) -> int:
        """Return how many such requests came; of history those alone that are kept up to date, as minute bars are."""
        if kind != HISTORY:
            return self.gateway.received()[kind]
        return sum(bool(frame.fields.get("keepUpToDate")) for frame in self.gateway.frames(kind))

    def minute(self, number: int) -> None:
        """Play the session to the end of its n-th minute, each minute with a moment for the node."""
        while self.gateway.state()["now"] < self._open + number * MINUTE_NS:
            now = self.gateway.state()["now"]
            self.gateway.do.advance_to(max(now, self._open) + MINUTE_NS)
            time.sleep(SETTLE_SECS)

    def prints(self, count: int = 1) -> None:
        """Play so many slices of five seconds: orders that wait for a price fill."""
        self.gateway.do.step(count)
        time.sleep(SETTLE_SECS)

    def position(self, symbol: str = AAPL) -> int:
        found = self.gateway.state()["positions"].get(symbol)
        return 0 if found is None else found["quantity"]

    def orders(self, symbol: str = AAPL, *statuses: str) -> list[dict[str, Any]]:
        """Return the orders of a symbol in the order of their arrival, of all statuses or of some."""
        orders = [order for order in self.gateway.state()["orders"] if order["symbol"] == symbol]
        return [order for order in orders if not statuses or order["status"] in statuses]

    def resting(self, symbol: str = AAPL) -> list[dict[str, Any]]:
        """Return what works at the broker."""
        return self.orders(symbol, "PreSubmitted", "Submitted")

    def working(self) -> list[dict[str, Any]]:
        """Return what works at the broker, of every symbol."""
        return [order for order in self.gateway.state()["orders"] if order["status"] in ("PreSubmitted", "Submitted")]

    def stop(self, symbol: str = AAPL) -> dict[str, Any]:
        """Return the one resting stop."""
        stops = [order for order in self.resting(symbol) if order["type"] == "STP"]
        assert len(stops) == 1, stops
        return stops[0]


@contextmanager
def floor(tmp_path: Path, market: Market | None = None, **options: Any) -> Iterator[Floor]:
    """Yield a gateway whose time stands still; every node still running at the end is killed."""
    with Gateway.start(market or flat_market(), speed=None, **options) as gateway:
        stage = Floor(gateway, tmp_path / "state")
        try:
            yield stage
        finally:
            for node in stage.nodes:
                if node.process.poll() is None:
                    node.kill()
