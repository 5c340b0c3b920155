"""Who watches the line to the broker in a live session: the ear, the adapter's log, and the actors that act on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.bars.recorder import BarRecorder
from actors.component import Watcher
from actors.link.book_check import BookCheck
from actors.link.broker_link import BrokerLink
from actors.link.data_sentinel import DataSentinel
from catalog.sessions import Sessions
from config.components import traded_symbols
from config.live.adapter_log import AdapterLog
from config.live.broker_ear import BrokerEar
from config.live.node import CHECK_SECS
from config.schema import Settings

EAR_AFTER = 1  # the ear's client id is the node's plus this


class LiveLink:
    """
    The watchers of the link and of the data.

    Parameters
    ----------
    settings : Settings
        Where the gateway is, the account, the symbols; its account resolved.
    directory : Path
        The state directory: the adapter's log is there, the bars are recorded there.
    bar_types : dict[str, str]
        Symbol → bar type.
    sessions : Sessions
        When bars are expected.
    is_dry_run : bool
        Nothing is held at the broker, so there are no books to compare.

    """

    def __init__(
        self, settings: Settings, directory: Path, bar_types: dict[str, str], sessions: Sessions, *, is_dry_run: bool
    ) -> None:
        symbols, ib = traded_symbols(settings), settings.ib
        self._log = AdapterLog(directory)
        account, client_id = settings.account.id or "", ib.client_id + EAR_AFTER
        self._ear = BrokerEar(ib.host, ib.port, client_id, account, symbols, asks_orders=not is_dry_run)
        self.actors: list[Watcher] = [
            BrokerLink(lambda: [*self._log.poll(), *self._ear.poll()], 2 * CHECK_SECS),
            DataSentinel(bar_types, settings.bars.step, sessions),
            BarRecorder(directory, bar_types, sessions),
        ]
        if not is_dry_run:
            self.actors.append(BookCheck(symbols))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep the ear open for as long as the block runs."""
        self._ear.start()
        try:
            yield
        finally:
            self._ear.stop()
