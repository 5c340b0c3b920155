"""What a live session has for its operator: the status, the commands and the log."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from actors.component import Watcher
from actors.journal.performance import NodeJournal
from actors.log.file import LogFile
from actors.log.lines import LogLines
from actors.log.writer import LogWriter
from actors.loop.helm import StopRequest
from actors.status.control import Control
from actors.status.pulse import Pulse, PulseSetup
from catalog.sessions import Sessions
from config.components import Components
from config.live.state_dir import HALT_FILE_NAME, LOG
from config.live.view import desk_view
from config.schema import AlertsConfig, Settings

MASK = "***"
FOREVER = 2**62  # UTC nanoseconds


@dataclass(frozen=True, slots=True)
class OperatorDesk:
    """Where an operator of the session looks and asks."""

    directory: Path
    journal: NodeJournal
    request: StopRequest
    mode: str
    account: str
    started_ns: int
    bar_types: dict[str, str]  # by symbol
    baseline_usd: Decimal  # the day P&L counts from, until the loss limit says


def operator_actors(
    desk: OperatorDesk, settings: Settings, components: Components, sessions: Sessions
) -> list[Watcher]:
    """Return the actors that show and take what an operator asks for."""
    view = desk_view(components.strategies, components.ledger)
    setup = PulseSetup(
        mode=desk.mode,
        account=desk.account,
        started_ns=desk.started_ns,
        bar_types=desk.bar_types,
        max_daily_loss_usd=settings.risk.max_daily_loss_usd,
        trails=settings.trailing_stop.kind != "none",
    )
    lines = LogLines(mask_of(settings.alerts))
    pulse = Pulse(setup, view, sessions, desk.journal, desk.baseline_usd)
    intents = [intent for trip in desk.journal.open_trips().values() for intent in trip.intents]
    if intents:
        states = desk.journal.progress(min(intent.ts for intent in intents), FOREVER)
        lines.restore(intents, states)
        pulse.restore(intents, states)
    halt_file, on_stop = desk.directory / HALT_FILE_NAME, settings.trading.on_stop
    return [
        pulse,
        Control(desk.journal, halt_file, view, sessions, desk.request, on_stop),
        LogWriter(LogFile(desk.directory / LOG), lines),
    ]


def mask_of(config: AlertsConfig) -> Callable[[str], str]:
    """Return what takes the alert targets out of a text."""
    secrets = sorted((target.get_secret_value() for target in config.targets), key=len, reverse=True)

    def mask(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, MASK)
        return text

    return mask
