"""
What happens beside the orders, a short line each: limits, alerts, failures, commands. Pure.

Of link and data the alerts tell.

"""

from pathlib import PurePath

from actors.messages import (
    AlertRaised,
    Flatten,
    Halt,
    HandlerFailed,
    LockSymbol,
    LossLimitHit,
    StopNode,
)
from actors.report.format import usd, words

TOLD_OTHERWISE = {"loss_limit", "order_refused"}  # alerts whose event has a line of its own


def news(message: object) -> str | None:
    """Return the line of a message, None when it is not worth one."""
    match message:
        case LossLimitHit(day_pnl_usd=pnl, limit_usd=limit, baseline_usd=baseline):
            return f"CRITICAL loss_limit day P&L {usd(pnl, signed=True)} of {usd(baseline)}, limit {usd(-limit)}"
        case AlertRaised(code=code, severity=severity, text=text) if code not in TOLD_OTHERWISE:
            return f"{severity.upper()} {code} {text}"
        case HandlerFailed(component=component, handler=handler, error=error, place=place):
            return f"ERROR in {component}.{handler}: {error} ({PurePath(place).name})"
    return _command(message)


def ticker(symbol: str) -> str:
    """Return the symbol without its venue."""
    return symbol.rpartition(".")[0] or symbol


def _command(message: object) -> str | None:
    match message:
        case Halt(session=session, detail=detail):
            until = "until resumed" if session is None else f"for session {session}"
            return f"HALT {until}, going flat{_after_colon(detail)}"
        case Flatten(symbol=symbol, reason=reason, detail=detail):
            return f"FLATTEN {ticker(symbol) or 'all'} by {words(reason)}{_after_colon(detail)}"
        case LockSymbol(symbol=symbol, detail=detail):
            return f"{ticker(symbol)} LOCKED, no entry{_after_colon(detail)}"
        case StopNode(exit_code=exit_code, detail=detail):
            return f"session ends with exit code {exit_code}{_after_colon(detail)}"
    return None


def _after_colon(detail: str) -> str:
    return f": {detail}" if detail else ""
