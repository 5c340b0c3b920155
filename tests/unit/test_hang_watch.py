"""An event loop that gives no sign of life: told once, and its end; neither before it began nor once stopped."""

from collections.abc import Iterator
from threading import Event
from time import sleep

import pytest

from actors.alerts.rules import AlertPolicy, AlertRules
from actors.alerts.sender import AlertSender, AlertTarget, Outgoing
from actors.loop import hang_watch
from actors.loop.hang_watch import HangWatch
from actors.messages import AlertRaised
from catalog.sessions import Sessions
from config.alerts.sending import hang_teller
from config.schema import AlertsConfig
from tests.integration.alert_servers import until

PATIENCE_SECS = 20.0  # far above what anything here takes
SOON = 0.2  # for what must not come


class Told:
    """Keeps what a person was told."""

    def __init__(self) -> None:
        self.alerts: list[AlertRaised] = []
        self.came = Event()

    def __call__(self, alert: AlertRaised) -> None:
        self.alerts.append(alert)
        self.came.set()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hang_watch, "WAIT_SECS", 0.01)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def watch(told: Told) -> Iterator[HangWatch]:
    watch = HangWatch(told)
    yield watch
    watch.stop()


def test_hang_is_told_once_and_its_end_to_those_too_who_could_not_hear(watch: HangWatch, told: Told) -> None:
    assert watch.sign(1) == []
    for last, count in ((1, 1), (10, 3)):  # the sign that ends a hang is the last one before the next
        until(lambda count=count: len(told.alerts) == count, "the hang")
        sleep(SOON)
        assert len(told.alerts) == count

        hang, back = watch.sign(10 * last)
        assert told.alerts[count - 1 : count + 1] == [hang, back]
        assert (hang.ts, hang.code, hang.severity) == (last, "node_hangs", "critical")
        assert (back.ts, back.code, back.severity) == (10 * last, "node_back", "info")
        assert hang.text.startswith("the event loop gave no sign of life for 0.1 s after this moment: ")


def test_loop_that_has_not_begun_is_no_hang(watch: HangWatch, told: Told) -> None:
    assert not told.came.wait(SOON)


def test_loop_that_ended_is_no_hang(watch: HangWatch, told: Told) -> None:
    watch.sign(1)
    watch.stop()

    assert not told.came.wait(SOON)
    assert told.alerts == []


HANG = AlertRaised(1_732_545_000_000_000_000, "node_hangs", "critical", "no sign of life")  # 2024-11-25 14:30 UTC
BACK = AlertRaised(HANG.ts + 10**9, "node_back", "info", "it runs again")


@pytest.mark.parametrize(("events", "is_sent"), [((), True), (("node_hangs",), True), (("entry",), False)])
def test_chosen_or_not_both_are_sent_past_the_alerter_and_by_it_never(events: tuple[str, ...], is_sent: bool) -> None:
    sent: list[Outgoing] = []
    printed: list[str] = []
    sender = AlertSender([AlertTarget("here", lambda batch: sent.extend(batch) or "")])
    tell = hang_teller(AlertsConfig(events=events), sender, printed.append, Sessions(), HANG.ts)
    rules = AlertRules(AlertPolicy(min_level="info", events=frozenset(events)))

    sender.open()
    tell(HANG)
    tell(BACK)
    sender.close(PATIENCE_SECS)

    hang = Outgoing("critical", "09:30:00 node_hangs no sign of life", "node_hangs")
    assert sent == [hang, Outgoing("info", "09:30:01 node_back it runs again", "node_back")][: 2 * is_sent]
    assert printed == ["09:30:00 CRITICAL node_hangs no sign of life (told while it hangs)"]
    assert rules.admit(HANG, HANG.ts) is rules.admit(BACK, BACK.ts) is None


def test_hang_is_printed_without_a_target_and_a_terminal_that_is_gone_harms_nothing() -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError(line)

    hang_teller(AlertsConfig(), None, gone, Sessions(), HANG.ts)(HANG)
