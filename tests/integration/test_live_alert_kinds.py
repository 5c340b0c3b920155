"""Each kind of alert of a live node, delivered once over the network, with what a person must know to act."""

from itertools import pairwise

import pytest

from actors.alerts.codes import ALERT_CODES
from actors.messages import Side
from strategies.price_bar import PriceBar
from tests.gateway.data_desk import DataDesk
from tests.gateway.model import Refused
from tests.integration.alert_rig import ALL, HASTY, Expected, any_day, check, codes_of, give_environment
from tests.integration.alert_servers import http_inbox, smtp_inbox
from tests.integration.live_rig import ROOT, AtMinute, Floor, Node, flat_market, floor
from tests.integration.live_steps import codes, enter, flat, is_told, opening, shape
from tests.integration.operator_rig import Operator
from tests.integration.rig import MSFT, SIDES
from tests.integration.test_live_faults import links, restart, until_up

TRAILING = ('trailing_stop.kind="percent"', "trailing_stop.min_step_bps=50")
USD = r"\$[\d,]+\.\d\d"
RUN = r"Ballast paper DU…567: AAPL\.NASDAQ(, MSFT\.NASDAQ)?"
RULE = r"\(tests\.integration\.\w+:\w+\)"
DAY = rf"day P&L [+−]?{USD}, equity {USD}; \d round trips? \(\d won, \d lost\); \d+ signals?, \d+ orders?, \d+ blocked"
LINK_BACK = Expected("link_back", r"the broker is reached again after \d+ s, trading goes on")
STARTED = Expected("started", f"{RUN} started")


def entered(side: Side, symbol: str = "AAPL", shares: int = 100) -> Expected:
    """Return the alert of an entry whose last ``shares`` made it whole."""
    stop = rf"holds [+-]100 {RULE}, stop at {100 - 5 * side}\.00"
    return Expected("entry", rf"{symbol} entry: {bought(side)} {shares} at \d+\.\d\d, 100 of 100; {stop}")


def left(side: Side, why: str, symbol: str = "AAPL", shares: int = 100) -> Expected:
    trip = rf"{symbol} flat: round trip [+−]?{USD} after {USD} fees, held [\d a-z]+"
    sold = rf"{bought(side.opposite)} {shares} at \d+\.\d\d, \d+ of \d+, {why}"
    return Expected("exit", f"{trip}; {sold}")


def bought(side: Side) -> str:
    return "bought" if side is Side.LONG else "sold"


# -- What each scenario tells ---------------------------------------------------------------------


TROUBLES = [
    Expected("link_lost", "the broker is not reached: .+; no entries, positions rest behind their stops"),
    LINK_BACK,
    Expected("link_degraded", "the line to the broker is disturbed: 1100 .+; no entries, exits wait"),
    LINK_BACK,
    Expected("farm_down", "the market data farm usfarm is broken: no entries until it is back"),
    Expected("farm_back", "the market data farm usfarm is back"),
    Expected("other_positions", "the account also holds MSFT STK.*: not ours, left alone"),
    Expected("operator_halt", r"halted by \S+, file HALT: lunch\. No entries until resumed\. Nothing is held\."),
    Expected("operator_resume", r"resumed: the halt by \S+, file HALT: lunch is lifted"),
]


def ordinary(side: Side) -> list[Expected]:
    raised, risk = "raised" if side is Side.LONG else "lowered", rf"for 100, risk {USD}"
    triggers = [95, 95.99, 96.94] if side is Side.LONG else [105, 103.9, 102.85]
    return [
        STARTED,
        Expected("partial", rf"AAPL entry: {bought(side)} 50 at 100\.00, 50 of 100; holds [+-]50"),
        entered(side, shares=50),
        *(
            Expected("stop_raised", rf"AAPL stop {raised} {before:.2f} → {after:.2f} {risk}")
            for before, after in pairwise(triggers)
        ),
        Expected("partial", rf"AAPL exit: {bought(side.opposite)} 50 at \d+\.\d\d, 50 of 100; holds [+-]50"),
        left(side, "signal", shares=50),
        Expected("order_refused", r"AAPL\.NASDAQ: entry order \S+: OrderRejected, .*unable to accept your order\."),
        Expected("order_refused", r"AAPL\.NASDAQ: stop order \S+: OrderRejected, Missing parent order\."),
        entered(side),
        Expected("flatten", r"FLATTEN AAPL by operator: asked by \S+ \(process \d+\)"),
        left(side, "operator"),
        Expected("day_summary", rf"\d{{4}}-\d\d-\d\d: {DAY}; holds nothing"),
        Expected("stopped", rf"{RUN} ended: asked to stop \(exit 0\); {DAY}; holds nothing"),
    ]


