"""One writer at a time in a directory: a lock that the system lifts when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TextIO

from catalog.errors import CatalogError

LOCK_FILE = ".lock"  # empty while nobody writes; never removed, as a second writer may be waiting on it
WAIT_SECS = 60  # a write of two million bars takes half of that
POLL_SECS = 0.1


@contextmanager
def write_lock(folder: Path, wait_secs: float = WAIT_SECS) -> Iterator[None]:
    """
    Keep other writers out of an existing directory, waiting up to ``wait_secs`` for the one that is there.

    It does not keep out programs that do not ask for it, nor those of other machines on a network drive.

    Raises
    ------
    CatalogError
        If another process still writes after that time; it is named.
    OSError
        If the directory cannot be written to.

    """
    with (folder / LOCK_FILE).open("a+", encoding="utf-8") as file:
        if not _acquire(file, wait_secs):
            file.seek(0)
            holder = file.read().strip() or "of unknown number"
            raise CatalogError(
                f"Process {holder} has been writing to {folder} for {wait_secs:g} s or more; "
                f"wait until it is done, or end it, and try again."
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _acquire(file: TextIO, wait_secs: float) -> bool:
    for _ in range(int(wait_secs / POLL_SECS)):
        if _try_acquire(file):
            return True
        Event().wait(POLL_SECS)
    return _try_acquire(file)


def _try_acquire(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
