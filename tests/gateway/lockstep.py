"""
Lock-step: how far the node that listens has come, so that the session never runs ahead of it.

A minute is over for the node when it has said so, when it knows of every fill it was told, and when every order message
it speaks of has arrived: those travel by another road than its word. Who goes away owes nothing.

"""

from tests.gateway.world import World


class Lockstep:
    """What the listeners have said so far."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ts = 0
        self._fills = 0
        self._order_frames = 0

    def acknowledge(self, ts: int, fills: int, order_frames: int) -> None:
        """Take note of a word of the node: the minute it has dealt with, and what is new since its last word."""
        self._ts = max(self._ts, ts)
        self._fills += fills
        self._order_frames += order_frames

    def has_caught_up(self, minute: int) -> bool:
        """Tell whether the session may go on."""
        if not self._world.bar_subscriptions():
            self._fills, self._order_frames = self._world.fills_told, self._received()
            return True
        is_all_there = self._fills >= self._world.fills_told and self._received() >= self._order_frames
        return self._ts >= minute and is_all_there

    def _received(self) -> int:
        received = self._world.log.received
        return received["PlaceOrderRequest"] + received["CancelOrderRequest"]