@pytest.fixture
def web(monkeypatch):
    with http_inbox() as inbox:
        give_environment(monkeypatch, BALLAST_ALERT_URLS=f"json://127.0.0.1:{inbox.port}/")
        yield inbox


def until_raised(node: Node, code: str, count: int = 1) -> None:
    node.until(lambda: codes(node).count(code) >= count, f"the alert {code}")


def trouble(day: Floor, node: Node) -> None:
    """Disturb the line, hold what is not ours, halt and resume."""
    do = day.gateway.do
    restart(day, node, 0.5)
    known = len(links(node))
    do.notice(1100)
    node.until(lambda: len(links(node)) > known, "the lost line")
    do.notice(1102)
    until_up(node)
    do.notice(2103)
    until_raised(node, "farm_down")
    do.notice(2104)
    until_raised(node, "farm_back")
    do.trade(MSFT, "buy", 50)
    until_raised(node, "other_positions")

    (day.state / "HALT").write_text("lunch\n")
    until_raised(node, "operator_halt")
    (day.state / "HALT").unlink()
    until_raised(node, "operator_resume")


@SIDES
def test_an_ordinary_day_tells_each_kind_once(tmp_path, web, side):
    path = [100, 100, 100, 100 + side, 100 + 2 * side, 100 + 2 * side]
    with floor(tmp_path, flat_market(AAPL=path)) as day:
        do, operator = day.gateway.do, Operator(day.state)
        node = day.start([opening(side, 2, 8, 10, closing=(6,))], *ALL, *TRAILING, sooner=any_day(day))
        do.split_fills(2)
        enter(day, node, 2)
        day.prints()
        node.until(lambda: day.position() == 100 * side and is_told(day, node), "the whole entry")
        day.minute(5)
        node.until(lambda: " ".join(web.lines).count(" for 100, risk ") == 2, "two steps of the stop")
        day.minute(6)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints(2)
        flat(day, node)

        if side is Side.LONG:  # of which the rest knows no side
            trouble(day, node)
        do.split_fills(1)
        do.reject("place", 201)
        day.minute(8)
        until_raised(node, "order_refused", 2)
        enter(day, node, 10)
        assert operator.while_prices_come(day, "flatten")[0] == 0
        (day.state / "over").touch()
        node.until(lambda: "; holds nothing" in web.lines[-1], "the summary of the day")
        assert node.terminate() == 0
    check(web, ordinary(side) + (TROUBLES if side is Side.LONG else []))


def at_worst(side: Side) -> list[Expected]:
    """Return what is told of a halt, a flatten and the loss limit, where two of three targets take nothing."""
    asked = r"by \S+@\S+ \(process \d+\)"
    dead = [r"no connection, or it refused the message", r"no answer for 3 s"]
    held = rf"AAPL [+-]100 \(stop {100 - 5 * side}\.00\)"
    return [
        STARTED,
        *(Expected("alert_channel", rf"target \d \(json://127\.0\.0\.1:\d+\) takes no alerts: {why}") for why in dead),
        entered(side),
        Expected("operator_halt", rf"halted {asked}: lunch\. No entries until resumed\. .*{held}.*"),
        Expected("operator_resume", rf"resumed: the halt {asked}: lunch is lifted"),
        Expected("flatten", r"FLATTEN AAPL by operator: asked by .+"),
        left(side, "operator"),
        Expected("alert_channel_back", r"target 1 \(json://127\.0\.0\.1:\d+\) takes alerts again"),
        entered(side),
        Expected("loss_limit_near", rf"day P&L −{USD} is \d\d % of the daily loss limit of \$200\.00"),
        Expected("loss_limit", r"daily loss -\d{3}\.\d\d USD <= -200 USD in session \S+"),
        Expected("halt", r"HALT for session \S+, going flat: daily loss -\d{3}\.\d\d USD <= -200 USD in session \S+"),
        left(side, "loss limit"),
        Expected("stopped_early", rf"{RUN} ended: the daily loss limit.* \(exit 5\); {DAY}; holds nothing"),
    ]


