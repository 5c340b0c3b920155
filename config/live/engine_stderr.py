"""
Keeps what the engine writes to standard error away from the terminal, in a file of the state directory.

The engine writes its errors there whatever is set (measured, 2.0.0rc7), and waits until they are taken: with a terminal
that takes none (Ctrl-S, a stalled pipe) its log would stop, and with it what is read there of the connection
(``config/live/adapter_log.py``). Its log has the same errors; the file alone has what is written where it crashes.

"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NAME: Final = "engine_stderr.txt"
MAX_BYTES: Final = 1_000_000  # of what earlier runs left; of more it begins anew
STDERR: Final = 2


@contextmanager
def engine_stderr(directory: Path) -> Iterator[None]:
    """Keep standard error in a file while the block runs; a disk that refuses leaves it where it is."""
    try:
        file = _opened(directory / NAME)
    except OSError:
        yield
        return
    terminal = os.dup(STDERR)
    os.dup2(file, STDERR)
    os.close(file)
    try:
        yield
    finally:
        os.dup2(terminal, STDERR)
        os.close(terminal)


def _opened(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    file = os.open(path, flags, 0o644)
    if os.fstat(file).st_size > MAX_BYTES:
        os.ftruncate(file, 0)
    return file
