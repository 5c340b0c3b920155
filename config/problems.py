"""What is wrong with settings, for people: where, what was expected, what was found, the nearest valid name."""

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.reference import expected, quoted, settable, type_text
from config.schema import SCHEMA_VERSION, Settings, StrategyTable, rule_settings

type Location = tuple[str, ...]

MAX_SHOWN_CHARS: Final = 60


def explain(error: ValidationError, tree: Mapping[str, Any]) -> dict[Location, str]:
    """Return one sentence or two for each place at which validation failed."""
    found = {}
    for item in error.errors(include_url=False):
        location = tuple(str(part) for part in item["loc"])
        if location[2:3] == ("rule_config",):  # our own level, which the file does not have
            location = location[:2] + location[3:]
        found[location] = _sentence(item, location, tree)
    return found


def unfit_numbers(tree: Mapping[str, Any]) -> dict[Location, str]:
    """Return what is said of NaN, of infinity, and of true or false in place of a number, wherever they stand."""
    found = {}
    for location, value in _leaves(tree):
        field = _field_at(location, tree)
        is_text = isinstance(value, str) and field and "text" in type_text(field.annotation)
        if not is_text and not _is_finite(value):
            found[location] = f"expected a finite number, found {shown(value)}."
        # The validator takes true for 1, which no person means.
        if isinstance(value, bool) and field and _is_number(field.annotation):
            found[location] = _mismatch(field, shown(value))
    return found


def variable_names() -> list[str]:
    """Return the names in the environment that set something, without those of strategy tables."""
    return [
        f"BALLAST_{section}__{key}".upper()
        for section in Settings.model_fields
        for key in settable(models_at((section,), {}))
    ]


def nearest(name: str, valid: Iterable[str], cutoff: float = 0.6) -> str:
    """Return `` Did you mean …?``, or nothing when no valid name is near; ``cutoff`` is the likeness asked for, 0-1."""
    folded = {each.lower(): each for each in valid}
    matches = [folded[match] for match in get_close_matches(name.lower(), folded, n=1, cutoff=cutoff)]
    return f" Did you mean '{matches[0]}'?" if matches else ""


def shown(value: object) -> str:
    """Return a found value, shortened; an address may carry a password and is masked."""
    text = quoted(value)
    if "://" in text:
        return '"***"'
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"


def named(location: Location, tree: Mapping[str, Any]) -> str:
    """Return the key at ``location`` as it is written with --set; of a strategy table also its kind and symbol."""
    name = ".".join(location)
    match location, tree.get("strategies"):
        case ("strategies", index, *_), [*tables] if isinstance(table := tables[int(index)], dict):
            return f"{name} ({table.get('kind', 'no kind')} on {table.get('symbol', 'no symbol')})"
    return name


def models_at(location: Location, tree: Mapping[str, Any]) -> list[type[BaseModel]]:
    """Return the models whose fields may stand in the table at ``location``; none if it is no table."""
    match location:
        case ():
            return [Settings]
        case ("strategies", index):
            return [StrategyTable, *_rule_settings(tree, index)]
        case (section,) if section in Settings.model_fields:
            model = Settings.model_fields[section].annotation
            return [model] if isinstance(model, type) and issubclass(model, BaseModel) else []
    return []


def _rule_settings(tree: Mapping[str, Any], index: str) -> list[type[BaseModel]]:
    try:
        return [rule_settings(tree["strategies"][int(index)]["kind"])]
    except (KeyError, TypeError, ValueError):  # the kind is missing or unknown, which is told by itself
        return []


def _sentence(item: ErrorDetails, location: Location, tree: Mapping[str, Any]) -> str:
    found = "nothing" if item["type"] == "missing" else shown(item["input"])
    field = _field_at(location, tree)
    if item["type"] == "value_error":
        text = str(item["ctx"]["error"])
        return text if text.endswith((".", "?")) else f"{text}."
    if item["type"] == "extra_forbidden":
        return _unknown(location, tree)
    if location == ("schema_version",):
        return f"expected schema_version = {SCHEMA_VERSION}, the only one this program reads, found {found}."
    if location == ("strategies",):
        return f"expected at least one [[strategies]] table, found {found}."
    if field is None or models_at(location, tree):
        return f"expected a table of settings, found {found}."
    return _mismatch(field, found)


def _mismatch(field: FieldInfo, found: str) -> str:
    return f"expected {expected(field)}, found {found}."


def _unknown(location: Location, tree: Mapping[str, Any]) -> str:
    name, parent = location[-1], location[:-1]
    if not parent:
        return f"there is no section or setting '{name}'.{nearest(name, Settings.model_fields)}"
    others = [section for section in Settings.model_fields if name in settable(models_at((section,), tree))]
    if others:
        hint = f" It is a setting of [{'] and ['.join(others)}]."
    else:
        hint = nearest(name, settable(models_at(parent, tree)))
    return f"there is no setting '{name}' here.{hint}"


def _field_at(location: Location, tree: Mapping[str, Any]) -> FieldInfo | None:
    field = settable(models_at(location[:-1], tree)).get(location[-1]) if location else None
    # An item of a list is told as the list.
    return field or (_field_at(location[:-1], tree) if location else None)


def _leaves(node: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, (*location, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, (*location, str(index)))
    else:
        yield location, node


def _is_number(annotation: Any) -> bool:
    return not {int, float, Decimal}.isdisjoint({annotation, *get_args(annotation)})


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
    except (TypeError, ValueError):  # no number at all
        return True
