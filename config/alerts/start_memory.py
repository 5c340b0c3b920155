"""
Which failed starts were told, so that one cause is not told again each time a supervisor tries; over processes.

Kept in a small file, in the state directory and, when that cannot be written, in the system's directory for temporary
files. Where neither can, nothing is remembered: a failure told too often is better than one told never.

"""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from config.live.state_dir import ROOT

FILE: Final = "failed-starts.json"
REPEAT_NS: Final = 6 * 3_600_000_000_000  # after that the same cause is told again


@dataclass(slots=True)
class FailedStarts:
    """The starts that failed since the last one that did not."""

    since_ns: int = 0
    count: int = 0
    told: dict[str, int] = field(default_factory=dict)  # when each cause was told last, UTC nanoseconds

    def needs_telling(self, cause: str, now_ns: int) -> bool:
        """Return whether a cause is new, or was told long ago; a clock that went back makes it new."""
        told_ns = self.told.get(cause)
        return told_ns is None or not 0 <= now_ns - told_ns < REPEAT_NS


class StartMemory:
    """The file; ``places`` are where it may be, the first that can be written is taken."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places

    @classmethod
    def of(cls, state: Path | None) -> "StartMemory":
        """Return that of a chosen state directory, or of ``state/``."""
        where = (state or ROOT).absolute()
        number = sha256(str(where).encode()).hexdigest()[:12]
        return cls([where / FILE, Path(tempfile.gettempdir()) / f"ballast-{os.getuid()}-{number}-{FILE}"])

    def read(self) -> FailedStarts:
        """Return what is remembered; of two files the one that knows more."""
        return max((_read(place) for place in self._places), key=lambda each: each.count)

    def write(self, failed: FailedStarts) -> bool:
        """Remember; False when no place takes it."""
        text = json.dumps({"since_ns": failed.since_ns, "count": failed.count, "told": failed.told})
        return any(_is_written(place, text) for place in self._places)

    def clear(self) -> None:
        """Forget: a start succeeded."""
        for place in self._places:
            with suppress(OSError):
                place.unlink(missing_ok=True)


def _read(place: Path) -> FailedStarts:
    try:
        if place.lstat().st_uid != os.getuid():
            return FailedStarts()  # anybody may put a file there
        return _failed(json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return FailedStarts()


def _failed(found: dict[str, Any]) -> FailedStarts:
    told = {str(cause): int(told_ns) for cause, told_ns in found["told"].items()}
    return FailedStarts(int(found["since_ns"]), int(found["count"]), told)


def _is_written(place: Path, text: str) -> bool:
    """Write a file whole or not at all, and not through a link that somebody laid; no directory is made for it."""
    draft = place.with_name(f"{place.name}.{os.getpid()}.new")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(place)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return False
    return True
