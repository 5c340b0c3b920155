"""The state directory of a live node: journal, log, and the lock that keeps a second instance out."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.schema import Settings

ROOT: Final = Path("state")
LOCK: Final = "node.lock"
JOURNAL: Final = "journal.sqlite"


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


class SecondInstance(StateError):  # noqa: N818 - an interlock, not a fault
    """Another node runs on the same state directory."""


def state_directory(chosen: Path | None, settings: Settings, account: str, *, is_dry_run: bool) -> Path:
    """Return the chosen directory, or ``state/<mode>-<account>``."""
    mode = "dry-run" if is_dry_run else settings.account.mode
    return chosen or ROOT / f"{mode}-{account}"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """
    Create the directory and hold its lock; the system lifts it however the process ends.

    It does not keep out a node with another state directory on the same account: the gateway does, by the client id.

    Raises
    ------
    SecondInstance
        If another node holds it.
    StateError
        If the directory cannot be created or written to.

    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise StateError(
            f"Expected a state directory that can be written to at {directory}, found: {error.strerror}. "
            "Choose another one with --state."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "of unknown number"
            raise SecondInstance(
                f"Another node runs on {directory} (process {holder}); a second one would trade the same account "
                "twice. Stop that one first, or name another directory with --state."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
