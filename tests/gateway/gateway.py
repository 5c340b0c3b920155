"""The handle of a gateway that runs in this process: a thread with its own event loop, and every command of it."""

import asyncio
import inspect
import threading
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, cast

from tests.gateway.commands import Commands
from tests.gateway.control import Control
from tests.gateway.feed import Feed
from tests.gateway.frame_log import Frame
from tests.gateway.market import Market
from tests.gateway.server import Server
from tests.gateway.world import World

ACCOUNT = "DU1234567"
CASH_USD = Decimal(100_000)
DEFAULT_SPEED = 60.0  # a minute of the session each second
ANSWER_SECS = 60.0
LEAD_NS = 3_600 * 1_000_000_000


def soon() -> int:
    """
    Return the earliest time at which a session may open: in an hour.

    A session that the clock overtakes before a program subscribes is of no use, for the adapter drops bars that were
    stamped before that.

    """
    return time.time_ns() + LEAD_NS


class Gateway:
    """
    A running gateway.

    Attributes
    ----------
    port : int
        Where clients connect, on 127.0.0.1.
    control_port : int
        Where commands come as lines of JSON; 0 = nowhere.
    do : Commands
        Every command, callable from any thread: ``gateway.do.reject("place", 201)``.

    """

    def __init__(self, world: World, speed: float | None, subscriptions: int, *, lockstep: bool) -> None:
        self._world = world
        self._options = (speed, subscriptions, lockstep)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._errors: list[BaseException] = []
        self._loop.set_exception_handler(lambda _loop, context: self._errors.append(context["exception"]))
        self._listeners: list[Server | Control] = []
        self.port = 0
        self.control_port = 0
        self.do: Commands

    @classmethod
    def start(
        cls,
        market: Market | None = None,
        *,
        port: int = 0,
        speed: float | None = DEFAULT_SPEED,
        lockstep: bool = False,
        subscriptions: int = 1,
        account: str = ACCOUNT,
        cash_usd: Decimal = CASH_USD,
        control: int | None = None,
        show: Callable[[str], None] = lambda _line: None,
    ) -> Self:
        """
        Start a gateway in a thread of this process.

        The session begins with the first ``subscriptions`` of bars and goes ``speed`` times faster than the wall
        clock; None = it stands until ``do.step`` or ``do.advance_to`` moves it. With ``lockstep`` it waits for
        ``do.acknowledge`` after each bar and fill. ``control`` opens a control port, 0 = any free one. ``show`` hears a
        line for each order and fill, on the gateway's thread.

        """
        world = World(market or Market.demo(soon()), account, cash_usd, show)
        gateway = cls(world, speed, subscriptions, lockstep=lockstep)
        gateway._thread.start()
        try:
            gateway._call(lambda: gateway._open(port, control))
        except BaseException:
            gateway.stop()
            raise
        return gateway

    async def _open(self, port: int, control: int | None) -> None:
        speed, subscriptions, lockstep = self._options
        feed = Feed(self._world, speed, subscriptions, is_lockstep=lockstep)
        self._feed = asyncio.create_task(feed.run())
        server = Server(self._world)
        await server.listen(port)
        self._listeners.append(server)
        self.port = server.port
        commands = Commands(self._world, server, feed)
        self.do = cast(Commands, _OnLoop(commands, self._call))
        if control is not None:
            listener = Control(commands)
            await listener.listen(control)
            self._listeners.append(listener)
            self.control_port = listener.port

    # Questions

    def state(self) -> dict[str, Any]:
        """Return orders, executions, positions, cash, clients and counts of frames."""
        return self.do.state()

    def frames(self, *kinds: str) -> list[Frame]:
        """Return every frame that came or went, of some kinds such as "PlaceOrderRequest", or of all."""
        return self._call(lambda: self._world.log.frames(*kinds))

    def received(self) -> Counter[str]:
        """Return how many messages of each kind the clients have sent."""
        return self._call(lambda: Counter(self._world.log.received))

    # End

    def stop(self) -> None:
        """Break the connections, end the thread, and raise what went wrong in it."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(ANSWER_SECS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECS)
        self._loop.close()
        if self._errors:
            raise self._errors[0]

    async def _close(self) -> None:
        for listener in self._listeners:
            listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, self._feed, return_exceptions=True)
        self._errors += [error for error in ended if isinstance(error, Exception)]
        await asyncio.sleep(0.01)  # the transports that were closed take leave of the loop

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, function: Callable[[], Any]) -> Any:
        """Run a function on the gateway's loop and return its answer."""

        async def answer() -> Any:
            found = function()
            return await found if inspect.isawaitable(found) else found

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result(ANSWER_SECS)


class _OnLoop:
    """The commands as another thread sees them: each call hops to the gateway's loop."""

    def __init__(self, commands: Commands, call: Callable[[Callable[[], Any]], Any]) -> None:
        self._commands = commands
        self._call = call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        command = getattr(self._commands, name)
        return lambda *arguments, **named: self._call(lambda: command(*arguments, **named))
