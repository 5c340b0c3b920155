"""
Lock-step: how far the node that listens has come, so that the session never runs ahead of it.

What was told is over for the node when it has said so of every closed bar and every fill, and when every order message
it speaks of has arrived: those travel by another road than its word. Who goes away owes nothing.

"""

from tests.gateway.world import World


class Lockstep:
    """What the listeners have said so far."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bars = 0
        self._fills = 0
        self._order_frames = 0

    def acknowledge(self, bars: int, fills: int, order_frames: int) -> None:
        """Take note of a word of the node: what it has dealt with, and what it has sent, since its last word."""
        self._bars += bars
        self._fills += fills
        self._order_frames += order_frames

    def has_caught_up(self) -> bool:
        """Tell whether the session may go on."""
        world = self._world
        if not world.bar_subscriptions():
            self._bars, self._fills, self._order_frames = world.bars_told, world.fills_told, self._received()
            return True
        is_all_dealt_with = self._bars >= world.bars_told and self._fills >= world.fills_told
        return is_all_dealt_with and self._received() >= self._order_frames

    def _received(self) -> int:
        received = self._world.log.received
        return received["PlaceOrderRequest"] + received["CancelOrderRequest"]
