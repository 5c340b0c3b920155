"""The narrator on the real engine: what it prints of a run, and that it disturbs nothing."""

import re
from datetime import date
from decimal import Decimal
from threading import Event

import pytest

from actors.log.narration import Narration
from actors.log.narrator import Narrator
from actors.messages import (
    AccountView,
    AlertRaised,
    ExitReason,
    Flatten,
    HandlerFailed,
    LinkChanged,
    LinkState,
    LockSymbol,
    LossBaselineSet,
    Side,
    Topic,
)
from actors.report.records import EquityPoint
from catalog.sessions import Sessions
from config.backtest.run import Backtest
from tests.integration.rig import AAPL, MINUTE_NS, MSFT, SIDES, Onlooker, at, build, opening, session_bars, store_of

TRAILING = ['trailing_stop.kind="percent"', "trailing_stop.distance_pct=3.0"]
RISING = [0.0] * 5 + [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0]


class Told:
    """A narrator with what it wrote, and the run it looks on; AAPL has these closes, or the frames are given."""

    def __init__(
        self,
        path,
        closes,
        tables,
        overrides=(),
        onlookers=(),
        write=None,
        every_secs=60,
        first=(),
        restored=(),
        **frames,
    ) -> None:
        self.lines: list[str] = []
        frames = frames or {"AAPL": session_bars(closes)}
        self.narrator = Narrator(
            Sessions(),
            self.view,
            self.latest,
            write or self.lines.append,
            every_secs,
            bar_types={f"{name}.NASDAQ": f"{name}.NASDAQ-1-MINUTE-LAST-EXTERNAL" for name in frames},
            max_daily_loss_usd=Decimal(1000),
        )
        self.run: Backtest = build(store_of(path, **frames), tables, overrides, [*first, self.narrator, *onlookers])
        if restored:
            self.narrator.restore_day(*restored)
        self.record = self.run.run()
        self.run.dispose()

    def view(self) -> AccountView:
        return self.run.components.ledger.view()

    def latest(self) -> EquityPoint | None:
        return self.run.components.ledger.latest()

    def of(self, pattern: str) -> list[str]:
        return [line for line in self.lines if re.search(pattern, line)]

    @property
    def events(self) -> list[str]:
        return [line for line in self.lines if " status: " not in line]


def path_of(side: Side, moves: list[float]) -> list[float]:
    return [100 + side * move for move in moves]


@SIDES
def test_an_entry_its_stop_and_a_trailing_step_are_printed_within_a_minute(tmp_path, side):
    told = Told(tmp_path, path_of(side, RISING), [opening(side, 5, closing=(11,))], TRAILING)
    buy, sell = ("buy", "sell") if side is Side.LONG else ("sell", "buy")
    bought, sold = ("bought", "sold") if side is Side.LONG else ("sold", "bought")
    start, step = {Side.LONG: ("95.00", "98.01"), Side.SHORT: ("105.00", "101.92")}[side]  # 3 % off 101.05, 98.95
    risk = {Side.LONG: "200.00", Side.SHORT: "193.00"}[side]  # a commission included
    word = "raised" if side is Side.LONG else "lowered"
    price = f"{100 + side * 4}.00"
    sale = f"AAPL #3 exit: {sold} 100 at {price}, 100 of 100, fee $1.00, signal (order +0 ms, decision +0 ms)"

    assert told.events[:6] == [
        f"09:35:00 AAPL signal {side:+} of Scripted at 100.00: gate open, enter {side.name.lower()} 100",
        f"09:35:00 AAPL #1 entry: {buy} 100 at market (decision +0 ms)",
        f"09:35:00 AAPL #2 stop: {sell} 100 at {start} stop",
        f"09:35:00 AAPL #1 entry: {bought} 100 at 100.00, 100 of 100, fee $1.00 (order +0 ms, decision +0 ms)",
        f"09:35:00 AAPL #2 stop rests at {start} for 100, risk $501.00 (order +0 ms)",
        f"09:36:00 AAPL #2 stop {word} {start} → {step} for 100, risk ${risk}",
    ]
    assert "locks in $" in told.of(f"stop {word}")[-1]
    assert told.events[-5:] == [
        f"09:41:00 AAPL signal {-side:+} of Scripted at {price}: exit 100",
        "09:41:00 AAPL #2 stop cancelled",
        f"09:41:00 AAPL #3 exit: {sell} 100 at market (decision +0 ms)",
        f"09:41:00 {sale}",
        "09:41:00 AAPL flat: round trip +$398.00 after $2.00 fees, held 6 min",
    ]
    assert told.narrator._narration._trails == {}  # memory is bounded
    assert not told.narrator._lines._thread.is_alive()  # the last line was waited for
    assert not told.record.errors


