"""
From a TOML file, the environment and the command line to ``Settings``; the only reader of ``os.environ``.

What stands later wins: file, then BALLAST_SECTION__KEY in the environment, then ``--set section.key=value``.

"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from config import secrets
from config.errors import ConfigError
from config.problems import Location, explain, named, nearest, shown, unfit_numbers, variable_names
from config.schema import Settings

DEFAULT_FILE: Final = Path(__file__).with_name("default.toml")
PREFIX: Final = "BALLAST_"
NEAR_VARIABLE: Final = 0.75  # likeness from which a name is taken for a slip of another; all begin alike
FAR_OUT_DIGITS: Final = 300
NOTIFY_SOCKET, WATCHDOG_USEC = "NOTIFY_SOCKET", "WATCHDOG_USEC"  # set by systemd, sd_notify(3)


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Where a supervisor listens, and how long it waits for a sign of life before it kills (None = for ever)."""

    address: str
    patience_secs: float | None


def load_settings(
    path: Path | None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """
    Return the settings of a file, with what the environment and the command line change.

    Parameters
    ----------
    path : Path | None
        The TOML file; None for config/default.toml.
    overrides : Sequence[str]
        Values of ``--set``: ``section.key=value``, or ``strategies.0.key=value`` for the first table of a list.
    environ : Mapping[str, str] | None
        The environment; None for that of the process.

    Raises
    ------
    ConfigError
        With everything that is wrong, all at once; a file that cannot be read or parsed is told alone.

    """
    environ = os.environ if environ is None else environ
    draft = _Draft(DEFAULT_FILE if path is None else path)
    for name in sorted(environ.keys() - set(secrets.NAMES)):
        if name.startswith(PREFIX):
            draft.take_variable(name, environ[name])
    for text in overrides:
        draft.take_option(text)
    draft.take_secrets(environ)
    return draft.settings()


def armed_account(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the account that BALLAST_ARM_LIVE arms for live money, None when it is not set or empty."""
    return (os.environ if environ is None else environ).get(secrets.ARM_LIVE) or None


def alert_addresses(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the alert targets alone, for who tells that the settings cannot be used; none when they cannot either."""
    try:
        return secrets.alert_targets(os.environ if environ is None else environ)
    except ValueError:
        return ()


def supervisor(environ: Mapping[str, str] | None = None) -> Supervisor | None:
    """
    Return the supervisor that started this process as a service, None when there is none that listens.

    Raises
    ------
    ConfigError
        If how long it waits is no number.

    """
    environ = os.environ if environ is None else environ
    address, patience = environ.get(NOTIFY_SOCKET), environ.get(WATCHDOG_USEC)
    if not address:
        return None
    if patience is not None and not (patience.isdecimal() and int(patience)):
        found = f"found {shown(patience)}; leave it to systemd (WatchdogSec=), or unset it"
        raise ConfigError([f"environment {WATCHDOG_USEC}: expected microseconds above 0, {found}."])
    return Supervisor(address, None if patience is None else int(patience) / 1_000_000)


class _Draft:
    """Settings under way: the tree of values, where those not of the file came from, and what is wrong so far."""

    def __init__(self, source: Path) -> None:
        self.problems: list[str] = []
        self._source = source
        self._tree = _read(source)
        self._origins: dict[Location, str] = {}

    def take_variable(self, name: str, text: str) -> None:
        location = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if len(location) > 1:
            self._put(f"environment {name}", location, text)
            return
        hint = nearest(name, [*secrets.NAMES, *variable_names()], cutoff=NEAR_VARIABLE)
        hint = hint or f" Names that begin with {PREFIX} are this program's own: correct it, or unset it."
        self.problems.append(f"environment {name}: there is no such setting.{hint}")

    def take_option(self, option: str) -> None:
        key, separator, text = option.partition("=")
        location = tuple(key.strip().split("."))
        if separator and all(location):
            self._put(f"--set {key.strip()}", location, text.strip())
        else:
            self.problems.append(f"--set: expected section.key=value, found {shown(option)}.")

    def take_secrets(self, environ: Mapping[str, str]) -> None:
        alerts = self._tree.setdefault("alerts", {})
        if not isinstance(alerts, dict):
            return
        if "targets" in alerts:
            place = self._place(("alerts", "targets"))
            self.problems.append(f"{place}: expected no secret here; move the targets to {secrets.ALERT_URLS}.")
        try:
            alerts["targets"] = secrets.alert_targets(environ)
        except ValueError as error:
            self.problems.append(str(error))

    def settings(self) -> Settings:
        found = unfit_numbers(self._tree)
        try:
            settings = Settings.model_validate(self._tree)
        except ValidationError as error:
            found = explain(error, self._tree) | found
        problems = [*self.problems, *(f"{self._place(location)}: {text}" for location, text in found.items())]
        if problems:
            raise ConfigError(problems)
        return settings

    def _put(self, origin: str, location: Location, text: str) -> None:
        try:
            _put(self._tree, location, _value(text))
            self._origins[location] = origin
        except ValueError as error:
            self.problems.append(f"{origin}: {error}.")

    def _place(self, location: Location) -> str:
        if location in self._origins:
            return self._origins[location]
        # An override above or below the place is the likely cause; the last one won.
        related = [self._origins[key] for key in self._origins if key[: len(location)] == location[: len(key)]]
        return f"{[self._source, *related][-1]}, {named(location, self._tree)}"


def _read(source: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8-sig"), parse_float=_number)
    except FileNotFoundError:
        problem = "expected a settings file, found nothing; correct the name, or leave it out for config/default.toml"
    except OSError as error:
        problem = f"expected a settings file that can be read, found: {error.strerror}"
    except UnicodeDecodeError:
        problem = "expected a settings file in UTF-8 text, found other bytes"
    except (ValueError, RecursionError) as error:
        problem = f"expected TOML, found: {error}"
    raise ConfigError([f"{source}: {problem}."])


def _value(text: str) -> Any:
    # What TOML reads as one value is that value; the rest is text, so names need no quotes.
    try:
        parsed = tomllib.loads(f"value = {text}", parse_float=_number)
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if parsed.keys() == {"value"} else text


def _number(text: str) -> Decimal | float:
    # Exact, as money must be; far out an exact number would cost any time and memory, so there it is 0 or infinity.
    try:
        exact = Decimal(text)
    except ArithmeticError:
        return float(text)
    return exact if abs(exact.adjusted()) < FAR_OUT_DIGITS else float(text)


def _put(node: Any, location: Location, value: object) -> None:
    key, *rest = location
    slot: str | int = key
    if isinstance(node, list):
        if not (key.isdecimal() and int(key) < len(node)):
            raise ValueError(f"expected the number of one of {len(node)} entries, counted from 0, found '{key}'")
        slot = int(key)
    elif not isinstance(node, dict):
        raise ValueError(f"expected a table or list that can hold '{key}', found {shown(node)}")
    if not rest:
        node[slot] = value
        return
    if isinstance(node, dict):
        node.setdefault(key, {})
    _put(node[slot], tuple(rest), value)
