"""What every test relies on, however the run was started."""

import gc
import signal
import threading
from itertools import count

TESTS_BETWEEN_COLLECTIONS = 20
_ended = count(1)


def pytest_configure() -> None:
    """
    Take Ctrl-C as usual, and collect garbage in this thread alone.

    A shell that starts a run in the background has Ctrl-C ignored, and children inherit that. A component of the engine
    must be dropped on its own thread (T16); the collector would run on whichever thread happens to fill its quota.

    """
    gc.disable()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_teardown() -> None:
    if next(_ended) % TESTS_BETWEEN_COLLECTIONS == 0:
        gc.collect()
