"""
The ear: a connection of our own to the gateway, on which we hear whether the broker can be reached and what it holds.

The engine's adapter tells its components nothing of its connection (measured, 2.0.0rc7). The ear therefore listens
beside it, under the client id after the node's. It sends no order. What it hears it puts into a queue, as plain data:
it runs on a thread of its own, which knows no component (T16).

It does not prove that the adapter's connection stands; the adapter's log does (``config/live/adapter_log.py``).

"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from actors.link.heard import Deaf, Heard, Lost
from config.checks.tws_probe import ask_as
from config.live.ear_line import EarLine, Hearing, LineEnded

STOP_SECS: Final = 2.0
TAKEN_BEFORE_TOLD: Final = 3  # attempts: the gateway may still hold the id of our own connection before


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the ear asks, and how long it waits, in seconds."""

    beat_secs: float = 2.0
    answer_secs: float = 5.0
    positions_secs: float = 2.0
    first_wait_secs: float = 1.0  # before it connects again; doubled up to the last
    last_wait_secs: float = 5.0


class BrokerEar:
    """
    Listens for as long as it is not stopped, and connects again for ever.

    Parameters
    ----------
    host, port : str, int
        Where the gateway is.
    client_id : int
        The ear's own: the node's plus one.
    account : str
        Whose positions are told.
    symbols : Collection[str]
        Ours; other positions are told under the broker's words.
    pace : Pace
        How often it asks.
    asks_orders : bool
        Not for a dry run: it has none, and a gateway that is read-only refuses the question.

    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: int,
        account: str,
        symbols: Collection[str],
        pace: Pace | None = None,
        *,
        asks_orders: bool = True,
    ) -> None:
        self._place = (host, port)
        self._client_id = client_id
        tickers = {ask_as(symbol)[0]: symbol for symbol in symbols}
        self._hearing = Hearing(account, tickers, asks_orders=asks_orders)
        self._pace = pace or Pace()
        self._heard: SimpleQueue[Heard] = SimpleQueue()
        self._stopping = Event()
        self._line: EarLine | None = None
        self._taken = 0  # attempts in a row
        self._is_told = False  # of what keeps us from listening
        self._thread = Thread(target=self._work, name="broker-ear", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End; wait shortly for the connection to close."""
        self._stopping.set()
        if (line := self._line) is not None:
            line.hang_up()
        if self._thread.is_alive():
            self._thread.join(STOP_SECS)

    def poll(self) -> list[Heard]:
        """Return what was heard since the last poll, in order."""
        heard = []
        with suppress(Empty):
            while True:
                heard.append(self._heard.get_nowait())
        return heard

    def _work(self) -> None:
        wait_secs = self._pace.first_wait_secs
        while not self._stopping.is_set():
            is_heard = self._listen()
            wait_secs = self._pace.first_wait_secs if is_heard else min(wait_secs * 2, self._pace.last_wait_secs)
            self._stopping.wait(wait_secs)

    def _listen(self) -> bool:
        """Listen until the connection ends; return whether there was one."""
        pace = self._pace
        try:
            self._line = EarLine(self._place, self._client_id, pace.answer_secs)
            self._is_told, self._taken = False, 0
            if self._stopping.is_set():
                self._line.hang_up()  # told to end while it connected
            self._line.listen(self._hearing, self._heard.put, pace.beat_secs, pace.positions_secs)
        except LineEnded as ended:
            if ended.is_id_taken:
                self._id_is_taken(str(ended))
            else:
                self._tell(Lost(str(ended)))
            return ended.was_open
        finally:
            if self._line is not None:
                self._line.close()
                self._line = None
        return True

    def _id_is_taken(self, reason: str) -> None:
        self._taken += 1
        if self._taken == TAKEN_BEFORE_TOLD:
            self._is_told = False
            self._tell(Deaf(reason))

    def _tell(self, heard: Heard) -> None:
        """Tell once what keeps us from listening, and nothing when that is our own end."""
        if not self._is_told and not self._stopping.is_set():
            self._is_told = True
            self._heard.put(heard)
