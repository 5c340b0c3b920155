"""Steps that many scenarios of a live node share: an entry that fills, and what was journalled and told since."""

from typing import Any

from actors.messages import AlertRaised, OrderFilled, PositionReported, Side, SignalDecided
from tests.integration.live_rig import Floor, Node, at_minute
from tests.integration.rig import AAPL

EVER = (0, 2**62)
A_MOMENT = 0.5  # seconds until a cancel or a change is refused: within a millisecond, before it knows its own request
# as sent, the adapter takes the refusal for a mere notice


def opening(side: Side, *minutes: int, closing: tuple[int, ...] = (), symbol: str = AAPL) -> str:
    """Return a rule that opens on ``side`` at some minutes and closes at others."""
    up, down = (minutes, closing) if side is Side.LONG else (closing, minutes)
    return at_minute(symbol, up=up, down=down, short=side is Side.SHORT)


def enter(day: Floor, node: Node, minute: int, symbol: str = AAPL) -> None:
    """Play to the minute of a signal and let the entry it makes fill."""
    known = len(day.orders(symbol))
    day.minute(minute)
    node.until(lambda: len(day.orders(symbol)) == known + 2, "the entry and its stop")
    day.prints()
    node.until(lambda: fills(node, symbol)[-1:] and is_told(day, node, symbol), "the entry's fill")


def is_told(day: Floor, node: Node, symbol: str = AAPL) -> bool:
    """Tell whether the node has booked what the broker holds."""
    return sum(fill.quantity * fill.side for fill in fills(node, symbol)) == day.position(symbol)


def flat(day: Floor, node: Node, symbol: str = AAPL) -> None:
    """Wait until nothing is held, nothing works, and the node knows."""
    node.until(
        lambda: not day.position(symbol) and not day.resting(symbol) and is_told(day, node, symbol), f"{symbol} flat"
    )


def is_over(node: Node, symbol: str = AAPL) -> bool:
    """Tell whether the node knows that its latest round trip is over, and may enter again."""
    with node.journal() as journal:
        return journal.open_trip(symbol) is None


def fills(node: Node, symbol: str = AAPL) -> list[OrderFilled]:
    with node.journal() as journal:
        return [fill for fill in journal.fills(*EVER) if fill.symbol == symbol]


def decisions(node: Node) -> list[SignalDecided]:
    with node.journal() as journal:
        return journal.decisions(*EVER)


def reports(node: Node) -> list[PositionReported]:
    with node.journal() as journal:
        return journal.messages(PositionReported, *EVER)


def alerts(node: Node) -> list[tuple[str, str]]:
    """Return code and severity of every alert, but for what a busy machine does to any node."""
    with node.journal() as journal:
        told = [(alert.code, alert.severity) for alert in journal.messages(AlertRaised, *EVER)]
    return [alert for alert in told if alert != ("loop_slow", "warning")]


def codes(node: Node) -> list[str]:
    return [code for code, _ in alerts(node)]


def shape(orders: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Return type, quantity and status of orders."""
    return [(order["type"], order["quantity"], order["status"]) for order in orders]
