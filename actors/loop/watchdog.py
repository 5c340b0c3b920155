"""
Watchdog: tells the supervisor (systemd, ``Type=notify``) that the node runs, and goes on telling it.

The beat comes from the node's own event loop: when that hangs, it stops, and the supervisor kills and restarts the
node. It does not tell whether the broker answers; for that there are the link, the alerts and exit code 4.

"""

import socket
from collections.abc import Callable
from datetime import timedelta

from nautilus_trader.common import TimeEvent

from actors.component import Watcher
from catalog.nautilus_v2 import contained, contained_start

BEATS_IN_PATIENCE = 3  # so that one that comes late or is lost kills nobody


class Watchdog(Watcher):
    """
    Tells the supervisor of the start, of life, and of the end.

    Parameters
    ----------
    address : str
        The supervisor's datagram socket: a path, or ``@name`` for an abstract one.
    patience_secs : float | None
        How long the supervisor waits for a beat before it kills; None = it wants none.
    starts_anew : Callable[[], bool]
        Whether this end is followed by a start of the same process.

    """

    def __init__(self, address: str, patience_secs: float | None, starts_anew: Callable[[], bool]) -> None:
        super().__init__()
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._patience_secs = patience_secs
        self._starts_anew = starts_anew

    @contained_start
    def on_start(self) -> None:
        self.once_started(self.on_all_started)
        if self._patience_secs is not None:
            every = timedelta(seconds=self._patience_secs / BEATS_IN_PATIENCE)
            self.clock.set_timer("watchdog", every, callback=self.on_beat)

    @contained
    def on_all_started(self, _event: TimeEvent) -> None:
        self._tell("READY=1")

    @contained
    def on_beat(self, _event: TimeEvent) -> None:
        self._tell("WATCHDOG=1")

    @contained_start
    def on_stop(self) -> None:
        # Once told of an end systemd waits for it, and would kill the node that starts anew in the same process
        if not self._starts_anew():
            self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)  # a supervisor that does not read must not hold up an order
            line.sendto(text.encode(), self._address)
