"""
Every setting in words: for an error, and for the tables of docs/config.md.

``uv run python -m config.reference`` writes the tables anew from the models.

"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.schema import Settings, StrategyTable
from strategies.rules import RULES

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "config.md"
START: Final = "<!-- reference: start (written by `uv run python -m config.reference`) -->\n"
END: Final = "<!-- reference: end -->\n"
MAX_UNGROUPED_DIGITS: Final = 4
TYPE_NAMES: Final = {int: "whole number", float: "number", Decimal: "number", bool: "true or false", str: "text"}


def settable(models: Sequence[type[BaseModel]]) -> dict[str, FieldInfo]:
    """Return the fields that a file may hold, by name; secrets and inner fields are not among them."""
    return {name: field for model in models for name, field in model.model_fields.items() if not field.exclude}


def expected(field: FieldInfo) -> str:
    """Return what a value of this field must be, such as ``a whole number from 1 to 100``."""
    kind = type_text(field.annotation)
    article = "a " if kind.startswith(("whole", "number", "list")) else ""
    return f"{article}{kind} {range_text(field)}".rstrip()


def type_text(annotation: Any) -> str:
    """Return the kind of value in words."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(quoted(value) for value in args)
    if origin in (Union, UnionType):
        return " or ".join(type_text(arg) for arg in args if arg is not type(None))
    if origin in (tuple, list):
        return f"list of {type_text(args[0])}"
    return TYPE_NAMES.get(annotation) or "table"


def range_text(field: FieldInfo) -> str:
    """Return the allowed range in words; empty if there is none."""
    bounds = {
        name: getattr(item, name)
        for item in field.metadata
        for name in ("ge", "gt", "le", "lt", "min_length")
        if getattr(item, name, None) is not None
    }
    if "min_length" in bounds:
        return "not empty"
    if {"ge", "le"} <= bounds.keys():
        return f"from {number(bounds['ge'])} to {number(bounds['le'])}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(f"{words[name]} {number(bound)}" for name, bound in bounds.items())


def number(value: Any) -> str:
    """Return a number as a person writes it: 10_000."""
    text = str(value)
    return f"{int(text):_}" if text.isdigit() and len(text) > MAX_UNGROUPED_DIGITS else text


def quoted(value: object) -> str:
    """Return a value as it stands in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return number(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(quoted(item) for item in value)}]"
    return "a table" if isinstance(value, dict) else f'"{value}"'


def reference() -> str:
    """Return the tables of all sections, in Markdown."""
    parts = [_table("Top level", {"schema_version": Settings.model_fields["schema_version"]})]
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if name == "strategies":
            parts.append(_table("`[[strategies]]`, keys of every rule", settable([StrategyTable])))
            parts += [
                _table(f'`[[strategies]]` with `kind = "{kind}"`', settable([rule.Config]))
                for kind, rule in RULES.items()
            ]
        elif isinstance(model, type) and issubclass(model, BaseModel):
            parts.append(_table(f"`[{name}]`", settable([model])))
    return "\n".join(parts)


def _table(title: str, fields: dict[str, FieldInfo]) -> str:
    rows = [
        f"| `{name}` | {type_text(field.annotation)} | {_default(field)} | {range_text(field)} | {field.description} |"
        for name, field in fields.items()
    ]
    return "\n".join(
        [f"### {title}", "", "| Key | Type | Default | Range | Meaning |", "|---|---|---|---|---|", *rows, ""]
    )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "not set" if value is None else f"`{quoted(value)}`"


def with_reference(document: str) -> str:
    """Return the document with its tables written anew."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_reference(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
