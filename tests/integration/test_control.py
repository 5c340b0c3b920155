"""An operator's commands to a live node over its journal: what happens, what is answered, what survives a restart."""

import json
import time
from collections import Counter
from pathlib import Path

from actors.journal.commands import CommandJournal
from actors.messages import ExitReason, Side
from tests.integration.live_rig import Floor, Node, at_minute, flat_market, floor
from tests.integration.live_steps import codes, enter, flat, is_told
from tests.integration.operator_rig import Operator
from tests.integration.rig import AAPL, MSFT, SIDES


def opening(side: Side, symbol: str, *minutes: int) -> str:
    up, down = (minutes, ()) if side is Side.LONG else ((), minutes)
    return at_minute(symbol, up=up, down=down, short=side is Side.SHORT)


def until_both_are_held(day: Floor, node: Node, quantity: int) -> None:
    """Wait until each symbol has its position, and the node knows."""
    for symbol in (AAPL, MSFT):
        node.until(lambda symbol=symbol: day.position(symbol) == quantity and is_told(day, node, symbol), symbol)


def check_what_was_written(state: Path, terminal: str) -> None:
    """Check that each order transition is a line of the log, and that the account is nowhere in full."""
    lines = [json.loads(line) for line in (state / "ballast.log").read_text().splitlines()]
    steps = Counter(line["status"] for line in lines if line["kind"] == "OrderProgressed")
    assert steps["submitted"] == steps["accepted"] == Counter(line["kind"] for line in lines)["OrderIntended"] == 9
    fills = [line for line in lines if line["kind"] == "OrderFilled"]
    assert len(fills) == 6
    assert all(line["broker_order_id"] and line["latency_ms"]["accepted"] >= 0 for line in fills)
    assert all(line["time"].endswith("Z") and line["event_time"].endswith("Z") for line in lines)
    [engine] = state.glob("engine_*.jsonl")
    for text in (engine.read_text(), terminal.partition("Ready")[2], (state / "ballast.log").read_text()):
        assert "1234567" not in text


@SIDES
def test_an_operator_halts_resumes_flattens_and_stops(tmp_path, side):
    with floor(tmp_path) as day:
        node, operator = day.start([opening(side, AAPL, 2), opening(side, MSFT, 2, 4, 5)]), Operator(day.state)
        day.minute(2)
        node.until(lambda: len(day.orders(MSFT)) == 2 and len(day.orders()) == 2, "the entries and their stops")
        day.prints()
        until_both_are_held(day, node, 100 * side)

        code, text = operator.while_prices_come(day, "flatten", "msft")
        assert (code, text) == (0, f"flat: MSFT {100 * side:+} closed. `halt` shuts entries too.\n")
        assert [one["symbol"] for one in operator.status()["positions"]] == [AAPL]  # at once
        assert (day.position(MSFT), day.resting(MSFT), day.position()) == (0, [], 100 * side)

        code, text = operator("halt", "--reason", "lunch")
        assert code == 0
        assert "lunch. No entry is made until `resume`" in text
        assert operator.status()["state"] == "halted"
        assert f"Held: AAPL {100 * side:+} (stop {100 - 5 * side}.00)." in text
        day.minute(4)
        node.until_says("MSFT refused: halted: by ")
        assert (len(day.orders(MSFT)), day.position(), day.stop()["quantity"]) == (3, 100 * side, 100)

        code, text = operator("resume")
        assert code == 0
        assert "lunch is lifted. Entries are allowed." in text
        assert operator.status()["state"] == "trading"
        with CommandJournal(day.state / "journal.sqlite") as journal:  # by a clock that was set back
            early = journal.ask("flatten", "somebody", 1, symbol="IBM")
            node.until(lambda: journal.answer_of(early), "its answer")
            assert "expected one of AAPL" in journal.answer_of(early).text
        day.minute(5)
        node.until(lambda: len(day.orders(MSFT)) == 5, "the entry after the halt")
        day.prints()
        until_both_are_held(day, node, 100 * side)

        code, text = operator.while_prices_come(day, "flatten")
        assert (code, day.position(), day.position(MSFT), day.resting(), day.resting(MSFT)) == (0, 0, 0, [], [])
        assert operator("flatten", "AAPL") == (0, "nothing to flatten: AAPL is flat.\n")
        assert operator("flatten", "IBM")[0] == 2

        code, text = operator("stop")
        assert code == 0
        assert "stopping; what is held stays behind its stops at the broker.\nNothing is held." in text
        assert "(exit code 0)" in text
        assert node.exit_code() == 0
        with node.journal() as journal:
            reasons = {fill.exit_reason for fill in journal.fills(0, 2**62) if fill.exit_reason}
            asked = journal._rows("SELECT kind, symbol, reason, given_by FROM operator_commands ORDER BY seq")
        assert reasons == {ExitReason.OPERATOR}
        kinds = ["flatten", "halt", "resume", "flatten", "flatten", "flatten", "flatten", "stop"]
        assert [kind for kind, *_ in asked] == kinds
        assert all("@" in given_by for *_, given_by in asked if given_by != "somebody")
        check_what_was_written(day.state, node.terminal)


