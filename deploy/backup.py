"""
Copies every journal under a state directory, whole and while its node writes: ``python deploy/backup.py state backup``.

One copy for each day of the week, so those of the last seven days are there. A copy is read through before it takes
the place of the one a week older. It does not copy to another machine: that is the operator's.

"""

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def main(words: list[str]) -> int:
    """Copy each journal; return the exit code."""
    if len(words) != 2:
        print("backup: expected two directories, that of the states and that of the copies", file=sys.stderr)
        return EXIT_USAGE
    states, copies = map(Path, words)
    journals = sorted(states.glob("*/journal.sqlite"))
    if not journals:
        print(f"backup: expected {states}/<mode>-<account>/journal.sqlite, found none", file=sys.stderr)
        return EXIT_FAILED
    return max(_copied(journal, copies) for journal in journals)


def _copied(journal: Path, copies: Path) -> int:
    copy = copies / f"{journal.parent.name}-{datetime.now(UTC):%a}.sqlite"
    draft = copy.with_suffix(".new")
    try:
        copies.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(draft)) as target,
        ):
            source.backup(target)
            [[found]] = target.execute("PRAGMA integrity_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        draft.replace(copy)
    except (OSError, sqlite3.Error) as error:
        print(f"backup: {journal} was not copied: {error}", file=sys.stderr)
        return EXIT_FAILED
    print(f"{journal} → {copy}")
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
