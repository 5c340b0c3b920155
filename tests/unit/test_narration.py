"""What a person is told: a round trip's lines with their latencies, refusals counted, news, None for the rest."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from actors.log.narration import Narration
from actors.messages import (
    Action,
    AlertRaised,
    DataAgeChanged,
    ExitReason,
    Flatten,
    Halt,
    HandlerFailed,
    HoldEntries,
    LinkChanged,
    LinkState,
    LockSymbol,
    LossLimitHit,
    OrderFilled,
    OrderIntended,
    OrderProgressed,
    OrderRole,
    PositionReported,
    Side,
    SignalDecided,
    StopMoved,
    StopNode,
)

AAPL, MINUTE_NS, MS = "AAPL.NASDAQ", 60 * 10**9, 10**6
NOON = 1_728_316_800 * 10**9  # 2024-10-07 16:00 UTC, 12:00 in New York
ENTRY, STOP, EXIT = OrderRole.ENTRY, OrderRole.STOP, OrderRole.EXIT
IDS = {ENTRY: "O-20241007-001-AAPL-1", STOP: "O-20241007-001-AAPL-2", EXIT: "O-20241007-001-AAPL-3"}
SIDES = pytest.mark.parametrize("side", list(Side))


def decided(signal: int, action: Action = Action.ENTERED, reason: str = "signal", detail: str = "", ts: int = NOON):
    return SignalDecided("d", ts, AAPL, "pack.mod:Rule", signal, Decimal(100), action, 40, reason, detail)


def intended(role: OrderRole, side: Side, trigger: Decimal | None = None):
    return OrderIntended(NOON, AAPL, "Rule", "d", IDS[role], role, side, 40, trigger)


def became(role: OrderRole, status: str, reason: str = ""):
    return OrderProgressed(NOON, AAPL, IDS[role], "B-1", status, reason)


def filled(role: OrderRole, side: Side, shares: int, price: int, after: int, why: ExitReason | None = None):
    return OrderFilled(
        NOON,
        AAPL,
        "Rule",
        "d",
        IDS[role],
        "t",
        role,
        side,
        shares,
        Decimal(price),
        Decimal(1),
        after,
        why,
        Decimal(100),
    )


def reported(shares: int, trigger: int | None = None, ts: int = NOON):
    stop = None if trigger is None else Decimal(trigger)
    return PositionReported(ts, AAPL, shares, 0, 40 if trigger else 0, stop, Decimal(100), is_exiting=False)


def moved(trigger: int | None, *, is_raise: bool = False):
    return StopMoved(NOON, AAPL, IDS[STOP], None if trigger is None else Decimal(trigger), 40, is_raise)


def told(narration: Narration, *steps: tuple[int, object]) -> list[str | None]:
    """Tell messages at so many milliseconds by the wall clock."""
    return [narration.tell(message, NOON + at_ms * MS) for at_ms, message in steps]


@SIDES
def test_round_trip_is_told_from_the_signal_to_the_exit_with_latencies(side):
    back, buy, sell = side.opposite, *(("bought", "sold") if side is Side.LONG else ("sold", "bought"))
    near, first, raised = 100 - side * 5, 100 - side * 3, 100 + side * 3
    narration = Narration()
    entering = told(
        narration,
        (0, decided(side)),
        (2, intended(ENTRY, side)),
        (2, intended(STOP, back, Decimal(near))),
        (3, became(ENTRY, "submitted")),
        (46, became(ENTRY, "accepted")),
        (48, became(STOP, "accepted")),
        (48, moved(near)),
        (356, filled(ENTRY, side, 15, 100, 15 * side)),
        (360, filled(ENTRY, side, 25, 100, 40 * side)),
        (361, reported(40 * side, near)),
    )
    assert entering == [
        f"AAPL signal {side:+} of Rule at 100: gate open, enter {side.name.lower()} 40",
        f"AAPL #1 entry: {'buy' if side > 0 else 'sell'} 40 at market (decision +2 ms)",
        f"AAPL #2 stop: {'sell' if side > 0 else 'buy'} 40 at {near} stop",
        None,
        "AAPL #1 entry accepted (order +44 ms, decision +46 ms)",
        None,  # told with where it rests
        f"AAPL #2 stop rests at {near} for 40, risk $200.00 (order +46 ms)",
        f"AAPL #1 entry: {buy} 15 at 100, 15 of 40, fee $1.00 (accepted +310 ms, order +354 ms, decision +356 ms)",
        f"AAPL #1 entry: {buy} 25 at 100, 40 of 40, fee $1.00 (accepted +314 ms, order +358 ms, decision +360 ms)",
        None,
    ]
    leaving = told(
        narration,
        (60_000, moved(first, is_raise=True)),
        (120_000, moved(raised, is_raise=True)),
        (180_000, decided(-side, Action.EXITED)),
        (180_030, became(STOP, "canceled")),
        (180_030, moved(None)),
        (180_031, intended(EXIT, back)),
        (180_300, filled(EXIT, back, 40, raised, 0, ExitReason.SIGNAL)),
        (180_301, reported(0, ts=NOON + 3 * MINUTE_NS)),
    )
    word = "raised" if side is Side.LONG else "lowered"
    assert leaving == [
        f"AAPL #2 stop {word} {near} → {first} for 40, risk $122.00",  # 40 x 3 and two commissions
        f"AAPL #2 stop {word} {first} → {raised} for 40, locks in $118.00",
        f"AAPL signal {-side:+} of Rule at 100: exit 40",
        "AAPL #2 stop cancelled",
        None,
        f"AAPL #3 exit: {'sell' if side > 0 else 'buy'} 40 at market (decision +31 ms)",
        f"AAPL #3 exit: {sell} 40 at {raised}, 40 of 40, fee $1.00, signal (order +269 ms, decision +300 ms)",
        "AAPL flat: round trip +$117.00 after $3.00 fees, held 3 min",
    ]


@SIDES
def test_filled_stop_tells_why_and_no_latency(side):
    narration = Narration()
    told(narration, (0, decided(side)), (0, intended(ENTRY, side)), (0, intended(STOP, side.opposite, Decimal(95))))
    told(narration, (5, became(STOP, "accepted")), (9, filled(ENTRY, side, 40, 100, 40 * side)))
    hit = filled(STOP, side.opposite, 40, 100 - 5 * side, 0, ExitReason.TRAILING_STOP)

    word = "sold" if side is Side.LONG else "bought"
    assert told(narration, (900_000, hit), (900_000, reported(0))) == [
        f"AAPL #2 stop: {word} 40 at {100 - 5 * side}, 40 of 40, fee $1.00, trailing stop",
        "AAPL flat: round trip −$202.00 after $2.00 fees, held 0 s",
    ]


def test_ended_round_trip_is_forgotten():
    narration = Narration()
    told(narration, (0, decided(1)), (2, intended(ENTRY, Side.LONG)), (9, filled(ENTRY, Side.LONG, 40, 100, 40)))
    told(narration, (9, reported(0)))

    assert narration._trails == {}
    assert told(narration, (10, filled(ENTRY, Side.LONG, 1, 100, 1))) == [
        "AAPL #1 order: bought 1 at 100, fee $1.00"  # too late: of an order that is not known any more
    ]


def test_exit_asked_for_by_a_halt_counts_from_the_halt():
    narration, halt = Narration(), Halt(NOON, date(2024, 10, 7), ExitReason.LOSS_LIMIT, "daily loss")
    told(narration, (0, decided(1)), (0, intended(ENTRY, Side.LONG)), (9, filled(ENTRY, Side.LONG, 40, 100, 40)))

    assert told(narration, (5_000, halt), (5_020, intended(EXIT, Side.SHORT))) == [
        "HALT for session 2024-10-07, going flat: daily loss",
        "AAPL #3 exit: sell 40 at market (decision +20 ms)",
    ]


def test_exit_that_nobody_decided_has_no_decision_latency():
    narration = Narration()
    told(narration, (0, decided(1)), (0, intended(ENTRY, Side.LONG)), (9, filled(ENTRY, Side.LONG, 40, 100, 40)))
    told(narration, (5_000, Flatten(NOON, ExitReason.OPERATOR, "", "MSFT.NASDAQ")))  # another symbol's

    assert told(narration, (6_000, intended(EXIT, Side.SHORT))) == ["AAPL #3 exit: sell 40 at market"]


@pytest.mark.parametrize("status", ["rejected", "denied", "expired"])
def test_refused_order_is_a_warning_with_its_reason(status):
    narration = Narration()
    told(narration, (0, decided(1)), (2, intended(ENTRY, Side.LONG)))

    assert told(narration, (9, became(ENTRY, status, "201: margin"))) == [
        f"WARNING AAPL #1 entry {status}: 201: margin"
    ]


def test_refused_cancel_is_a_warning_each_time_for_an_exit_may_wait_for_it():
    narration = Narration()
    told(narration, (0, decided(1)), (2, intended(STOP, Side.SHORT, Decimal(95))))
    refused = became(STOP, "cancelrejected", "not found")

    assert told(narration, (9, refused), (19, refused)) == ["WARNING AAPL #2 stop cancel rejected: not found"] * 2


def test_refusals_are_told_once_and_counted():
    """Two reasons taking turns are two lines; the same one is told again after half an hour, or counted at an entry."""

    def refused(minute: int, reason: str):
        return decided(1, Action.REFUSED, reason, f"{reason}: {minute} of 200 bars", NOON + minute * MINUTE_NS)

    steps = [
        refused(0, "warm_up"),
        refused(1, "held"),
        refused(2, "warm_up"),
        refused(3, "warm_up"),
        refused(4, "held"),
    ]
    narration = Narration()
    assert told(narration, *((0, step) for step in [*steps, refused(30, "warm_up"), decided(1)])) == [
        "AAPL refused: warm_up: 0 of 200 bars (Rule +1 at 100)",
        "AAPL refused: held: 1 of 200 bars (Rule +1 at 100)",
        *[None] * 3,
        "AAPL refused: warm_up: 30 of 200 bars (Rule +1 at 100); 2 more warm up before",
        "AAPL signal +1 of Rule at 100: gate open, enter long 40; refused before that: 1 more held",
    ]
    assert told(narration, (0, refused(30, "held"))) != [None]


@SIDES
def test_position_from_before_is_told_once_and_goes_on_with_its_fills(side):
    narration, blind = Narration(), Narration()
    narration.restore([filled(ENTRY, side, 40, 100, 40 * side)])
    lines = [
        told(
            one,
            (0, moved(100 - side * 5)),
            (0, reported(40 * side, 95)),
            (0, reported(40 * side, 95)),
            (9, filled(STOP, side.opposite, 40, 100 - side * 5, 0, ExitReason.PROTECTIVE_STOP)),
            (9, reported(0)),
        )
        for one in (narration, blind)
    ]
    stop, word = f"AAPL #2 stop rests at {100 - side * 5} for 40", "sold" if side is Side.LONG else "bought"
    fill = f"AAPL #2 order: {word} 40 at {100 - side * 5}, fee $1.00, protective stop"
    held = f"AAPL held from before: {40 * side:+} at 100"
    assert lines == [
        [f"{stop}, risk $201.00", held, None, fill, "AAPL flat: round trip −$202.00 after $2.00 fees, held 0 s"],
        [stop, held, None, fill, "AAPL flat; the entry was before this session, its P&L is in the journal"],
    ]


@SIDES
def test_orders_from_before_keep_their_roles_and_new_ones_are_numbered_on(side):
    narration, back = Narration(), side.opposite
    orders = [intended(ENTRY, side), intended(STOP, back, Decimal(100 - 5 * side))]
    narration.restore([filled(ENTRY, side, 40, 100, 40 * side)], orders, orders)
    exit_id = "O-20241007-002-AAPL-1"  # of the next run, which counts from 1
    leaving = replace(intended(EXIT, back), client_order_id=exit_id)
    lines = told(
        narration,
        (0, moved(100 - side * 5)),
        (0, reported(40 * side, 95)),
        (9, became(STOP, "canceled")),
        (9, leaving),
        (9, replace(filled(EXIT, back, 40, 101, 0), client_order_id=exit_id)),
    )
    buy, bought = ("sell", "sold") if side is Side.LONG else ("buy", "bought")
    assert lines == [
        f"AAPL #2 stop rests at {100 - side * 5} for 40, risk $201.00",
        f"AAPL held from before: {40 * side:+} at 100",
        "AAPL #2 stop cancelled",
        f"AAPL #3 exit: {buy} 40 at market",
        f"AAPL #3 exit: {bought} 40 at 101, 40 of 40, fee $1.00 (order +0 ms)",
    ]


def test_numbers_of_the_day_are_not_used_again():
    """The ids of a run have the time of the order in them, and count on; the next run counts from 1."""
    narration, entry = Narration(), intended(ENTRY, Side.LONG)
    ids = ["O-0931-AAPL-1", "O-0931-AAPL-2", "O-0940-AAPL-3", "O-1000-AAPL-1", "O-1010-AAPL-2"]
    before = [replace(entry, client_order_id=name, ts=NOON + number) for number, name in enumerate(ids)]
    narration.restore([], before[3:], before)

    numbers = [
        told(narration, (0, replace(entry, client_order_id=name)))[0] for name in (*ids, "O-1-AAPL-1", "O-2-AAPL-2")
    ]
    assert [line.split()[1] for line in numbers] == ["#1", "#2", "#3", "#4", "#5", "#6", "#7"]


@SIDES
def test_risk_counts_what_of_the_entry_is_still_to_fill(side):
    narration = Narration()
    told(narration, (0, decided(side)), (0, intended(ENTRY, side)), (1, filled(ENTRY, side, 10, 100, 10 * side)))

    assert "for 40, risk $201.00" in told(narration, (2, moved(100 - 5 * side)))[0]


def test_what_a_stop_leaves_is_not_told_when_the_entry_is_not_known():
    narration = Narration()
    told(narration, (0, reported(40, 95)), (1, filled(STOP, Side.SHORT, 10, 95, 30, ExitReason.PROTECTIVE_STOP)))

    assert told(narration, (2, moved(95))) == ["AAPL #2 stop rests at 95 for 40"]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            LossLimitHit(1, date(2024, 10, 7), Decimal(-1003), Decimal(1000), Decimal(100_000)),
            "CRITICAL loss_limit day P&L −$1,003.00 of $100,000.00, limit −$1,000.00",
        ),
        (LinkChanged(1, LinkState.DOWN, "told by its alert"), None),
        (DataAgeChanged(1, AAPL, is_stale=True, age_secs=190.4), None),  # told by its alert
        (AlertRaised(1, "stop_lost", "critical", "AAPL.NASDAQ: gone"), "CRITICAL stop_lost AAPL.NASDAQ: gone"),
        (AlertRaised(1, "loss_limit", "critical", "told by the limit itself"), None),
        (AlertRaised(1, "order_refused", "warning", "told by the order itself"), None),
        (
            HandlerFailed(1, AAPL, "on_bar", "ZeroDivisionError: x", "/home/me/rule.py:12 in update", ""),
            "ERROR in AAPL.NASDAQ.on_bar: ZeroDivisionError: x (rule.py:12 in update)",
        ),
        (Halt(1, None, ExitReason.OPERATOR, ""), "HALT until resumed, going flat"),
        (Flatten(1, ExitReason.OPERATOR, "lunch"), "FLATTEN all by operator: lunch"),
        (Flatten(1, ExitReason.OPERATOR, "", AAPL), "FLATTEN AAPL by operator"),
        (LockSymbol(1, AAPL, "5 held, 0 ours"), "AAPL LOCKED, no entry: 5 held, 0 ours"),
        (StopNode(1, 4, "stream dead"), "session ends with exit code 4: stream dead"),
        (HoldEntries(1, "link", "down"), None),
    ],
)
def test_news_is_a_line_or_none(message, line):
    assert Narration().tell(message, NOON) == line


def test_of_the_link_the_step_between_a_loss_and_its_end_is_told_the_rest_by_alerts():
    narration = Narration()
    states = [LinkState.DEGRADED, LinkState.DOWN, LinkState.DEGRADED, LinkState.UP, LinkState.DEGRADED]
    lines = [narration.tell(LinkChanged(1, state, "books are compared"), NOON) for state in states]

    assert lines == [None, None, "link: books are compared", None, None]
