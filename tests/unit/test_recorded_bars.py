"""The files of recorded bars: exact, whole lines only, whatever the disk or a kill does."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.errors import CatalogError
from catalog.recorded_bars import HEADER, RecordedBar, append, day_file, read

KIND = "AAPL.NASDAQ-1-MINUTE-LAST-EXTERNAL"
ROOT = Path(__file__).parents[2]


def bar(ts: int, price: str = "100.10") -> RecordedBar:
    return RecordedBar(KIND, ts, *(Decimal(price),) * 4, Decimal(1_200))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return day_file(tmp_path, date(2026, 11, 23))


def test_bars_come_back_exactly_and_in_order(file: Path) -> None:
    append(file, [bar(2, "100.10"), bar(1, "0.0001")])
    append(file, [bar(3)])

    assert file.name == "2026-11-23.csv"
    assert list(read(file)) == [bar(2, "100.10"), bar(1, "0.0001"), bar(3)]
    assert str(next(read(file)).open) == "100.10"


@pytest.mark.parametrize("cut", [1, 5, len(HEADER) + 20, 4_000])
def test_torn_line_is_passed_over_and_taken_away_by_the_next_bar(file: Path, cut: int) -> None:
    append(file, [bar(ts) for ts in range(100)])
    text = file.read_bytes()
    file.write_bytes(text[:-cut])
    whole = text[:-cut].count(b"\n") - 1
    assert list(read(file)) == [bar(ts) for ts in range(whole)]

    append(file, [bar(500)])
    assert list(read(file)) == [*(bar(ts) for ts in range(whole)), bar(500)]
    assert file.read_bytes().count(b"\n") == whole + 2


def test_torn_header_is_written_anew(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(HEADER[:7])

    append(file, [bar(1)])

    assert list(read(file)) == [bar(1)]


def test_long_torn_tail_is_taken_away(file: Path) -> None:
    append(file, [bar(1)])
    with file.open("ab") as stream:
        stream.write(b"\0" * 10_000)

    append(file, [bar(2)])

    assert list(read(file)) == [bar(1), bar(2)]


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_disk_that_takes_half_a_line_leaves_none_of_it(file: Path) -> None:
    append(file, [bar(1)])
    before = file.read_bytes()

    with file_size_limit(len(before) + 10), pytest.raises(OSError, match=str(file)):
        append(file, [bar(2)])

    assert file.read_bytes() == before


def test_other_file_is_refused_in_words(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("a,b\n1,2\n")

    with pytest.raises(CatalogError, match="Expected a file of recorded bars"):
        list(read(file))


def test_killed_writer_loses_no_bar_it_has_written(file: Path) -> None:
    code = (
        "import sys; from decimal import Decimal; from pathlib import Path\n"
        "from catalog.recorded_bars import RecordedBar, append\n"
        "for ts in range(10**6):\n"
        f"    append(Path(sys.argv[1]), [RecordedBar({KIND!r}, ts, *[Decimal('100.10')] * 4, Decimal(1200))])\n"
        "    print(ts, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    told = [int(process.stdout.readline()) for _ in range(200)][-1]
    process.send_signal(signal.SIGKILL)
    process.communicate()

    bars = list(read(file))
    assert len(bars) > told
    assert bars == [bar(ts) for ts in range(len(bars))]
