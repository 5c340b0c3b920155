"""Changes of the stop that wait for their turn: each leaves only if it still tightens (law 3)."""

from decimal import Decimal
from types import SimpleNamespace

from actors.messages import OrderRole, Side
from catalog.instruments import make_equity
from strategies.command_lane import CommandLane
from strategies.holding import Holding
from strategies.order_changes import OrderChanges
from tests.integration.rig import AAPL, SIDES

STOP, RAISED, FURTHER = Decimal(95), Decimal(96), Decimal(97)


class Sends:
    """A strategy that remembers what it was to send."""

    def __init__(self) -> None:
        self.clock = SimpleNamespace(timestamp_ns=lambda: 0)
        self.moved: list[Decimal] = []
        self.cancelled = 0

    def modify_order(self, _order_id, *, trigger_price) -> None:
        self.moved.append(trigger_price.as_decimal())

    def cancel_order(self, _order_id) -> None:
        self.cancelled += 1


def mirrored(price: Decimal, side: Side) -> Decimal:
    return 100 + (price - 100) * side


@SIDES
def test_law_3_a_raise_that_an_earlier_one_has_overtaken_does_not_leave(side):
    strategy, holding = Sends(), Holding(side=side)
    holding.sent(OrderRole.STOP, "S", 100, mirrored(STOP, side))
    lane = CommandLane(is_serial=True)
    changes = OrderChanges(strategy, make_equity(AAPL), lane, lambda: holding, lambda _order_id: None)
    raised, further = mirrored(RAISED, side), mirrored(FURTHER, side)
    for trigger in (further, further, raised):  # asked again while the answer is awaited
        changes.move_stop(trigger)
    changes.cancel("S")
    holding.stop_updated(100, further)
    changes.answered("S")

    assert strategy.moved == [further]
    assert strategy.cancelled == 1
