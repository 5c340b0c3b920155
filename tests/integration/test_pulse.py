"""The pulse and the log on the real engine: what they say of a run, and that a refused file disturbs nobody."""

import json
from decimal import Decimal
from itertools import pairwise

from actors.journal.performance import NodeJournal
from actors.link.heard import BooksCompared, BrokerOrdersTold, BrokerPositionsTold, OrdersHeard, PositionsHeard
from actors.log.file import LogFile
from actors.log.lines import LogLines
from actors.log.writer import LogWriter
from actors.messages import (
    HALT_FILE,
    DataAgeChanged,
    ExitReason,
    Halt,
    HoldEntries,
    LinkChanged,
    LinkState,
    LossBaselineSet,
    ReleaseEntries,
    Side,
    Topic,
)
from actors.status.pulse import DeskView, Pulse, PulseSetup
from actors.status.report import StatusReport
from catalog.sessions import Sessions
from config.live.view import desk_view
from tests.integration.rig import AAPL, MINUTE_NS, SIDES, Onlooker, build, opening, session_bars, store_of
from tests.unit.journal_builders import RUN

SESSIONS = Sessions()


class Watched:
    """A run with a pulse on it; `said` has the status after each bar that the script names."""

    def __init__(self, path, tables, script, first=(), closes=(100.0,) * 12) -> None:
        self.said: dict[int, StatusReport] = {}
        setup = PulseSetup(
            "paper", "DU1234567", 1, {AAPL: f"{AAPL}-1-MINUTE-LAST-EXTERNAL"}, Decimal(1000), trails=True
        )
        view = DeskView(lambda ts: self._view().symbols(ts), lambda: self._view().account())
        with NodeJournal(path / "journal.sqlite") as journal:
            journal.begin_run(RUN)
            self.pulse = Pulse(setup, view, SESSIONS, journal, Decimal(100_000))
            acts = {bar: self._act(bar, messages) for bar, messages in script.items()}
            onlookers = [*first, self.pulse, Onlooker(acts)]
            self.run = build(store_of(path / "catalog", AAPL=session_bars(closes)), tables, (), onlookers)
            self.record = self.run.run()
            self.run.dispose()
            self.snapshot = journal.snapshot()

    def _view(self) -> DeskView:
        parts = self.run.components
        return desk_view(parts.strategies, parts.ledger)

    def _act(self, bar, messages):
        def act(actor, closed):
            for topic, message in messages:
                actor.publish_message(topic, message(closed.ts_init))
            self.said[bar] = self.pulse.status(closed.ts_init)

        return act


@SIDES
def test_the_status_follows_a_round_trip(tmp_path, side):
    watched = Watched(tmp_path, [opening(side, 2, closing=(8,))], {1: [], 4: [], 10: []})
    before, during, after = watched.said.values()

    assert (before.positions, before.state, before.account.equity_usd) == ((), "trading", Decimal(100_000))
    [position] = during.positions
    assert (position.side, position.quantity, position.trailing) == (side.name.lower(), 100, "waiting")
    assert position.stop_trigger == 100 - 5 * side
    assert [(order.role, order.status, order.quantity) for order in during.orders] == [("stop", "resting", 100)]
    assert during.account.exposure_usd == 10_000
    assert (after.positions, after.orders, after.account.day_pnl_usd) == ((), (), -2)
    assert (during.session.is_open, during.data[0].is_stale) == (True, False)
    assert watched.snapshot is not None
    assert StatusReport.model_validate_json(watched.snapshot.text).account == after.account


def test_a_backtest_tells_nobody_how_long_a_bar_took(tmp_path):
    said = Watched(tmp_path, [opening(Side.LONG, 2, closing=(8,))], {10: []}).said[10]

    assert not {"signal_processing", "data_latency"} & set(said.latencies_ms)
    assert said.latencies_ms["decision_to_filled"].count == 1