@SIDES
def test_status_line_comes_each_minute_with_the_figures_of_the_ledger(tmp_path, side):
    told = Told(
        tmp_path, path_of(side, RISING), [opening(side, 2, 5, 6, closing=(11,))], ["bars.warmup_bars=3", *TRAILING]
    )
    statuses = told.of(" status: ")

    assert [line[:8] for line in statuses] == [f"09:{minute}:00" for minute in range(31, 42)]
    assert [line[9:] for line in statuses[:2]] == [
        "status: AAPL -; exposure $0; day P&L $0.00; 0 signals, 0 orders, 0 blocked; data 0 s",
        "status: AAPL -; exposure $0; day P&L $0.00; 1 signal, 0 orders, 1 blocked; data 0 s",
    ]
    stop = told.of("09:39:00 AAPL #2 stop")[0].partition("→ ")[2].partition(" for")[0]
    exposure = f"${10_000 + side * 400:,}"
    held = f"status: AAPL {side * 100:+} (stop {stop}); exposure {exposure}; day P&L +$399.00"
    assert statuses[8][9:] == f"{held}; 3 signals, 2 orders, 2 blocked; data 0 s"
    assert statuses[-1][9:] == (
        "status: AAPL -; exposure $0; day P&L +$398.00; 4 signals, 3 orders, 2 blocked; data 0 s"
    )


def test_day_pnl_and_counts_begin_anew_with_the_session(tmp_path):
    days = [session_bars([100.0] * 8), session_bars([101.0] * 3, "2024-10-08")]
    told = Told(tmp_path, [], [opening(Side.LONG, 5)], AAPL=days)
    midnight = told.of("^2024")

    assert "day P&L −$1.00; 1 signal, 2 orders, 0 blocked; data 0 s" in told.of("09:36:00 status")[0]
    assert len(midnight) == 1  # the date once
    assert midnight[0].startswith("2024-10-08 00:00:00 status: AAPL +100 (stop 95.00); exposure $10,000")
    assert "day P&L $0.00; 0 signals, 0 orders, 0 blocked; data 14 h 22 min" in midnight[0]
    assert "day P&L +$100.00; 0 signals" in told.of("09:32:00 status")[-1]


def test_data_age_is_of_the_symbol_that_has_been_silent_longest(tmp_path):
    tables = [opening(Side.LONG, 99), opening(Side.LONG, 99, symbol=MSFT)]
    frames = {"AAPL": session_bars([100.0] * 6), "MSFT": session_bars([100.0] * 2)}
    told = Told(tmp_path, [], tables, every_secs=30, **frames)

    assert [line.partition("data ")[2] for line in told.of("09:3[2-5].* status")] == [
        *["0 s", "30 s"],
        *["1 min"] * 2,
        *["2 min"] * 2,
        *["3 min"] * 2,
    ]


def test_loss_limit_halt_and_exit_stand_in_the_order_of_cause_and_effect(tmp_path):
    closes = [100.0] * 6 + [97.0] * 6
    told = Told(tmp_path, closes, [opening(Side.LONG, 5)], ["risk.max_daily_loss_usd=200"])
    after = told.events[5:]

    assert [re.sub(r"^09:3\d:00 ", "", line)[:26] for line in after] == [
        "CRITICAL loss_limit day P&",
        "HALT for session 2024-10-0",
        "AAPL #2 stop cancelled",
        "AAPL #3 exit: sell 100 at ",
        "AAPL #3 exit: sold 100 at ",
        "AAPL flat: round trip −$30",
    ]
    assert ", loss limit (" in after[4]


