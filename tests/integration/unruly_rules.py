"""Rules of a user's own that do what they should not, at chosen minutes of the session."""

import time
from typing import Any, ClassVar

from catalog.sessions import Sessions
from strategies.price_bar import PriceBar
from tests.integration.live_rig import AtMinute
from tests.integration.rig import AAPL, MINUTE_NS

EVER_SECS = 3600.0
GARBAGE: dict[str, Any] = {"two": 2, "text": "buy", "nan": float("nan"), "none": None}


class Unruly(AtMinute):
    """Says what it is told to, but at some minutes sleeps, raises, or returns what is no signal."""

    class Config(AtMinute.Config):
        sleeps: tuple[int, ...] = ()
        sleep_secs: float = EVER_SECS
        raises: tuple[int, ...] = ()
        garbage: dict[str, int] = {}  # noqa: RUF012 - pydantic copies it

    Config: ClassVar = Config

    def update(self, bar: PriceBar) -> Any:
        minute = minute_of(bar.ts)
        if minute in self._config.sleeps:
            time.sleep(self._config.sleep_secs)
        if minute in self._config.raises:
            raise ZeroDivisionError("a bug in a rule")
        for name, at in self._config.garbage.items():
            if minute == at:
                return GARBAGE[name]
        return super().update(bar)


class Unmakable(AtMinute):
    """Cannot be made."""

    def __init__(self, config: Any, tick_size: float) -> None:
        raise FileNotFoundError("no model file")


def unruly(symbol: str = AAPL, *, short: bool = False, **settings: Any) -> str:
    """Return a [[strategies]] table of the rule."""
    common = f'kind = "{__name__}:Unruly", symbol = "{symbol}", allow_short = {str(short).lower()}'
    more = "".join(f", {key} = {_toml(value)}" for key, value in settings.items())
    return f"{{{common}{more}}}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {item}' for key, item in value.items())}}}"
    return str(list(value) if isinstance(value, tuple) else value)


def minute_of(ts: int) -> int:
    window = Sessions().window(ts)
    return (ts - window.open) // MINUTE_NS if window else 0
