"""The page of traps has every trap, and every test it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = {
    cells[1]: cells
    for line in (ROOT / "docs" / "traps.md").read_text().splitlines()
    if (cells := [cell.strip() for cell in line.split("|")])[1:2] and re.fullmatch(r"T\d+", cells[1])
}
TESTS = {
    node.name
    for file in (ROOT / "tests").rglob("test_*.py")
    for node in ast.parse(file.read_text()).body
    if isinstance(node, ast.FunctionDef)
}


def test_the_page_has_all_traps_in_order():
    assert list(ROWS) == [f"T{number}" for number in range(1, 23)]


@pytest.mark.parametrize("trap", ROWS)
def test_a_trap_names_tests_that_exist_or_is_a_matter_of_the_live_connection(trap):
    named = re.findall(r"`(test_\w+)`", ROWS[trap][4])

    assert named or ROWS[trap][3] == "live"
    assert set(named) <= TESTS
