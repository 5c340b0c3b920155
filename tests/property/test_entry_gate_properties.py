"""The gate refuses exactly when some rule is broken, and always says which."""

from hypothesis import given
from hypothesis import strategies as st

from strategies.entry_gate import EntryFacts, RiskConfig, check_entry, entries_in_last_minute

risks = st.builds(RiskConfig, max_positions=st.integers(1, 6), max_orders_per_min=st.integers(1, 6))
facts_of_any_kind = st.builds(
    EntryFacts,
    # Mostly free of the simple objections, so that the inequalities are reached.
    is_enabled=st.sampled_from([True, True, True, False]),
    halt=st.sampled_from(["", "", "", "loss limit 2024-03-11"]),
    hold=st.sampled_from(["", "", "", "link: lost 12 s ago"]),
    session=st.sampled_from([(True, ""), (True, ""), (True, ""), (False, "session: 09:33 is early")]),
    warm_up_bars_seen=st.integers(0, 4),
    warm_up_bars=st.integers(0, 3),
    symbol_lock=st.sampled_from(["", "", "", "holds 100"]),
    open_positions=st.integers(0, 4),
    pending_entries=st.integers(0, 3),
    entries_last_min=st.integers(0, 6),
)


@given(facts=facts_of_any_kind, risk=risks)
def test_gate_refuses_if_and_only_if_a_rule_is_broken(facts, risk):
    broken = {
        "disabled": not facts.is_enabled,
        "halted": facts.halt != "",
        "not_ready": facts.hold != "",
        "session": facts.session[0] is False,
        "warm_up": facts.warm_up_bars - facts.warm_up_bars_seen > 0,
        "held": facts.symbol_lock != "",
        "max_positions": facts.open_positions + facts.pending_entries + 1 > risk.max_positions,
        "order_rate": facts.entries_last_min + 1 > risk.max_orders_per_min,
    }

    verdict = check_entry(facts, risk)

    assert verdict.is_allowed is not any(broken.values())
    assert verdict.is_allowed or broken[verdict.reason]


@given(facts=facts_of_any_kind, risk=risks)
def test_gate_refusal_always_has_a_reason_with_its_numbers(facts, risk):
    verdict = check_entry(facts, risk)

    if verdict.is_allowed:
        assert (verdict.reason, verdict.detail) == ("", "")
        return
    assert verdict.detail.startswith(f"{verdict.reason}: ")
    assert verdict.reason == "disabled" or any(letter.isdigit() for letter in verdict.detail)


@given(st.lists(st.integers(0, 10**12), max_size=30), st.integers(1, 20))
def test_entry_rate_holds_in_every_window_of_a_minute(wanted, limit):
    """Letting an entry pass only below the limit leaves no 60 s with more than it."""
    risk = RiskConfig(max_orders_per_min=limit)
    sent: tuple[int, ...] = ()
    for now in sorted(wanted):
        if entries_in_last_minute(sent, now) < risk.max_orders_per_min:
            sent = (*sent, now)

    minute = 60 * 10**9
    assert all(sum(start <= ts < start + minute for ts in sent) <= limit for start in sent)
