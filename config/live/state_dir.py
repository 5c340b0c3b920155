"""The state directory of a live node: journal, log, and the lock that keeps a second instance out."""

import fcntl
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final, TextIO

from actors.log.printed_line import shortened

ROOT: Final = Path("state")
LOCK: Final = "node.lock"
JOURNAL: Final = "journal.sqlite"
LOG: Final = "ballast.log"
HALT_FILE_NAME: Final = "HALT"
ENGINE_LOG: Final = "engine"  # what the names of the engine's own log begin with
ANOTHER: Final = "Stop that one first, or name another directory with --state."
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")  # one gateway by three names
LOOKS, LOOK_SECS = 5, 0.02  # at a lock that is held


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


class NoState(StateError):  # noqa: N818 - a wrong name, not a fault
    """No node ever ran where one was looked for."""


class SecondInstance(StateError):  # noqa: N818 - an interlock, not a fault
    """Another node runs on the same state directory, or trades the same account."""


def state_directory(chosen: Path | None, mode: str, account: str) -> Path:
    """Return the chosen directory, or ``state/<mode>-<account>``."""
    return chosen or ROOT / f"{mode}-{account}"


def existing_directory(chosen: Path | None, mode: str, account: str | None) -> Path:
    """
    Return the state directory of a node that ran: the chosen one, or that of a mode and account (None = any).

    Raises
    ------
    NoState
        If there is none, or more than one could be meant.
    StateError
        If this user may not look into it.

    """
    found = sorted(ROOT.glob(f"{mode}-{account or '*'}")) if chosen is None else [chosen]
    with _allowed():
        ran = [directory for directory in found if (directory / JOURNAL).exists() or is_running(directory)]
    if len(ran) == 1:
        return ran[0]
    if ran:
        names = ", ".join(map(str, ran))
        raise NoState(f"Expected one state directory, found {names}; say which with --state, or set account.id.")
    where = chosen or ROOT.absolute()
    raise NoState(f"Expected the journal of a node in {where}, found none; name its directory with --state.")


def is_running(directory: Path) -> bool:
    """
    Return whether a node holds the lock of a state directory.

    Raises
    ------
    StateError
        If this user may not read the lock.

    """
    return _is_held(directory / LOCK)


def _is_held(lock: Path) -> bool:
    try:
        with _allowed():
            file = lock.open(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def _allowed() -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise StateError(
            f"Expected the right to read {error.filename}, found none; give the command as the user whose node it is "
            "(sudo -u), or name another directory with --state."
        ) from error


def running_process(directory: Path) -> str:
    """Return the number of the process that holds the lock of a state directory, or held it last."""
    return _holder(directory / LOCK)


def _holder(lock: Path) -> str:
    return lock.read_text(encoding="utf-8").strip()


def trading_process(account: str | None, host: str, port: int) -> str:
    """Return the number of the process that trades an account (None = any) at a gateway, "" when none does."""
    pattern = _account_lock(account or "*", glob.escape(host), port)
    held = (lock for lock in Path(tempfile.gettempdir()).glob(pattern) if _is_held(lock))
    return next((_holder(lock) or "of unknown number" for lock in held), "")


def refuse_beside(account: str | None, host: str, port: int) -> None:
    """
    Look for a node that trades at the gateway, when no account is set: a gateway that needs none has only one.

    Raises
    ------
    SecondInstance
        If there is one.

    """
    if process := trading_process(account, host, port):
        raise SecondInstance(f"a node already runs here (process {process}): uv run run_live.py status")


def refuse_second(directory: Path) -> None:
    """
    Look before anything is asked of the broker, whose answer to a second node would be another one.

    Raises
    ------
    SecondInstance
        If a node runs on the directory.

    """
    if is_running(directory):
        raise _second(f"Another node runs on {directory}", running_process(directory), ANOTHER)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """
    Create the directory and hold its lock; the system lifts it however the process ends.

    Raises
    ------
    SecondInstance
        If another node holds it.
    StateError
        If the directory cannot be created or written to.

    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise StateError(
            f"Expected a state directory that can be written to at {directory}, found: {error.strerror}. "
            "Choose another one with --state."
        ) from error
    with file, _held(file, f"Another node runs on {directory}", ANOTHER):
        yield


@contextmanager
def account_locked(account: str, host: str, port: int) -> Iterator[None]:
    """
    Hold the lock of an account at a gateway, whatever the state directory; of this machine only.

    Raises
    ------
    SecondInstance
        If another node holds it.
    StateError
        If the lock cannot be made.

    """
    path = Path(tempfile.gettempdir()) / _account_lock(account, host, port)
    try:
        file = path.open("a+" if os.access(path, os.W_OK) or not path.exists() else "r", encoding="utf-8")
    except OSError as error:
        raise StateError(
            f"Expected a lock that can be made at {path}, found: {error.strerror}. Remove it when nobody trades the "
            "account."
        ) from error
    with file, _held(file, f"Another node trades {shortened(account)} at {host}:{port}", "Stop that one first."):
        yield


def _account_lock(account: str, host: str, port: int) -> str:
    place = "127.0.0.1" if host in LOOPBACK else host.replace("/", "_")
    return f"ballast-{account}-{place}-{port}.lock"


@contextmanager
def _held(file: TextIO, found: str, remedy: str) -> Iterator[None]:
    if not any(_locks(file) for _ in range(LOOKS)):
        file.seek(0)
        raise _second(found, file.read().strip(), remedy)
    if file.writable():
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    yield


def _second(found: str, holder: str, remedy: str) -> SecondInstance:
    process = holder or "of unknown number"
    return SecondInstance(f"{found} (process {process}); a second one would trade the same account twice. {remedy}")


def _locks(file: TextIO) -> bool:
    """Lock a file, unless it is locked; one who asks whether a node runs holds it for a moment too."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        Event().wait(LOOK_SECS)
        return False
    return True