@SIDES
def test_a_halt_a_flatten_and_the_loss_limit_act_while_two_of_three_targets_take_nothing(tmp_path, monkeypatch, side):
    """Nobody listens at one, one never answers; the third, by HTTP or by mail, is told of both and of everything."""
    path = [*[100] * 6, 100 - 1.75 * side, *[100 - 3 * side] * 9]
    with (
        http_inbox(listens=False) as gone,
        http_inbox() as hung,
        http_inbox() as web,
        smtp_inbox() as mail,
        floor(tmp_path, flat_market(AAPL=path)) as day,
    ):
        hung.may_answer.clear()
        by_http, by_mail = (
            f"json://127.0.0.1:{web.port}/",
            f"mailto://127.0.0.1:{mail.port}?from=a@b.com&to=c@d.com&format=text",
        )
        well, address = (web, by_http) if side is Side.LONG else (mail, by_mail)
        # Its read is not timed out by the library, so it is the silence that is told
        addresses = f"json://127.0.0.1:{gone.port}/ json://127.0.0.1:{hung.port}/?rto=60 {address}"
        give_environment(monkeypatch, BALLAST_ALERT_URLS=addresses)
        operator = Operator(day.state)
        node = day.start([opening(side, 2, 4)], *ALL, "risk.max_daily_loss_usd=200", sooner=HASTY | any_day(day))
        until_raised(node, "alert_channel", 2)
        enter(day, node, 2)
        assert operator("halt", "--reason", "lunch")[0] == operator("resume")[0] == 0
        assert operator.while_prices_come(day, "flatten")[0] == 0
        assert (day.position(), day.resting()) == (0, [])
        gone.listen()
        until_raised(node, "alert_channel_back")
        known = len(well.lines) - 1  # the last one may be the one of its return
        node.until(lambda: gone.lines[:known] == well.lines[:known], "what waited for it, in its order")
        enter(day, node, 4)
        day.minute(8)
        node.until(lambda: shape(day.resting()) == [("MKT", 100, "Submitted")], "the exit")
        day.prints()
        assert node.exit_code() == 5
        assert gone.lines == well.lines
        assert (day.position(), day.resting()) == (0, [])
        assert (hung.messages, hung.asked > 0) == ([], True)  # its answer was not waited for
        log = (day.state / "ballast.log").read_text()
        assert log.count("takes no alerts: ") == node.terminal.count("takes no alerts: ") == 2
    check(well, at_worst(side))


SILENT = [
    STARTED,
    Expected("no_history", r"MSFT\.NASDAQ: no history came, the rules warm up on live bars.*"),
    Expected("no_history", r"AAPL\.NASDAQ: no history came, the rules warm up on live bars.*"),
    entered(Side.LONG),
    Expected("data_stale_held", r"AAPL\.NASDAQ: no bar for \d+ s though one is due, no entries; what is held rests .+"),
    Expected("data_stale", r"MSFT\.NASDAQ: no bar for \d+ s though one is due, no entries"),
    Expected("data_fresh", r"AAPL\.NASDAQ: (bars come again after \d+ s|no bar is due any more)"),
    Expected("data_fresh", r"MSFT\.NASDAQ: (bars come again after \d+ s|no bar is due any more)"),
    Expected("handler_failed", r"ERROR in MSFT\.NASDAQ\.on_bar: ZeroDivisionError: .+"),
    Expected("handler_failures", r"MSFT\.NASDAQ: .+"),
    Expected("stopped", rf"{RUN} ended: asked to stop \(exit 0\); {DAY}; holds AAPL \+100 \(stop 95\.00\)"),
    Expected("held_back", r"held back: 2 alerts \(2 handler failed\); the journal has them"),
]