@SIDES
def test_a_flatten_claims_no_symbol_that_it_may_not_close(tmp_path, side):
    with floor(tmp_path) as day:
        node, operator = day.start([opening(side, AAPL, 2), opening(side, MSFT, 2)]), Operator(day.state)
        day.minute(2)
        node.until(lambda: len(day.orders(MSFT)) == 2 and len(day.orders()) == 2, "the entries and their stops")
        day.prints()
        until_both_are_held(day, node, 100 * side)
        day.gateway.do.trade(AAPL, "buy" if side is Side.LONG else "sell", 10)
        node.until(lambda: "AAPL LOCKED" in node.terminal, "the lock")
        before = day.orders()
        why = f"locked: the journal explains {100 * side} shares, the broker holds {110 * side}"

        code, text = operator.while_prices_come(day, "flatten")
        said = f"closed: MSFT {100 * side:+}. NOT closed: AAPL {100 * side:+} ({why}); close it at the broker."
        assert (code, text) == (3, f"{said}\n")
        assert (day.position(MSFT), day.resting(MSFT), day.position()) == (0, [], 110 * side)
        assert day.orders() == before
        node.until_says("FLATTEN MSFT by operator")
        assert "FLATTEN AAPL" not in node.terminal

        code, text = operator("flatten")
        assert (code, text.startswith(f"not flattened: AAPL {why}")) == (3, True)


def test_a_halt_outlives_the_node_and_the_dead_are_told_of(tmp_path):
    with floor(tmp_path) as day:
        tables, operator = [at_minute(up=[2]), at_minute(MSFT, up=[4, 5, 6])], Operator(day.state)
        node = day.start(tables)
        enter(day, node, 2)
        node.until(lambda: operator.status()["positions"], "the position in the status")
        node.kill()

        status = operator.status()
        assert (status["exit_code"], status["state"], status["is_running"]) == (4, "dead", False)
        assert "killed or crashed, last heard of" in status["detail"]
        assert [(one["symbol"], one["stop_trigger"]) for one in status["positions"]] == [(AAPL, 95.0)]
        for words in (["flatten"], ["stop"]):
            code, text = operator(*words)
            assert code == 4
            assert "Nothing was sent." in text
            assert "\nAt the broker, as last known: AAPL long 100 (stop 95.00)." in text
        code, text = operator("halt", "--reason", "night")
        assert code == 0
        assert "The next one starts halted by " in text
        with CommandJournal(day.state / "journal.sqlite") as journal:  # of one who did not wait for an answer
            late = journal.ask("flatten", "somebody", time.time_ns() + 3600 * 10**9)  # by a clock that was set back

        node = day.start(tables)
        day.minute(4)
        with CommandJournal(day.state / "journal.sqlite") as journal:
            answer = node.until(lambda: journal.answer_of(late), "its answer")
            assert "not carried out: it was asked for before this node ran" in answer.text
        assert (day.position(), day.stop()["quantity"]) == (100, 100)
        node.until_says("MSFT refused: halted: by ")
        status = operator.status()
        assert (status["state"], status["entries"]["are_allowed"]) == ("halted", False)
        assert [halt["source"] for halt in status["halts"]] == ["operator"]
        (day.state / "HALT").write_text("by hand\n")
        node.until_says("file HALT: by hand. No entries until resumed.")
        code, text = operator("resume")
        assert code == 3
        assert "night is lifted. Still no entries: halted by " in text
        day.minute(5)
        assert day.orders(MSFT) == []
        (day.state / "HALT").unlink()
        node.until_says("file HALT: by hand is lifted")
        day.minute(6)
        node.until(lambda: len(day.orders(MSFT)) == 2, "the entry after the halts")
        assert node.terminate() == 0
        assert operator("halt", "--reason", "x")[0] == 0
        code, text = operator("resume")
        assert (code, text.splitlines()[-1].endswith("x is lifted. The next start is not halted.")) == (0, True)


