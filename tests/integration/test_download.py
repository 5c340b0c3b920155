"""What a download does day by day: a broker of this process with the gateway's market, a clock turned by hand."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
import pytest

from catalog.bar_files import COLUMNS
from catalog.download import Download, DownloadOptions, DownloadReport, Pauses
from catalog.errors import CatalogError
from catalog.fetched_days import FILE
from catalog.ib_answers import NoBars, PacingViolation
from catalog.instruments import parse_step
from catalog.sessions import NANOS_IN_MINUTE, NANOS_IN_SECOND, Sessions
from catalog.store import BarStore
from tests.gateway.market import Market

AAPL = "AAPL.NASDAQ"
KIND = f"{AAPL}-1-MINUTE-LAST-EXTERNAL"
MARKET = Market.demo(Sessions().on(date(2026, 11, 20)).close + 1)  # the session to come is that of Monday
TODAY = MARKET.session
NIGHT = TODAY.close + 60 * NANOS_IN_MINUTE
FRAME = MARKET.frames(AAPL)
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


@dataclass
class Broker:
    """Answers as IB does, from the gateway's market; refuses when told to."""

    now_ns: int = NIGHT
    asked: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    lost: frozenset[int] = frozenset()  # closes of bars in which nobody traded

    def check_symbol(self, symbol: str) -> None:
        assert symbol == AAPL

    def bars(self, symbol: str, step: str, end_ns: int, duration: str) -> pd.DataFrame:
        self.asked.append((f"{Sessions().local(end_ns):%a %H:%M}", duration))
        if self.refusals:
            raise self.refusals.pop(0)
        number, unit = duration.split()
        secs = parse_step(step)
        count = int(number) * (390 * 60 if unit == "D" else 1) // secs
        found = MARKET.history(symbol, secs, min(end_ns, self.now_ns), count)
        rows = [(bar.ts, *(float(getattr(bar, name)) for name in COLUMNS[1:])) for bar in found]
        frame = pd.DataFrame(rows, columns=COLUMNS).astype({"ts": "int64", "volume": "float64"})
        return frame[~frame["ts"].isin(self.lost)].reset_index(drop=True)


@dataclass
class Clock:
    """Goes on only while somebody waits."""

    now: float = 0.0

    def pauses(self) -> Pauses:
        return Pauses(lambda: self.now, self.wait)

    def wait(self, secs: float) -> None:
        self.now += secs


def fetch(
    store: BarStore, broker: Broker, start: date = FRIDAY, *, told: list[str] | None = None, clock: Clock | None = None
) -> DownloadReport:
    lines = told if told is not None else []
    download = Download(store, broker, broker.now_ns, lines.append, (clock or Clock()).pauses())
    (report,) = download.run(DownloadOptions((AAPL, AAPL), "1-MINUTE", start), lambda *_: None)
    return report


def minutes_of(store: BarStore) -> int:
    return len(store.frame(KIND, TODAY.open, TODAY.close))


def test_day_in_progress_is_fetched_to_its_last_closed_bar_and_completed_by_the_next_run(tmp_path) -> None:
    store, morning = BarStore(tmp_path), Broker(TODAY.open + 90 * NANOS_IN_MINUTE + 30 * NANOS_IN_SECOND)

    report = fetch(store, morning)
    assert (report.sessions, report.open_session, minutes_of(store)) == (2, MONDAY, 90)
    assert morning.asked == [("Fri 16:00", "1 D"), ("Mon 11:00", "5400 S")]
    assert list(report.lines())[-1] == "  2026-11-23 is not over: run this again after the close"

    fetch(store, morning)
    assert len(morning.asked) == 2  # nothing has closed since

    evening = Broker()
    report = fetch(store, evening)
    assert evening.asked == [("Mon 16:00", "1 D")]
    assert (report.there, report.added, report.replaced, report.open_session) == (1, 300, 0, None)
    pd.testing.assert_frame_equal(store.frame(KIND), FRAME[-780:].reset_index(drop=True))


def test_bar_that_forms_is_not_taken(tmp_path) -> None:
    store, broker = BarStore(tmp_path), Broker(TODAY.open + 3 * NANOS_IN_MINUTE + NANOS_IN_SECOND)

    fetch(store, broker, MONDAY)

    assert minutes_of(store) == 2  # the third has closed, its last trades may still come


def test_bars_beyond_those_asked_for_are_left(tmp_path) -> None:
    store, broker = BarStore(tmp_path), Broker(TODAY.open + 3 * NANOS_IN_MINUTE)
    answer = broker.bars
    broker.bars = lambda symbol, step, end_ns, duration: answer(symbol, step, end_ns + NANOS_IN_MINUTE, duration)

    fetch(store, broker, MONDAY)

    # The third came too, and may still change
    assert store.timestamps(KIND).tolist() == [TODAY.open + 2 * NANOS_IN_MINUTE]


def test_thin_day_is_asked_for_once(tmp_path) -> None:
    store = BarStore(tmp_path)
    broker = Broker(lost=frozenset(FRAME["ts"].iloc[[-5, -100]].tolist()))

    report = fetch(store, broker, MONDAY)
    assert (report.bars, [finding.kind for finding in report.findings]) == (388, ["missing_bars"])
    fetch(store, broker, MONDAY)
    assert len(broker.asked) == 1

    store.write(KIND, FRAME.iloc[[-5]])  # somebody changed the day: it is fetched anew
    fetch(store, broker, MONDAY)
    assert len(broker.asked) == 2


def test_torn_note_costs_one_request_and_no_more(tmp_path) -> None:
    store = BarStore(tmp_path)
    broker = Broker(lost=frozenset(FRAME["ts"].iloc[[-5]].tolist()))
    fetch(store, broker, MONDAY)
    file = tmp_path / FILE
    file.write_text(file.read_text()[:-6])

    for _ in range(2):
        fetch(store, broker, MONDAY)

    assert len(broker.asked) == 2


