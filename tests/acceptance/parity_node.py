"""
The live side of the parity: a whole live session in a process of its own, with an onlooker that acknowledges.

``python -m tests.acceptance.parity_node CONTROL_PORT STATE_DIR CONFIG|- SETTING…``. It ends at SIGTERM and leaves,
beside the journal, how many bars of each symbol it saw.

"""

import json
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from nautilus_trader.model import OrderStatus

from actors.component import Watcher
from actors.messages import OrderFilled, Topic
from catalog.nautilus_v2 import contained, contained_start
from config.live.session import Desk, LiveSession
from config.loader import load_settings
from strategies.signal_strategy import SignalStrategy

BARS_SEEN = "bars_seen.json"
DEFAULT_CONFIG = "-"
LOOK_EVERY = timedelta(milliseconds=1)
# A command of ours is on its way: what answers it may cause the next one
UNDER_WAY = frozenset(
    {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.PENDING_UPDATE, OrderStatus.PENDING_CANCEL}
)

Say = Callable[[dict[str, str | int]], None]


class Onlooker(Watcher):
    """
    Tells the gateway how many closed bars and fills its node has dealt with, all consequences included.

    It looks between the node's own events: what a bar or a fill sets off at once has happened by then. As long as an
    order of ours is under way it says nothing, for the answer may set off more.

    """

    def __init__(self, strategies: Sequence[SignalStrategy], started_ns: int, say: Say) -> None:
        super().__init__()
        self._strategies = {each.setup.symbol: each for each in strategies}
        self._seen = dict.fromkeys(self._strategies, started_ns)  # bars before that are history
        self._fills = 0
        self._say = say

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.FILLS, self.on_fill)
        self.clock.set_timer("onlooker", LOOK_EVERY, callback=self.on_look)

    @contained
    def on_fill(self, _fill: OrderFilled) -> None:
        self._fills += 1

    @contained
    def on_look(self, _event: object) -> None:
        fresh = {name: each.last_ts for name, each in self._strategies.items() if each.last_ts > self._seen[name]}
        if (not fresh and not self._fills) or any(order.status in UNDER_WAY for order in self.cache.orders()):
            return
        self._say({"do": "acknowledge", "bars": len(fresh), "fills": self._fills})
        self._seen |= fresh
        self._fills = 0


class WatchedSession(LiveSession):
    """A live session with the onlooker beside its own actors."""

    say: Say

    def _watch(self) -> list[Watcher]:
        return [*super()._watch(), Onlooker(self.components.strategies, self.started_ns, self.say)]


def main(control_port: int, directory: Path, config: str, overrides: Sequence[str]) -> int:
    """Trade until asked to stop."""
    settings = load_settings(None if config == DEFAULT_CONFIG else Path(config), overrides, {})
    desk = Desk(settings.account.id, settings.backtest.starting_cash_usd, directory, is_dry_run=False)
    session = WatchedSession(settings, desk, time.time_ns(), lambda line: print(line, flush=True))
    with socket.create_connection(("127.0.0.1", control_port)) as line:
        session.say = lambda word: line.sendall(json.dumps(word).encode() + b"\n")
        try:
            session.run()
        finally:
            session.close(time.time_ns())
    seen = {strategy.setup.symbol: strategy.bars_seen for strategy in session.components.strategies}
    (directory / BARS_SEEN).write_text(json.dumps(seen))
    print(session.helm.reason, flush=True)
    return session.helm.exit_code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))
