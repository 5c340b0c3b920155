"""The feed: plays the session, at a speed, step by step, or in lock-step with who listens."""

import asyncio

from tests.gateway.world import World

NANOS_IN_SECOND = 1_000_000_000
NANOS_IN_MINUTE = 60 * NANOS_IN_SECOND


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
        The feed begins with this many subscriptions of bars, so that nobody misses the first bar.
    is_lockstep : bool
        No pace: the feed waits until each minute, and each execution, is acknowledged.

    """

    def __init__(self, world: World, speed: float | None, subscriptions: int, *, is_lockstep: bool) -> None:
        self._world = world
        self._speed = speed
        self._is_lockstep = is_lockstep
        self._awaited = subscriptions
        self._position = 0
        self._begun = asyncio.Event()
        self._acknowledged_ts = 0
        self._acknowledged_executions = 0
        self._heard = asyncio.Condition()
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
        self._awaited -= 1
        if self._awaited <= 0:
            self.begin()

    async def run(self) -> None:
        """Play the session."""
        await self._begun.wait()
        if self._is_lockstep:
            await self._run_in_lockstep()
        elif self._speed is not None:
            await self._run_at(self._speed)

    async def _run_at(self, speed: float) -> None:
        loop = asyncio.get_running_loop()
        began, opened = loop.time(), self._world.now
        while not self.is_over:
            due = began + (self._next_ts() - opened) / NANOS_IN_SECOND / speed
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.step()

    async def _run_in_lockstep(self) -> None:
        while not self.is_over:
            ts = self.step()
            if self._world.clients:
                minute = ts if ts % NANOS_IN_MINUTE == 0 else 0
                await self._until_acknowledged(minute, len(self._world.book.executions()))

    async def _until_acknowledged(self, ts: int, executions: int) -> None:
        def is_heard() -> bool:
            return self._acknowledged_ts >= ts and self._acknowledged_executions >= executions

        async with self._heard:
            await self._heard.wait_for(is_heard)

    async def acknowledge(self, ts: int, executions: int) -> None:
        """Take note that a listener has dealt with everything up to ``ts``, and with so many executions."""
        async with self._heard:
            self._acknowledged_ts = max(self._acknowledged_ts, ts)
            self._acknowledged_executions = max(self._acknowledged_executions, executions)
            self._heard.notify_all()

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
