"""The gateway's market: real sessions of now or later, minutes that prints rebuild exactly."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from catalog.errors import CatalogError
from catalog.sessions import Sessions
from catalog.store import BarStore
from tests.gateway.mapping import upcoming_session
from tests.gateway.market import Market
from tests.gateway.minute import prints_of
from tests.gateway.model import MarketBar
from tests.gateway.path import WAVES
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, session_bars, store_of

SECOND = 10**9
HALF_DAY = "2024-11-29"


def new_york(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York")).timestamp()) * SECOND


SUNDAY = new_york("2026-11-22T12:00")


def rising(day: str, minutes: int = 390) -> pd.DataFrame:
    return session_bars([100 + minute / 100 for minute in range(minutes)], day)


def values(bar: MarketBar) -> tuple:
    return bar.open, bar.high, bar.low, bar.close, bar.volume


def rebuilt(prices) -> tuple:
    paid = [price.price for price in prices]
    return paid[0], max(paid), min(paid), paid[-1], sum(price.size for price in prices)


@pytest.mark.parametrize(
    ("now", "session"),
    [
        ("2026-11-22T12:00", "2026-11-23"),  # a Sunday
        ("2026-11-24T09:29", "2026-11-24"),  # before the open
        ("2026-11-24T09:30", "2026-11-24"),  # at the open
        ("2026-11-24T11:00", "2026-11-25"),  # in the session
        ("2026-11-25T17:00", "2026-11-30"),  # Thanksgiving, then a half day
    ],
)
def test_full_session_goes_onto_the_next_one_that_has_not_opened(now, session):
    market = Market.demo(new_york(now), [AAPL], history_sessions=1)

    assert market.session == Sessions().on(date.fromisoformat(session))


@pytest.mark.parametrize(
    ("now", "last"),
    [("2026-11-24T09:00", "2026-11-23"), ("2026-11-24T11:00", "2026-11-23"), ("2026-11-28", "2026-11-25")],
)
def test_history_ends_with_the_last_full_session_that_has_closed(now, last):
    market = Market.demo(new_york(now), [AAPL], history_sessions=3)

    bars = market.history(AAPL, 60, market.session.open, 10_000)

    assert len(bars) == 3 * 390
    assert bars[-1].ts == Sessions().on(date.fromisoformat(last)).close


def test_half_day_goes_onto_a_half_day():
    market = Market.of_frames({AAPL: rising(HALF_DAY, 210)}, SUNDAY)

    assert market.session.session == date(2026, 11, 27)
    assert market.history(AAPL, 60, market.session.close, 1)[0].ts == market.session.close


def test_session_of_a_length_that_no_coming_one_has_goes_onto_a_longer_one():
    thanksgiving = new_york("2026-11-26T12:00")

    assert upcoming_session(thanksgiving, 300, Sessions()).session == date(2026, 11, 30)  # past the half day


def test_half_day_in_history_keeps_its_minutes():
    market = Market.of_frames({AAPL: [rising(HALF_DAY, 210), rising("2024-12-02")]}, SUNDAY)

    bars = market.history(AAPL, 60, market.session.open, 1_000)

    opens = Sessions().on(date(2026, 11, 20)).open
    assert [bar.ts for bar in bars] == [opens + minute * MINUTE_NS for minute in range(1, 211)]


def test_recorded_day_keeps_its_minutes_and_prices(tmp_path):
    days = {"2024-10-07": 1, "2024-10-08": 2, "2024-10-09": 3}
    frames = [rising(day).assign(volume=1_000.0 * number) for day, number in days.items()]
    store = store_of(tmp_path, AAPL=frames, MSFT=frames[1])

    market = Market.of_day(store, date(2024, 10, 8), SUNDAY)

    shifts = market.frames(AAPL)["ts"] - pd.concat(frames[:2], ignore_index=True)["ts"]
    assert shifts.nunique() == 2  # one a session
    columns = ["open", "high", "low", "close", "volume"]
    pd.testing.assert_frame_equal(market.frames(AAPL)[columns], pd.concat(frames[:2], ignore_index=True)[columns])
    assert list(market.contracts) == [AAPL, MSFT]
    assert len(market.frames(MSFT)) == 390


def test_history_of_a_recorded_day_is_as_long_as_asked(tmp_path):
    store = store_of(tmp_path, AAPL=[rising(f"2024-10-{day:02}") for day in (7, 8, 9, 10)])

    market = Market.of_day(store, date(2024, 10, 10), SUNDAY, history_sessions=2)

    assert len(market.frames(AAPL)) == 3 * 390


def test_day_of_frames_is_the_last_one_unless_named():
    later, earlier = rising("2024-10-09").tail(200), rising("2024-10-09").head(190)
    days = [later, earlier, rising("2024-10-07"), rising("2024-10-08").head(300)]

    last = Market.of_frames({MSFT: days, AAPL: days}, SUNDAY, history_sessions=1)
    named = Market.of_frames({AAPL: days}, SUNDAY, date(2024, 10, 8), history_sessions=1)

    assert list(last.contracts) == [AAPL, MSFT]
    assert len(last.frames(AAPL)) == 300 + 390
    assert last.frames(AAPL)["ts"].is_monotonic_increasing
    assert (named.frames(AAPL)["ts"] > named.session.open).sum() == 300


def test_other_bars_of_the_catalog_are_left_alone(tmp_path):
    store = store_of(tmp_path, AAPL=rising("2024-10-07"))
    store.write(f"{AAPL}-5-MINUTE-LAST-EXTERNAL", rising("2024-10-07").iloc[4::5])
    store.write(f"{MSFT}-1-DAY-LAST-EXTERNAL", rising("2024-10-07").tail(1))

    market = Market.of_day(store, date(2024, 10, 7), SUNDAY)

    assert list(market.contracts) == [AAPL]
    assert len(market.frames(AAPL)) == 390


def test_frames_come_back_from_a_catalog_as_they_were_written(tmp_path):
    market = Market.demo(SUNDAY, history_sessions=1)

    store = store_of(tmp_path, AAPL=market.frames(AAPL))

    pd.testing.assert_frame_equal(store.frame(f"{AAPL}-1-MINUTE-LAST-EXTERNAL"), market.frames(AAPL))


def test_prints_of_a_minute_rebuild_it():
    market = Market.demo(SUNDAY, history_sessions=1)

    for bar in market.history(AAPL, 60, market.session.close, 780):
        prints = prints_of(bar)
        assert rebuilt(prints) == values(bar)
        assert [price.is_jump for price in prints] == [True] + [False] * 11
        assert bar.ts - MINUTE_NS < prints[0].ts < prints[-1].ts < bar.ts


@pytest.mark.parametrize("volume", [4, 11, 12, 13])
@pytest.mark.parametrize(
    "prices", [("10.00",) * 4, ("10.00", "10.01", "9.99", "10.00"), ("10", "17.77", "3.33", "3.34")]
)
def test_prints_of_a_thin_or_odd_minute_rebuild_it(volume, prices):
    bar = MarketBar(AAPL, 60, MINUTE_NS, *map(Decimal, prices), volume)

    prints = prints_of(bar)

    assert rebuilt(prints) == values(bar)
    assert all(price.size > 0 and price.price % Decimal("0.01") == 0 for price in prints)


def test_prints_go_from_the_open_to_the_high_to_the_low_to_the_close():
    bar = MarketBar(AAPL, 60, MINUTE_NS, Decimal(10), Decimal(14), Decimal(8), Decimal(12), 1_200)

    assert [price.price for price in prints_of(bar)] == [10, 11, 12, 13, 14, 12, 10, 8, 9, 10, 11, 12]


def test_slices_tell_the_whole_session_in_order():
    market = Market.demo(SUNDAY, history_sessions=1)

    slices = list(market.slices())

    opens, closes = market.session.open, market.session.close
    assert [piece.ts for piece in slices] == list(range(opens + 5 * SECOND, closes + 1, 5 * SECOND))
    for piece in slices:
        assert all(piece.ts - 5 * SECOND < price.ts < piece.ts for price in piece.prices)
        steps = [60, 5] if piece.ts % MINUTE_NS == 0 else [5]
        assert [(bar.symbol, bar.step_secs, bar.ts) for bar in piece.bars] == [
            (symbol, step, piece.ts) for symbol in sorted(WAVES) for step in reversed(steps)
        ]


@pytest.mark.parametrize("step_secs", [5, 15, 60, 300, 3_600])
def test_bars_of_a_session_are_made_of_its_prints(step_secs):
    market = Market.demo(SUNDAY, [AAPL], history_sessions=1)
    prices, bars = [], 0

    for piece in market.slices(steps_secs=[step_secs]):
        prices += piece.prices
        for bar in piece.bars:
            assert values(bar) == rebuilt(prices)
            prices, bars = [], bars + 1

    assert bars == -(-390 * 60 // step_secs)
    assert not prices


def test_slices_begin_where_asked():
    market = Market.demo(SUNDAY, [AAPL], history_sessions=1)

    first = next(market.slices(market.session.open + MINUTE_NS))

    assert first.ts == market.session.open + MINUTE_NS + 5 * SECOND


def test_missing_minutes_stay_missing():
    frame = rising("2024-10-07")
    market = Market.of_frames({AAPL: frame.drop(index=[1, 2])}, SUNDAY)

    quiet = [piece.ts - market.session.open for piece in market.slices() if not piece.prices and not piece.bars]

    assert quiet == list(range(65 * SECOND, 3 * MINUTE_NS + 1, 5 * SECOND))


@pytest.mark.parametrize(
    ("step_secs", "last_secs"), [(5, 635), (30, 630), (60, 600), (300, 600), (3_600, 0), (86_400, 0)]
)
def test_history_holds_closed_bars_only(step_secs, last_secs):
    market = Market.demo(SUNDAY, [AAPL], history_sessions=10)
    end = market.session.open + 638 * SECOND

    bars = market.history(AAPL, step_secs, end, 7)

    last = Sessions().on(date(2026, 11, 20)).close if last_secs == 0 else market.session.open + last_secs * SECOND
    assert bars[-1].ts == last
    assert len(bars) == 7
    assert bars == sorted(bars, key=lambda bar: bar.ts)


def test_daily_history_holds_whole_sessions():
    market = Market.demo(SUNDAY, [AAPL], history_sessions=3)
    minutes = market.frames(AAPL).iloc[:390]

    first = market.history(AAPL, 86_400, market.session.open, 100)[0]

    assert (float(first.open), float(first.close)) == (minutes["open"].iloc[0], minutes["close"].iloc[-1])
    assert (float(first.high), float(first.low)) == (minutes["high"].max(), minutes["low"].min())
    assert first.volume == minutes["volume"].sum()


def test_history_of_nothing_is_empty():
    market = Market.demo(SUNDAY, [AAPL], history_sessions=1)

    assert market.history(AAPL, 60, new_york("2020-01-01"), 5) == []
    assert market.history(AAPL, 60, SUNDAY, 0) == []


def test_thin_minute_has_a_share_at_each_price():
    market = Market.of_frames({AAPL: rising("2024-10-07", 1).assign(volume=1.0)}, SUNDAY)

    assert market.frames(AAPL)["volume"].tolist() == [4.0]


def test_day_that_is_no_session_is_told(tmp_path):
    store = store_of(tmp_path, AAPL=rising("2024-10-07"))

    with pytest.raises(CatalogError, match="Expected a day of trading, was 2024-10-06, which is no XNYS session"):
        Market.of_day(store, date(2024, 10, 6), SUNDAY)


def test_day_without_bars_is_told(tmp_path):
    store = store_of(tmp_path, AAPL=[rising("2024-10-07"), rising("2024-10-08")])

    with pytest.raises(CatalogError, match=r"bars of 2024-10-09 in .*, found 2024-10-07 to 2024-10-08; name a day"):
        Market.of_day(store, date(2024, 10, 9), SUNDAY)


def test_empty_catalog_is_told(tmp_path):
    with pytest.raises(CatalogError, match="found no 1-MINUTE bars at all; import some"):
        Market.of_day(BarStore(tmp_path), date(2024, 10, 9), SUNDAY)


def test_frames_without_the_day_are_told():
    with pytest.raises(CatalogError, match="Expected minute bars on 2024-10-09, found 2024-10-07 to 2024-10-07"):
        Market.of_frames({AAPL: rising("2024-10-07")}, SUNDAY, date(2024, 10, 9))


def test_bars_off_the_minute_are_told():
    frame = rising("2024-10-07", 3)

    with pytest.raises(CatalogError, match="full minutes"):
        Market.of_frames({AAPL: frame.assign(ts=frame["ts"] + SECOND)}, SUNDAY)
