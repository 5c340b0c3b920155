"""Bars that are still forming: what a keepUpToDate subscriber hears of them, made from 5-second bars; pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from tests.gateway.model import MarketBar

NANOS_IN_SECOND = 1_000_000_000


class FormingBar:
    """The bar of one symbol and step that is forming now."""

    def __init__(self, closes: Sequence[int], step_secs: int) -> None:
        self._closes = closes  # of the session, ascending
        self._step_secs = step_secs
        self._bar: MarketBar | None = None

    def add(self, piece: MarketBar) -> MarketBar:
        """Take a closed 5-second bar and return the bar as it stands; its ``ts`` is where it will close."""
        close_ts = self._closes[bisect_left(self._closes, piece.ts)]
        if self._bar is None or self._bar.ts != close_ts:
            self._bar = replace(piece, ts=close_ts, step_secs=self._step_secs)
        else:
            self._bar = replace(
                self._bar,
                high=max(self._bar.high, piece.high),
                low=min(self._bar.low, piece.low),
                close=piece.close,
                volume=self._bar.volume + piece.volume,
            )
        return self._bar

    def successor(self, next_trade_ts: int | None) -> MarketBar:
        """Return the next bar before its first trade: flat, no volume; without a next trade the one after the close."""
        assert self._bar is not None, "a bar has a successor once it has begun"
        if next_trade_ts is None:
            close_ts = self._bar.ts + self._step_secs * NANOS_IN_SECOND
        else:
            close_ts = self._closes[bisect_left(self._closes, next_trade_ts)]
        price = self._bar.close
        return replace(self._bar, ts=close_ts, open=price, high=price, low=price, volume=0)
