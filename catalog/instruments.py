"""US stocks and bar types, from the words a person writes."""

import re
from decimal import Decimal

from nautilus_trader.model import Bar, BarType, Currency, Equity, InstrumentId, Price, Quantity, Symbol

from catalog.errors import CatalogError
from catalog.sessions import Sessions

TICK_USD = Decimal("0.01")  # SEC Rule 612: stocks at or above $1.00 are quoted in whole cents
PRICE_PRECISION = 2
MAX_PRICE_USD = 1e10  # no stock, not even adjusted for many reverse splits; the engine ends at 1.7e13
MAX_VOLUME = 1e12  # shares
STEP_SECS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400}

_SYMBOL = re.compile(r"[A-Z0-9]+([. -][A-Z0-9]+)?\.[A-Z]+")
_STEP = re.compile(r"([1-9]\d*)-(SECOND|MINUTE|HOUR|DAY)")


def check_symbol(text: str) -> str:
    """
    Return ``text`` if it names a stock and its listing venue, such as AAPL.NASDAQ or BRK.B.NYSE.

    Raises
    ------
    CatalogError
        If it does not.

    """
    if not _SYMBOL.fullmatch(text):
        raise CatalogError(f"Expected SYMBOL.VENUE in capitals such as AAPL.NASDAQ, was {text!r}.")
    return text


def make_equity(symbol: str) -> Equity:
    """Return the stock of a symbol such as AAPL.NASDAQ: USD, tick $0.01, lot 1."""
    instrument_id = InstrumentId.from_str(check_symbol(symbol))
    return Equity(
        instrument_id,
        Symbol(str(instrument_id.symbol)),
        Currency.from_str("USD"),
        PRICE_PRECISION,
        Price.from_str(str(TICK_USD)),
        ts_event=0,
        ts_init=0,
        lot_size=Quantity.from_int(1),
    )


def parse_step(step: str) -> int:
    """
    Return the seconds of a bar step such as 1-MINUTE.

    Raises
    ------
    CatalogError
        If it is no step, or one that does not divide the next larger unit.

    """
    match = _STEP.fullmatch(step)
    secs = int(match[1]) * STEP_SECS[match[2]] if match else 0
    whole = {"SECOND": 60, "MINUTE": 3_600, "HOUR": 86_400, "DAY": 86_400}[match[2]] if match else 1
    # Up to one day, and a divisor of the next unit but not all of it: 60-MINUTE is 1-HOUR.
    if not match or whole % secs or (secs == whole and match[2] != "DAY"):
        raise CatalogError(
            f"Expected a bar step such as 5-SECOND, 1-MINUTE, 1-HOUR or 1-DAY "
            f"(a number that divides the minute, hour or day), was {step!r}.",
        )
    return secs


def make_bar_type(symbol: str, step: str, *, is_built: bool = False) -> tuple[BarType, int]:
    """Return the bar type of a symbol and a step such as 1-MINUTE, and its seconds; built = here, of trade ticks."""
    secs = parse_step(step)
    return BarType.from_str(f"{check_symbol(symbol)}-{step}-LAST-{'INTERNAL' if is_built else 'EXTERNAL'}"), secs


def split_bar_type(bar_type: str) -> tuple[str, str]:
    """Return symbol and step of a bar type: AAPL.NASDAQ-1-MINUTE-LAST-EXTERNAL gives AAPL.NASDAQ, 1-MINUTE."""
    symbol, number, unit, _, _ = bar_type.rsplit("-", 4)
    return symbol, f"{number}-{unit}"


def is_off_session(bar: Bar, sessions: Sessions) -> bool:
    """Return whether a bar was built of trades outside the session: a broker sends none, so it must not count."""
    return bar.bar_type.is_internally_aggregated() and not sessions.holds(bar.ts_init)
