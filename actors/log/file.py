"""
``ballast.log``: lines in a file that is rotated, on the standard library. Pure.

A line is handed to the system at once and not waited for on the disk: the journal is what must survive a power cut.

"""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES, OLD_FILES = 20_000_000, 10


class LogFile(RotatingFileHandler):
    """The file; ``put`` raises what the disk says."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8", delay=True)

    def put(self, line: str) -> None:
        """
        Write a line.

        Raises
        ------
        OSError
            If it cannot be written.

        """
        self.handle(logging.LogRecord("ballast", logging.INFO, "", 0, line, None, None))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 - the standard library's
        """Let the caller know; the standard library would print and go on."""
        raise  # noqa: PLE0704 - it is called where the exception is handled
