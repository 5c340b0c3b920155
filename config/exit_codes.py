"""The exit codes of ``run_live.py``, and which one a refusal means; docs/live.md and the unit in deploy/ rely on it."""

from typing import Final

from actors.journal.file import JournalError
from actors.journal.store import AnothersJournal
from catalog.errors import CatalogError
from config.errors import ConfigError
from config.live.state_dir import NoState, SecondInstance, StateError

EXIT_BROKEN: Final = 1
EXIT_USAGE: Final = 2  # or configuration
EXIT_REFUSED: Final = 3  # an interlock
EXIT_UNREACHABLE: Final = 4  # the broker, or only a restart brings the truth
EXIT_LOSS_LIMIT: Final = 5
REFUSALS: Final = (ConfigError, CatalogError, StateError, JournalError)  # their text is all that a user needs


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of what ended the program; of what nobody foresaw too."""
    if isinstance(error, ConfigError | CatalogError | NoState):
        return EXIT_USAGE
    return EXIT_REFUSED if isinstance(error, SecondInstance | AnothersJournal) else EXIT_BROKEN
