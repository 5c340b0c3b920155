"""The entry gate: each refusal, its code and its numbers."""

from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import ValidationError

from strategies.entry_gate import EntryFacts, RiskConfig, SessionConfig, Verdict, check_entry, entries_in_last_minute

RISK = RiskConfig()  # 5 positions, 10 entries a minute
FREE = EntryFacts(
    is_enabled=True,
    halt="",
    hold="",
    session=(True, ""),
    warm_up_bars_seen=200,
    warm_up_bars=200,
    symbol_lock="",
    open_positions=3,
    pending_entries=1,
    entries_last_min=9,
)
SECOND = 1_000_000_000


def test_check_entry_without_objection_allows():
    assert check_entry(FREE, RISK) == Verdict(is_allowed=True, reason="", detail="")


REFUSALS = [
    ({"is_enabled": False}, "disabled", "disabled: trading.enabled = false"),
    ({"halt": "loss limit of 2024-03-11"}, "halted", "halted: loss limit of 2024-03-11"),
    ({"session": (False, "session: 09:33 is early")}, "session", "session: 09:33 is early"),
    ({"warm_up_bars_seen": 37}, "warm_up", "warm_up: 37 of 200 bars"),
    ({"symbol_lock": "pending 100"}, "held", "held: pending 100"),
    ({"open_positions": 5}, "max_positions", "max_positions: 5 open + 1 pending >= 5"),
    ({"pending_entries": 2}, "max_positions", "max_positions: 3 open + 2 pending >= 5"),
    ({"entries_last_min": 10}, "order_rate", "order_rate: 10 entries in the last 60 s >= 10"),
]


@pytest.mark.parametrize(("change", "reason", "detail"), REFUSALS)
def test_check_entry_law_6_refuses_with_the_numbers(change, reason, detail):
    verdict = check_entry(replace(FREE, **change), RISK)

    assert verdict == Verdict(is_allowed=False, reason=reason, detail=detail)


def test_check_entry_with_several_objections_names_the_first_of_the_documented_order():
    order = [reason for _, reason, _ in REFUSALS]
    changes = [change for change, _, _ in REFUSALS]

    for first, reason in enumerate(order):
        facts = replace(FREE, **{key: value for change in reversed(changes[first:]) for key, value in change.items()})
        assert check_entry(facts, RISK).reason == reason


def test_entries_in_last_minute_counts_the_half_open_window():
    now = 1_000 * SECOND
    times = (now - 61 * SECOND, now - 60 * SECOND, now - 60 * SECOND + 1, now - SECOND, now, now + 1)

    assert entries_in_last_minute(times, now) == 3


def test_entries_in_last_minute_without_entries_is_zero():
    assert entries_in_last_minute((), 5 * SECOND) == 0


@pytest.mark.parametrize(
    ("section", "change"),
    [
        (RiskConfig, {"max_positions": 0}),
        (RiskConfig, {"max_orders_per_min": 0}),
        (RiskConfig, {"max_daily_loss_usd": 0}),
        (RiskConfig, {"max_gross_exposure_usd": -1}),
        (RiskConfig, {"max_leverage": 5}),
        (RiskConfig, {"on_daily_loss": "pause"}),
        (SessionConfig, {"avoid_first_mins": 390}),
        (SessionConfig, {"hours": "always"}),
        (SessionConfig, {"avoid_first_minutes": 5}),
    ],
)
def test_gate_config_out_of_range_or_unknown_is_refused(section, change):
    with pytest.raises(ValidationError, match=next(iter(change))):
        section(**change)


def test_session_config_that_never_allows_an_entry_is_refused():
    with pytest.raises(ValidationError, match=r"expected less than 390 minutes .*, was 390; no entry could ever"):
        SessionConfig(avoid_first_mins=195, avoid_last_mins=195)


def test_session_config_entering_after_the_flattening_is_refused():
    with pytest.raises(ValidationError, match="expected at least flatten_before_close_mins = 15, was 10"):
        SessionConfig(flatten_before_close_mins=15)


def test_session_config_cross_checks_hold_for_regular_hours_only():
    assert SessionConfig(hours="any", flatten_before_close_mins=15).flatten_before_close_mins == 15
    assert SessionConfig(hours="extended", avoid_first_mins=300, avoid_last_mins=300).avoid_last_mins == 300


def test_risk_config_defaults_are_those_of_the_work_plan():
    assert (RISK.max_positions, RISK.max_position_value_usd, RISK.max_daily_loss_usd) == (5, 10_000, Decimal(1_000))
    assert RISK.on_daily_loss == "shutdown"
