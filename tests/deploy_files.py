"""The files of deploy/ as the tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
INSTALLED = "/opt/ballast"  # where the unit says that the program lies


def unit_settings(name: str = "ballast.service") -> dict[str, list[str]]:
    """Return every setting of a unit, by its name, in the order of the file."""
    found: dict[str, list[str]] = {}
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for name, value in re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def unit_secs(name: str) -> int:
    """Return a time span of the unit that is written in seconds."""
    return int(unit_settings()[name][0])


def example_variables() -> dict[str, str]:
    """Return the variables of .env.example, those of commented-out lines too."""
    text = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, flags=re.MULTILINE))
