"""
Our one account over all venues: starting cash + realised P&L - fees, marked at the last closed bars. Pure.

Nautilus keeps one account a venue and marks at quotes once there are any (trap T19); limits and reports need one
account and closed bars only.

"""

from decimal import Decimal

from actors.messages import AccountView, OrderFilled


class Account:
    """Cash, positions, marks and entries under way, in USD and whole shares."""

    def __init__(self, starting_cash_usd: Decimal) -> None:
        self.cash_usd = starting_cash_usd
        self._quantities: dict[str, int] = {}
        self._marks: dict[str, Decimal] = {}
        self._pending_usd: dict[str, Decimal] = {}
        self._entry_times: list[int] = []

    def fill(self, fill: OrderFilled) -> None:
        """Book a fill; the position is marked at the last closed bar of its symbol."""
        signed = fill.quantity * fill.side
        self.cash_usd -= signed * fill.price + fill.commission_usd
        quantity = self._quantities.get(fill.symbol, 0) + signed
        if quantity:
            self._quantities[fill.symbol] = quantity
            self._marks[fill.symbol] = fill.last_close
        else:
            del self._quantities[fill.symbol]

    def mark(self, symbol: str, close: Decimal) -> None:
        """Take in the close of a bar."""
        self._marks[symbol] = close

    def entry_requested(self, symbol: str, notional_usd: Decimal, ts: int, keep: int) -> None:
        """Count an entry as pending; the times of the latest ``keep`` are remembered for the order rate."""
        self._pending_usd[symbol] = notional_usd
        self._entry_times = [*self._entry_times, ts][-keep:]

    def entry_ended(self, symbol: str) -> None:
        """The entry is filled or gone, it pends no more."""
        self._pending_usd.pop(symbol, None)

    def is_open(self, symbol: str) -> bool:
        return symbol in self._quantities

    def worth(self) -> tuple[Decimal, Decimal]:
        """Return equity and gross exposure at the marks, in one pass: it is asked for on every slice of bars."""
        equity, exposure, marks = self.cash_usd, Decimal(0), self._marks
        for symbol, quantity in self._quantities.items():
            value = quantity * marks[symbol]
            equity += value
            exposure += abs(value)
        return equity, exposure

    def view(self) -> AccountView:
        """Return what an entry decision may know."""
        equity, exposure = self.worth()
        return AccountView(
            equity_usd=equity,
            gross_exposure_usd=exposure,
            # what of a pending entry has filled counts twice for a moment: the cautious side
            pending_usd=sum(self._pending_usd.values(), Decimal(0)),
            open_symbols=frozenset(self._quantities),
            pending_symbols=frozenset(self._pending_usd),
            entry_times=tuple(self._entry_times),
        )
