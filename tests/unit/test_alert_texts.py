"""The alerts of executions and of the day: entries, partial fills, exits with P&L, raised stops, the near limit."""

from datetime import date
from decimal import Decimal

import pytest

from actors.alerts.day import AlertDay, holdings
from actors.alerts.executions import Executions
from actors.messages import AlertRaised, EquityMarked, LossBaselineSet, OrderRole, Side
from actors.status.line import Held
from tests.unit.journal_builders import AAPL, SHARES, TripTeller

SIDES = pytest.mark.parametrize("side", list(Side))
MONDAY, TUESDAY = date(2024, 10, 7), date(2024, 10, 8)


def told(executions: Executions, *messages: object) -> list[tuple[str, str]]:
    alerts = [executions.alert(message) for message in messages]
    assert all(one.severity == "info" and one.symbol == AAPL for one in alerts if one)
    return [(one.code, one.text) for one in alerts if one]


@SIDES
def test_whole_round_trip_is_entry_raised_stop_and_exit(side: Side) -> None:
    bought, sold = ("bought", "sold") if side is Side.LONG else ("sold", "bought")
    start, step, end = {Side.LONG: ("95", "97", "102"), Side.SHORT: ("105", "103", "98")}[side]
    word = "raised" if side is Side.LONG else "lowered"

    assert told(Executions(), *TripTeller(side).whole_trip()) == [
        ("entry", f"AAPL entry: {bought} 100 at 100, 100 of 100; holds {side * 100:+} (rule), stop at {start}"),
        ("stop_raised", f"AAPL stop {word} {start} → {step} for 100, risk $301.00"),
        ("exit", f"AAPL flat: round trip +$198.00 after $2.00 fees, held 0 s; {sold} 100 at {end}, 100 of 100, signal"),
    ]


@SIDES
def test_fills_in_parts_are_told_and_the_pnl_comes_with_the_last(side: Side) -> None:
    trip = TripTeller(side)
    bought, sold = ("bought", "sold") if side is Side.LONG else ("sold", "bought")
    made = "round trip +$96.00 after $4.00 fees, held 0 s"
    messages = [
        trip.decision(),
        trip.intent(OrderRole.ENTRY),
        trip.fill(OrderRole.ENTRY, 30, 30),
        trip.fill(OrderRole.ENTRY, 100, 70),
        trip.intent(OrderRole.EXIT),
        trip.fill(OrderRole.EXIT, 60, 40, distance="1"),
        trip.fill(OrderRole.EXIT, 0, 60, distance="1"),
    ]

    assert told(Executions(), *messages) == [
        ("partial", f"AAPL entry: {bought} 30 at 100, 30 of 100; holds {side * 30:+}"),
        ("entry", f"AAPL entry: {bought} 70 at 100, 100 of 100; holds {side * 100:+} (rule)"),
        ("partial", f"AAPL exit: {sold} 40 at {trip.price('1')}, 40 of 100; holds {side * 60:+}"),
        (
            "exit",
            f"AAPL flat: {made}; {sold} 60 at {trip.price('1')}, 100 of 100, signal",
        ),
    ]


@SIDES
def test_round_trip_of_the_journal_is_gone_on_with(side: Side) -> None:
    trip, executions = TripTeller(side), Executions()
    executions.restore([trip.fill(OrderRole.ENTRY, SHARES)])
    [(code, text)] = told(executions, trip.fill(OrderRole.STOP, 0, distance="-5"))

    assert code == "exit"
    assert text.startswith("AAPL flat: round trip −$502.00 after $2.00 fees")


def test_exit_of_an_entry_that_nobody_knows_makes_up_no_pnl() -> None:
    [(code, text)] = told(Executions(), TripTeller(Side.LONG).fill(OrderRole.EXIT, 0))

    assert code == "exit"
    assert "its P&L is in the journal" in text


@SIDES
def test_round_trips_do_not_mix_and_none_is_kept_when_flat(side: Side) -> None:
    executions = Executions()
    first = told(executions, *TripTeller(side).whole_trip())

    assert told(executions, *TripTeller(side, number=2).whole_trip()) == first
    assert executions._trips == {}


# -- The day ------------------------------------------------------------------------------------


def marked(equity: str, session: date = MONDAY) -> EquityMarked:
    return EquityMarked(1, session, Decimal(equity), Decimal(0), Decimal(0))


def day() -> AlertDay:
    one = AlertDay(Decimal(1_000), loss_near_pct=80)
    one.begin(MONDAY, Decimal(100_000))
    return one


def codes(one: AlertDay, *messages: object) -> list[str]:
    return [alert.code for message in messages if (alert := one.took(message))]


@pytest.mark.parametrize(
    ("equity", "told_codes"),
    [
        ("99200.01", []),
        ("99200", ["loss_limit_near"]),
        ("99000.01", ["loss_limit_near"]),
        ("99000", []),
        ("101000", []),
    ],
)
def test_loss_limit_is_near_from_its_part_on_and_not_when_hit(equity: str, told_codes: list[str]) -> None:
    assert codes(day(), marked(equity)) == told_codes


def test_near_limit_is_told_once_a_session_with_its_numbers() -> None:
    one = day()
    alert = one.took(marked("99188"))

    assert alert == AlertRaised(
        1, "loss_limit_near", "warning", "day P&L −$812.00 is 81 % of the daily loss limit of $1,000.00"
    )
    assert codes(one, marked("99100"), marked("99300"), marked("99100")) == []
    assert codes(one, LossBaselineSet(1, TUESDAY, Decimal(99_100)), marked("98300", TUESDAY)) == ["loss_limit_near"]


def test_mark_of_a_new_session_is_judged_once_its_baseline_is_known() -> None:
    """The guard tells the baseline after the mark that it found it by: an overnight gap counts."""
    one = day()

    assert codes(one, marked("99100", TUESDAY)) == []
    assert codes(one, LossBaselineSet(1, TUESDAY, Decimal(100_000))) == ["loss_limit_near"]


@SIDES
def test_summary_counts_the_round_trips_of_its_session(side: Side) -> None:
    one, trip = day(), TripTeller(side)
    one.restore([trip.fill(OrderRole.ENTRY, SHARES)])
    for message in [trip.fill(OrderRole.EXIT, 0, distance="1"), *TripTeller(side, 2).whole_trip()]:
        one.took(message)
    lost = TripTeller(side, 3)
    for message in (lost.fill(OrderRole.ENTRY, SHARES), lost.fill(OrderRole.STOP, 0, distance="-5")):
        one.took(message)
    held = {AAPL: Held(side * 100, Decimal(95)), "MSFT.NASDAQ": Held(5, None)}
    text = one.summary(1, Decimal(99_500), held, "").text

    assert text == (
        "2024-10-07: day P&L −$500.00, equity $99,500.00; 3 round trips (2 won, 1 lost); 1 signal, 3 orders, "
        f"0 blocked; holds AAPL {side * 100:+} (stop 95), MSFT +5 (NO STOP)"
    )
    one.begin(TUESDAY, Decimal(99_500))
    assert "day P&L $0.00" in one.figures(Decimal(99_500))
    assert "0 round trips (0 won, 0 lost); 0 signals" in one.figures(Decimal(99_500))


def test_nothing_held_is_said() -> None:
    assert holdings({}) == "holds nothing"
