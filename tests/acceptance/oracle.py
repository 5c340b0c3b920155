"""
What a moving-average cross must have traded: plain Python, no engine, nothing of Ballast. Prices in whole cents.

One symbol, fixed notional, percent stop, fees per order, no session rule, no trailing stop, no daily limit.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass
class Oracle:
    fast: int
    slow: int
    stop_bps: int = 500  # distance of the protective stop
    notional_cents: int = 1_000_000
    allow_short: bool = False
    next_open: bool = True
    timeout_ns: int = 30 * 10**9
    cash: Decimal = Decimal(100_000)

    def run(self, bars: list[tuple[int, int, int, int, int, int, int]]) -> Decimal:
        """Trade bars of (opens at ns, closes at ns, open, high, low, close, volume); return the final equity in USD."""
        self.trades: list[tuple[int, int, int, int, str]] = []  # entry ns, exit ns, shares, entry cents x shares, why
        self.side, self.shares, wanted = 0, 0, None  # wanted: what was decided at the last close
        closes: list[int] = []
        was_up = None
        for opens, ts, open_, high, low, close, traded in bars:
            volume = max(traded, 4)  # the engine matches thinner bars at a stale price: the loader lifts them
            self.at_close = volume - 3 * (volume // 4) if close != low else volume // 4
            if wanted and not self.shares and self.next_open and opens - wanted[2] > self.timeout_ns:
                wanted = None  # an entry not filled in time is cancelled
            if wanted:
                self._carry_out(wanted, opens, open_, volume)
                wanted = None
            elif self.shares and (open_ - self.stop) * self.side <= 0:
                self._leave(opens, open_, volume, "protective_stop")  # gapped through: at the open
            if self.shares and (low if self.side > 0 else high) * self.side <= self.stop * self.side:
                self._leave(ts, self.stop, volume, "protective_stop")
            closes.append(close)
            if len(closes) < self.slow:
                continue
            up = sum(closes[-self.fast :]) * self.slow > sum(closes[-self.slow :]) * self.fast
            turned, was_up = was_up is not None and up != was_up, up
            signal = (1 if up else -1) if turned else 0
            if signal and self.shares and signal != self.side:
                wanted = ("exit", 0, ts, 0)
            elif signal and not self.shares and (signal > 0 or self.allow_short) and self.notional_cents // close:
                away = close * (10_000 - signal * self.stop_bps)
                stop = away // 10_000 if signal > 0 else -(-away // 10_000)
                wanted = ("entry", signal, ts, (self.notional_cents // close, stop))
            if wanted and not self.next_open:
                self._carry_out(wanted, ts, close, volume, last=True)
                wanted = None
        return self.cash + Decimal(self.shares * self.side * closes[-1]) / 100

    def _carry_out(self, wanted, ts, price, volume, last=False):
        if wanted[0] == "exit":
            self._leave(ts, price, volume, "signal", last)
            return
        self.side, (self.shares, self.stop) = wanted[1], wanted[3]
        self.entered, self.value = ts, self._trade(self.side, price, volume, last)
        if (price - self.stop) * self.side <= 0:
            self._leave(ts, price, volume, "protective_stop")  # the entry's own fill lies beyond the stop

    def _leave(self, ts, price, volume, why, last=False):
        self.trades.append((self.entered, ts, self.shares * self.side, self.value, why))
        self._trade(-self.side, price, volume, last)
        self.shares = 0

    def _trade(self, side: int, price: int, volume: int, last: bool) -> int:
        """Pay and charge an order: what exceeds a quarter of the bar's volume (at the close: its rest) fills worse."""
        worse = max(self.shares - (self.at_close if last else volume // 4), 0)
        value = self.shares * price + worse * side
        least = max(Decimal(1), Decimal("0.005") * self.shares)
        fee = min(least, Decimal(value) / 10_000).quantize(Decimal("0.01"), ROUND_HALF_UP)
        self.cash -= Decimal(value * side) / 100 + fee
        return value
