"""Secrets, which come from the environment alone and never stand in a settings file, an error or a log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

ALERT_URLS: Final = "BALLAST_ALERT_URLS"
ALERT_URLS_FILE: Final = "BALLAST_ALERT_URLS_FILE"
ARM_LIVE: Final = "BALLAST_ARM_LIVE"  # the second key of a live account; read by the live start
NAMES: Final = (ALERT_URLS, ALERT_URLS_FILE, ARM_LIVE)


def alert_targets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the alert targets, separated by white space in BALLAST_ALERT_URLS or in the file it names.

    Raises
    ------
    ValueError
        If both names are set, or the file cannot be read.

    """
    urls, path = environ.get(ALERT_URLS), environ.get(ALERT_URLS_FILE)
    if urls and path:
        raise ValueError(f"environment {ALERT_URLS}: expected it or {ALERT_URLS_FILE}, found both; unset one.")
    if not path:
        return tuple((urls or "").split())
    try:
        return tuple(Path(path).read_text(encoding="utf-8").split())
    except (OSError, ValueError) as error:
        found = f"{path!r} ({type(error).__name__}); correct the name or the permissions"
        if "://" in path:
            found = f"an address; move it to {ALERT_URLS}"
        # Not the error's own text: that of a decoder shows bytes of the file.
        raise ValueError(
            f"environment {ALERT_URLS_FILE}: expected the name of a readable text file, found {found}."
        ) from None
