"""One preflight against a gateway on this machine, and what its tests ask of the checks."""

from config.checks.preflight import run_preflight
from config.loader import load_settings

NS = 1_000_000_000
MONDAY_OPEN = 1_795_446_000 * NS  # 2026-11-23 15:00 UTC, 10:00 in New York
SYMBOLS = ["AAPL.NASDAQ", "MSFT.NASDAQ", "TSLA.NASDAQ"]
HEALTHY = ["interlocks", "hours", "bars", "connection", "gateway version", "client id", "account"]
HEALTHY += ["clock", "session", "account value"]
HEALTHY += [f"{kind} {symbol}" for kind in ("instrument", "market data") for symbol in SYMBOLS]


def fly(port, *overrides, account="DU1234567", armed=None, clock=lambda: MONDAY_OPEN, is_dry_run=False):
    overrides = [f"ib.port={port}", *([f"account.id={account}"] if account else []), *overrides]
    return run_preflight(load_settings(None, overrides, {}), armed, clock, is_dry_run=is_dry_run)


def failed(preflight):
    """Return the one check that failed."""
    [check] = [each for each in preflight.checks if each.verdict == "failed"]
    return check


def by_name(preflight):
    return {check.name: check for check in preflight.checks}
