"""The real adapter against the gateway, in lock-step: what it sends, what it hears, and that nothing is missing."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.gateway import Gateway, soon
from tests.gateway.market import Market

NODE = Path(__file__).with_name("gateway_node.py")
ROOT = NODE.parents[2]
SYMBOL = "AAPL.NASDAQ"
MINUTE_NS = 60_000_000_000


def walk(gateway: Gateway, **commands: str) -> list[dict[str, Any]]:
    """Run a node that does at its n-th bar what the n-th command says; return what it saw."""
    told = json.dumps({number.removeprefix("at_"): word for number, word in commands.items()})
    arguments = [sys.executable, str(NODE), str(gateway.port), str(gateway.control_port), told]
    ended = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=180, check=True)  # noqa: S603
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def seen(lines: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["what"] == what]


@pytest.mark.parametrize(("entry", "sign"), [("buy", 1), ("sell", -1)])
def test_a_node_trades_a_session_in_lockstep_and_finds_its_position_again(entry: str, sign: int) -> None:
    market = Market.demo(soon(), [SYMBOL], history_sessions=2)
    with Gateway.start(market, lockstep=True, control=0) as gateway:
        lines = walk(gateway, at_2=entry, at_4="move", at_6="stop")
        opened = gateway.state()["session"]["open"]

        (history,) = seen(lines, "history")
        assert history["count"] > 300
        assert history["last"] < opened

        bars = seen(lines, "bar")[:6]
        assert [bar["ts"] for bar in bars] == [opened + number * MINUTE_NS for number in range(1, 7)]
        assert all(bar["init"] == bar["ts"] for bar in bars)
        known = [bar.close for bar in market.history(SYMBOL, 60, bars[-1]["ts"], 6)]
        assert [bar["close"] for bar in bars] == [str(close) for close in known]

        kinds = Counter(line["kind"] for line in seen(lines, "event"))
        assert (kinds["OrderSubmitted"], kinds["OrderFilled"], kinds["OrderRejected"]) == (2, 1, 0)
        (fill,) = gateway.state()["executions"]
        third = market.history(SYMBOL, 60, bars[2]["ts"], 1)[0]
        assert fill["price"] == third.open
        stop = gateway.state()["orders"][1]
        assert round(float(stop["stop_price"]) / float(bars[3]["close"]), 3) == 1 - sign * 0.05

        again = walk(gateway, at_1="leave", at_3="stop")

        (start,) = seen(again, "start")
        assert start["positions"] == [str(float(10 * sign))]
        assert start["stops"] == 1
        assert gateway.state()["positions"] == {}
        assert [order["status"] for order in gateway.state()["orders"]] == ["Filled", "Cancelled", "Filled"]
