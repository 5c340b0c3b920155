"""Import of files: what comes in, what is refused, and that a second time changes nothing."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalog.csv_import import ImportOptions, import_files
from catalog.errors import CatalogError
from catalog.store import BarStore, WriteResult

IBM = ImportOptions("IBM.NYSE")
KIND = "IBM.NYSE-1-MINUTE-LAST-EXTERNAL"
HEADER = "timestamp,open,high,low,close,volume"
GOOD = "2014-06-09T09:30:00-04:00,10,11,9,10.5,100"


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def ns(text: str) -> int:
    return pd.Timestamp(text, tz="America/New_York").value


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_import_of_each_kind_of_file_gives_the_same_bar(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / "a.csv", GOOD)
    if suffix == ".csv.gz":
        packed = tmp_path / "a.csv.gz"
        packed.write_bytes(gzip.compress(file.read_bytes()))
        file = packed
    if suffix == ".parquet":
        frame = pd.read_csv(file, parse_dates=["timestamp"])
        file = tmp_path / "a.parquet"
        frame.set_index("timestamp").to_parquet(file)

    import_files([file], IBM, BarStore(tmp_path / "c"))

    row = BarStore(tmp_path / "c").frame(KIND).iloc[0].to_dict()
    assert row == {"ts": ns("2014-06-09 09:31"), "open": 10, "high": 11, "low": 9, "close": 10.5, "volume": 100}


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("Date,O,H,L,C,V", "2014-06-09 09:30,10,11,9,10.5,100"),
        ("DATETIME;Close;High;Low;Open;Volume;Extra", "2014-06-09 09:30;10.5;11;9;10;100;x"),
        ("\ufeffDate,Time,Open,High,Low,Close,Vol", "06/09/2014,09:30,10,11,9,10.5,100"),
        ("volume\tt\to\th\tl\tc", "100\t1402320600\t10\t11\t9\t10.5"),
        ('"timestamp","open","high","low","close","volume"', '"2014-06-09 09:30","10","11","9","10.5","100"'),
    ],
)
def test_import_knows_the_usual_names_and_separators(tmp_path: Path, header: str, line: str) -> None:
    import_files([write(tmp_path / "a.csv", line, header=header)], IBM, BarStore(tmp_path / "c"))

    frame = BarStore(tmp_path / "c").frame(KIND)
    assert frame.iloc[0].tolist() == [ns("2014-06-09 09:31"), 10, 11, 9, 10.5, 100]


@pytest.mark.parametrize(
    ("change", "close"),
    [
        ({}, "09:31"),
        ({"timestamps": "close", "hours": "all"}, "09:30"),
        ({"timezone": "America/Chicago"}, "10:31"),
        ({"timezone": "UTC", "hours": "all"}, "05:31"),
    ],
)
def test_import_reads_times_as_told(tmp_path: Path, change: dict[str, str], close: str) -> None:
    file = write(tmp_path / "a.csv", "2014-06-09 09:30,10,11,9,10.5,100")

    import_files([file], replace(IBM, **change), BarStore(tmp_path / "c"))

    assert BarStore(tmp_path / "c").frame(KIND)["ts"].tolist() == [ns(f"2014-06-09 {close}")]


BAD = {
    "soon,10,11,9,10,1": "time 'soon' is not understood",
    "2024-03-10 02:30,10,11,9,10,1": "time '2024-03-10 02:30' is not one moment in America/New_York: daylight saving",
    "10/04/2013 9:31:00 AM,10,11,9,10,1": r"time '10/04/2013 9:31:00 AM' is not understood; expected .*\(24 hours",
    "1950-11-06 10:30,10,11,9,10,1": "time '1950-11-06 10:30' is out of range; expected 1970 to 2199",
    ",10,11,9,10,1": "the time is missing",
    "2014-06-09 09:40,ten,11,9,10,1": "open is not a number",
    "2014-06-09 09:40,10,11,9,,1": "close is not a number",
    "2014-06-09 09:40,10,inf,9,10,1": "high is not a number",
    "2014-06-09 09:40,10,11,0,10,1": "low 0 is not a positive price",
    "2014-06-09 09:40,10,11,0.004,10,1": "low 0.004 is not a positive price",
    "2014-06-09 09:40,10,9,11,10,1": "high 9 < low 11",
    "2014-06-09 09:40,12,11,9,10,1": "open 12 is outside low 9 to high 11",
    "2014-06-09 09:40,10,11,9,8,1": "close 8 is outside low 9 to high 11",
    "2014-06-09 09:40,10,1e300,9,10,1": r"high 1e\+300 is above 1e\+10 USD",
    "2014-06-09 09:40,10,11,9,10,1e30": r"volume 1e\+30 is above 1e\+12 shares",
    "2014-06-09 09:40,10,11,9,10,-1": "volume -1 is negative",
    "2014-06-09 09:40,10,11,9,10": "expected 6 fields, was 5",
    "2014-06-09 09:30,10,11,9,9.5,100": "same time as .*a.csv:2 with other values",
}


@pytest.mark.parametrize(("line", "reason"), BAD.items())
def test_import_of_a_bad_row_fails_with_its_place_and_writes_nothing(tmp_path: Path, line: str, reason: str) -> None:
    file = write(tmp_path / "a.csv", GOOD, "", line)

    with pytest.raises(CatalogError, match=rf"1 bad row, nothing was written\.[^\n]*\n.*a\.csv:4: {reason}"):
        import_files([file], replace(IBM, hours="all"), BarStore(tmp_path / "c"))

    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("line", BAD)
def test_import_that_drops_a_bad_row_keeps_the_others_and_tells(tmp_path: Path, line: str) -> None:
    later = "2014-06-09T15:59:00-04:00,10,11,9,10.5,100"
    file = write(tmp_path / "a.csv", GOOD, line, later)

    report = import_files([file], replace(IBM, hours="all", on_bad="drop"), BarStore(tmp_path / "c"))

    assert BarStore(tmp_path / "c").frame(KIND)["ts"].tolist() == [ns("2014-06-09 09:31"), ns("2014-06-09 16:00")]
    assert (report.bad_count, [row.line for row in report.bad_rows]) == (1, [3])


def test_import_numbers_lines_past_ragged_and_blank_ones(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "1,2", GOOD, "", "1,2,3,4,5,6,7", "soon,10,11,9,10,1")

    report = import_files([file], replace(IBM, on_bad="drop"), BarStore(tmp_path / "c"))

    assert sorted(row.line for row in report.bad_rows) == [2, 5, 6]
    assert report.bars == 1


def test_import_with_many_bad_rows_names_the_first_and_counts_the_rest(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", GOOD, *["soon,10,11,9,10,1"] * 100)

    with pytest.raises(CatalogError) as caught:
        import_files([file], IBM, BarStore(tmp_path / "c"))

    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1].strip()) == (22, "and 80 more")


def test_import_twice_changes_nothing_and_overlapping_days_merge(tmp_path: Path) -> None:
    minutes = pd.date_range("2014-06-09 09:30", periods=20, freq="min").strftime("%Y-%m-%d %H:%M")
    lines = [f"{minute},10,11,9,10,100" for minute in minutes]
    first, second = write(tmp_path / "a.csv", *lines[:12]), write(tmp_path / "b.csv", *lines[8:])
    store = BarStore(tmp_path / "c")

    results = [import_files([file], IBM, store).written for file in (first, first, second)]

    assert results == [WriteResult(12, 0, 0), WriteResult(0, 0, 0), WriteResult(8, 0, 0)]
    assert np.diff(store.frame(KIND)["ts"]).tolist() == [60 * 10**9] * 19


def test_import_of_several_files_takes_repeated_rows_once(tmp_path: Path) -> None:
    files = [write(tmp_path / name, GOOD) for name in ("a.csv", "b.csv")]

    report = import_files(files, IBM, BarStore(tmp_path / "c"))

    assert (report.rows, report.bars, report.repeated) == (2, 1, 1)


def test_import_over_the_sample_is_refused(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "c")
    store.mark_synthetic(KIND)

    with pytest.raises(CatalogError, match=r"holds the synthetic IBM\.NYSE-1-MINUTE.*another --catalog"):
        import_files([write(tmp_path / "a.csv", GOOD)], IBM, store)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", f"{HEADER}\n".encode(), "only a header; nothing was written"),
        ("a.csv", b"time,open,high\n1,2,3\n", "no column for low, close, volume; expected timestamp, open"),
        ("a.csv", f"{HEADER}\n2014-06-09 08:00,1,1,1,1,1\n".encode(), "1 rows lies in a regular session.*--timezone"),
        ("a.csv", f"{HEADER}\n2014-07-04 12:00,1,1,1,1,1\n".encode(), "Friday 2014-07-04 is a holiday or weekend"),
        (
            "a.csv",
            f"{HEADER}\n2014-07-04 12:00,1,1,1,1,1\n2014-07-06 12:00,1,1,1,1,1\n".encode(),
            "regular session; nothing was written: 2014-07-04 to 2014-07-06 are holidays and weekends",
        ),
        ("a.csv", f"\n{HEADER}\n{GOOD}\n".encode(), "no column for time.*found a blank line. Comments and blank lines"),
        ("a.csv", f"# IBM\r\n{HEADER}\n{GOOD}\n".encode(), "no column for time.*found # IBM. Comments and blank lines"),
        ("a.csv", f"{HEADER},Close\n{GOOD},1\n".encode(), "more than one column is named close; rename or remove"),
        ("a.csv", b"t,open,high,low,close,close\n", "no column for volume"),
        ("a.csv.gz", b"no gzip at all", "cannot be read; is it damaged"),
        ("a.parquet", b"no parquet at all", "cannot be read; is it damaged"),
        ("a.csv", b"timestamp,open,high,low,close,volume\n\xff\xfe,1,1,1,1,1\n", "cannot be read; is it damaged"),
        ("a.xlsx", b"x", r"Expected a file ending in \.csv, \.csv\.gz, \.parquet, was 'a\.xlsx'"),
    ],
)
def test_import_of_an_unusable_file_says_why(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CatalogError, match=message):
        import_files([tmp_path / name], IBM, BarStore(tmp_path / "c"))


def test_import_reports_progress_in_bytes(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", GOOD)
    seen: list[tuple[str, int, int]] = []

    import_files([file], IBM, BarStore(tmp_path / "c"), lambda *args: seen.append(args))

    size = file.stat().st_size
    assert seen == [("a.csv", size, size)]