def test_day_without_bars_at_the_broker_is_told_and_the_others_are_fetched(tmp_path) -> None:
    store, broker = BarStore(tmp_path), Broker(refusals=[NoBars("HMDS query returned no data")])

    report = fetch(store, broker, date(2026, 11, 13))

    assert broker.asked == [("Thu 16:00", "5 D"), ("Mon 16:00", "2 D")]
    assert (report.added, report.empty[0], len(report.empty)) == (780, date(2026, 11, 13), 5)
    assert "  IB has no bars of 2026-11-13, 2026-11-16, 2026-11-17, 2026-11-18, 2026-11-19" in list(report.lines())


def test_refusal_in_the_middle_keeps_what_was_fetched_and_the_next_run_goes_on(tmp_path) -> None:
    store, broker = BarStore(tmp_path), Broker()
    answers = iter([broker.bars])

    def answer_once(*words: object) -> pd.DataFrame:
        answer = next(answers, None)
        if answer is None:
            raise CatalogError("no permission")
        return answer(*words)

    broker.bars = answer_once

    with pytest.raises(CatalogError, match="no permission"):
        fetch(store, broker, date(2026, 11, 13))
    assert len(store.frame(KIND)) == 5 * 390

    again = Broker()
    assert fetch(store, again, date(2026, 11, 13)).there == 5
    assert again.asked == [("Mon 16:00", "2 D")]
    assert not store.frame(KIND)["ts"].duplicated().any()


def test_pacing_violation_is_waited_out_and_told(tmp_path) -> None:
    told, clock = [], Clock()
    broker = Broker(refusals=[PacingViolation("pacing violation")] * 2)

    report = fetch(BarStore(tmp_path), broker, MONDAY, told=told, clock=clock)

    assert (report.added, len(broker.asked)) == (390, 3)
    assert [line.split(" for")[0] for line in told] == ["Waiting 60 s", "Waiting 120 s"]
    assert clock.now == 180


def test_pacing_violation_without_end_is_given_up(tmp_path) -> None:
    broker = Broker(refusals=[PacingViolation("pacing violation")] * 9)

    with pytest.raises(CatalogError, match="IB wants fewer requests, 5 times in a row"):
        fetch(BarStore(tmp_path), broker, MONDAY)


def test_requests_are_paced(tmp_path) -> None:
    broker, clock, told = Broker(), Clock(), []
    broker.refusals = [NoBars("HMDS query returned no data")] * 100  # quickly written
    download = Download(BarStore(tmp_path), broker, NIGHT, told.append, clock.pauses())

    list(download.run(DownloadOptions((AAPL,), "5-SECOND", date(2026, 11, 11)), lambda *_: None))

    assert len(broker.asked) == 9 * 7
    assert clock.now > 600  # the sixty-first had to wait
    assert any("60 requests in 10 minutes" in line for line in told)


def test_progress_counts_the_sessions_of_each_symbol(tmp_path) -> None:
    seen = []
    download = Download(BarStore(tmp_path), Broker(), NIGHT, print, Clock().pauses())

    list(download.run(DownloadOptions((AAPL,), "1-MINUTE", date(2026, 11, 13)), lambda *each: seen.append(each)))

    assert seen == [
        (AAPL, "2026-11-13 to 2026-11-19", 0, 7),
        (AAPL, "2026-11-20 to 2026-11-23", 5, 7),
        (AAPL, "", 7, 7),
    ]


def test_bars_that_were_made_up_are_not_mixed_with_real_ones(tmp_path) -> None:
    store, broker = BarStore(tmp_path), Broker()
    store.write(KIND, FRAME[:5])
    store.mark_synthetic(KIND)

    with pytest.raises(CatalogError, match="holds the synthetic"):
        fetch(store, broker)
    assert broker.asked == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (DownloadOptions((AAPL,), "10-SECOND", FRIDAY), "Expected a bar that IB has"),
        (DownloadOptions(("AAPL",), "1-MINUTE", FRIDAY), "Expected SYMBOL.VENUE"),
        (DownloadOptions((AAPL,), "1-MINUTE", FRIDAY, date(2026, 11, 19)), "--start on or before 2026-11-19, was 2026"),
        (DownloadOptions((AAPL,), "1-MINUTE", date(2026, 11, 24)), "Expected --start on or before 2026-11-23"),
        (DownloadOptions((AAPL,), "1-MINUTE", date(2026, 11, 21), date(2026, 11, 22)), "no trading session from"),
    ],
)
def test_options_that_cannot_be_used_are_told_before_anything_is_asked(tmp_path, options, told) -> None:
    broker = Broker()

    with pytest.raises(CatalogError, match=told):
        list(Download(BarStore(tmp_path), broker, NIGHT, print, Clock().pauses()).run(options, lambda *_: None))
    assert broker.asked == []


def test_hourly_bars_close_on_the_clock(tmp_path) -> None:
    broker = Broker()
    broker.bars = lambda *_: pd.DataFrame(
        {"ts": np.array([TODAY.open + 60 * NANOS_IN_MINUTE]), "open": 9.0, "high": 9.0, "low": 9.0, "close": 9.0}
        | {"volume": 1.0}
    )

    list(
        Download(BarStore(tmp_path), broker, NIGHT, print, Clock().pauses()).run(
            DownloadOptions((AAPL,), "1-HOUR", MONDAY), lambda *_: None
        )
    )

    closes = BarStore(tmp_path).timestamps(f"{AAPL}-1-HOUR-LAST-EXTERNAL").tolist()
    assert closes == [TODAY.open + 30 * NANOS_IN_MINUTE]
