"""
What the engine's adapter says of its own connection: it says so in the engine's log alone (measured, 2.0.0rc7).

The marks are the adapter's words, bound to its version like ``catalog/nautilus_v2.py``: a new candidate is met in both.
A line of ours that quotes such words is no mark, for the component that speaks is looked at too.

"""

from pathlib import Path
from typing import Final

from actors.link.heard import AdapterBack, AdapterLost, Heard, OrderStreamEnded
from config.live.state_dir import ENGINE_LOG

MAX_BYTES: Final = 1_000_000  # of one poll; what is more comes with the next
_TRANSPORT: Final = b'"component":"ibapi::transport::'
_ORDERS: Final = b'"component":"nautilus_interactive_brokers::execution::updates"'
_LOST: Final = b"Connection error detected, attempting to reconnect"
_BACK: Final = b"Successfully reconnected to TWS/Gateway"
_ENDED: Final = b"order update stream ended"


class AdapterLog:
    """
    Reads on in the log, from where it ends now; a file that comes later, after a rotation, is read from its beginning.

    Parameters
    ----------
    directory : Path
        Where the engine writes its log.

    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read = {path: path.stat().st_size for path in self._files()}
        self._rest: dict[Path, bytes] = {}  # the beginning of a line that is not written to its end yet

    def poll(self) -> list[Heard]:
        """Return what the adapter said since the last poll, in order."""
        said = (_said(line) for path in self._files() for line in self._lines(path))
        return [heard for heard in said if heard is not None]

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob(f"{ENGINE_LOG}*.json*"))

    def _lines(self, path: Path) -> list[bytes]:
        at = self._read.get(path, 0)
        try:
            if path.stat().st_size <= at:
                return []
            with path.open("rb") as file:
                file.seek(at)
                chunk = file.read(MAX_BYTES)
        except OSError:
            return []  # rotated away between two looks
        self._read[path] = at + len(chunk)
        *lines, self._rest[path] = (self._rest.get(path, b"") + chunk).split(b"\n")
        return lines


def _said(line: bytes) -> Heard | None:
    if _TRANSPORT in line:
        if _LOST in line:
            return AdapterLost()
        if _BACK in line:
            return AdapterBack()
    elif _ORDERS in line and _ENDED in line:
        return OrderStreamEnded("the adapter's order stream ended")
    return None
