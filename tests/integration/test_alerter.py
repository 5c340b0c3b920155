"""The alerter on the real engine: what it sends of a run, by a real server, and that it disturbs nothing."""

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from actors.alerts.alerter import Alerter, AlerterSetup
from actors.alerts.rules import AlertPolicy, AlertRules
from actors.alerts.sender import AlertSender, AlertTarget, Outgoing
from actors.alerts.targets import open_target
from actors.messages import (
    AlertRaised,
    ExitReason,
    Flatten,
    Halt,
    HandlerFailed,
    Side,
    Topic,
)
from catalog.sessions import Sessions
from config.alerts.alert_test import alert_test
from config.alerts.sending import make_sender
from config.loader import ConfigError, load_settings
from tests.integration.alert_servers import PATIENCE_SECS, http_inbox
from tests.integration.rig import AAPL, SIDES, Onlooker, at, build, opening, session_bars, store_of

TRAILING = ['trailing_stop.kind="percent"', "trailing_stop.distance_pct=3.0"]
RISING = [0.0] * 5 + [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0]
SECRET = "hunter2"  # noqa: S105 - what must not be shown
RUN = "Ballast paper DU1234567: AAPL.NASDAQ"
MONDAY = date(2024, 10, 7)
ROOT = Path(__file__).parents[2]


class Kept:
    """An outbox that keeps what it is given, and says of its targets what it is told to."""

    def __init__(self, *changes: tuple[str, str]) -> None:
        self.alerts: list[Outgoing] = []
        self.is_open = self.is_finished = False
        self._changes = list(changes)

    def open(self) -> None:
        self.is_open = True

    def put(self, alert: Outgoing) -> None:
        assert self.is_open
        assert not self.is_finished
        self.alerts.append(alert)

    def changes(self) -> list[tuple[str, str]]:
        changes, self._changes = self._changes, []
        return changes

    def finish(self) -> None:
        self.is_finished = True


class Run:
    """A backtest with an alerter: what it sent, and the record."""

    def __init__(
        self, path, closes, tables, overrides=(), onlookers=(), outbox=None, ending=(0, "asked to stop"), **policy
    ) -> None:
        self.outbox = outbox or Kept()
        chosen = AlertPolicy(**{"min_level": "info", "rate_per_min": 600, **policy})
        setup = AlerterSetup(RUN, chosen, Decimal(1_000), 80)
        self.alerter = Alerter(setup, Sessions(), self.view, lambda: ending, self.outbox)
        self.alerter.restore_day(MONDAY, Decimal(100_000))
        frames = closes if isinstance(closes, dict) else {"AAPL": session_bars(closes)}
        self.run = build(store_of(path, **frames), tables, overrides, [self.alerter, *onlookers])
        self.record = self.run.run()
        self.run.dispose()

    def view(self):
        return self.run.components.ledger.view()

    @property
    def lines(self) -> list[str]:
        return [alert.text for alert in self.outbox.alerts]


def path_of(side: Side, moves: list[float]) -> list[float]:
    return [100 + side * move for move in moves]


