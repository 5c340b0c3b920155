"""What fails again and again is kept a few times, counted always, and told once."""

import pytest
from report_builders import make_record

from actors.log.narration import Narration
from actors.messages import FAILURES_KEPT, FailureTeller, HandlerFailed
from actors.report.failures import FailureTally, errors_told, first_of_each
from actors.report.records import LiveOrigin

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS


def failed(component="AAPL.NASDAQ", handler="on_bar", place="rule.py:12 in update", error="ValueError: x"):
    return HandlerFailed(1, component, handler, error, place, "trace")


def raised(error):
    try:
        raise error
    except Exception as caught:  # noqa: BLE001
        return caught


def test_the_first_of_each_place_are_kept_and_the_rest_counted():
    other = failed(place="rule.py:13 in update")
    tally = FailureTally([failed(error=f"ValueError: {number}") for number in range(FAILURES_KEPT + 5)] + [other])

    assert len(tally.kept) == FAILURES_KEPT + 1
    assert first_of_each(["fees", *tally.kept], tally.more) == [
        ("fees", 0),
        (tally.kept[0], FAILURES_KEPT + 4),
        (other, 0),
    ]


@pytest.mark.parametrize("other", [{"component": "MSFT.NASDAQ"}, {"handler": "on_event"}, {"place": "b.py:1 in f"}])
def test_component_handler_and_place_tell_failures_apart(other):
    assert len(first_of_each([failed(), failed(**other), failed(error="KeyError: another word")], {})) == 2


def test_only_the_first_failures_of_a_place_are_told_with_their_trace():
    teller = FailureTeller("AAPL.NASDAQ")
    traces = [teller.message("on_bar", raised(ValueError("x")), 1).trace for _ in range(FAILURES_KEPT + 2)]
    elsewhere = teller.message("on_event", raised(ValueError("x")), 1)

    assert all("ValueError: x" in trace for trace in traces[:FAILURES_KEPT])
    assert traces[FAILURES_KEPT:] == ["", ""]
    assert "Traceback" in elsewhere.trace
    assert elsewhere.place.endswith("in raised")


def test_the_figures_of_a_failed_backtest_mean_nothing_those_of_a_session_were_traded():
    live = LiveOrigin("DU…567", 1, 0, 0)

    assert errors_told(make_record()) == ""
    assert errors_told(make_record(errors=["a"])) == "1 error: the run failed, its figures mean nothing."
    assert errors_told(make_record(errors=["a"], live=live)) == "1 error: the figures may not be what they should."


def test_the_same_failure_is_on_the_terminal_once_and_then_once_an_hour_with_its_count():
    narration = Narration()
    lines = [narration.tell(failed(), minute * MINUTE_NS) for minute in range(61)]
    other = narration.tell(failed(component="MSFT.NASDAQ"), HOUR_NS)

    line = "ERROR in AAPL.NASDAQ.on_bar: ValueError: x (rule.py:12 in update)"
    assert lines == [line, *[None] * 59, f"{line}; 59 more like it before"]
    assert other == line.replace("AAPL", "MSFT")
    assert narration.tell(failed(), 2 * HOUR_NS) == line
