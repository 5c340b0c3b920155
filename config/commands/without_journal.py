"""What an operator is told whose command fails at the journal while its node runs: how to reach it all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.journal.file import JournalError
from config.live.state_dir import HALT_FILE_NAME, is_running, running_process


@contextmanager
def ways_left(directory: Path) -> Iterator[None]:
    """Add them to what is wrong with the journal of a state directory."""
    try:
        yield
    except JournalError as error:
        if not is_running(directory):
            raise
        text = (
            f"{error} Its node runs on, with exits and stops. Without the journal: a file "
            f"{directory / HALT_FILE_NAME} shuts entries, `kill {running_process(directory)}` ends the node as Ctrl-C "
            "does, a position is closed at the broker."
        )
        raise JournalError(text) from error