@SIDES
def test_round_trip_is_told_by_a_real_server_each_kind_once(tmp_path, side, capfd):
    bought, sold = ("bought", "sold") if side is Side.LONG else ("sold", "bought")
    start, step, last = {Side.LONG: ("95.00", "98.01", "100.92"), Side.SHORT: ("105.00", "101.92", "98.83")}[side]
    end, word = f"{100 + side * 4}.00", "raised" if side is Side.LONG else "lowered"
    with http_inbox() as web:
        address = f"json://user:{SECRET}@127.0.0.1:{web.port}/{SECRET}"
        sender = AlertSender([open_target(1, address, "Ballast paper DU1234567")])
        told = Run(tmp_path, path_of(side, RISING), [opening(side, 5, closing=(11,))], TRAILING, outbox=sender)
        sender.close(PATIENCE_SECS)
    lines, rule = web.lines, told.record.fills[0].strategy
    made = "round trip +$398.00 after $2.00 fees, held 6 min"
    steps = [line for line in lines if f"stop {word}" in line]

    assert {title.partition(": ")[2] for title, _ in web.messages} == {"Ballast paper DU…567"}
    held = f"holds {side * 100:+} ({rule}), stop at {start}"
    assert [line for line in lines if line not in steps[1:]] == [
        f"09:{lines[0][3:8]} started Ballast paper DU…567: AAPL.NASDAQ started",
        f"09:35:00 entry AAPL entry: {bought} 100 at 100.00, 100 of 100; {held}",
        steps[0],
        f"09:41:00 exit AAPL flat: {made}; {sold} 100 at {end}, 100 of 100, signal",
        lines[-1],
    ]
    assert steps[0].startswith(f"09:36:00 stop_raised AAPL stop {word} {start} → {step} for 100, risk $")
    assert f"→ {last} for 100, locks in $" in steps[-1]
    assert lines[-1].endswith(
        " stopped Ballast paper DU…567: AAPL.NASDAQ ended: asked to stop (exit 0); day P&L +$398.00, "
        "equity $100,398.00; 1 round trip (1 won, 0 lost); 2 signals, 3 orders, 0 blocked; holds nothing"
    )
    assert not told.record.errors
    assert SECRET not in f"{web.messages}{capfd.readouterr()}{told.record}"


def test_with_its_default_level_a_plain_day_tells_nothing(tmp_path):
    told = Run(
        tmp_path, path_of(Side.LONG, RISING), [opening(Side.LONG, 5, closing=(11,))], TRAILING, min_level="warning"
    )

    assert told.lines == []
    assert told.outbox.is_finished


@SIDES
def test_loss_limit_is_near_then_hit_then_everything_goes_flat(tmp_path, side):
    """850 lost is near; at 1,000 the guard speaks, halts, and the exit has its P&L."""
    closes = path_of(side, [0.0] * 6 + [-8.5 / 2, -8.5, -8.5, -10.5, -10.5, -10.5])
    tables, wide = [opening(side, 5)], ["stop.distance_pct=30"]
    told = Run(tmp_path, closes, tables, wide)
    codes = [line[9:].partition(":")[0].partition(" is ")[0] for line in told.lines[2:-1]]

    assert [code.partition(",")[0].partition(" for ")[0] for code in codes] == [
        "loss_limit_near day P&L −$851.00",
        f"loss_limit daily loss {Decimal('-1051.00')} USD <= -1000 USD in session 2024-10-07",
        "halt HALT",
        "exit AAPL flat",
    ]
    assert [alert.severity for alert in told.outbox.alerts[2:-1]] == ["warning", "critical", "warning", "info"]
    assert "85 % of the daily loss limit of $1,000.00" in told.lines[2]


def test_commands_failures_and_alerts_of_others_are_told_with_accounts_shortened(tmp_path):
    messages = [
        (2, Topic.ALERTS, lambda ts: AlertRaised(ts, "link_lost", "critical", "account DU1234567 is gone")),
        (3, Topic.COMMANDS, lambda ts: Halt(ts, None, ExitReason.OPERATOR, "lunch")),
        (4, Topic.COMMANDS, lambda ts: Flatten(ts, ExitReason.OPERATOR, "home", AAPL)),
        (
            5,
            Topic.FAILURES,
            lambda ts: HandlerFailed(ts, "Rule", "on_bar", "ZeroDivisionError: x", "/a/b.py:3 in f", ""),
        ),
        (6, Topic.ALERTS, lambda ts: AlertRaised(ts, "link_back", "info", "here again")),
    ]
    onlookers = [Onlooker(at(bar, message, topic)._script, name=f"Onlooker{bar}") for bar, topic, message in messages]
    told = Run(tmp_path, [100.0] * 8, [opening(Side.LONG, 99)], [], onlookers, min_level="warning")

    assert [(alert.severity, alert.text) for alert in told.outbox.alerts] == [
        ("critical", "09:32:00 link_lost account DU…567 is gone"),
        ("warning", "09:33:00 halt HALT until resumed, going flat: lunch"),
        ("warning", "09:34:00 flatten FLATTEN AAPL by operator: home"),
        ("warning", "09:35:00 handler_failed ERROR in Rule.on_bar: ZeroDivisionError: x (b.py:3 in f)"),
        ("info", "09:36:00 link_back here again"),  # below the level, and told because its trouble was
    ]


