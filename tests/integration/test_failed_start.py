"""Starts that fail: what the alert targets are told, how often, how long that may take, and what it leaves alone."""

import json
from pathlib import Path

import pytest

from actors.journal.store import AnothersJournal, JournalStore
from actors.messages import OrderRole, Side
from config.alerts.failed_start import SEND_SECS, StartAttempt, StartFailure, told_if_it_fails
from config.alerts.last_run import crash_text, left_by
from config.alerts.start_memory import FILE, REPEAT_NS
from config.exit_codes import exit_code_of
from config.live.state_dir import JOURNAL, SecondInstance, StateError
from config.loader import load_settings
from tests.integration.alert_servers import Inbox, http_inbox
from tests.unit.journal_builders import RUN, TripTeller, write

LIMIT = "config.alerts.failed_start.SEND_SECS"
SECRET = "hunter2"  # noqa: S105 - what must not be shown
AWAY = StartFailure(4, "connection: nothing answers at 127.0.0.1:4002", "Start IB Gateway.")
NOW_NS = 1_700_000_000_000_000_000


class Starter:
    """Starts that fail, one after the other, each as a process of its own would tell it."""

    def __init__(self, inbox: Inbox, state: Path) -> None:
        self.inbox = inbox
        self.state = state
        self.now_ns = NOW_NS
        self.said: list[str] = []

    def fails(self, failure: StartFailure = AWAY, *overrides: str, **known: object) -> StartAttempt:
        """Fail once; return what was known of that start."""
        attempt = StartAttempt(self.state, settings=load_settings(None, overrides, {}), **known)

        def start() -> int:
            attempt.failure = failure
            return failure.exit_code

        assert told_if_it_fails(attempt, start, lambda: self.now_ns, self.said.append) == failure.exit_code
        return attempt

    def raises(self, error: Exception, attempt: StartAttempt) -> None:
        def start() -> int:
            raise error

        with pytest.raises(type(error)):
            told_if_it_fails(attempt, start, lambda: self.now_ns, self.said.append)


@pytest.fixture
def starter(tmp_path, monkeypatch):
    """Targets: an inbox and an address that nobody listens at. No temporary directory but the test's own."""
    (tmp_path / "state").mkdir()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(LIMIT, 60.0)  # a target that answers is not given up on a slow machine
    with http_inbox() as inbox:
        addresses = [f"json://{SECRET}:{SECRET}@127.0.0.1:{port}/{SECRET}" for port in (inbox.port, 1)]
        monkeypatch.setenv("BALLAST_ALERT_URLS", addresses[0])
        yield Starter(inbox, tmp_path / "state")


def test_failure_is_told_with_its_exit_code_reason_remedy_and_what_rests_at_the_broker(starter):
    starter.fails(account="DU1234567")
    text = (
        "17:13:20 start_failed paper DU…567 start failed (exit 4): connection: nothing answers at 127.0.0.1:4002. "
        "Start IB Gateway. What rests at the broker is not known. Until a start succeeds nothing trades, trails or "
        "closes by signal; stops rest at the broker."
    )

    assert starter.inbox.messages == [("CRITICAL start_failed: Ballast paper DU…567", [text])]
    assert starter.said == [f"alert start_failed sent to target 1 (json://127.0.0.1:{starter.inbox.port})"]


def test_one_cause_is_told_once_until_hours_are_over_and_another_one_at_once(starter):
    """As in the nights in which a supervisor tries every minute; a number more or less is no other cause."""
    for attempts in range(3):
        starter.fails(StartFailure(4, f"nothing answers for {attempts} s"))
    starter.fails(StartFailure(4, "client id 1 is in use"))
    starter.fails(StartFailure(1, "nothing answers for 1 s"))
    assert len(starter.inbox.lines) == 3

    starter.now_ns += REPEAT_NS
    starter.fails(StartFailure(4, "nothing answers for 9 s"))
    assert len(starter.inbox.lines) == 4
    assert StartAttempt(starter.state).failed_before() == "6 starts had failed since 2023-11-14 22:13 UTC"


def test_start_that_succeeds_ends_the_silence(starter):
    starter.fails()
    StartAttempt(starter.state).came_up()
    assert StartAttempt(starter.state).failed_before() == ""

    starter.fails()
    assert len(starter.inbox.lines) == 2


def test_dry_run_is_not_told_and_one_that_succeeds_settles_nothing(starter):
    starter.fails(is_dry_run=True)
    assert starter.inbox.asked == 0

    starter.fails()
    StartAttempt(starter.state, is_dry_run=True).came_up()
    starter.fails()
    assert len(starter.inbox.lines) == 1


@pytest.mark.parametrize("kind", ["not a directory", "missing"])
def test_without_a_state_directory_it_is_told_once_all_the_same(starter, tmp_path, kind):
    starter.state = tmp_path / "elsewhere" / "state"
    if kind == "not a directory":
        starter.state.parent.write_text("")
    starter.fails()
    starter.fails()

    assert len(starter.inbox.lines) == 1
    assert len(list((tmp_path / "tmp").glob(f"*{FILE}"))) == 1


@pytest.mark.parametrize("damage", ["no json", "[]", '{"told": 3}', '{"since_ns": 1, "count": 1, "told": {"x": null}}'])
def test_memory_that_nobody_can_read_or_write_lets_it_be_told_each_time(starter, tmp_path, monkeypatch, damage):
    (starter.state / FILE).write_text(damage)
    starter.fails()
    assert len(starter.inbox.lines) == 1

    starter.state = tmp_path / "missing"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing too"))
    starter.fails()
    starter.fails()
    assert len(starter.inbox.lines) == 3


