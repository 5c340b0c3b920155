"""
``python -m catalog download`` against the gateway, over TCP: the bars, the requests, the ends.

The command runs in a process of its own: while the engine's adapter connects, it keeps Python from running, and the
gateway of this process could not answer.

"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from catalog.store import BarStore
from tests.gateway import faults
from tests.gateway.gateway import Gateway
from tests.gateway.market import Market

ROOT = Path(__file__).resolve().parents[2]
SATURDAY_NS = 1_728_129_600 * 10**9  # 2024-10-05 12:00 UTC: of whole sessions alone, whatever day it is
AAPL, MSFT = "AAPL.NASDAQ", "MSFT.NASDAQ"
MINUTE, FIVE_SECONDS = "AAPL.NASDAQ-1-MINUTE-LAST-EXTERNAL", "AAPL.NASDAQ-5-SECOND-LAST-EXTERNAL"
MARKET = Market.demo(SATURDAY_NS)
HISTORY = MARKET.frames(AAPL)[: 10 * 390]  # ten sessions that are over
DAYS = sorted({str(day) for day in pd.DatetimeIndex(HISTORY["ts"].to_numpy().view("M8[ns]")).date})


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway.start(MARKET, speed=None) as gateway:
        yield gateway


def start(gateway: Gateway, catalog: Path, *words: str, first: str = DAYS[-1]) -> subprocess.Popen[str]:
    where = ["--port", str(gateway.port), "--start", first, "--end", DAYS[-1], "--catalog", str(catalog)]
    command = [sys.executable, "-m", "catalog", "download", *where, *(words or ("--symbol", AAPL))]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate()
    assert "Traceback" not in errors
    return process.returncode, out, errors


def asked(gateway: Gateway) -> list[tuple[str, str]]:
    frames = gateway.frames("HistoricalDataRequest")
    return [(frame.fields["endDateTime"], frame.fields["duration"]) for frame in frames]


def until(is_so) -> None:
    while not is_so():
        time.sleep(0.005)


def test_days_are_the_markets_and_are_fetched_once(gateway: Gateway, tmp_path: Path) -> None:
    words = ("--symbol", AAPL, "--symbol", MSFT)
    code, out, errors = end(start(gateway, tmp_path / "c", *words, first=DAYS[3]))

    assert (code, errors) == (0, "")
    assert out.splitlines() == [
        f"{AAPL}-1-MINUTE-LAST-EXTERNAL: 7 sessions, 0 of them there already",
        "  2,730 bars fetched: 2,730 new, 0 replaced, 0 unchanged",
        f"{MSFT}-1-MINUTE-LAST-EXTERNAL: 7 sessions, 0 of them there already",
        "  2,730 bars fetched: 2,730 new, 0 replaced, 0 unchanged",
    ]
    store = BarStore(tmp_path / "c")
    pd.testing.assert_frame_equal(store.frame(MINUTE), HISTORY[3 * 390 :].reset_index(drop=True))
    assert str(store.instrument(AAPL).id) == AAPL
    assert [duration for _, duration in asked(gateway)] == ["5 D", "2 D"] * 2
    assert gateway.received()["AccountDataRequest"] == gateway.received()["AccountSummaryRequest"] == 0

    code, out, _ = end(start(gateway, tmp_path / "c", *words, first=DAYS[3]))
    assert (code, len(asked(gateway))) == (0, 4)
    assert out.splitlines()[0].endswith("7 sessions, 7 of them there already")


def test_what_a_killed_download_fetched_stays_and_the_next_goes_on(gateway: Gateway, tmp_path: Path) -> None:
    words = ("--symbol", AAPL, "--bar", "5-SECOND")
    process = start(gateway, tmp_path / "c", *words)
    until(lambda: len(asked(gateway)) >= 3)
    process.kill()
    process.communicate()
    until(lambda: not gateway.state()["clients"])  # what it sent has been read to its end
    before = asked(gateway)
    held = BarStore(tmp_path / "c").count(FIVE_SECONDS)
    assert 2 * 720 <= held <= 5 * 720  # five requests leave at once, the next ones after a pause

    code, _, _ = end(start(gateway, tmp_path / "c", *words))
    bars = BarStore(tmp_path / "c").frame(FIVE_SECONDS)
    assert (code, len(bars)) == (0, 4_680)
    assert not bars["ts"].duplicated().any()
    assert asked(gateway)[len(before) :] == _expected_requests()[held // 720 :]


def _expected_requests() -> list[tuple[str, str]]:
    last = pd.Timestamp(int(HISTORY["ts"].iloc[-1]), tz="UTC")
    ends = [last - pd.Timedelta(minutes=330 - 60 * hour) for hour in range(6)] + [last]
    return [(f"{at:%Y%m%d %H:%M:%S} UTC", "3600 S") for at in ends[:-1]] + [(f"{last:%Y%m%d %H:%M:%S} UTC", "1800 S")]


def test_interrupt_during_a_request_ends_with_130_and_keeps_what_is_there(gateway: Gateway, tmp_path: Path) -> None:
    gateway.do.lose("HistoricalDataEnd")
    process = start(gateway, tmp_path / "c")
    until(lambda: asked(gateway))
    time.sleep(0.2)  # on its way into the wait for the answer
    process.send_signal(signal.SIGINT)
    code, out, errors = end(process)

    assert (code, out) == (130, "")
    assert errors.strip() == "Interrupted: the catalog is sound; run the command again to finish it."


def test_pacing_violation_is_told_and_waited_out(gateway: Gateway, tmp_path: Path, monkeypatch) -> None:
    text = "Historical Market Data Service error message:Historical data request pacing violation"
    monkeypatch.setitem(faults.TEXTS, 162, text)
    gateway.do.refuse_data(162)
    process = start(gateway, tmp_path / "c")
    line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    code, _, _ = end(process)

    assert line.strip() == f"Waiting 60 s for IB's limit (IB said: {text}); Ctrl-C ends, what was fetched stays."
    assert (code, len(asked(gateway))) == (130, 1)


@pytest.mark.parametrize(("code", "told"), [(162, "has no permission"), (354, "has no permission"), (10197, "log out")])
def test_refusal_is_one_paragraph(gateway: Gateway, tmp_path: Path, code: int, told: str) -> None:
    gateway.do.refuse_data(code)

    ended, out, errors = end(start(gateway, tmp_path / "c"))

    assert (ended, out, len(errors.splitlines())) == (2, "", 1)
    assert errors.startswith(f"Error: {AAPL}, 1 D until ")
    assert told in errors
    assert f"({code}: " in errors


def test_stock_that_ib_does_not_know_is_told_before_anything_is_fetched(gateway: Gateway, tmp_path: Path) -> None:
    code, out, errors = end(start(gateway, tmp_path / "c", "--symbol", AAPL, "--symbol", "NOPE.NASDAQ"))

    assert (code, out, asked(gateway)) == (2, "", [])
    assert errors.startswith("Error: IB knows no stock NOPE.NASDAQ. Expected the ticker and its listing exchange")


def test_client_id_of_another_program_is_told(gateway: Gateway, tmp_path: Path) -> None:
    gateway.do.lose("HistoricalDataEnd")
    first = start(gateway, tmp_path / "c")
    until(lambda: asked(gateway))

    code, _, errors = end(start(gateway, tmp_path / "c"))
    first.kill()
    first.communicate()

    assert code == 2
    assert f"Error: Client id 9 is in use at 127.0.0.1:{gateway.port} by another program; name another" in errors
