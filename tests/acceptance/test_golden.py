"""The default configuration on the sample gives what it gave: see golden.py for how to change it on purpose."""

from tests.acceptance.golden import FILE, golden_lines


def test_the_golden_run_is_unchanged():
    assert golden_lines() == FILE.read_text().splitlines()