def test_the_measures_are_kept_once_a_minute_and_at_the_end(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(NodeJournal, "put_performance", lambda journal, measures, now_ns: kept.append(now_ns))
    Watched(tmp_path, [opening(Side.LONG, 99)], {})
    *minutes, end = kept

    assert len(minutes) > 5
    assert all(MINUTE_NS <= later - now < MINUTE_NS + 2 * 10**9 for now, later in pairwise(minutes))
    assert 0 <= end - minutes[-1] < MINUTE_NS


def test_what_others_tell_is_in_the_status(tmp_path):
    said = Watched(
        tmp_path,
        [opening(Side.LONG, 99)],
        {
            2: [
                (Topic.LINK, lambda ts: LinkChanged(ts, LinkState.DOWN, "DU1234567 lost")),
                (Topic.LINK, lambda ts: BooksCompared(ts, ("AAPL: 100 here, 50 there",))),
                (Topic.DATA, lambda ts: DataAgeChanged(ts, AAPL, is_stale=True, age_secs=200.0)),
                (Topic.COMMANDS, lambda ts: HoldEntries(ts, "data", "no bar for 200 s", AAPL)),
                (Topic.LOSS_LIMIT, lambda ts: LossBaselineSet(ts, SESSIONS.session_of(ts), Decimal(100_500))),
            ],
            4: [
                (Topic.LINK, lambda ts: BooksCompared(ts, ())),
                (Topic.COMMANDS, lambda ts: HoldEntries(ts, HALT_FILE, "by anna, file HALT: lunch")),
                (Topic.COMMANDS, lambda ts: Halt(ts, SESSIONS.session_of(ts), ExitReason.LOSS_LIMIT, "daily loss")),
            ],
            6: [(Topic.COMMANDS, lambda ts: ReleaseEntries(ts, HALT_FILE))],
        },
    ).said

    assert (said[2].link.state, said[2].link.detail) == ("down", "DU…567 lost")
    assert (said[2].book.is_equal, said[2].book.detail) == (False, "AAPL: 100 here, 50 there")
    assert said[2].data[0].is_stale
    assert (said[2].state, said[2].blocked[0].detail) == ("holding", "not_ready: data: no bar for 200 s")
    assert said[2].account.day_pnl_usd == -500
    assert said[4].book.is_equal
    assert [halt.source for halt in said[4].halts] == ["halt_file", "loss_limit"]
    assert (said[4].state, said[4].entries.reason) == ("halted", "halted: by anna, file HALT: lunch")
    assert (said[6].entries.reason, [halt.source for halt in said[6].halts]) == ("halted: daily loss", ["loss_limit"])


def test_a_log_that_cannot_be_written_is_told_once_and_disturbs_nobody(tmp_path):
    tables, script = [opening(Side.LONG, 2, closing=(8,))], {1: []}
    log = LogWriter(LogFile(tmp_path / "nowhere" / "ballast.log"), LogLines(str))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    refused = Watched(tmp_path / "a", tables, script, [log])
    alone = Watched(tmp_path / "b", tables, script)

    assert [alert.code for alert in refused.record.alerts] == ["log_file"]
    assert refused.record.errors == []
    assert refused.record.trades == alone.record.trades


def test_books_that_agree_again_and_again_are_one_line(tmp_path):
    books = [(Topic.LINK, lambda ts: BooksCompared(ts, ()))]
    differ = [(Topic.LINK, lambda ts: BooksCompared(ts, ("AAPL",)))]
    asked = [
        (Topic.LINK, lambda ts: BrokerPositionsTold(ts, PositionsHeard({}))),
        (Topic.LINK, lambda ts: BrokerOrdersTold(ts, OrdersHeard(()))),
    ]
    log = LogWriter(LogFile(tmp_path / "ballast.log"), LogLines(str))
    Watched(tmp_path, [opening(Side.LONG, 99)], {2: [*asked, *books], 3: books, 4: differ, 5: differ, 6: books}, [log])
    lines = [json.loads(line) for line in (tmp_path / "ballast.log").read_text().splitlines()]

    assert [line["differences"] for line in lines if line["kind"] == "BooksCompared"] == [[], ["AAPL"], []]
    assert {line["kind"] for line in lines}.isdisjoint({"BrokerPositionsTold", "BrokerOrdersTold"})
