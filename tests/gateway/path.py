"""
Made-up prices that need no file: slow waves, a pure function of symbol and minute.

With config/default.toml each stock turns up soon after the open, so a newcomer sees entries within the first half
hour, then stops that follow, then exits by signal. Worthless as evidence for a strategy.

"""

from dataclasses import dataclass
from decimal import Decimal
from math import cos, pi
from zlib import crc32

from tests.gateway.model import MarketBar

TICKS_IN_USD = 100
NOISE_BPS = 1.0  # of a close about the wave, either way: too little to turn an average
WICK_BPS = 3.0  # a bar's high and low lie at most this far beyond its body
LEAST_VOLUME, VOLUME_RANGE = 20_000, 60_000  # shares a minute


@dataclass(frozen=True, slots=True)
class Wave:
    """How a stock swings about its price; ``trough_min`` counts from the session's open."""

    price_usd: int
    swing_bps: int
    period_mins: int
    trough_min: int


WAVES = {
    "AAPL.NASDAQ": Wave(226, 150, 240, -9),
    "MSFT.NASDAQ": Wave(421, 130, 220, -6),
    "TSLA.NASDAQ": Wave(258, 250, 180, -2),
}


def wave_of(symbol: str) -> Wave:
    """Return the wave of a symbol; one that is not listed gets its own."""
    number = crc32(symbol.encode())
    return WAVES.get(symbol) or Wave(100 + number % 300, 150, 240, -9 + number % 7)


def path_bar(symbol: str, minute: int, ts: int) -> MarketBar:
    """Return the bar of a trading minute, closing at ``ts``; 0 is the session's first, -1 the last one before."""
    wave = wave_of(symbol)
    close = _close(symbol, wave, minute)
    open_ = _close(symbol, wave, minute - 1) + round(2 * _chance(symbol, minute, "open") - 1)
    wick = wave.price_usd * TICKS_IN_USD * WICK_BPS / 10_000
    high = max(open_, close) + round(wick * _chance(symbol, minute, "high"))
    low = min(open_, close) - round(wick * _chance(symbol, minute, "low"))
    volume = LEAST_VOLUME + round(VOLUME_RANGE * _chance(symbol, minute, "volume"))
    return MarketBar(symbol, 60, ts, *(Decimal(ticks).scaleb(-2) for ticks in (open_, high, low, close)), volume)


def _close(symbol: str, wave: Wave, minute: int) -> int:
    swing = -wave.swing_bps * cos(2 * pi * (minute - wave.trough_min) / wave.period_mins)
    noise = NOISE_BPS * (2 * _chance(symbol, minute, "close") - 1)
    return round(wave.price_usd * TICKS_IN_USD * (1 + (swing + noise) / 10_000))


def _chance(symbol: str, minute: int, purpose: str) -> float:
    # A number in [0, 1) that is the same on every machine, and different for each bar and purpose.
    return crc32(f"{purpose} {symbol} {minute}".encode()) / 2**32
