"""
When a raise of the stop is passed on: once its owner has decided on the bar that it was found at. Pure.

The trailing-stop manager may hear a bar before the strategy does. A raise that left at once would come before the
cancel of an exit decided on the same bar: the exit would wait for an answer about a stop that is to go.

"""

from collections.abc import Callable
from decimal import Decimal

from actors.messages import RaiseStop


class StopRaises:
    """The raise that waits, if any; ``send`` takes its trigger and the close it was found at, USD."""

    def __init__(self, send: Callable[[Decimal, Decimal], None]) -> None:
        self._send = send
        self._waiting: RaiseStop | None = None

    def asked(self, command: RaiseStop, decided_ts: int) -> None:
        """Take in a raise; it leaves at once when its bar was decided on before, at ``decided_ts`` or earlier."""
        self._waiting = command
        if command.ts <= decided_ts:
            self.decided(command.ts)

    def decided(self, ts: int) -> None:
        """Pass on the raise of the bar that was just decided on; one of another bar is too old."""
        command, self._waiting = self._waiting, None
        if command is not None and command.ts == ts:
            self._send(command.trigger, command.market)
