"""Price moves that the market did not plan: factors on what comes after a moment; pure."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from tests.gateway.model import MarketBar, Price


class Shocks:
    """The moves so far, by symbol."""

    def __init__(self) -> None:
        self._moves: dict[str, list[tuple[int, Decimal]]] = {}

    def add(self, symbol: str, ts: int, factor: Decimal) -> None:
        """Multiply every price of the symbol after ``ts``."""
        self._moves.setdefault(symbol, []).append((ts, factor))

    def price(self, price: Price, tick: Decimal) -> Price:
        """Return the print as the moves make it; the first one after a move has jumped."""
        if price.symbol not in self._moves:
            return price
        moved = self._moved(price.symbol, price.ts, price.price, tick)
        return replace(price, price=moved, is_jump=price.is_jump or price.price != moved)

    def bar(self, bar: MarketBar, tick: Decimal) -> MarketBar:
        """Return the bar as the moves make it; one during which the market moved is moved whole."""
        if bar.symbol not in self._moves:
            return bar
        names = ("open", "high", "low", "close")
        return replace(bar, **{name: self._moved(bar.symbol, bar.ts, getattr(bar, name), tick) for name in names})

    def _moved(self, symbol: str, ts: int, price: Decimal, tick: Decimal) -> Decimal:
        for since, factor in self._moves[symbol]:
            if ts > since:
                price *= factor
        return (price / tick).to_integral_value(ROUND_HALF_UP) * tick