def test_day_is_summed_up_a_minute_after_its_close_once(tmp_path):
    days = [session_bars([100.0] * 390), session_bars([101.0] * 5, "2024-10-08")]
    told = Run(tmp_path, {"AAPL": days}, [opening(Side.LONG, 5)])

    [summary] = [line for line in told.lines if "2024-10-07: day P&L" in line]
    assert summary == (
        "16:01:00 day_summary 2024-10-07: day P&L −$1.00, equity $99,999.00; 0 round trips (0 won, 0 lost); "
        "1 signal, 2 orders, 0 blocked; holds AAPL +100 (stop 95.00); counted since the start at 09:30"
    )
    assert "2024-10-08: day P&L" not in "".join(told.lines)
    assert "day P&L +$100.00" in told.lines[-1]


def test_end_that_nobody_asked_for_is_a_warning(tmp_path):
    ends = {}
    for exit_code, reason in ((4, "the order stream is dead"), (0, ""), (5, "the daily loss limit")):
        path = tmp_path / str(exit_code)
        told = Run(path, [100.0] * 3, [opening(Side.LONG, 99)], ending=(exit_code, reason), min_level="warning")
        [ends[exit_code]] = [(one.severity, one.text.partition("ended: ")[2][:40]) for one in told.outbox.alerts]

    assert ends == {
        4: ("warning", "the order stream is dead (exit 4); day P"),
        0: ("warning", "NautilusTrader stopped by itself; ballas"),
        5: ("warning", "the daily loss limit (exit 5); day P&L $"),
    }


def test_target_that_dies_is_told_to_the_others_and_on_the_bus(tmp_path):
    outbox = Kept(("target 1 (tgram)", "it answered with HTTP status 401"), ("target 2 (ntfys)", ""))
    told = Run(tmp_path, [100.0] * 4, [opening(Side.LONG, 99)], outbox=outbox, min_level="critical")

    texts = [
        "target 1 (tgram) takes no alerts: it answered with HTTP status 401",
        "target 2 (ntfys) takes alerts again",
    ]
    codes = ["alert_channel", "alert_channel_back"]
    assert [line[9:] for line in told.lines] == [f"{code} {text}" for code, text in zip(codes, texts, strict=True)]
    assert [(one.code, one.text) for one in told.record.alerts] == list(zip(codes, texts, strict=True))


def test_what_was_held_back_is_counted_at_the_end(tmp_path):
    told = Run(tmp_path, path_of(Side.LONG, RISING), [opening(Side.LONG, 5, closing=(11,))], TRAILING, rate_per_min=1)

    assert len(told.lines) < 10
    assert "held back: " in told.lines[-1]


@SIDES
@pytest.mark.parametrize("kind", ["stuck", "dead", "raising"])
def test_target_in_trouble_delays_and_changes_nothing(tmp_path, side, kind):
    """The run goes through to its end while the first delivery is still under way."""
    may_go_on = Event()

    def deliver(_alerts: object) -> str:
        if kind == "raising":
            raise OSError("no")
        return "no" if kind == "dead" else ("" if may_go_on.wait(PATIENCE_SECS) else "no")

    tables = [opening(side, 5, closing=(11,))]
    sender = AlertSender([AlertTarget("x", deliver)], (PATIENCE_SECS,))
    watched = Run(tmp_path / "a", path_of(side, RISING), tables, TRAILING, outbox=sender)
    assert not may_go_on.is_set()
    may_go_on.set()
    sender.close(0.0)
    alone = build(store_of(tmp_path / "b", AAPL=session_bars(path_of(side, RISING))), tables, TRAILING)
    record = alone.run()
    alone.dispose()

    assert len(watched.record.trades) == 1
    assert watched.record.trades == record.trades
    assert watched.record.errors == []


