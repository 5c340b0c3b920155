"""The state directory: which one is meant, whether a node runs there, and who is kept out."""

import os
from contextlib import contextmanager

import pytest

from config.live import state_dir
from config.live.state_dir import (
    JOURNAL,
    LOCK,
    NoState,
    SecondInstance,
    StateError,
    account_locked,
    existing_directory,
    is_running,
    locked,
    refuse_second,
    trading_process,
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(state_dir, "ROOT", tmp_path / "state")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / "state"


def ran(root, *names):
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / JOURNAL).touch()


def test_the_directory_is_that_of_mode_and_account(root):
    ran(root, "paper-DU1", "paper-DU2", "live-U1", "dry-run-DU1")

    assert existing_directory(None, "paper", "DU2") == root / "paper-DU2"
    assert existing_directory(None, "live", None) == root / "live-U1"
    assert existing_directory(None, "dry-run", None) == root / "dry-run-DU1"
    assert existing_directory(root / "live-U1", "paper", "DU1") == root / "live-U1"


def test_one_that_could_be_any_is_not_chosen(root):
    ran(root, "paper-DU1", "paper-DU2")
    with pytest.raises(NoState, match=r"found .*paper-DU1, .*paper-DU2; say which with --state, or set account\.id"):
        existing_directory(None, "paper", None)


@pytest.mark.parametrize(("mode", "account"), [("live", None), ("paper", "DU9")])
def test_none_says_where_it_was_looked_for(root, mode, account):
    ran(root, "paper-DU1")
    (root / "live-U1").mkdir()  # a node that never came so far
    with pytest.raises(NoState, match=r"Expected the journal of a node in .*state, found none"):
        existing_directory(None, mode, account)


def test_a_lock_tells_that_a_node_runs(root):
    ran(root, "a")
    assert not is_running(root / "a")
    with locked(root / "a"):
        assert is_running(root / "a")
        with (
            pytest.raises(SecondInstance, match=rf"runs on .*a \(process {os.getpid()}\).*--state"),
            locked(root / "a"),
        ):
            pass
        assert (root / "a" / LOCK).read_text() == str(os.getpid())
    assert not is_running(root / "a")
    with locked(root / "a"):
        pass


def test_a_second_one_is_refused_before_it_asks_the_broker(root):
    ran(root, "a")
    refuse_second(root / "a")
    refuse_second(root / "never-was")
    with locked(root / "a"), pytest.raises(SecondInstance, match=rf"runs on .*a \(process {os.getpid()}\)"):
        refuse_second(root / "a")


@contextmanager
def another_user():
    """Be nobody, whom even a test run as root must not let in."""
    was = os.geteuid()
    if not was:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_who_may_not_look_into_the_directory_is_told_so(root):
    ran(root, "a")
    (root / "a").chmod(0)
    refused = pytest.raises(
        StateError, match=r"Expected the right to read .*a/\S+, found none; give the command as the user"
    )
    with another_user(), refused:
        existing_directory(root / "a", "", None)
    with another_user(), refused:
        is_running(root / "a")
    (root / "a").chmod(0o700)


def test_an_account_at_a_gateway_is_traded_once(root):
    with account_locked("DU1234567", "127.0.0.1", 4002):
        refused = pytest.raises(
            SecondInstance, match=r"Another node trades DU…567 at 127\.0\.0\.1:4002 \(process \d+\)"
        )
        with refused, account_locked("DU1234567", "127.0.0.1", 4002):
            pass
        with pytest.raises(SecondInstance), account_locked("DU1234567", "localhost", 4002):
            pass
        assert trading_process("DU1234567", "localhost", 4002) == str(os.getpid())
        with account_locked("DU1234567", "127.0.0.1", 4102), account_locked("DU7654321", "127.0.0.1", 4002):
            pass
    with account_locked("DU1234567", "127.0.0.1", 4002):
        pass
