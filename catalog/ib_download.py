"""
Bars of the past from IB, through the engine's own adapter: one request, one answer, no account needed.

The adapter reconnects by itself after the gateway dropped the line, and stamps bars with a close a step after their
open; the caller cuts them to the session. While it connects nothing else runs, not even Ctrl-C, for
``CONNECT_SECS`` at the most.

"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, ClassVar, Final, NoReturn, Self

import numpy as np
import pandas as pd
from nautilus_trader.adapters.interactive_brokers import (
    HistoricalInteractiveBrokersClient,
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersInstrumentProvider,
    InteractiveBrokersInstrumentProviderConfig,
    SymbologyMethod,
)
from nautilus_trader.model import Bar, InstrumentId

from catalog.bar_files import COLUMNS, PRICES
from catalog.errors import CatalogError
from catalog.ib_answers import explain
from catalog.sessions import NANOS_IN_SECOND

CONNECT_SECS: Final = 10
ANSWER_SECS: Final = 60  # IB takes its time over old bars


class IbHistory:
    """
    A connection to the gateway for bars of the past; a context manager. A process that had one ends with ``leave``.

    Raises
    ------
    CatalogError
        If the gateway does not take the connection.

    """

    was_opened: ClassVar[bool] = False

    def __init__(self, host: str, port: int, client_id: int) -> None:
        IbHistory.was_opened = True
        provider = InteractiveBrokersInstrumentProviderConfig(symbology_method=SymbologyMethod.SIMPLIFIED)
        config = InteractiveBrokersDataClientConfig(
            host=host,
            port=port,
            client_id=client_id,
            connection_timeout=CONNECT_SECS,
            request_timeout=ANSWER_SECS,
            instrument_provider=provider,
        )
        try:
            self._client = HistoricalInteractiveBrokersClient(InteractiveBrokersInstrumentProvider(provider), config)
        except RuntimeError as error:
            raise CatalogError(
                f"{host}:{port} did not take client id {client_id} ({error}). Is it in use by another program? Name "
                f"another one with --client-id, or run this again."
            ) from error
        self._runner = asyncio.Runner()

    def check_symbol(self, symbol: str) -> None:
        """Raise CatalogError when IB knows no such stock."""
        wanted = [InstrumentId.from_str(symbol)]
        if not self._ask(lambda: self._client.request_instruments(instrument_ids=wanted), symbol):
            raise CatalogError(
                f"IB knows no stock {symbol}. Expected the ticker and its listing exchange as IB names them, such as "
                f"AAPL.NASDAQ, IBM.NYSE or SPY.ARCA."
            )

    def bars(self, symbol: str, step: str, end_ns: int, duration: str) -> pd.DataFrame:
        """
        Return the bars of regular hours before a time, as BarStore takes them, but with ``ts`` a step after the open.

        ``duration`` is IB's: ``5 D`` = sessions, ``3600 S`` = seconds. There may be more bars than were asked for.

        Raises
        ------
        CatalogError
            If IB refuses, or does not answer.
        PacingViolation, NoBars
            As their names say.

        """
        end = datetime.fromtimestamp(end_ns // NANOS_IN_SECOND, UTC)
        wanted = [InstrumentId.from_str(symbol)]
        what = f"{symbol}, {duration} until {end:%Y-%m-%d %H:%M:%S} UTC"
        found = self._ask(
            lambda: self._client.request_bars(
                [f"{step}-LAST"], end, duration=duration, instrument_ids=wanted, use_rth=True, timeout=ANSWER_SECS
            ),
            what,
        )
        return _to_frame(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.close()

    def _ask(self, request: Callable[[], Any], what: str) -> list[Any]:
        try:
            return self._runner.run(_awaited(request))
        except TimeoutError as error:  # the adapter has no limit for contracts
            raise explain("timed out", what) from error
        except RuntimeError as error:  # all that the adapter raises
            raise explain(str(error), what) from error


def leave(code: int) -> NoReturn:
    """
    End the process at once.

    A thread of the adapter that has not quite done with its last answer when Python tidies up aborts the process
    instead of its exit code: one of six, measured with 2.0.0rc7. So nothing is tidied up.

    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


async def _awaited(request: Callable[[], Any]) -> list[Any]:
    async with asyncio.timeout(ANSWER_SECS + 5):  # later than the adapter's own
        return list(await request())


def _to_frame(bars: list[Bar]) -> pd.DataFrame:
    columns: dict[str, Any] = {"ts": np.array([bar.ts_event for bar in bars], dtype=np.int64)}
    for name in (*PRICES, "volume"):
        columns[name] = np.array([float(getattr(bar, name)) for bar in bars], dtype=np.float64)
    return pd.DataFrame(columns, columns=COLUMNS)