def test_failure_of_its_own_is_told_on_the_bus_and_not_by_itself(tmp_path, monkeypatch):
    failures: list[HandlerFailed] = []

    class Ear(Onlooker):
        def on_start(self) -> None:
            super().on_start()
            self.subscribe_topic(Topic.FAILURES, failures.append)

    def admit(rules: AlertRules, one: AlertRaised, now_ns: int) -> AlertRaised | None:
        if one.code == "entry":
            raise ZeroDivisionError("a bug in the rules")
        return one

    monkeypatch.setattr(AlertRules, "admit", admit)
    told = Run(tmp_path, path_of(Side.LONG, RISING), [opening(Side.LONG, 5, closing=(11,))], [], [Ear({})])

    assert [(failure.component, failure.handler) for failure in failures] == [("Alerter", "on_message")]
    assert any("AAPL flat" in line for line in told.lines)  # it goes on
    assert not any("ERROR in Alerter" in line for line in told.lines)


# -- From the settings --------------------------------------------------------------------------


def settings_of(*addresses: str, overrides: tuple[str, ...] = ()):
    return load_settings(None, ["account.id=DU1234567", *overrides], {"BALLAST_ALERT_URLS": " ".join(addresses)})


def outcome_of(settings, capsys) -> tuple[int, str]:
    return alert_test(settings, Console(soft_wrap=True)), capsys.readouterr().out


def test_nothing_is_built_without_a_target():
    assert make_sender(settings_of().alerts, "x") is None


def expected_of(number: int) -> str:
    return f"environment BALLAST_ALERT_URLS: target {number}: expected an address that apprise can read, found"


def test_targets_that_cannot_be_read_and_unknown_codes_are_told_all_at_once():
    settings = settings_of("ntfys://topic", f"tgrm://{SECRET}", SECRET, overrides=('alerts.events=["exits"]',))
    with pytest.raises(ConfigError) as caught:
        make_sender(settings.alerts, "x")

    assert caught.value.problems == (
        "alerts.events: expected codes of docs/alerts.md, found 'exits'. Did you mean 'exit'?",
        f"{expected_of(2)} one that begins with tgrm://; correct it.",
        f"{expected_of(3)} one without a scheme; correct it.",
    )


def test_alert_test_tells_of_each_target_whether_it_took_the_message(capsys):
    with http_inbox() as well, http_inbox() as sour:
        sour.answers = [403]
        good, bad = (f"json://u:{SECRET}@127.0.0.1:{inbox.port}/{SECRET}" for inbox in (well, sour))
        exit_code, out = outcome_of(settings_of(good, bad, f"foo://{SECRET}"), capsys)

        assert (exit_code, out.splitlines()) == (
            1,
            [
                f"target 1 (json://127.0.0.1:{well.port}): ok",
                f"target 2 (json://127.0.0.1:{sour.port}): failed: it answered with HTTP status 403",
                "target 3: expected an address that apprise can read, found one that begins with foo://; correct it",
            ],
        )
        assert outcome_of(settings_of(good), capsys) == (0, f"target 1 (json://127.0.0.1:{well.port}): ok\n")
        text = "This is a test: alerts of Ballast arrive here."
        assert well.messages == [("INFO: Ballast paper DU…567", [text])] * 2


def test_alert_test_without_a_target_says_how_to_set_one(capsys):
    exit_code, out = outcome_of(settings_of(), capsys)

    assert exit_code == 2
    assert "BALLAST_ALERT_URLS=" in out
    assert "BALLAST_ALERT_URLS_FILE=" in out


def test_alert_test_is_a_command(tmp_path):
    """As its user runs it: the address in a file, nothing of it on the terminal."""
    with http_inbox() as web:
        addresses = tmp_path / "addresses"
        addresses.write_text(f"json://u:{SECRET}@127.0.0.1:{web.port}/{SECRET}\n")
        environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(ROOT / "run_live.py"), "alert-test"],
            env=environ | {"BALLAST_ALERT_URLS_FILE": str(addresses)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout, done.stderr) == (0, f"target 1 (json://127.0.0.1:{web.port}): ok\n", "")
    assert len(web.messages) == 1
    assert sorted(tmp_path.iterdir()) == [addresses]  # nothing is left on the disk
