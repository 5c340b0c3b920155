"""
A process that writes round trips into a journal, to be killed while it does: ``python -m ... PATH SYMBOL COUNT``.

It says "opening" before the file is opened and the number of each message once that is written.

"""

import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from actors.journal.store import JournalStore
from actors.messages import Side
from tests.unit.journal_builders import RUN, TripTeller


def story(symbol: str) -> Iterator[object]:
    """Yield the messages of endless round trips, long and short in turn."""
    for number in count(1):
        yield from TripTeller(Side.LONG if number % 2 else Side.SHORT, number, symbol).whole_trip()


def main(path: Path, symbol: str, messages: int) -> None:
    print("opening", flush=True)
    with JournalStore(path) as store:
        store.begin_run(RUN)
        for number, message in enumerate(islice(story(symbol), messages), start=1):
            store.write(message, number)
            print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
