"""Which alerts leave: level, choice, repetition, rate, recovery."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.alerts.codes import ALERT_CODES
from actors.alerts.rules import MINUTE_NS, NANOS_IN_SECOND, AlertPolicy, AlertRules
from actors.messages import AlertRaised

AAPL = "AAPL.NASDAQ"
EVERYTHING = AlertPolicy(min_level="info", dedupe_secs=300, rate_per_min=600)
PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"


def alert(code: str = "order_refused", severity: str = "warning", text: str = "no", symbol: str = AAPL) -> AlertRaised:
    return AlertRaised(1, code, severity, text, symbol)


def admitted(rules: AlertRules, *alerts: AlertRaised, now_ns: int = 0) -> list[str]:
    return [one.code for one in alerts if rules.admit(one, now_ns) is not None]


def test_codes_that_may_be_chosen_are_those_of_the_page() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert set(codes) == ALERT_CODES, "actors/alerts/codes.py and docs/alerts.md name different codes"


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        (AlertPolicy(min_level="info"), ["entry", "order_refused", "loss_limit"]),
        (AlertPolicy(min_level="warning"), ["order_refused", "loss_limit"]),
        (AlertPolicy(min_level="critical"), ["loss_limit"]),
        (AlertPolicy(min_level="critical", events=frozenset({"entry"})), ["entry"]),
    ],
)
def test_level_or_choice_decides_what_is_sent(policy: AlertPolicy, sent: list[str]) -> None:
    alerts = [alert("entry", "info"), alert("order_refused"), alert("loss_limit", "critical")]

    assert admitted(AlertRules(policy), *alerts) == sent


@pytest.mark.parametrize("code", ["alert_channel", "alert_channel_back"])
def test_what_is_said_of_the_targets_themselves_is_always_sent(code: str) -> None:
    policy = AlertPolicy(min_level="critical", events=frozenset({"entry"}))

    assert admitted(AlertRules(policy), alert(code, "info")) == [code]


def test_same_trouble_is_told_once_with_its_number_when_it_is_told_again() -> None:
    rules = AlertRules(EVERYTHING)
    told = [rules.admit(alert(text=f"stop {number} < 100"), number * NANOS_IN_SECOND) for number in range(4)]
    again = rules.admit(alert(text="stop 9 < 100"), 300 * NANOS_IN_SECOND)

    assert [one is not None for one in told] == [True, False, False, False]
    assert again is not None
    assert again.text == "stop 9 < 100 (3 more since it was told)"


def test_another_text_symbol_or_code_is_another_trouble() -> None:
    others = [alert(), alert(text="yes"), alert(symbol="MSFT.NASDAQ"), alert("late_fill", "critical")]

    assert len(admitted(AlertRules(EVERYTHING), *others, *others)) == 4


@pytest.mark.parametrize("code", ["entry", "partial", "exit", "halt", "stop_raised"])
def test_each_execution_is_a_fact_of_its_own(code: str) -> None:
    assert admitted(AlertRules(EVERYTHING), alert(code, "info"), alert(code, "info")) == [code, code]


def test_repetitions_that_end_are_counted_once_their_time_is_over() -> None:
    rules = AlertRules(EVERYTHING)
    admitted(rules, alert(), alert(), alert())

    assert rules.held_back(299 * NANOS_IN_SECOND) is None
    count = rules.held_back(300 * NANOS_IN_SECOND)
    assert count is not None
    assert (count.code, count.text) == ("held_back", "held back: 2 alerts (2 order refused); the journal has them")
    assert rules.held_back(900 * NANOS_IN_SECOND) is None


def test_rate_is_kept_and_what_it_held_back_is_counted_when_there_is_room() -> None:
    rules = AlertRules(AlertPolicy(min_level="info", rate_per_min=2))
    sent = admitted(rules, *[alert("entry", "info")] * 4, alert("order_refused"))

    assert sent == ["entry", "entry"]
    assert rules.held_back(MINUTE_NS - 1) is None
    count = rules.held_back(MINUTE_NS)
    assert count is not None
    assert "3 alerts (2 entry, 1 order refused)" in count.text


def test_count_is_told_at_most_once_a_minute_and_at_the_end_at_once() -> None:
    rules = AlertRules(AlertPolicy(min_level="info", rate_per_min=1))
    admitted(rules, *[alert("entry", "info")] * 2)
    assert rules.held_back(MINUTE_NS) is not None
    admitted(rules, alert("entry", "info"), now_ns=MINUTE_NS + 1)

    assert rules.held_back(2 * MINUTE_NS - 1) is None
    assert rules.held_back(MINUTE_NS + 2, is_last=True) is not None


def test_flood_holds_no_critical_alert_back() -> None:
    rules = AlertRules(AlertPolicy(min_level="info", rate_per_min=1))

    assert admitted(rules, *[alert("entry", "info")] * 9, alert("stop_lost", "critical")) == ["entry", "stop_lost"]


@pytest.mark.parametrize(
    ("trouble", "severity", "over"),
    [
        ("link_lost", "critical", "link_back"),
        ("link_degraded", "warning", "link_back"),
        ("data_stale", "warning", "data_fresh"),
        ("data_stale_held", "critical", "data_fresh"),
        ("farm_down", "warning", "farm_back"),
        ("journal", "critical", "journal_restored"),
        ("operator_halt", "warning", "operator_resume"),
        ("stop_lost", "critical", "stop_restored"),
    ],
)
def test_end_of_a_told_trouble_is_told_whatever_the_level(trouble: str, severity: str, over: str) -> None:
    rules = AlertRules(AlertPolicy(min_level="warning"))
    lost, back = alert(trouble, severity), alert(over, "info")

    # Nothing was lost; lost and back; and a second time, though the first was a moment ago
    assert admitted(rules, back, lost, back, lost, back) == [trouble, over, trouble, over]


def test_end_of_the_trouble_of_another_symbol_is_not_told() -> None:
    rules = AlertRules(AlertPolicy(min_level="warning"))
    other = alert("data_fresh", "info", symbol="MSFT.NASDAQ")

    assert admitted(rules, alert("data_stale"), other) == ["data_stale"]


SOME = st.sampled_from(
    [
        alert("entry", "info"),
        alert("order_refused"),
        alert("order_refused", text="another"),
        alert("stop_lost", "critical"),
        alert("link_lost", "critical", symbol=""),
        alert("link_back", "info", symbol=""),
    ]
)
STORY = st.lists(st.tuples(SOME, st.integers(0, 40 * NANOS_IN_SECOND)), max_size=80)
POLICIES = st.builds(
    AlertPolicy,
    min_level=st.sampled_from(["info", "warning", "critical"]),
    rate_per_min=st.integers(1, 5),
    dedupe_secs=st.sampled_from([0, 30, 300]),
)


def told(policy: AlertPolicy, story: list[tuple[AlertRaised, int]]) -> list[tuple[int, AlertRaised]]:
    """Return what a story of alerts, each some time after the one before, leads to, and when."""
    rules, now_ns, sent = AlertRules(policy), 0, []
    for one, later in story:
        now_ns += later
        sent += [(now_ns, out) for out in (rules.admit(one, now_ns), rules.held_back(now_ns)) if out]
    last = rules.held_back(now_ns + MINUTE_NS, is_last=True)
    return [*sent, (now_ns + MINUTE_NS, last)] if last else sent


def counted(text: str) -> int:
    """Return how many alerts a text stands for beside itself."""
    return sum(int(more or held) for more, held in re.findall(r"\((\d+) more since|held back: (\d+)", text))


@given(POLICIES, STORY)
def test_every_chosen_alert_is_sent_or_counted(policy: AlertPolicy, story: list[tuple[AlertRaised, int]]) -> None:
    out = [one for _, one in told(replace(policy, min_level="info"), story)]

    assert sum(one.code != "held_back" for one in out) + sum(counted(one.text) for one in out) == len(story)


@given(POLICIES, STORY)
def test_rate_holds_in_every_minute(policy: AlertPolicy, story: list[tuple[AlertRaised, int]]) -> None:
    out = told(policy, story)
    ordinary = [ts for ts, one in out if one.severity != "critical" and one.code != "link_back"]

    for times, most in ((ordinary, policy.rate_per_min), ([ts for ts, _ in out], 2 * policy.rate_per_min)):
        assert all(sum(ts <= each < ts + MINUTE_NS for each in times) <= most for ts in times)


@given(POLICIES, STORY)
def test_memory_is_bounded_by_the_troubles_that_last(policy: AlertPolicy, story: list[tuple[AlertRaised, int]]) -> None:
    rules, now_ns = AlertRules(policy), 0
    for one, later in story:
        now_ns += later
        rules.admit(one, now_ns)
    rules.held_back(now_ns + 300 * NANOS_IN_SECOND)

    assert rules._told == {}
