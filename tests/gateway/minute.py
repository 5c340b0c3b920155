"""
What happens inside a minute, and what bars it makes: pure rules on MarketBars.

A minute trades open → high → low → close, the order in which the engine of a backtest takes a bar, in a straight
line from one to the next; so bars of any step that are built of its prints agree with it to the cent and the share.

"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal

from tests.gateway.model import MarketBar, Price

NANOS_IN_SECOND = 1_000_000_000
PRINT_SECS = 5
PRINTS = 60 // PRINT_SECS
TURNS = (0, 4, 7, PRINTS - 1)  # the prints of open, high, low and close
PRINT_DELAY_NS = 1_000_000  # after the step begins: the bar that closes there is out before


def prints_of(bar: MarketBar, tick: Decimal = Decimal("0.01")) -> list[Price]:
    """Return the prints of a minute, one each 5 seconds; a minute with fewer shares than that has only its turns."""
    steps = range(PRINTS) if bar.volume >= PRINTS else TURNS
    size, left_over = divmod(bar.volume, len(steps))
    begins = bar.ts - bar.step_secs * NANOS_IN_SECOND + PRINT_DELAY_NS
    return [
        Price(
            symbol=bar.symbol,
            ts=begins + step * PRINT_SECS * NANOS_IN_SECOND,
            price=_price_at(bar, step, tick),
            size=size + (number < left_over),
            is_jump=step == 0,
        )
        for number, step in enumerate(steps)
    ]


def bars_of_prints(prints: Iterable[Price], closes: Sequence[int], step_secs: int) -> list[MarketBar]:
    """Return the bars that prints make; each print belongs to the first close at or after it."""
    points = [MarketBar(p.symbol, 0, p.ts, p.price, p.price, p.price, p.price, p.size) for p in prints]
    return bars_of_bars(points, closes, step_secs)


def bars_of_bars(bars: Iterable[MarketBar], closes: Sequence[int], step_secs: int) -> list[MarketBar]:
    """Return the longer bars that bars of one symbol make, in order; a step without any has none."""
    groups: dict[int, list[MarketBar]] = {}
    for bar in bars:
        groups.setdefault(closes[bisect_left(closes, bar.ts)], []).append(bar)
    return [_joined(group, ts, step_secs) for ts, group in groups.items()]


def _joined(group: list[MarketBar], ts: int, step_secs: int) -> MarketBar:
    return MarketBar(
        symbol=group[0].symbol,
        step_secs=step_secs,
        ts=ts,
        open=group[0].open,
        high=max(bar.high for bar in group),
        low=min(bar.low for bar in group),
        close=group[-1].close,
        volume=sum(bar.volume for bar in group),
    )


def _price_at(bar: MarketBar, step: int, tick: Decimal) -> Decimal:
    prices = (bar.open, bar.high, bar.low, bar.close)
    leg = max(bisect_left(TURNS, step), 1)
    begin, end = TURNS[leg - 1], TURNS[leg]
    start, finish = prices[leg - 1], prices[leg]
    way = (finish - start) * (step - begin) / (end - begin)
    return start + (way / tick).quantize(Decimal(1)) * tick
