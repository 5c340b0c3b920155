"""
Words that messages are made of: sides, roles, reasons, states.

"""

from enum import IntEnum, StrEnum


class Side(IntEnum):
    """Side of a position; the value is its sign."""

    LONG = 1
    SHORT = -1

    @property
    def opposite(self) -> "Side":
        return Side(-self)


class ExitReason(StrEnum):
    """Why a position ended (``trades.csv``); ``OPEN`` marks one that had not."""

    SIGNAL = "signal"
    PROTECTIVE_STOP = "protective_stop"
    TRAILING_STOP = "trailing_stop"
    LOSS_LIMIT = "loss_limit"
    SESSION_CLOSE = "session_close"
    OPERATOR = "operator"
    OPEN = "open"


class OrderRole(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    STOP = "stop"
    EXIT = "exit"


class Action(StrEnum):
    """What became of a signal."""

    ENTERED = "entered"
    EXITED = "exited"
    REFUSED = "refused"


class LinkState(StrEnum):
    """How the broker can be reached."""

    UP = "up"
    DEGRADED = "degraded"  # the gateway answers, its own line to the broker or a data farm does not
    DOWN = "down"
