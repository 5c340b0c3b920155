"""
Watches the journal's file while the node writes it: is it still there, and still sound? Pure.

SQLite goes on writing into a file that was moved or deleted, and does not see damage to what it has in memory: both
would be found by the next start, which then knows nothing. Damage is looked for on a thread of its own that knows the
path alone (T16). Nothing is mended.

It opens the file by SQLite only: closing any other handle of it would lift SQLite's locks of the whole process.

"""

from pathlib import Path
from threading import Thread

from actors.journal.file import damage_of, problem

LOOK_FOR_DAMAGE_NS = 60_000_000_000  # a journal of 50 MB is read through in 40 ms
_MOVED = "put it back if it was moved; else stop the node, for what it writes now will be lost"


class JournalWatch:
    """The file of an open journal, and its write-ahead log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = {file: _identity(file) for file in (path, path.with_name(f"{path.name}-wal"))}
        self._damage = ""
        self._thread: Thread | None = None
        self._looked_ns = 0

    def trouble(self, now_ns: int) -> str:
        """Return what is wrong with the file, "" if nothing is known to be; it never waits for a disk that is slow."""
        if absence := self.absence():
            return absence
        if now_ns - self._looked_ns >= LOOK_FOR_DAMAGE_NS and (self._thread is None or not self._thread.is_alive()):
            self._looked_ns = now_ns
            self._thread = Thread(target=self._look_for_damage, name="journal-watch", daemon=True)
            self._thread.start()
        return self._damage

    def absence(self) -> str:
        """Return which file does not stand in its place any more, "" if all do: SQLite calls that a failing disk."""
        for file, opened in self._files.items():
            found = _identity(file)
            if opened is not None and found != opened:
                what = "none" if found is None else "another one"
                return str(problem(file, "the file that this node opened", f"{what} in its place; {_MOVED}"))
        return ""

    def _look_for_damage(self) -> None:
        self._damage = damage_of(self._path)


def _identity(file: Path) -> tuple[int, int] | None:
    """Return which file stands under a name, None when none does."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
