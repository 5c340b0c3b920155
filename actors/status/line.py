"""The status line: facts of the moment on one line that fits a terminal. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from actors.log.news import ticker
from actors.messages import Action, LinkState, OrderIntended, SignalDecided
from actors.report.format import count, held_for, usd

MAX_COLUMNS = 111  # 120 with the time before it
NEAR_THE_LIMIT = Decimal("0.5")  # from half the daily loss on the limit is shown beside it


@dataclass(frozen=True, slots=True)
class Held:
    """A position: signed shares, and where its stop rests (None = none known to rest)."""

    shares: int
    stop_trigger: Decimal | None


@dataclass(slots=True)
class DayTally:
    """What a session counts: its signals, orders and refusals, and the equity its P&L starts from."""

    session: date | None = None
    baseline_usd: Decimal = Decimal(0)
    signals: int = 0
    orders: int = 0
    blocked: int = 0

    def begin(self, session: date, baseline_usd: Decimal) -> None:
        """Count a new session from zero."""
        self.session, self.baseline_usd = session, baseline_usd
        self.signals = self.orders = self.blocked = 0

    def add(self, message: object) -> None:
        """Count a message."""
        if isinstance(message, SignalDecided):
            self.signals += 1
            self.blocked += message.action is Action.REFUSED
        elif isinstance(message, OrderIntended):
            self.orders += 1


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What the line is made of."""

    held: dict[str, Held]  # of the traded symbols those that are not flat
    symbols: tuple[str, ...]  # all that are traded
    exposure_usd: Decimal
    equity_usd: Decimal
    max_daily_loss_usd: Decimal
    day: DayTally
    bar_ages_ns: dict[str, int] = field(default_factory=dict)  # since the last bar arrived, of those with one
    link: LinkState = LinkState.UP


def status_line(facts: StatusFacts) -> str:
    """Return the fullest line that fits; positions are shortened first, figures never."""
    figures, line = _figures(facts), ""
    for positions in _positions(facts):
        line = f"status: {positions}; {figures}"
        if len(line) <= MAX_COLUMNS:
            break
    return line


def _positions(facts: StatusFacts) -> Iterator[str]:
    """Yield what is held, from the fullest text to the shortest."""
    held = dict(sorted(facts.held.items()))
    flat = [symbol for symbol in facts.symbols if symbol not in held]
    with_stops = [f"{ticker(symbol)} {one.shares:+} {_stop(one)}" for symbol, one in held.items()]
    without_stops = [f"{ticker(symbol)} {one.shares:+}" for symbol, one in held.items()]
    naked = sum(one.stop_trigger is None for one in held.values())
    alarm = [f"{naked} with NO STOP"] if naked else []
    rest = [f"{len(flat)} flat"] if flat else []
    yield ", ".join([*with_stops, *(f"{ticker(symbol)} -" for symbol in flat)])
    yield ", ".join([*with_stops, *rest])
    if held:
        yield ", ".join(with_stops)
    if len(held) > 1:
        yield ", ".join([*without_stops, *rest, *alarm])
        yield ", ".join([count(len(held), "position"), *rest, *alarm])


def _stop(held: Held) -> str:
    return "(NO STOP)" if held.stop_trigger is None else f"(stop {held.stop_trigger})"


def _figures(facts: StatusFacts) -> str:
    day = facts.day
    parts = [
        f"exposure {_dollars(facts.exposure_usd)}",
        f"day P&L {_day_pnl(facts)}",
        f"{count(day.signals, 'signal')}, {count(day.orders, 'order')}, {day.blocked:,} blocked",
        _data(facts),
    ]
    if facts.link is not LinkState.UP:
        parts.insert(0, f"LINK {facts.link.upper()}")
    return "; ".join(parts)


def _day_pnl(facts: StatusFacts) -> str:
    pnl, limit = facts.equity_usd - facts.day.baseline_usd, facts.max_daily_loss_usd
    near = f" of {_dollars(-limit)}" if -pnl >= limit * NEAR_THE_LIMIT else ""
    return f"{usd(pnl, signed=True)}{near}"


def _dollars(amount: Decimal) -> str:
    return usd(amount.quantize(Decimal(1))).removesuffix(".00")


def _data(facts: StatusFacts) -> str:
    silent = [symbol for symbol in facts.symbols if symbol not in facts.bar_ages_ns]
    if len(silent) == len(facts.symbols):
        return "no bar yet"
    if silent:
        return f"{ticker(silent[0])} no bar yet"
    return f"data {held_for(max(facts.bar_ages_ns.values()))}"
