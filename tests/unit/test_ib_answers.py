"""What IB says instead of bars: who can mend it, and how."""

import pytest

from catalog.errors import CatalogError
from catalog.ib_answers import NoBars, PacingViolation, explain

SERVICE = "[162] Historical Market Data Service error message:"


@pytest.mark.parametrize(
    "text",
    [f"{SERVICE}Historical data request pacing violation", "[420] Invalid Real-time Query: Pacing violation"],
)
def test_pacing_violation_is_waited_out(text: str) -> None:
    assert isinstance(explain(text, "AAPL.NASDAQ, 5 D"), PacingViolation)


def test_no_data_is_an_answer() -> None:
    assert isinstance(explain(f"{SERVICE}HMDS query returned no data: AAPL@SMART Trades", "AAPL"), NoBars)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{SERVICE}No market data permissions for ISLAND STK", "subscribe to it in IB's Client Portal"),
        ("[354] Requested market data is not subscribed.", "(354: Requested market data is not subscribed)"),
        ("[10197] No market data during competing live session", "log out of TWS"),
        (f"{SERVICE}Trading TWS session is connected from a different IP address", "IB refused the bars (162:"),
        ("Historical data request timed out after 60 seconds", "the gateway did not answer"),
        ("channel closed", "no bars came (channel closed). Run this again."),
    ],
)
def test_rest_is_told_with_what_to_do_and_what_stays(text: str, told: str) -> None:
    error = explain(text, "AAPL.NASDAQ, 5 D until Friday")

    assert isinstance(error, CatalogError)
    assert str(error).startswith("AAPL.NASDAQ, 5 D until Friday: ")
    assert told in str(error)
    assert str(error).endswith("What was fetched before is in the catalog.")
