"""What sends alerts, against real HTTP and SMTP servers: delivered once, and never in the way of anybody."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from zoneinfo import ZoneInfo

import pytest

from actors.alerts import sender as alert_sender
from actors.alerts.rules import AlertPolicy, AlertRules
from actors.alerts.sender import AlertSender, AlertTarget, Outgoing
from actors.alerts.targets import open_target
from actors.log.printed_line import LineStamp
from actors.messages import AlertRaised
from tests.integration.alert_servers import PATIENCE_SECS, Inbox, http_inbox, smtp_inbox, until

TITLE = "Ballast paper DU1234567"
SECRET = "hunter2"  # noqa: S105 - what must not be shown
SOON = (0.01,)  # pauses between attempts


def http_target(inbox: Inbox, number: int = 1) -> AlertTarget:
    return open_target(number, f"json://user:{SECRET}@127.0.0.1:{inbox.port}/{SECRET}?rto=60", TITLE)


def info(text: str) -> Outgoing:
    return Outgoing("info", text)


@contextmanager
def sending(*targets: AlertTarget, retry_secs: Sequence[float] = SOON) -> Iterator[AlertSender]:
    sender = AlertSender(targets, retry_secs)
    sender.open()
    try:
        yield sender
    finally:
        sender.close(PATIENCE_SECS)


@pytest.mark.parametrize(("severity", "word"), [("info", "INFO"), ("warning", "WARNING"), ("critical", "CRITICAL")])
def test_alert_is_delivered_once_by_http_and_by_mail(severity: str, word: str) -> None:
    """With whose it is in the title, the account shortened, and a text that is left as it is."""
    text = "09:35:00 AAPL <b>entry</b>: bought 100 & *more* at 100.00 → −5 %"
    with http_inbox() as web, smtp_inbox() as mail:
        address = f"mailto://127.0.0.1:{mail.port}?from=a@example.com&to=b@example.com&format=text"
        with sending(http_target(web), open_target(2, address, TITLE)) as sender:
            sender.put(Outgoing(severity, text))
            until(lambda: web.messages and mail.messages, "both")

    assert web.messages == mail.messages == [(f"{word}: Ballast paper DU…567", [text])]
    assert web.asked == mail.asked == 1
    # Threads of a pool are waited for at the end of the process, however stuck
    assert [thread.name for thread in enumerate_threads() if "Pool" in thread.name] == []


def test_alerts_that_wait_come_together_in_their_order_under_the_gravest_level() -> None:
    with http_inbox() as web:
        sender = AlertSender([http_target(web)], SOON)
        for alert in (info("one"), Outgoing("critical", "two"), Outgoing("warning", "three")):
            sender.put(alert)
        sender.open()
        until(lambda: web.messages, "the message")
        sender.close(PATIENCE_SECS)

    assert web.messages == [("CRITICAL: Ballast paper DU…567", ["one", "two", "three"])]


def test_failed_attempts_are_made_again_until_the_alert_is_taken_once() -> None:
    with http_inbox() as web:
        web.answers = [500, 429]
        with sending(http_target(web)) as sender:
            sender.put(info("one"))
            until(lambda: web.messages, "the third attempt")

    assert web.lines == ["one"]
    assert web.asked == 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 500 no\r\nContent-Length: 7\r\n\r\nhunter2", "it answered with HTTP status 500"),
        (b"HTTP/1.1 429 no\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", "it answered with HTTP status 429"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhunter2", "no connection, or it refused the message"),
        (b"\x00\xffhunter2\r\n\r\n", "no connection, or it refused the message"),
        (b"", "no connection, or it refused the message"),
    ],
    ids=["500", "429", "closed in its midst", "garbage", "nothing"],
)
def test_answer_that_is_no_yes_is_a_failure_and_nothing_of_it_is_passed_on(answer: bytes, told: str, capfd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_once() -> None:
            with server.accept()[0] as line, line.makefile("rb") as request:
                head = list(iter(request.readline, b"\r\n"))
                [length] = [int(row.split()[1]) for row in head if row.lower().startswith(b"content-length:")]
                request.read(length)  # what is unread when the line is closed would break it
                line.sendall(answer)

        thread = Thread(target=answer_once)
        thread.start()
        address = f"json://user:{SECRET}@127.0.0.1:{server.getsockname()[1]}/{SECRET}"
        assert open_target(1, address, TITLE).deliver([info("one")]) == told
        thread.join()
    assert capfd.readouterr() == ("", "")


def test_flood_leaves_at_the_chosen_rate_and_the_rest_is_counted() -> None:
    flood, rate = 10_000, 20
    rules = AlertRules(AlertPolicy(min_level="info", rate_per_min=rate))
    with http_inbox() as web, sending(http_target(web)) as sender:
        for number in range(flood):
            one = rules.admit(AlertRaised(0, "order_refused", "warning", "x" * (number + 1)), now_ns=0)
            if one is not None:
                sender.put(Outgoing(one.severity, one.text))
        rest = rules.held_back(0, is_last=True)
        sender.put(Outgoing(rest.severity, rest.text))
        until(lambda: len(web.lines) == rate + 1, "all of them")

    assert web.lines[-1] == f"held back: {flood - rate:,} alerts ({flood - rate:,} order refused); the journal has them"


@pytest.mark.parametrize("title_characters", [250, 0], ids=["a title", "no title"])
def test_text_that_a_service_would_refuse_as_too_long_comes_in_several_messages(
    monkeypatch: pytest.MonkeyPatch, title_characters: int
) -> None:
    """Few short alerts in one, and one that is too long alone in parts; all of it, in its order."""
    limit, texts = 400, ["long " * 150, *(f"{number} → ü {'x' * 60}" for number in range(9))]
    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.body_maxlen", limit)
    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.title_maxlen", title_characters)
    with http_inbox() as web:
        sender = AlertSender([http_target(web)], SOON)
        for text in texts:
            sender.put(info(text))
        sender.open()
        sender.close(PATIENCE_SECS)

    assert max(sum(map(len, lines)) for _, lines in web.messages) <= limit
    together = [sum("→" in line for line in lines) for _, lines in web.messages]
    assert [number for number in together if number] == [3, 3, 3]
    lines = [line for line in web.lines if "Ballast paper" not in line]
    parts = [line for line in lines if line.startswith("long")]
    assert "".join(" ".join(parts).split()) == "".join(texts[0].split())
    assert lines[len(parts) :] == texts[1:]


def test_code_stands_in_the_line_and_of_an_alert_alone_with_its_symbol_in_the_title() -> None:
    stamp = LineStamp(ZoneInfo("America/New_York"), 0)
    behind = AlertRaised(0, "engine_behind", "critical", "AAPL.NASDAQ: the broker holds 54", "AAPL.NASDAQ")
    first, second = (Outgoing.of(one, stamp) for one in (behind, AlertRaised(0, "link_back", "info", "here again")))
    with http_inbox() as web:
        target = http_target(web)
        assert [target.deliver(alerts) for alerts in ([first], [second], [first, second])] == ["", "", ""]

    lines = ["19:00:00 engine_behind AAPL.NASDAQ: the broker holds 54", "19:00:00 link_back here again"]
    assert web.messages == [
        ("CRITICAL engine_behind AAPL: Ballast paper DU…567", lines[:1]),
        ("INFO link_back: Ballast paper DU…567", lines[1:]),
        ("CRITICAL: Ballast paper DU…567", lines),
    ]


def test_line_breaks_add_nothing_to_the_head_of_a_mail() -> None:
    evil = "Ballast paper\r\nBcc: evil@example.com\r\n\r\nfree → ü"
    with smtp_inbox() as mail:
        address = f"mailto://127.0.0.1:{mail.port}?from=a@example.com&to=b@example.com&format=text"
        assert open_target(1, address, evil).deliver([info("one\nBcc: c@example.com\n.\n→ ü")]) == ""

    [(title, lines)] = mail.messages
    assert title == "INFO: Ballast paper Bcc: evil@example.com free → ü"
    assert lines == ["one", "Bcc: c@example.com", ".", "→ ü"]


def test_two_failures_in_a_row_are_no_death_and_the_third_is() -> None:
    attempts, may_fail = [], Event()

    def deliver(_alerts: Sequence[Outgoing]) -> str:
        attempts.append(1)
        return "no" if len(attempts) < 3 or may_fail.wait(PATIENCE_SECS) else ""

    with sending(AlertTarget("x", deliver)) as sender:
        sender.put(info("one"))
        until(lambda: len(attempts) == 3, "the third attempt")
        assert sender.changes() == []
        may_fail.set()
        until(sender._channels[0].problem, "its death")
        assert sender.changes() == [("x", "no")]
        sender.close(0.0)


def test_pauses_between_attempts_grow_to_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses, taken = [], Event()

    def wait_for(self: object, predicate: object, timeout: float | None = None) -> bool:
        if timeout is not None:
            pauses.append(timeout)
            return False
        return real(self, predicate)

    def deliver(_alerts: Sequence[Outgoing]) -> str:
        if len(pauses) == 5:
            taken.set()
            return ""
        return "no"

    real = alert_sender.Condition.wait_for
    monkeypatch.setattr(alert_sender.Condition, "wait_for", wait_for)
    with sending(AlertTarget("x", deliver), retry_secs=(1.0, 2.0, 4.0)) as sender:
        sender.put(info("one"))
        until(taken.is_set, "the sixth attempt")

    assert pauses == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_dead_target_is_told_once_with_the_reason_and_its_return_too() -> None:
    """The other one takes everything meanwhile; what waited comes late, once."""
    with http_inbox() as dead, http_inbox() as well:
        dead.answers = [401] * 3
        dead.may_answer.clear()
        with sending(http_target(dead, 1), http_target(well, 2), retry_secs=(0.01, 0.01, PATIENCE_SECS)) as sender:
            for number in range(3):
                sender.put(info(str(number)))
            until(lambda: len(well.lines) == 3, "the other target")
            dead.may_answer.set()
            until(sender._channels[0].problem, "its death")
            assert sender.changes() == [
                (f"target 1 (json://127.0.0.1:{dead.port})", "it answered with HTTP status 401")
            ]
            assert sender.changes() == []
            sender.close(PATIENCE_SECS)  # tries once more without the long pause
            assert sender.changes() == [(f"target 1 (json://127.0.0.1:{dead.port})", "")]

    assert dead.lines == well.lines == ["0", "1", "2"]


def test_target_that_nobody_listens_at_is_dead_without_a_word_of_its_address() -> None:
    with http_inbox(listens=False) as gone, sending(http_target(gone)) as sender:
        sender.put(info("one"))
        until(sender._channels[0].problem, "its death")
        [(name, problem)] = sender.changes()
        sender.close(0.0)

    assert (name, problem) == (f"target 1 (json://127.0.0.1:{gone.port})", "no connection, or it refused the message")


def test_target_that_does_not_answer_delays_neither_who_tells_nor_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_inbox() as slow, http_inbox() as well:
        slow.may_answer.clear()
        with sending(http_target(slow, 1), http_target(well, 2)) as sender:
            for number in range(100):
                sender.put(info(str(number)))  # comes back although nobody takes it
            until(lambda: len(well.lines) == 100 and slow.asked == 1, "the other target")
            until(lambda: sender._channels[1]._begun is None, "the end of its delivery")
            monkeypatch.setattr(alert_sender, "STUCK_SECS", 0.0)
            assert [name for name, _ in sender.changes()] == [f"target 1 (json://127.0.0.1:{slow.port})"]
            slow.may_answer.set()
            until(lambda: len(slow.lines) >= 100, "the slow one")

    assert [line for line in slow.lines if not line.startswith("(")] == [str(number) for number in range(100)]


def test_target_that_answers_no_after_a_long_silence_is_not_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_sender, "STUCK_SECS", 0.0)
    with http_inbox() as slow:
        slow.answers = [500]
        slow.may_answer.clear()
        with sending(http_target(slow), retry_secs=(PATIENCE_SECS,)) as sender:
            sender.put(info("one"))
            until(sender.changes, "its death")
            slow.may_answer.set()
            until(lambda: sender._channels[0]._begun is None, "the answer")
            assert sender.changes() == []
            sender.close(PATIENCE_SECS)
            assert sender.changes() == [(f"target 1 (json://127.0.0.1:{slow.port})", "")]


def test_full_queue_gives_up_the_oldest_of_the_least_severe_and_says_how_many() -> None:
    may_take, taken = Event(), []

    def deliver(alerts: Sequence[Outgoing]) -> str:
        may_take.wait(PATIENCE_SECS)
        taken.extend(alert.text for alert in alerts)
        return ""

    with sending(AlertTarget("x", deliver)) as sender:
        sender.put(info("under way"))
        until(lambda: sender._channels[0]._begun, "the first one")
        sender.put(Outgoing("critical", "grave"))
        for number in range(alert_sender.MAX_WAITING + 9):
            sender.put(info(str(number)))
        may_take.set()

    numbers = [str(number) for number in range(10, alert_sender.MAX_WAITING + 9)]
    assert taken == ["under way", "(10 alerts given up: this target took none)", "grave", *numbers]


def test_message_that_a_target_never_takes_is_given_up_and_the_next_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_sender, "MAX_ATTEMPTS", 4)
    taken, attempts = [], []

    def deliver(alerts: Sequence[Outgoing]) -> str:
        attempts.append(1)
        if alerts[-1].text == "poison":
            return "no"
        taken.extend(alert.text for alert in alerts)
        return ""

    with sending(AlertTarget("x", deliver)) as sender:
        sender.put(info("poison"))
        until(lambda: len(attempts) == 4, "the last attempt")
        sender.put(info("good"))
        until(lambda: taken, "the next one")

    assert taken == ["(1 alerts given up: this target took none)", "good"]
    assert len(attempts) == 5


def test_library_that_raises_ends_no_thread_and_its_words_are_not_passed_on() -> None:
    taken = []

    def deliver(alerts: Sequence[Outgoing]) -> str:
        if len(taken) < 3:
            taken.append("")
            raise RuntimeError(f"POST /bot{SECRET}/sendMessage")
        taken.extend(alert.text for alert in alerts)
        return ""

    with sending(AlertTarget("x", deliver), retry_secs=(0.01, 0.01, PATIENCE_SECS)) as sender:
        sender.put(info("one"))
        until(sender._channels[0].problem, "three failures")
        assert sender.changes() == [("x", "RuntimeError")]

    assert taken[3:] == ["one"]


def test_what_waits_at_the_end_is_sent_before_the_end() -> None:
    with http_inbox() as web:
        sender = AlertSender([http_target(web)], SOON)
        sender.open()
        for number in range(50):
            sender.put(info(str(number)))
        sender.close(PATIENCE_SECS)

        assert web.lines == [str(number) for number in range(50)]
        assert not sender._channels[0].thread.is_alive()


def test_end_does_not_wait_for_a_target_that_is_stuck_and_may_come_before_the_beginning() -> None:
    may_take = Event()
    stuck = AlertTarget("x", lambda _alerts: "" if may_take.wait(PATIENCE_SECS) else "no")
    with sending(stuck) as sender:
        sender.put(info("one"))
        until(lambda: sender._channels[0]._begun, "the delivery")
        sender.close(0.0)
        assert sender._channels[0].thread.is_alive()
        assert sender._channels[0].thread.daemon  # so the process can end
        may_take.set()

    AlertSender([stuck]).close()


# -- Addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"tgram://123456789:{SECRET}_hijklmnopqrstuvwxyz/12315544/", "tgram"),
        (f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrI{SECRET}", "slack"),
        (f"discord://{SECRET}/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord"),
        (f"ntfy://{SECRET}", "ntfys"),
        (f"ntfys://user:{SECRET}@ntfy.example.com/topic", "ntfys"),
        (f"mailtos://user:{SECRET}@gmail.com", "mailtos://gmail.com"),
        (f"jsons://user:{SECRET}@hooks.example.com:8443/{SECRET}?x={SECRET}", "jsons://hooks.example.com:8443"),
    ],
)
def test_name_of_a_target_is_its_scheme_and_a_host_that_is_no_token(address: str, shown: str) -> None:
    assert open_target(7, address, TITLE).name == f"target 7 ({shown})"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"tgrm://{SECRET}/1", "one that begins with tgrm://"),
        (f"tgram://{SECRET}", "one that begins with tgram://"),
        (SECRET, "one without a scheme"),
        (f"{SECRET * 3}://x", "one without a scheme"),
    ],
)
def test_address_that_cannot_be_read_is_refused_without_showing_it(address: str, found: str, capfd, caplog) -> None:
    with pytest.raises(ValueError, match=r"^target 2: expected an address that apprise can read") as caught:
        open_target(2, address, TITLE)

    assert str(caught.value) == f"target 2: expected an address that apprise can read, found {found}; correct it"
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
