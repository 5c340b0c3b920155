"""A signal rule that takes too long or raises: interrupted, made anew, told; never more."""

import signal
from collections.abc import Callable, Iterator
from functools import partial
from threading import Thread
from time import sleep

import pytest

from strategies.call_limit import CallLimit, CallTimeoutError
from strategies.limited_rule import LimitedRule
from strategies.price_bar import PriceBar

SOON = 0.05
BAR = PriceBar(0, 100.0, 100.0, 100.0, 100.0, 1.0)
EVER = 1_000_000


@pytest.fixture(autouse=True)
def _handler_of_the_alarm() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    signal.signal(signal.SIGALRM, before)


def spin() -> None:
    while True:
        pass


def swallow_and_go_on() -> None:
    while True:
        try:
            sleep(EVER)
        except Exception:  # noqa: BLE001, S112 - what users write
            continue


def swallow_and_return() -> int:
    try:
        sleep(EVER)
    except Exception:  # noqa: BLE001 - what users write
        return 1
    return 0


def stop_the_alarm() -> None:
    try:
        sleep(EVER)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # takes the alarm for itself


@pytest.mark.parametrize(
    "call",
    [partial(sleep, EVER), spin, swallow_and_go_on, swallow_and_return, stop_the_alarm],
    ids=["sleep", "spin", "swallow_and_go_on", "swallow_and_return", "stop_the_alarm"],
)
def test_call_that_takes_too_long_is_interrupted(call: Callable[[], object]) -> None:
    limit = CallLimit(SOON)

    with pytest.raises(CallTimeoutError, match=r"not done in 0.05 s, was at .+:\d+ in \w+"):
        limit.run(call)
    assert limit.place


def test_call_in_time_is_answered_and_what_it_raises_is_its_own() -> None:
    limit = CallLimit(EVER)

    assert limit.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        limit.run(lambda: 1 // 0)
    assert limit.place == ""


def test_alarm_at_the_very_moment_of_the_return_raises_once_and_never_afterwards() -> None:
    limit = CallLimit(EVER)

    with pytest.raises(CallTimeoutError):
        limit.run(partial(signal.raise_signal, signal.SIGALRM))  # no Python between the alarm and the return
    signal.raise_signal(signal.SIGALRM)
    assert limit.run(lambda: 7) == 7


def test_whenever_the_alarm_comes_nothing_is_left_behind() -> None:
    """Limits that end before, in, and after the call; an alarm that escaped would raise between the calls."""
    ends = set()
    for number in range(2_000):
        limit = CallLimit(1e-6 * (1 + number % 100))
        try:
            ends.add(limit.run(lambda: sum(range(100)) and "in time"))
        except CallTimeoutError:
            ends.add("too late")
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)

    assert ends == {"in time", "too late"}


def test_elsewhere_than_on_the_main_thread_it_is_no_limit_and_no_harm() -> None:
    before, answers = signal.getsignal(signal.SIGALRM), []
    thread = Thread(target=lambda: answers.append(CallLimit(SOON).run(lambda: sleep(3 * SOON) or 7)))
    thread.start()
    thread.join()

    assert answers == [7]
    assert signal.getsignal(signal.SIGALRM) is before


class Patient:
    """A rule that says what its settings say at each bar, the bars of all its instances counted."""

    bars_needed = 3

    def __init__(self, script: dict[int, object], made: list["Patient"]) -> None:
        made.append(self)
        if len(made) in script.get("fails", ()):
            raise OSError("no model file")
        self.script = script
        self.made = made
        self.heard = 0

    def update(self, bar: PriceBar) -> object:
        self.heard += 1
        step = self.script.get(int(bar.ts), 0)
        return step() if callable(step) else step


def limited(script: dict, limit_secs: float = SOON) -> tuple[LimitedRule, list[Patient]]:
    made: list[Patient] = []
    return LimitedRule(lambda: Patient(script, made), "my:Rule", limit_secs), made


def at(ts: int) -> PriceBar:
    return BAR._replace(ts=ts)


def test_rule_is_heard_and_needs_as_many_bars_as_itself() -> None:
    rule, made = limited({1: 1, 2: -1}, EVER)

    assert [rule.update(at(ts)) for ts in (1, 2, 3)] == [1, -1, 0]
    assert (rule.bars_needed, len(made)) == (3, 1)


def test_interrupted_rule_is_made_anew_and_silent_until_it_has_heard_what_it_needs() -> None:
    rule, made = limited({1: 1, 2: partial(sleep, EVER), 3: 1, 4: 1, 5: 1})

    assert rule.update(at(1)) == 1
    with pytest.raises(
        CallTimeoutError,
        match=r"^my:Rule: expected an answer in 0.05 s, found it at .+test_limited_rule.py:\d+ in update and "
        r"interrupted it\. It is made anew and says nothing for 2 bars\. Make it faster, or raise trading",
    ):
        rule.update(at(2))
    assert [rule.update(at(ts)) for ts in (3, 4, 5)] == [0, 0, 1]
    assert [each.heard for each in made] == [2, 3]


def test_rule_that_raises_by_itself_is_kept() -> None:
    rule, made = limited({1: lambda: 1 // 0, 2: 1}, EVER)

    with pytest.raises(ZeroDivisionError):
        rule.update(at(1))
    assert rule.update(at(2)) == 1
    assert len(made) == 1


def test_rule_that_was_interrupted_three_times_is_not_called_any_more() -> None:
    rule, made = limited(dict.fromkeys(range(9), spin))

    for ts in range(2):
        with pytest.raises(CallTimeoutError, match="It is made anew"):
            rule.update(at(ts))
    with pytest.raises(CallTimeoutError, match="It is not called any more until the next start"):
        rule.update(at(2))
    assert [rule.update(at(ts)) for ts in range(3, 9)] == [0] * 6
    assert [each.heard for each in made] == [1, 1, 1]


def test_rule_that_cannot_be_made_anew_is_told_and_given_up() -> None:
    rule, made = limited({1: spin, "fails": (2, 3)})

    with pytest.raises(CallTimeoutError):
        rule.update(at(1))
    with pytest.raises(RuntimeError, match=r"expected a rule that can be made anew, found OSError\('no model file'\)"):
        rule.update(at(2))
    with pytest.raises(RuntimeError, match="not called any more"):
        rule.update(at(3))
    assert rule.update(at(4)) == 0
    assert len(made) == 3
