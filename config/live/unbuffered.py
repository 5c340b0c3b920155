"""
Lines written past every buffer.

What a buffer could not get rid of it keeps: on a disk that was full, each line would come again with every later one.

"""

import os
from collections.abc import Callable

from rich.console import Console


def unbuffered(console: Console) -> Callable[[str], None]:
    """Return what writes a line, or raises and keeps nothing of it; a console that is no file keeps its own way."""
    try:
        number = console.file.fileno()
    except OSError:
        return console.out
    encoding = console.encoding

    def write(line: str) -> None:
        left = f"{line}\n".encode(encoding, errors="replace")
        while left:
            left = left[os.write(number, left) :]

    return write