def test_no_operator_lifts_the_daily_loss_limit(tmp_path):
    market = flat_market(AAPL=[100.0] * 3 + [97.0] * 20)
    with floor(tmp_path, market) as day:
        operator = Operator(day.state)
        overrides = ("risk.max_daily_loss_usd=200", 'risk.on_daily_loss="halt"')
        node = day.start([at_minute(up=[2, 8])], *overrides)
        enter(day, node, 2)
        day.minute(4)
        node.until(lambda: len(day.orders()) == 3, "the closing order")
        day.prints()
        flat(day, node)
        assert operator("halt", "--reason", "enough")[0] == 0

        code, text = operator("resume")
        assert code == 3
        assert "enough is lifted. Still no entries: daily loss " in text
        assert "lifts by itself with the next session and by nobody's hand" in text
        day.minute(8)
        node.until_says("AAPL refused: halted: daily loss")
        status = operator.status()
        assert [halt["source"] for halt in status["halts"]] == ["loss_limit"]
        assert status["account"]["day_pnl_usd"] < -status["account"]["daily_loss_limit_usd"] == -200
        node.kill()
        code, text = operator("resume")
        assert code == 3
        assert "no halt of an operator was there to lift. Still no entries" in text


def test_a_second_node_on_the_account_is_refused_whatever_its_directory(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([at_minute(up=[2])])
        others = (
            Node(day.gateway.port, day.state, [at_minute(up=[2])], ["ib.client_id=21"]),
            Node(day.gateway.port, tmp_path / "other", [at_minute(up=[2])], ["ib.client_id=31"]),
        )
        day.nodes.extend(others)
        assert [other.exit_code() for other in others] == [3, 3]
        assert f"Another node runs on {day.state} (process {node.process.pid})" in others[0].terminal
        assert f"a node already runs here (process {node.process.pid}): uv run run_live.py status" in others[1].terminal
        assert node.process.poll() is None


def test_a_command_that_finds_no_node_ever_run_says_where_it_looked(tmp_path):
    code, text = Operator(tmp_path)("halt", "--reason", "x")

    assert code == 2
    assert f"Expected the journal of a node in {tmp_path}, found none" in text
    assert list(tmp_path.iterdir()) == []


def test_a_halt_that_is_lifted_at_once_is_told_before_it_is_lifted(tmp_path):
    with floor(tmp_path) as day:
        node = day.start([at_minute(up=[9])])
        with CommandJournal(day.state / "journal.sqlite") as journal:
            for kind in ("halt", "resume"):
                journal.ask(kind, "somebody", time.time_ns())
        told = ["operator_halt", "operator_resume"]
        node.until_equal(lambda: [code for code in codes(node) if code.startswith("operator")], told)
