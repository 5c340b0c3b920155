"""A symbol taken out of the settings while its position is held: the start is refused, and never for ever."""

import os
import subprocess
import sys

from actors.messages import Side
from tests.integration.live_rig import ROOT, Node, at_minute, floor
from tests.integration.live_steps import enter, flat, opening
from tests.integration.rig import MSFT, SIDES

REST = at_minute(MSFT)


def without_aapl(day):
    day.nodes.append(Node(day.gateway.port, day.state, [REST], []))
    return day.nodes[-1]


def refused(day):
    """Start without the table of AAPL; return what it printed."""
    known, orders = len(day.nodes[0].terminal), day.orders()
    node = without_aapl(day)
    assert node.exit_code() == 2
    assert day.orders() == orders  # nothing was sent
    text = " ".join(node.terminal[known:].split())
    assert "Traceback" not in text
    return text


def check(day):
    """Run ``check`` without the table of AAPL."""
    options = [f"strategies=[{REST}]", f"ib.port={day.gateway.port}"]
    command = [sys.executable, str(ROOT / "run_live.py"), "check", "--state", str(day.state)]
    environ = {name: text for name, text in os.environ.items() if not name.startswith("BALLAST_")}
    done = subprocess.run(  # noqa: S603 - our own script
        [*command, *(part for option in options for part in ("--set", option))],
        env=environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join(done.stdout.split())


@SIDES
def test_a_start_without_the_rule_of_what_is_held_is_refused_until_it_is_ended(tmp_path, side):
    with floor(tmp_path) as day:
        tables = [opening(side, 2), REST]
        node = day.start(tables)
        enter(day, node, 2)
        assert node.terminate() == 0

        said = (
            f"AAPL.NASDAQ: {100 * side:+} shares of ours are held behind a stop at {100 - 5 * side}.00, and no rule of "
            "the settings names it. Expected a [[strategies]] table of it; put it back, or close it first (start with "
            "the old settings, `flatten AAPL`)."
        )
        assert said in refused(day)
        code, text = check(day)
        assert (code, f"held before failed {said}" in text) == (2, True)
        assert (day.position(), day.stop()["quantity"]) == (100 * side, 100)

        day.gateway.do.trade("AAPL.NASDAQ", "sell" if side is Side.LONG else "buy", 100)
        assert "closed by hand at the broker, and its stop cancelled there" in refused(day)
        day.gateway.do.cancel(day.stop()["perm_id"])
        node = day.start(tables)
        flat(day, node)
        assert node.terminate() == 0
        assert check(day)[0] == 0
        before = day.gateway.received()["HistoricalDataRequest"]
        node = without_aapl(day)
        node.until(lambda: day.gateway.received()["HistoricalDataRequest"] > before, "the subscription of bars")
        assert node.terminate() == 0
