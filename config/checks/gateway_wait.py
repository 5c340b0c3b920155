"""
Waits until a gateway answers at its port: before a start of the node's own, which a gateway that restarts would end.

It does not tell whether the gateway is logged in; the checks of that start do.

"""

import socket
from collections.abc import Callable
from typing import Final

PATIENCE_SECS: Final = 60  # then the start is made all the same, and says what it found
ANSWER_SECS: Final = 1.0


def await_gateway(
    host: str, port: int, pause: Callable[[float], object], is_given_up: Callable[[], bool] = lambda: False
) -> bool:
    """Return whether the port takes a connection within 60 looks, a second apart; False at once when given up."""
    for _ in range(PATIENCE_SECS):
        if is_given_up():
            return False
        try:
            socket.create_connection((host, port), timeout=ANSWER_SECS).close()
        except OSError:
            pause(1.0)
        else:
            return True
    return False
