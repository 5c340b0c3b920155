"""One preflight against a gateway on this machine, and what its tests ask of the checks."""

from config.loader import load_settings
from config.preflight import run_preflight

NS = 1_000_000_000
MONDAY_OPEN = 1_795_446_000 * NS  # 2026-11-23 15:00 UTC, 10:00 in New York
SYMBOLS = ["AAPL.NASDAQ", "MSFT.NASDAQ", "TSLA.NASDAQ"]
HEALTHY = ["interlocks", "connection", "gateway version", "client id", "account", "clock", "session"]
HEALTHY += [f"{kind} {symbol}" for kind in ("instrument", "market data") for symbol in SYMBOLS]


def fly(port, *overrides, now=MONDAY_OPEN, armed=None):
    settings = load_settings(None, ["account.id=DU1234567", f"ib.port={port}", *overrides], {})
    return run_preflight(settings, armed, lambda: now)


def failed(preflight):
    """Return the one check that failed."""
    [check] = [each for each in preflight.checks if each.verdict == "failed"]
    return check


def by_name(preflight):
    return {check.name: check for check in preflight.checks}
