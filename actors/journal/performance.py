"""
The measures of a node in its journal: a row for each run and measure, so that a report tells of all runs of a session.

They are kept from time to time and at the end; of a run that was killed those since the last time are lost.

"""

import json

from actors.journal.commands import CommandJournal
from actors.journal.reader import JournalReader
from actors.performance.histogram import Histogram
from actors.performance.measures import Histograms


class NodeJournal(CommandJournal):
    """The journal of a running node, with its measures."""

    def put_performance(self, histograms: Histograms, wall_ns: int) -> None:
        """Keep the measures of this run; the disk is not waited for."""
        rows = [
            (self._run_id, name, wall_ns, one.total, one.max, json.dumps(one.counts))
            for name, one in histograms.items()
        ]
        with self._unwaited():
            self._db.executemany("INSERT OR REPLACE INTO performance VALUES (?, ?, ?, ?, ?, ?)", rows)


def read_performance(journal: JournalReader, since_ns: int) -> dict[str, Histogram]:
    """Return the measures of all runs that were up since a time of the clock, merged and each whole."""
    parts: dict[str, list[Histogram]] = {}
    for name, total, maximum, counts in journal.performance(since_ns):
        by_edge = {float(edge): count for edge, count in json.loads(counts).items()}
        parts.setdefault(name, []).append(Histogram.of(by_edge, total, maximum))
    return {name: Histogram.merged(histograms) for name, histograms in parts.items()}
