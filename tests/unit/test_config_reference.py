import pytest

from config.reference import DOCUMENT, with_reference
from config.schema import Settings
from strategies.rules import RULES


def test_tables_of_the_document_are_those_of_the_models() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")

    assert with_reference(document) == document, "docs/config.md is out of date: uv run python -m config.reference"


def test_document_has_every_section_and_every_rule() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    sections = [name for name in Settings.model_fields if name not in ("schema_version", "strategies")]

    assert [name for name in sections if f"### `[{name}]`" not in document] == []
    assert [kind for kind in RULES if f'`kind = "{kind}"`' not in document] == []


@pytest.mark.parametrize(
    "row",
    [
        "| `max_positions` | whole number | `5` | from 1 to 500 |",
        "| `max_gross_exposure_usd` | number | not set | above 0 |",
        '| `fill` | "next_open" or "signal_close" | `"next_open"` |  |',
        "| `symbol` | text | required |  |",
        "| `events` | list of text | `[]` |  |",
    ],
)
def test_row_shows_type_default_and_range(row: str) -> None:
    assert row in DOCUMENT.read_text(encoding="utf-8")


def test_every_row_has_a_meaning() -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert len(rows) > 60
    assert [row for row in rows if row.split(" | ")[-1].strip(" |") in ("", "None")] == []


def test_targets_of_alerts_are_no_setting_of_the_file() -> None:
    assert "| `targets`" not in DOCUMENT.read_text(encoding="utf-8")
