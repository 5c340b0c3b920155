"""The rules of a symbol, and the voice that tells what became of their signals."""

import math
from decimal import Decimal

import numpy as np
import pytest

from actors.messages import Action, Side, SignalDecided, Topic
from strategies.decision_voice import DecisionVoice
from strategies.entry_plan import ConfiguredRule
from strategies.price_bar import PriceBar
from strategies.rule_row import RuleRow

BAR = PriceBar(7, 1.0, 1.0, 1.0, 1.0, 1.0)
SIDES = pytest.mark.parametrize("side", list(Side))


class Says:
    def __init__(self, signal):
        self.heard, self._signal = [], signal

    def update(self, bar):
        self.heard.append(bar)
        if self._signal is None:
            raise ValueError("no idea")
        return self._signal


def rule(signal, label="rule"):
    return ConfiguredRule(label, Says(signal), allow_short=True)


@SIDES
def test_those_that_spoke_come_in_file_order(side):
    rules = [rule(side), rule(0), rule(side.opposite)]
    assert RuleRow(rules, pytest.fail).hear(BAR) == [(rules[0], side), (rules[2], side.opposite)]


def test_the_bug_of_one_rule_is_told_and_takes_no_other_with_it():
    rules, errors = [rule(None), rule(1)], []
    row = RuleRow(rules, errors.append)
    assert [row.hear(BAR), row.hear(BAR)] == [[(rules[1], 1)]] * 2
    assert [str(error) for error in errors] == ["no idea", "no idea"]
    assert all(each.rule.heard == [BAR, BAR] for each in rules)


@pytest.mark.parametrize(
    ("answer", "signals"),
    [
        *((silence, []) for silence in (0, 0.0, False, "")),
        *((long, [1]) for long in (1, True, np.float64(1), Decimal(1))),
        *((short, [-1]) for short in (-1, np.int64(-1), -1.0)),
    ],
)
def test_what_means_a_signal_is_one(answer, signals):
    heard = [signal for _, signal in RuleRow([rule(answer)], pytest.fail).hear(BAR)]
    assert (heard, {type(signal) for signal in heard} - {int}) == (signals, set())


@pytest.mark.parametrize("answer", [2, -3, 0.5, "buy", math.nan, [1], np.array([1, 0])], ids=repr)
def test_what_is_no_signal_is_told_with_its_rule_and_the_others_are_heard(answer):
    rules, errors = [rule(answer, "own:Rule"), rule(-1)], []
    assert RuleRow(rules, errors.append).hear(BAR) == [(rules[1], -1)]
    [error] = errors
    told = f"expected -1, 0 or 1 of update(), found {answer!r} of own:Rule; correct the rule"
    assert str(error).startswith((told, "The truth value of an array"))


@SIDES
def test_decisions_are_counted_on_from_before_the_run(side):
    told = []
    voice = DecisionVoice("AAPL.NASDAQ", lambda topic, message: told.append((topic, message)), count=41)
    voice.close = Decimal(100)
    voice.refused(rule(side, "momentum"), side, 7, "warm_up", "warm_up: 1 of 2 bars")
    assert voice.acted(rule(side, "momentum"), side, 8, Action.ENTERED, 50, "size") == "AAPL.NASDAQ-000043"

    common = ("AAPL.NASDAQ", "momentum", side, Decimal(100))
    assert told == [
        (
            Topic.DECISIONS,
            SignalDecided("AAPL.NASDAQ-000042", 7, *common, Action.REFUSED, 0, "warm_up", "warm_up: 1 of 2 bars"),
        ),
        (Topic.DECISIONS, SignalDecided("AAPL.NASDAQ-000043", 8, *common, Action.ENTERED, 50, "signal", "size")),
    ]
