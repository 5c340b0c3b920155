"""The ear on the project's own gateway: what it hears of drops, hangs, restarts, notices and positions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from actors.link.heard import Beat, Connected, Deaf, Lost, Notice, OrdersHeard, PositionsHeard, WorkingOrder
from config.live.broker_ear import BrokerEar, Pace
from tests.gateway.gateway import Gateway
from tests.gateway.market import Market
from tests.gateway.wire_client import WireClient, closed_port
from tests.integration.scripted_gateway import HANG_UP, ScriptedGateway, framed

AAPL, ACCOUNT, CLIENT_ID = "AAPL.NASDAQ", "DU1234567", 2
PATIENCE_SECS = 30.0  # far above what anything here takes
QUICK = Pace(beat_secs=0.05, answer_secs=PATIENCE_SECS, positions_secs=0.1, first_wait_secs=0.02, last_wait_secs=0.05)
HASTY = replace(QUICK, answer_secs=0.5)  # for a gateway that does not answer


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.demo(time.time_ns(), [AAPL], history_sessions=1)


@pytest.fixture
def gateway(market: Market) -> Iterator[Gateway]:
    with Gateway.start(market, speed=None) as gateway:
        yield gateway


class Listener:
    """An ear and all that it has told."""

    def __init__(self, ear: BrokerEar) -> None:
        self.ear = ear
        self.told = []

    def hears(self, kind: type, count: int = 1, since: int = 0) -> list:
        """Wait until so many of a kind were told, and return them."""
        until = time.monotonic() + PATIENCE_SECS
        while time.monotonic() < until:
            self.told += self.ear.poll()
            found = [heard for heard in self.told[since:] if type(heard) is kind]
            if len(found) >= count:
                return found
            time.sleep(0.005)
        raise AssertionError(f"waited in vain for {count} {kind.__name__}: {self.told[-20:]}")

    def changes(self, known: object) -> object:
        """Wait until the latest of a kind is another one than what is known, and return it."""
        while (latest := self.hears(type(known))[-1]) == known:
            self.hears(type(known), 1, since=len(self.told))  # that one was asked for before the change
        return latest

    def steps(self) -> list[type]:
        """Return what it told of its connection, in order."""
        return [type(heard) for heard in self.told if isinstance(heard, Connected | Lost | Deaf)]


@contextmanager
def listening(port: int, pace: Pace = QUICK, account: str = ACCOUNT) -> Iterator[Listener]:
    ear = BrokerEar("127.0.0.1", port, CLIENT_ID, account, [AAPL], pace)
    ear.start()
    try:
        yield Listener(ear)
    finally:
        ear.stop()
        ear._thread.join(PATIENCE_SECS)
        assert not ear._thread.is_alive()


def test_it_connects_beats_and_hears_positions_again_and_again(gateway):
    with listening(gateway.port) as line:
        beats = line.hears(Beat, 3)
        line.hears(PositionsHeard, 3)

        assert line.told[0] == Connected()
        assert all(0 <= beat.round_trip_secs < QUICK.answer_secs for beat in beats)
        assert gateway.state()["clients"] == [CLIENT_ID]
        assert gateway.received()["CancelPositions"] >= 2
    assert gateway.received()["PlaceOrderRequest"] == 0


def test_it_hears_what_the_account_holds(gateway):
    with listening(gateway.port) as line:
        [empty] = line.hears(PositionsHeard)[:1]
        assert empty == PositionsHeard({})
        gateway.do.trade(AAPL, "sell", 7, "100")
        assert line.changes(empty).ours == {AAPL: Decimal(-7)}


def test_it_hears_which_orders_of_programs_work(gateway):
    with WireClient(gateway.port) as other, listening(gateway.port) as line:
        [none] = line.hears(OrdersHeard)[:1]
        assert none == OrdersHeard(())
        gateway.do.place(AAPL, "sell", 5, "STP", "1.00")  # by hand: without a mark
        other.place(1, "SELL", "STP", auxPrice=1.0, orderRef="O-1")
        other.ask()
        placed = gateway.state()["orders"][-1]

        assert line.changes(none).working == (WorkingOrder(AAPL, "O-1", f"PERM-{placed['perm_id']}"),)


def test_for_a_dry_run_it_asks_for_no_orders(gateway):
    ear = BrokerEar("127.0.0.1", gateway.port, CLIENT_ID, ACCOUNT, [AAPL], QUICK, asks_orders=False)
    ear.start()
    Listener(ear).hears(PositionsHeard, 3)
    ear.stop()

    assert gateway.received()["AllOpenOrdersRequest"] == 0


def test_positions_of_another_account_are_not_told(gateway):
    gateway.do.trade(AAPL, "buy", 7, "100")
    with listening(gateway.port, account="DU7654321") as line:
        assert line.hears(PositionsHeard)[0] == PositionsHeard({})


@pytest.mark.parametrize("code", [1100, 1101, 1102, 2103, 2105, 2110])
def test_it_hears_the_notices_of_the_gateway(gateway, code):
    with listening(gateway.port) as line:
        line.hears(Beat)
        gateway.do.notice(code)
        line.hears(Beat, 1, since=len(line.told))
        until = time.monotonic() + PATIENCE_SECS
        while code not in [notice.code for notice in line.hears(Notice)]:
            assert time.monotonic() < until
            line.hears(Beat, 1, since=len(line.told))


def test_a_drop_is_told_once_and_it_comes_back(gateway):
    with listening(gateway.port) as line:
        line.hears(Beat)
        gateway.do.drop()
        line.hears(Connected, 2)
        line.hears(PositionsHeard, 1, since=len(line.told))

        assert line.steps() == [Connected, Lost, Connected]


def test_a_gateway_that_is_away_is_told_once_and_tried_until_it_is_back(gateway):
    with listening(gateway.port) as line:
        line.hears(Beat)
        gateway.do.restart(0.5)
        line.hears(Connected, 2)

        assert line.steps() == [Connected, Lost, Connected]


def test_a_hung_gateway_is_lost_though_the_connection_stands(gateway):
    with listening(gateway.port, HASTY) as line:
        line.hears(Beat)
        gateway.do.hang()
        [lost] = line.hears(Lost)
        assert lost.reason == "no answer for 0.5 s"
        gateway.do.resume()
        line.hears(Connected, 2)
        line.hears(Beat, 1, since=len(line.told))


def test_a_client_id_in_use_is_told_once_and_taken_when_it_is_free(gateway):
    with WireClient(gateway.port, client_id=CLIENT_ID) as other:
        other.ask()
        with listening(gateway.port) as line:
            [deaf] = line.hears(Deaf)
            assert deaf.reason == "client id 2 is in use by another program"
            other.__exit__(None, None, None)
            line.hears(Beat)
            assert line.steps() == [Deaf, Connected]


def test_a_gateway_that_never_was_there_is_told_once():
    with closed_port() as port, listening(port) as line:
        [lost] = line.hears(Lost)
        time.sleep(0.2)
        assert f"nothing answers at 127.0.0.1:{port}" in lost.reason
        assert line.ear.poll() == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({0: lambda _: b""}, "no answer to the greeting"),
        ({0: lambda _: framed(b"203\x00now\x00")}, "expected server version 213 or above, found 203"),
        ({0: lambda _: framed(b"HTTP/1.1 400")}, "expected a server version"),
        ({0: lambda _: b"\xff" * 64}, "expected a frame of at most"),
        ({71: lambda _: b""}, "no answer to the start"),
        ({71: lambda _: HANG_UP}, "the gateway closed the connection"),
        ({49: lambda _: HANG_UP}, "the gateway closed the connection"),
        ({61: lambda _: framed((261).to_bytes(4) + b"\xff\xff")}, "expected a position"),
    ],
)
def test_whatever_else_a_gateway_does_is_a_loss_with_its_reason(script, reason):
    with ScriptedGateway(10**18, script) as odd, listening(odd.port, HASTY) as line:
        [lost] = line.hears(Lost)[:1]
        assert reason in lost.reason


def test_it_stops_at_once_also_before_it_ever_connected(gateway):
    with listening(gateway.port, Pace()) as line:
        line.hears(Connected)
    gateway.do.refuse_connections()
    with listening(gateway.port, Pace()) as line:
        line.hears(Lost)