class Broken(AtMinute):
    """A rule with a bug at some minutes."""

    def update(self, bar: PriceBar) -> int:
        return 0 // (1 - abs(super().update(bar)))


def test_no_history_silent_data_and_a_rule_with_a_bug_are_told_once_each(tmp_path, web, monkeypatch):
    serve, refused = DataDesk._history, [True]

    def history(desk, message) -> None:
        if refused and not message.keepUpToDate:
            raise Refused(162, "No market data permissions for NASDAQ STK")
        serve(desk, message)

    monkeypatch.setattr(DataDesk, "_history", history)
    soon = {
        "actors.link.data_age.STEPS_LATE": 0,
        "actors.link.data_age.GRACE_SECS": 8,  # far above what is between two minutes played here
        "actors.link.data_sentinel.RENEW_AFTER": 100,
    }
    broken = opening(Side.LONG, 3, 4, 5, symbol=MSFT).replace("live_rig:AtMinute", "test_live_alert_kinds:Broken")
    with floor(tmp_path) as day:
        tables = [opening(Side.LONG, 2), broken]
        node = day.start(tables, *ALL, "bars.warmup_bars=1", sooner=soon | any_day(day))
        until_raised(node, "no_history", 2)
        refused.clear()  # what the silence hides is asked for too
        enter(day, node, 2)
        day.minute(5)
        until_raised(node, "handler_failures")
        day.gateway.do.silence()
        day.minute(7)
        until_raised(node, "data_stale")
        until_raised(node, "data_stale_held")
        day.gateway.do.speak()
        day.minute(9)
        until_raised(node, "data_fresh", 2)
        assert node.terminate() == 0
    check(web, SILENT)


# -- All codes ------------------------------------------------------------------------------------

HERE = codes_of(TROUBLES, SILENT, *(told(side) for side in (Side.LONG, Side.SHORT) for told in (ordinary, at_worst)))
ELSEWHERE = {  # which file meets each of the others
    "bars_unrecorded": "test_bar_recorder",
    "cancel_refused": "test_live_refused_cancels",
    "closed_elsewhere": "test_live_journal",
    "commission_missing": "test_live_orders",
    "engine_behind": "test_live_faults",
    "entry_dropped": "test_journal",
    "entry_timeout": "test_live_orders",
    "foreign_fill": "test_laws",
    "journal": "test_live_journal",
    "journal_restored": "test_live_journal",
    "late_fill": "test_late_fills",
    "link_unwatched": "test_live_faults",
    "log_file": "test_pulse",
    "loop_slow": "test_live_contained",
    "no_answer": "test_live_orders",
    "node_back": "test_live_contained",
    "node_down": "test_deploy_commands",
    "node_hangs": "test_live_contained",
    "not_flat": "test_live_limits",
    "order_stream_dead": "test_live_faults",
    "position_break": "test_live_restart",
    "restarted_after_crash": "test_live_journal",
    "start_failed": "test_failed_start",
    "stop_coverage": "test_live_orders",
    "stop_lost": "test_live_orders",
    "stop_missing": "test_live_restart",
    "stop_restored": "test_live_faults",
    "stop_spare": "test_live_spare_stops",
    "stop_modify_rejected": "test_live_orders",
    "unprotected": "test_live_orders",
}


def test_no_code_is_one_that_nothing_delivers():
    """A new code needs a test that meets it: here, or in a file that is named above."""
    assert set(ELSEWHERE) == ALERT_CODES - HERE
    tests = ROOT / "tests" / "integration"
    missing = [code for code, name in ELSEWHERE.items() if code not in (tests / f"{name}.py").read_text()]
    assert missing == []
