"""Numbers and times as a report shows them; money is USD, times come as UTC nanoseconds."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from actors.report.records import SessionRecord

EXCHANGE_ZONE = ZoneInfo("America/New_York")
MINUS = "−"  # as wide as a plus sign, so columns of figures stay in line
MISSING = "–"
SIX_PLACES = Decimal("0.000001")
CENT = Decimal("0.01")
RUN_NAMES = {"paper": "Paper session", "live": "Live session", "dry-run": "Dry run"}


def run_name(record: SessionRecord) -> str:
    """Return what the run was, as a title says it: ``Backtest``, ``Paper session``."""
    return RUN_NAMES.get(record.mode, record.mode.capitalize())


def iso_utc(ts: int) -> str:
    """Return ISO 8601 in UTC, always with milliseconds so that a column of times has one format."""
    return f"{_utc(ts).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def exchange_time(ts: int) -> datetime:
    """Return the time on the clocks of New York, to the microsecond."""
    return _utc(ts).astimezone(EXCHANGE_ZONE)


def first_and_last(record: SessionRecord) -> tuple[int, int]:
    """Return when the first and the last bar closed; what was asked for when none ran."""
    closes = record.bar_closes
    return (int(closes[0]), int(closes[-1])) if len(closes) else (record.start, record.end)


def plain(amount: Decimal) -> str:
    """Return an exact figure for a file: no exponent, two decimals at least and six at most."""
    rounded = amount.quantize(SIX_PLACES) + 0  # adding zero takes the sign from a negative zero
    whole, _, decimals = f"{rounded:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def usd(amount: Decimal | float, *, signed: bool = False) -> str:
    """Return ``$1,234.50``, with a plus sign for gains when ``signed``."""
    shown = Decimal(amount).quantize(CENT)
    return f"{_sign(shown, signed=signed)}${abs(shown):,.2f}"


def whole_usd(amount: Decimal) -> str:
    """Return a signed amount in whole dollars without their sign, for where there is little room: ``+1,234``."""
    shown = amount.quantize(Decimal(1))
    return f"{_sign(shown, signed=True)}{abs(shown):,}"


def percent(value: float | None, *, signed: bool = False, decimals: int = 2) -> str:
    """Return ``1.25 %``; a dash when there is no value."""
    if value is None:
        return MISSING
    return f"{_sign(value, signed=signed)}{abs(value):.{decimals}f} %"


def ratio(value: float | None) -> str:
    """Return ``1.25``; a dash when there is no value."""
    return MISSING if value is None else f"{_sign(value, signed=False)}{abs(value):.2f}"


def figure(value: float) -> str:
    """Return three digits of a measure, all of them of one that has more before the point: ``0.42``, ``1,234``."""
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"


def words(code: str) -> str:
    """Return a code such as ``protective_stop`` as words."""
    return code.replace("_", " ")


def count(number: int, noun: str) -> str:
    """Return ``1 trade``, ``2,000 trades``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def held_for(duration: int) -> str:
    """Return nanoseconds in words: ``42 s``, ``17 min``, ``3 h 05 min``, ``2 d 4 h``."""
    secs = max(0, duration) // 1_000_000_000
    days, hours, mins = secs // 86_400, secs // 3_600 % 24, secs // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {mins:02d} min"
    return f"{mins} min" if mins else f"{secs} s"


def _utc(ts: int) -> datetime:
    secs, nanos = divmod(ts, 1_000_000_000)
    return datetime.fromtimestamp(secs, UTC).replace(microsecond=nanos // 1_000)


def _sign(value: Decimal | float, *, signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if signed and value > 0 else ""
