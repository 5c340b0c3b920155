"""What every test relies on, however the run was started."""

import gc
import signal
import threading
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as run_settings

TESTS_BETWEEN_COLLECTIONS = 20
_ended = count(1)

# A run proves the same examples each time, however slow the machine is: what fails here fails everywhere. New ones are
# looked for by hand: `pytest tests/property --hypothesis-profile=search`.
run_settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
run_settings.register_profile("repeat", run_settings.get_profile("search"), derandomize=True, database=None)
run_settings.load_profile("repeat")


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


@pytest.fixture(scope="session", autouse=True)
def temporary_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let nodes lock their accounts, and remember failed starts, where no other run and no user's node does."""
    place = str(tmp_path_factory.mktemp("system"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", place)
        patch.setattr("tempfile.tempdir", place)
        yield