def test_messages_of_others_are_printed_in_exchange_time_with_the_account_shortened(tmp_path):
    onlookers = [
        at(bar, message, topic)
        for bar, topic, message in (
            (2, Topic.ALERTS, lambda ts: AlertRaised(ts, "x", "warning", "account DU1234567 is odd")),
            (3, Topic.LINK, lambda ts: LinkChanged(ts, LinkState.DOWN, "port closed")),
            (5, Topic.COMMANDS, lambda ts: LockSymbol(ts, AAPL, "not ours")),
            (6, Topic.COMMANDS, lambda ts: Flatten(ts - 24 * 60 * MINUTE_NS, ExitReason.OPERATOR, "lunch")),
        )
    ]
    for number, onlooker in enumerate(onlookers):
        onlookers[number] = Onlooker(onlooker._script, name=f"Onlooker{number}")
    told = Told(tmp_path, [100.0] * 8, [opening(Side.LONG, 99)], [], onlookers)

    assert told.events == [
        "09:32:00 WARNING x account DU…567 is odd",
        "09:35:00 AAPL LOCKED, no entry: not ours",
        "2024-10-06 09:36:00 FLATTEN all by operator: lunch",
    ]
    assert all("LINK DOWN" in line for line in told.of("09:3[4-8]:00 status"))
    assert told.of("09:36:00 status")[0].startswith("2024-10-07 ")  # back on today's date


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("closed file"), ZeroDivisionError()])
def test_broken_write_is_tried_again_and_disturbs_nobody(tmp_path, error):
    written = []

    def write(line: str) -> None:
        written.append(line)
        if len(written) <= 3:
            raise error

    tables = [opening(Side.LONG, 5, closing=(11,))]
    alone, watched = (
        Told(tmp_path / name, path_of(Side.LONG, RISING), tables, TRAILING, write=printer)
        for name, printer in (("alone", None), ("watched", write))
    )

    assert written[3] == "(3 lines given up: the terminal took none)"
    assert written[4:] == alone.lines[3:]
    assert watched.record.errors == []
    assert watched.record.trades == alone.record.trades


def test_stuck_terminal_stops_no_trading(tmp_path):
    """The run ends although its first line is never taken."""
    may_go_on = Event()
    told = Told(tmp_path, path_of(Side.LONG, RISING), [opening(Side.LONG, 5)], write=lambda _line: may_go_on.wait())
    may_go_on.set()

    assert len(told.record.fills) == 1


def test_line_of_a_cause_comes_before_those_of_its_effects(tmp_path):
    """Whichever of the actors began to listen first."""

    class Alarmed(Onlooker):
        def on_start(self) -> None:
            self.subscribe_topic(Topic.COMMANDS, lambda lock: self.publish_message(Topic.ALERTS, effect(lock.ts)))

    def effect(ts: int) -> AlertRaised:
        return AlertRaised(ts, "link_down", "critical", "no broker")

    down = at(3, lambda ts: LockSymbol(ts, AAPL, "not ours"), Topic.COMMANDS)
    first, second = (Alarmed({}, name=name) for name in ("Aaron", "Zoe"))
    told = Told(tmp_path, [100.0] * 5, [opening(Side.LONG, 99)], [], [down, second], first=[first])

    assert told.events == ["09:33:00 AAPL LOCKED, no entry: not ours", *["09:33:00 CRITICAL link_down no broker"] * 2]


def test_day_pnl_counts_from_the_baseline_of_the_loss_limit(tmp_path):
    """From what the journal says at first, from what the guard says once it does."""
    monday = date(2024, 10, 7)

    new = at(3, lambda ts: LossBaselineSet(ts, monday, Decimal(98_000)), Topic.LOSS_LIMIT)
    restored = (monday, Decimal(99_000))
    told = Told(tmp_path, [100.0] * 6, [opening(Side.LONG, 99)], [], [new], restored=restored)

    pnl = [line.partition("day P&L ")[2].partition(";")[0] for line in told.of(" status: ")]
    assert (pnl[1], pnl[-1]) == ("+$1,000.00", "+$2,000.00")


def test_day_pnl_of_a_new_session_counts_from_the_last_mark(tmp_path):
    class Marked(Told):
        def latest(self) -> EquityPoint:
            return EquityPoint(0, Decimal(99_500), Decimal(0), Decimal(0))

    assert "day P&L +$500.00;" in Marked(tmp_path, [100.0] * 3, [opening(Side.LONG, 99)]).lines[0]


def test_failure_of_its_own_is_told_on_the_bus_and_not_again_to_itself(tmp_path, monkeypatch):
    """Contained, published once, and no endless talk with itself."""
    failures: list[HandlerFailed] = []

    class Ear(Onlooker):
        def on_start(self) -> None:
            super().on_start()
            self.subscribe_topic(Topic.FAILURES, failures.append)

    def tell(narration: Narration, message: object, now_ns: int) -> str | None:
        raise ZeroDivisionError("a bug in the narration")

    monkeypatch.setattr(Narration, "tell", tell)
    other = HandlerFailed(1, "Rule", "on_bar", "x", "y", "")
    ear = Ear({3: lambda actor, _bar: actor.publish_message(Topic.FAILURES, other)})
    told = Told(tmp_path, [100.0] * 6, [opening(Side.LONG, 99)], [], [ear])

    assert sorted(failure.component for failure in failures) == ["Narrator", "Rule"]
    assert len(told.of("09:35:00 status")) == 1  # it goes on
