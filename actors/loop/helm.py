"""
The helm: ends the session in order, by a signal, at the daily loss limit, or when only a restart can help.

It knows what every owner holds. Before an end that asks for it everything goes flat and is verified; before any other
the exits under way come to their end, for they have taken the stops away, and when a person or a supervisor asked for
it entries that have not filled are withdrawn: nobody would watch them. Nobody enters meanwhile. Then the node is told
to stop. It does not protect from a kill -9, nor from a broker that cannot be reached: what is left then rests
behind the stops at the broker.

"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal

from nautilus_trader.common import TimeEvent

from actors.component import Watcher
from actors.messages import (
    AlertRaised,
    ExitReason,
    Flatten,
    HoldEntries,
    LockSymbol,
    LossLimitHit,
    PositionReported,
    StopMoved,
    StopNode,
    Topic,
    WithdrawEntries,
)
from catalog.nautilus_v2 import contained, contained_start

EXIT_DONE, EXIT_LOSS_LIMIT = 0, 5
LOOK_EVERY = timedelta(milliseconds=100)
FLATTEN_SECS = 30.0  # for what is being closed once the program is asked to stop; the loss limit waits without end
NANOS_IN_SECOND = 1_000_000_000
PIPE_BYTES = 65_536
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """
    What the stop signals and the operator's ``stop`` set: a plain count, no component (T16).

    Nautilus takes the signals when its node begins to run, and ends it at the first one, before anything could be
    closed. So they are taken from it again once it runs. While it connects no Python runs: a SIGTERM ends the process
    there, behind the stops at the broker, and a SIGINT waits until the attempt is over, half a minute at most.

    """

    def __init__(self) -> None:
        self.signals = 0
        self.reason = "asked to stop"

    def ask(self, reason: str) -> None:
        """Ask as a signal does."""
        self.reason = reason
        self.signals += 1

    def take_signals(self) -> None:
        """Take the stop signals; to be called in the main thread."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask)

    @contextmanager
    def overhears(self) -> Iterator[None]:
        """Count a stop signal whoever's handler took it: one that waits while the node connects is Nautilus's."""
        reading, writing = os.pipe()
        for end in (reading, writing):
            os.set_blocking(end, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            with suppress(BlockingIOError):  # none came
                came = os.read(reading, PIPE_BYTES)
                self.signals = self.signals or sum(number in came for number in STOP_SIGNALS)
            os.close(reading)
            os.close(writing)

    def _ask(self, *_: object) -> None:
        self.signals += 1


class Helm(Watcher):
    """
    Ends the session.

    Parameters
    ----------
    request : StopRequest
        Set by the signal handlers.
    flattens_on_stop : bool
        ``trading.on_stop = "flatten"``: a stop of the program closes what is held.
    ends_at_loss_limit : bool
        ``risk.on_daily_loss = "shutdown"``: at the limit flat, then exit 5.

    """

    def __init__(self, request: StopRequest, *, flattens_on_stop: bool, ends_at_loss_limit: bool) -> None:
        super().__init__()
        self.exit_code = EXIT_DONE
        self.reason = ""
        self.wants_restart = False
        self.held: dict[str, PositionReported] = {}
        self.stops: dict[str, Decimal] = {}  # where each rests, by symbol
        self._locked: set[str] = set()  # symbols that nobody here closes (law 11)
        self._request = request
        self._flattens_on_stop = flattens_on_stop
        self._ends_at_loss_limit = ends_at_loss_limit
        self._deadline = 0  # for going flat, 0 = none
        self._awaits_flat = False
        self._awaits_orders = False  # exits and entries under way when the program was asked to stop
        self._is_ending = False

    @contained_start
    def on_start(self) -> None:
        self.listen(Topic.POSITIONS, self.on_position)
        self.listen(Topic.STOPS, self.on_stop_moved)
        self.listen(Topic.LOSS_LIMIT, self.on_loss_limit)
        self.listen(Topic.COMMANDS, self.on_command)
        self._request.take_signals()  # should Nautilus end the node by one of its own, it is counted all the same
        self.once_started(self.on_started)

    @contained
    def on_started(self, _: TimeEvent) -> None:
        """Look from now on: before the owners have taken up what they hold, everything would seem flat."""
        self._request.take_signals()
        self.clock.set_timer("helm", LOOK_EVERY, callback=self.on_look)

    def end_at_loss_limit(self, reason: str) -> None:
        """End as soon as everything is flat; also for a limit hit before the restart."""
        if self._ends_at_loss_limit:
            self.exit_code, self.reason, self._awaits_flat = EXIT_LOSS_LIMIT, reason, True

    def left(self) -> list[str]:
        """Return what stays at the broker, a line for each symbol, and what protects it there."""
        return [self._left_of(symbol, report) for symbol, report in sorted(self.held.items())]

    def _left_of(self, symbol: str, report: PositionReported) -> str:
        trigger = self.stops.get(symbol)
        stop = "WITHOUT A STOP" if trigger is None else f"with their stop at {trigger}"
        closing = ", an exit is under way" if report.is_exiting else ""
        opening = f", an entry works for {report.entry_open} more" if report.entry_open else ""
        locked = ", locked: the broker may hold others" if symbol in self._locked else ""
        return f"{symbol} {report.quantity:+} shares {stop}{closing}{opening}{locked}"

    @contained
    def on_position(self, report: PositionReported) -> None:
        if report.is_flat:
            self.held.pop(report.symbol, None)
        else:
            self.held[report.symbol] = report

    @contained
    def on_stop_moved(self, move: StopMoved) -> None:
        if move.trigger is None:
            self.stops.pop(move.symbol, None)
        else:
            self.stops[move.symbol] = move.trigger

    @contained
    def on_loss_limit(self, message: object) -> None:
        if isinstance(message, LossLimitHit):
            self.end_at_loss_limit(f"the daily loss limit of session {message.session}")

    @contained
    def on_command(self, command: object) -> None:
        if isinstance(command, StopNode):
            if self._is_ending or self._deadline:
                return  # the end that is under way closes what it was asked to close, 30 s at most
            self.wants_restart = command.restarts and not self._request.signals  # who asked for the end gets it
            self._end(command.exit_code, command.detail)
        elif isinstance(command, LockSymbol):
            self._locked.add(command.symbol)

    def _is_flat(self) -> bool:
        """Return whether nothing is held that we would close."""
        return self.held.keys() <= self._locked

    def _has_settled(self) -> bool:
        """Return whether no exit or entry is under way, and every stop covers what is held."""
        return not any(
            report.is_exiting or report.entry_open or report.is_resizing or report.stop_quantity < abs(report.quantity)
            for symbol, report in self.held.items()
            if symbol not in self._locked
        )

    @contained
    def on_look(self, event: TimeEvent) -> None:
        if self._is_ending:
            return
        if (self._awaits_flat and self._is_flat()) or (self._awaits_orders and self._has_settled()):
            self._end(self.exit_code, self.reason)
        elif self._deadline and event.ts_event > self._deadline:
            self._give_up(event.ts_event)
        elif self._request.signals and not self._deadline:
            self._stop(event.ts_event)

    def _stop(self, ts: int) -> None:
        self._deadline = ts + int(FLATTEN_SECS * NANOS_IN_SECOND)
        self.publish_message(Topic.COMMANDS, HoldEntries(ts, "stop", "the node is ending"))
        if self._awaits_flat:  # at the loss limit: who asks for the end is not kept waiting for the broker
            return
        self.reason = self._request.reason
        if self._flattens_on_stop and not self._is_flat():
            self._awaits_flat = True
            self.publish_message(Topic.COMMANDS, Flatten(ts, ExitReason.OPERATOR, 'on_stop = "flatten"'))
        else:
            self._awaits_orders = True
            self.publish_message(Topic.COMMANDS, WithdrawEntries(ts))
            if self._has_settled():
                self._end(EXIT_DONE, self.reason)

    def _give_up(self, ts: int) -> None:
        found = "an exit or entry did not end in" if self._awaits_orders else "not flat after"
        text = f"{found} {FLATTEN_SECS:g} s: {'; '.join(self.left())}"
        self.publish_message(Topic.ALERTS, AlertRaised(ts, "not_flat", "critical", text))
        self._end(self.exit_code or 1, text)

    def _end(self, exit_code: int, reason: str) -> None:
        self._is_ending = True
        self.exit_code, self.reason = exit_code, reason
        self.shutdown_system(reason)