def test_memory_of_another_user_is_not_believed(starter, monkeypatch):
    starter.fails()
    monkeypatch.setattr("os.getuid", lambda: 12_345)
    starter.fails()

    assert len(starter.inbox.lines) == 2


def test_alert_that_no_target_took_is_sent_at_the_next_attempt(starter, monkeypatch):
    starter.inbox.answers = [500] * 50
    with monkeypatch.context() as hasty:
        hasty.setattr(LIMIT, 0.2)
        starter.fails()
    assert starter.said == ["alert start_failed was taken by no target"]

    starter.inbox.answers = []
    starter.fails()
    assert len(starter.inbox.lines) == 1


def test_target_that_hangs_keeps_the_process_for_seconds_only(starter, monkeypatch):
    monkeypatch.setattr(LIMIT, 0.2)
    starter.inbox.may_answer.clear()
    starter.fails()

    assert starter.said == ["alert start_failed was taken by no target"]
    assert SEND_SECS <= 5


def test_bad_target_and_its_secret_keep_nobody_from_telling_the_others(starter, monkeypatch):
    good = f"json://127.0.0.1:{starter.inbox.port}/{SECRET}"
    monkeypatch.setenv("BALLAST_ALERT_URLS", f"tgrm://{SECRET}/1 {good}")
    starter.fails(StartFailure(2, f"expected another one than {good}"))

    assert "expected another one than ***" in starter.inbox.lines[0]
    assert SECRET not in f"{starter.inbox.messages}{starter.said}"


def test_event_that_is_not_chosen_is_not_told(starter):
    starter.fails(AWAY, 'alerts.events=["entry"]')
    starter.fails(AWAY, 'alerts.events=["entry", "start_failed"]')

    assert starter.inbox.asked == 1


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (AnothersJournal("Not yours."), 3, "(exit 3): Not yours. A supervisor leaves it down"),
        (StateError("No room."), 1, "(exit 1): No room. Read the last lines"),
        (KeyError(), 1, "(exit 1): KeyError. "),
    ],
)
def test_exception_is_told_and_goes_on(starter, error, code, words):
    starter.raises(error, StartAttempt(starter.state))

    assert exit_code_of(error) == code
    assert words in starter.inbox.lines[0]


def test_start_beside_a_node_that_runs_is_neither_told_nor_counted(starter):
    starter.raises(SecondInstance("a node already runs here"), StartAttempt(starter.state))

    assert (starter.inbox.asked, starter.said) == (0, [])
    assert not (starter.state / FILE).exists()


def test_interrupt_and_an_end_after_the_start_are_no_failed_start(starter):
    attempt = StartAttempt(starter.state)
    attempt.came_up()
    attempt.ended(5, "the daily loss limit")
    starter.raises(StateError("The report cannot be written."), attempt)
    starter.raises(StateError("x"), StartAttempt(starter.state, has_started=True))
    with pytest.raises(KeyboardInterrupt):
        told_if_it_fails(StartAttempt(starter.state), _interrupted, lambda: 0, starter.said.append)

    assert starter.inbox.asked == 0


def _interrupted() -> int:
    raise KeyboardInterrupt


def test_whatever_goes_wrong_with_the_telling_changes_nothing(starter, monkeypatch):
    for error in (RuntimeError, KeyboardInterrupt):
        monkeypatch.setattr("config.alerts.failed_start.alert_addresses", _raises(error))
        starter.fails()

    assert starter.said == [f"alert start_failed not sent: {name}" for name in ("RuntimeError", "KeyboardInterrupt")]


def _raises(error: type[BaseException]):
    def refuse() -> tuple[str, ...]:
        raise error

    return refuse


# -- What the journal says ----------------------------------------------------------------------


@pytest.mark.parametrize("side", list(Side))
def test_positions_with_their_stops_are_told_of_the_journal(starter, side):
    trip = TripTeller(side)
    sent = (trip.decision(), trip.intent(OrderRole.ENTRY), trip.intent(OrderRole.STOP, "-5"))
    filled = trip.fill(OrderRole.ENTRY, 100)
    for messages, expected in (
        ((), "nothing of ours"),
        (sent, "holds nothing; orders of AAPL may work"),
        ((filled,), f"AAPL {side * 100:+} (stop {trip.price('-5')})"),
        ((trip.state(OrderRole.STOP, "canceled"),), f"AAPL {side * 100:+} (NO STOP)"),
    ):
        with JournalStore(starter.state / JOURNAL) as store:
            write(store, *messages)
        starter.fails(StartFailure(4, f"cause {expected}"))
        assert f"At the broker, as last known: {expected.removeprefix('holds nothing; ')}. " in starter.inbox.lines[-1]


def test_run_without_an_end_is_told_and_one_with_an_end_is_not(tmp_path):
    with JournalStore(tmp_path / JOURNAL) as store:
        assert crash_text(store, NOW_NS) == ""
        run = store.begin_run(RUN)
        text = crash_text(store, RUN.started_ns + 90 * 10**9)
        store.end_run(run, RUN.started_ns + 1, 0, "asked to stop")
        assert crash_text(store, NOW_NS) == ""
        assert left_by(store) == "nothing of ours"

    assert text.startswith("the run before had no end: it was killed, it crashed, or the machine went down. Last heard")
    assert "gone for 1 min; at the broker, as it knew: nothing of ours" in text


def test_memory_is_plain_and_belongs_to_its_user(starter):
    starter.fails()
    memory = starter.state / FILE

    assert json.loads(memory.read_text())["count"] == 1
    assert memory.stat().st_mode & 0o777 == 0o600
