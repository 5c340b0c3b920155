"""The feed: plays the session, at a speed, step by step, or in lock-step with who listens."""

import asyncio
import time
from collections.abc import Callable

from tests.gateway.lockstep import Lockstep
from tests.gateway.world import World

NANOS_IN_SECOND = 1_000_000_000
NANOS_IN_MINUTE = 60 * NANOS_IN_SECOND
LOOK_SECS = 0.001


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
        No pace: the feed waits until each minute and each fill is acknowledged, and stands while fewer listen.

    """

    def __init__(self, world: World, speed: float | None, subscriptions: int, *, is_lockstep: bool) -> None:
        self._world = world
        self._speed = speed
        self.lockstep = Lockstep(world) if is_lockstep else None
        self._wanted = subscriptions
        self._position = 0
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
        if self._world.bar_subscriptions() >= self._wanted:
            self.begin()

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
            await _until(lambda: self._world.bar_subscriptions() >= self._wanted)
            ts = self.step()
            minute = ts if ts % NANOS_IN_MINUTE == 0 else 0
            await _until(lambda ts=minute: lockstep.has_caught_up(ts))

    def step(self) -> int:
        """Play the next slice and return its time."""
        piece = self._world.pieces[self._position]
        self._position += 1
        self._world.play(piece)
        if self.is_over:
            self._world.book.end_of_day()
        return piece.ts

    def _next_ts(self) -> int:
        return self._world.pieces[self._position].ts

    def advance_to(self, ts: int) -> None:
        """Play every slice up to ``ts``, at once."""
        while not self.is_over and self._next_ts() <= ts:
            self.step()


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(LOOK_SECS)
