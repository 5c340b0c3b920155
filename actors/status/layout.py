"""The status laid out on so many columns: named lines, and tables that become lines when they do not fit. Pure."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000  # columns, to learn how wide a table wants to be
LEAST = 20  # columns of text beside a name, however narrow the terminal


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of cells under names; those of ``right`` are numbers."""

    names: tuple[str, ...]
    rows: list[list[Text]]
    right: frozenset[str]

    def fitting(self, console: Console) -> RenderableType:
        """Return the table, or its lines where it is too wide."""
        table = self._table()
        wide = console.options.update(width=UNBOUNDED)
        return table if console.measure(table, options=wide).maximum <= console.width else self._lines(console.width)

    def _table(self) -> Table:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for name in self.names:
            table.add_column(name, justify="right" if name in self.right else "left", no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table

    def _lines(self, columns: int) -> Text:
        lines = []
        for title, *cells in self.rows:
            parts = [
                f"{_in_a_line(name)} {cell}".strip() for name, cell in zip(self.names[1:], cells, strict=True) if cell
            ]
            lines += _wrapped([f"{self.names[0]} {title}:", *(f"{part}," for part in parts[:-1]), parts[-1]], columns)
        return Text("\n".join(["", *lines]))


def named_lines(rows: Iterable[tuple[str, str]], columns: int) -> Text:
    """Return texts beside their names, wrapped between words."""
    known = list(rows)
    indent = max(len(name) for name, _ in known) + 3
    text = Text()
    for name, said in known:
        lines = textwrap.wrap(said, max(columns - indent, LEAST), break_long_words=False, break_on_hyphens=False)
        text.append("\n" if text else "").append(f" {name:<{indent - 1}}", style="dim")
        text.append(f"\n{' ' * indent}".join(lines))
    return text


def _in_a_line(name: str) -> str:
    return name if name.isupper() else name.lower()


def _wrapped(parts: Iterable[str], columns: int) -> list[str]:
    """Return lines that break only between parts, all but the first line set in."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} {part}" if lines[-1] else part
        if lines[-1] and len(longer) > columns:
            lines.append(f"   {part}")
        else:
            lines[-1] = longer
    return lines
