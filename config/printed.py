"""Settings as readable TOML, which the loader reads back to equal settings; secrets are masked."""

import json
from collections.abc import Mapping
from typing import Any

from config.reference import number
from config.schema import Settings


def as_toml_text(settings: Settings) -> str:
    """Return every setting, defaults included; what is not set, and each alert target, is a comment."""
    lines = []
    for name, value in settings.model_dump().items():
        if name == "strategies":
            lines += [line for table in value for line in _table("[[strategies]]", table)]
        elif isinstance(value, Mapping):
            lines += _table(f"[{name}]", value)
        else:
            lines += [f"{name} = {_toml(value)}"]
        if name == "alerts":
            lines += ['# targets = "***"  from the environment' for _ in settings.alerts.targets]
    return "\n".join(lines) + "\n"


def _table(title: str, values: Mapping[str, Any]) -> list[str]:
    return [
        "",
        title,
        *(f"{key} = {_toml(value)}" if value is not None else f"# {key} is not set" for key, value in values.items()),
    ]


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case Mapping():
            return f"{{{', '.join(f'{_toml(key)} = {_toml(item)}' for key, item in value.items())}}}"
    return number(value)
