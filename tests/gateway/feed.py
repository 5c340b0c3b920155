"""The feed: plays the session, at a speed, step by step, or in lock-step with who listens."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator

from tests.gateway.lockstep import Lockstep
from tests.gateway.market import Slice
from tests.gateway.model import MarketBar
from tests.gateway.world import World

NANOS_IN_SECOND = 1_000_000_000
LOOK_SECS = 0.001
LISTEN_SECS = 0.25  # the adapter loses what comes in the first moments after it asked for bars


class Feed:
    """
    What makes time pass in a world.

    Parameters
    ----------
    world : World
        What is played.
    speed : float | None
        Seconds of the session in a second of wall time; None = it stands still and is moved by hand.
    subscriptions : int
        The feed begins when so many bars are subscribed to, so that nobody misses the first one.
    is_lockstep : bool
        No pace: the feed waits until each bar and each fill is acknowledged, and stands while fewer listen.

    """

    def __init__(self, world: World, speed: float | None, subscriptions: int, *, is_lockstep: bool) -> None:
        self._world = world
        self._speed = speed
        self.lockstep = Lockstep(world) if is_lockstep else None
        self._wanted = subscriptions
        self._position = 0
        self.is_done = False  # in lock-step: it is over, and the last slice is acknowledged too
        self._begun = asyncio.Event()
        world.bars_subscribed = self._subscribed

    @property
    def is_over(self) -> bool:
        """Tell whether the session has been played to its end."""
        return self._position >= len(self._world.pieces)

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        """Begin now, whoever listens."""
        self._begun.set()

    def _subscribed(self) -> None:
        if self._are_enough_listening():
            self.begin()

    def _are_enough_listening(self) -> bool:
        return self._world.bar_subscriptions() >= self._wanted

    async def run(self) -> None:
        """Play the session."""
        await self._begun.wait()
        if time.time_ns() > self._world.now:
            self._world.show("The clock has overtaken the session: start the gateway anew, for its bars would be lost.")
        if self.lockstep is not None:
            await self._run_in_lockstep(self.lockstep)
        elif self._speed is not None:
            await self._run_at(self._speed)

    async def _run_at(self, speed: float) -> None:
        loop = asyncio.get_running_loop()
        began, opened = loop.time(), self._world.now
        while not self.is_over:
            due = began + (self._next_ts() - opened) / NANOS_IN_SECOND / speed
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.step()

    async def _run_in_lockstep(self, lockstep: Lockstep) -> None:
        while not self.is_over:
            if not (self._position and self._are_enough_listening()):
                await _until(self._are_enough_listening)
                await asyncio.sleep(LISTEN_SECS)
            piece = self._world.pieces[self._position]
            self._world.trade(piece)
            await _until(lockstep.has_caught_up)  # what fills before a bar closes is known when it does
            for _ in self._close(piece):
                await _until(lockstep.has_caught_up)  # one symbol after the other: the adapter keeps no order
        self.is_done = True

    def step(self) -> int:
        """Play the next slice and return its time."""
        piece = self._world.pieces[self._position]
        self._world.trade(piece)
        deque(self._close(piece), maxlen=0)
        return piece.ts

    def _close(self, piece: Slice) -> Iterator[MarketBar]:
        self._position += 1
        yield from self._world.close_bars(piece)
        if self.is_over:
            self._world.book.end_of_day()

    def _next_ts(self) -> int:
        return self._world.pieces[self._position].ts

    def advance_to(self, ts: int) -> None:
        """Play every slice up to ``ts``, at once."""
        while not self.is_over and self._next_ts() <= ts:
            self.step()


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(LOOK_SECS)
