"""What an operator is answered."""

import pytest

from actors.messages import ExitReason, Side
from actors.status.answers import (
    chosen_symbols,
    flattened,
    halted,
    not_flat_yet,
    refusal_to_flatten,
    resumed,
    stopping,
)
from actors.status.desk_facts import Objection
from tests.unit.status_builders import AAPL, MSFT, flat, held

SIDES = pytest.mark.parametrize("side", list(Side))


@SIDES
def test_a_halt_says_what_stays(side):
    answer = halted("by anna: lunch", [held(side=side), flat(MSFT, phase="entering")])

    assert answer.exit_code == 0
    assert "halted by anna: lunch. No entry is made until `resume`" in answer.text
    assert "An entry under way in MSFT is not called back; `flatten` does that." in answer.text
    assert answer.text.endswith(f"\nHeld: AAPL {100 * side:+} (stop {100 - 5 * side}).")


def test_a_position_without_a_stop_is_not_passed_over():
    assert "Held: AAPL +100 (NO STOP)." in halted("x", [held(stop_trigger=None)]).text


def test_a_resume_tells_what_it_lifted_and_what_it_did_not():
    free, shut = [flat()], [flat(objection=Objection("session", "session: 08:00 is not after the 09:30 open"))]

    assert resumed("by anna: lunch", [], free) == (resumed("by anna: lunch", (), free))
    assert (
        resumed("by anna: lunch", [], free).text == "resumed: the halt by anna: lunch is lifted. Entries are allowed."
    )
    assert "Entries wait for now: session: 08:00" in resumed("x", [], shut).text
    assert resumed("", [], free).text.startswith("no halt of an operator was there to lift.")
    refused = resumed("by anna: lunch", ["the daily loss limit", "the file"], free)
    assert (refused.exit_code, refused.text) == (
        3,
        "resumed: the halt by anna: lunch is lifted. Still no entries: the daily loss limit; the file.",
    )


@pytest.mark.parametrize(
    ("wanted", "symbols"),
    [("", [AAPL, MSFT]), ("AAPL", [AAPL]), ("aapl", [AAPL]), ("MSFT.NASDAQ", [MSFT]), ("IBM", []), ("AAP", [])],
)
def test_an_operator_means_a_symbol_with_or_without_its_venue(wanted, symbols):
    assert [facts.symbol for facts in chosen_symbols(wanted, [flat(), flat(MSFT)])] == symbols


def test_what_cannot_be_flattened_is_said_with_a_code():
    symbols = [flat(), held(MSFT, lock="locked: 50 shares are not ours")]

    assert refusal_to_flatten("IBM", symbols).exit_code == 2
    assert refusal_to_flatten("AAPL", symbols).text == "nothing to flatten: AAPL is flat."
    assert refusal_to_flatten("", [flat(), flat(MSFT)]).text == "nothing to flatten: every symbol is flat."
    locked = refusal_to_flatten("", symbols)
    assert (locked.exit_code, "MSFT locked: 50 shares are not ours" in locked.text) == (3, True)
    assert refusal_to_flatten("", [held(), *symbols]) is None


def test_a_locked_symbol_without_shares_of_ours_is_not_called_flat():
    foreign = flat(MSFT, lock="locked: 50 shares are not ours")

    answer = refusal_to_flatten("", [flat(), foreign])
    assert (answer.exit_code, "MSFT locked: 50 shares are not ours" in answer.text) == (3, True)
    answer = flattened([held()], [flat(), foreign])
    said = "closed: AAPL +100. NOT closed: MSFT (locked: 50 shares are not ours); close it at the broker."
    assert (answer.exit_code, answer.text) == (3, said)


@SIDES
def test_a_flatten_is_answered_when_all_is_flat_or_not_in_time(side):
    leaving = held(side=side, phase="cancelling", exit_reason=ExitReason.OPERATOR)

    assert flattened([held(side=side)], [leaving]) is None
    done = flattened([held(side=side)], [flat(), flat(MSFT)])
    assert (done.exit_code, done.text) == (0, f"flat: AAPL {100 * side:+} closed. `halt` shuts entries too.")
    late = not_flat_yet([leaving, flat(MSFT)])
    assert (late.exit_code, "cancelling" in late.text, "MSFT" in late.text) == (1, True, False)
    assert "NOT closed" not in late.text
    assert "once the broker can be reached" in not_flat_yet([held(is_reachable=False)]).text


@SIDES
def test_a_flatten_says_what_it_may_not_close(side):
    foreign = held(MSFT, side, lock="locked: book 100, broker 150")
    left = f"NOT closed: MSFT {100 * side:+} (locked: book 100, broker 150); close it at the broker."

    answer = flattened([held(side=side)], [flat(), foreign])
    assert (answer.exit_code, answer.text) == (3, f"closed: AAPL {100 * side:+}. {left}")
    answer = flattened([held(MSFT, side)], [flat(), foreign])  # locked while it was asked to leave
    assert (answer.exit_code, answer.text) == (3, left)
    late = not_flat_yet([held(side=side, phase="closing"), foreign])
    assert (late.exit_code, late.text.startswith("not flat yet: AAPL "), late.text.endswith(left)) == (1, True, True)


@SIDES
@pytest.mark.parametrize("phase", ["cancelling", "closing"])
def test_a_stop_says_which_exit_it_waits_for(side, phase):
    leaving = held(side=side, phase=phase, exit_reason=ExitReason.OPERATOR)
    text = stopping("keep_stops", [leaving, held(MSFT)]).text
    assert text.startswith("stopping; the exit under way in AAPL is awaited; what is held stays behind its stops")


def test_a_stop_says_what_becomes_of_positions():
    assert "stays behind its stops" in stopping("keep_stops", [held()]).text
    assert "first all is closed" in stopping("flatten", [held()]).text
    assert "Nothing is held." in stopping("flatten", [flat()]).text
