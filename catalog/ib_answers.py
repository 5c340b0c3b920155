"""What IB says instead of bars, sorted by who can mend it; pure."""

import re
from typing import Final

from catalog.errors import CatalogError

_CODED = re.compile(r"\[(\d+)\] (.*)", re.DOTALL)
NO_PERMISSION: Final = {354, 10089, 10090, 10168, 10186, 10187}
NOT_ANSWERED: Final = "timed out"


class PacingViolation(Exception):  # noqa: N818 - it is what IB calls it, and waiting mends it
    """IB wants a pause before the same request again."""


class NoBars(Exception):  # noqa: N818 - an answer, not an error
    """IB has no bars of that time."""


def explain(text: str, what: str) -> Exception:
    """
    Return what is to be raised for a refusal.

    Parameters
    ----------
    text : str
        As the adapter puts it: ``[162] Historical Market Data Service error message:...``, or words of its own.
    what : str
        That was asked for: symbol and days.

    """
    match = _CODED.match(text)
    code, words = (int(match[1]), match[2]) if match else (0, text)
    lower = words.lower()
    if code == 420 or "pacing violation" in lower:
        return PacingViolation(words)
    if code == 162 and ("returned no data" in lower or "no data of type" in lower):
        return NoBars(words)
    return CatalogError(f"{what}: {_told(code, words)} What was fetched before is in the catalog.")


def _told(code: int, words: str) -> str:
    said = f"IB refused the bars ({code}: {words.strip().rstrip('.')})."
    if (code == 162 and "permission" in words.lower()) or code in NO_PERMISSION:
        return (
            f"{said} The account has no permission for its market data: subscribe to it in IB's Client Portal, and "
            f"share it with the paper account."
        )
    if code == 10197 or "competing" in words.lower():
        return f"{said} Another session of the same user holds the data: log out of TWS, or of the app, there."
    if code:
        return said
    if NOT_ANSWERED in words.lower():
        return (
            "the gateway did not answer. See whether IB Gateway is connected (its data farms rest around midnight New "
            "York and at the weekend) and run this again."
        )
    return f"no bars came ({words.strip().rstrip('.')}). Run this again."
