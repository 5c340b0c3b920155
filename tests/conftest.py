"""What every test relies on, however the run was started."""

import signal
import threading


def pytest_configure() -> None:
    """Take Ctrl-C as usual: a shell that starts a run in the background has it ignored, and children inherit that."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
