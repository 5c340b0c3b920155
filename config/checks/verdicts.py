"""
What the preflight makes of what it finds: ok, a warning or a failure, each with its numbers and how it is mended.

No I/O. A warning is for what an unattended node may wait out, such as a closed exchange.

"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from catalog.sessions import NANOS_IN_SECOND, Sessions
from config.checks.tws_answers import DataAnswer, Resolved, ValueAnswer
from config.checks.tws_wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION

MAX_SKEW_SECS: Final = 5.0  # beyond it the age of data and the minutes around open and close are wrong
NOTABLE_SKEW_SECS: Final = 1.0
BASE_CURRENCY: Final = "USD"
LONGEST_REST_DAYS: Final = 31  # no exchange rests for longer

# The market data of a listing exchange, as the broker sells it (Client Portal, Settings, Market Data Subscriptions).
_NETWORK_B: Final = "NYSE American, BATS, ARCA, IEX, and Regional Exchanges (Network B)"
SUBSCRIPTIONS: Final = {
    "NASDAQ": "NASDAQ (Network C/UTP)",
    "NYSE": "NYSE (Network A/CTA)",
    "AMEX": _NETWORK_B,
    "ARCA": _NETWORK_B,
    "BATS": _NETWORK_B,
}
COMPETING_SESSION: Final = 10197

# What IB and the adapter both have, and what fits between half hours, for the regular session opens at one.
LIVE_STEPS: Final = (
    *(f"{number}-SECOND" for number in (5, 15, 30)),
    *(f"{number}-MINUTE" for number in (1, 2, 3, 5, 10, 15, 30)),
)
MAX_TICK_SYMBOLS: Final = 3

Verdict = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the preflight; ``remedy`` says how what is not ok is mended."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


def version_check(version: int) -> Check:
    """Return whether the node's adapter can speak with a server of this version."""
    if MIN_SERVER_VERSION <= version <= MAX_SERVER_VERSION:
        return Check("gateway version", "ok", f"server version {version}")
    found = f"server version {version}, expected {MIN_SERVER_VERSION} to {MAX_SERVER_VERSION}"
    if version > MAX_SERVER_VERSION:
        remedy = "Install IB Gateway or TWS 10.45 (version 223), which this program is made for."
    else:
        remedy = "Install IB Gateway or TWS 10.45 or later (version 223); 10.37 (version 203) is too old."
    return Check("gateway version", "failed", found, remedy)


def clock_check(server_secs: int, asked_ns: int, answered_ns: int) -> Check:
    """
    Return whether this machine's clock agrees with the gateway's.

    The gateway tells whole seconds and the answer takes its time: only what neither explains counts as a difference.

    """
    behind = max(0, server_secs * NANOS_IN_SECOND - answered_ns) / NANOS_IN_SECOND
    ahead = max(0, asked_ns - (server_secs + 1) * NANOS_IN_SECOND) / NANOS_IN_SECOND
    skew_secs = max(behind, ahead)
    if skew_secs <= NOTABLE_SKEW_SECS:
        return Check("clock", "ok", f"within {NOTABLE_SKEW_SECS:.0f} s of the gateway's")
    direction = "behind" if behind else "ahead of"
    return Check(
        "clock",
        "failed" if skew_secs > MAX_SKEW_SECS else "warning",
        f"this machine is at least {skew_secs:,.1f} s {direction} the gateway, expected at most "
        f"{NOTABLE_SKEW_SECS:.0f} s (beyond {MAX_SKEW_SECS:.0f} s nothing is started)",
        "Synchronise the clock of this machine (Linux: timedatectl set-ntp true) and of the gateway's.",
    )


def session_check(sessions: Sessions, now: int) -> Check:
    """Return whether the exchange is open, opens later today, or when it opens next."""
    window, calendar, zone = sessions.window(now), sessions.calendar, sessions.timezone.key
    if window and now < window.open:
        return Check("session", "ok", f"{calendar} opens today at {sessions.local(window.open):%H:%M} ({zone})")
    if window and now < window.close:
        return Check("session", "ok", f"{calendar} is open until {sessions.local(window.close):%H:%M} ({zone})")
    today = sessions.local(now).date()
    upcoming = sessions.between(today + timedelta(days=1), today + timedelta(days=LONGEST_REST_DAYS))[0]
    state = f"closed at {sessions.local(window.close):%H:%M}" if window else "has no session today"
    return Check(
        "session",
        "warning",
        f"{calendar} {state}; it opens next on {sessions.local(upcoming.open):%a %Y-%m-%d at %H:%M} ({zone})",
        "Nothing to mend: a node started now waits until then.",
    )


def hours_check(hours: str) -> Check:
    """Return whether a position has a stop that works through all the hours that are traded."""
    if hours != "extended":
        return Check("hours", "ok", hours)
    return Check(
        "hours",
        "failed",
        'session.hours: expected "regular" at a broker, found "extended"; market orders and stops sleep outside '
        "regular hours at IB, so a position would stand without its stop",
        'Set session.hours = "regular".',
    )


def bars_check(step: str, source: str, symbols: int) -> Check:
    """Return whether the bars that are decided on come as set, and whose clock cuts them."""
    if step not in LIVE_STEPS:
        found = (
            f'bars.step: expected one of {", ".join(LIVE_STEPS)} at a broker, found "{step}"; the others IB or its '
            "adapter does not have, or they begin before the open and are stamped with the wrong time"
        )
        return Check("bars", "failed", found, "Set bars.step to one of them.")
    if source == "broker":
        return Check("bars", "ok", f"{step}, as the broker makes them")
    found = f"{step}, built here of trade ticks by this machine's clock"
    if symbols <= MAX_TICK_SYMBOLS:
        return Check("bars", "ok", found)
    limit = f"; IB sends ticks of {MAX_TICK_SYMBOLS} symbols with the usual 100 market data lines, found {symbols}"
    return Check("bars", "warning", found + limit, 'Set bars.source = "broker", or trade fewer symbols.')


def value_check(answer: ValueAnswer) -> Check:
    """Return whether the account's value is known, in USD, and above zero."""
    name, row, amount = "account value", answer.row, answer.amount
    if not answer.is_answered:
        return Check(name, "failed", "no answer in time", "Try again; a gateway just logged in is slow.")
    if row is None:
        found = f"expected the value of {answer.account}, found {'none' if not answer.refusal else 'a refusal'}"
        remedy = "Look in TWS whether this account shows a net liquidation value, and try again."
        return Check(name, "failed", found + _quoted(answer), remedy)
    if amount is None:
        found = f'expected an amount, found "{row.value}"'
        return Check(name, "failed", found, "Try again; a gateway just logged in may not know it yet.")
    found = f"{amount:,.2f} {row.currency or '(no currency)'}"
    if row.currency != BASE_CURRENCY:
        found = f"expected a value in {BASE_CURRENCY}, found {found}; the limits of this program are in {BASE_CURRENCY}"
        remedy = f"Trade an account whose base currency is {BASE_CURRENCY} (Client Portal, Settings, Base Currency)."
        return Check(name, "failed", found, remedy)
    if amount <= 0:
        remedy = "Fund the account, or reset the paper account in the Client Portal."
        return Check(name, "failed", f"expected more than 0 {BASE_CURRENCY}, found {found}", remedy)
    return Check(name, "ok", found)


def instrument_check(symbol: str, resolved: Resolved) -> Check:
    """Return whether a symbol is exactly one contract at the broker; of several the adapter would take the last."""
    name, (ticker, _, exchange) = f"instrument {symbol}", symbol.rpartition(".")
    if " " in ticker or "." in ticker:
        share = f"{ticker.replace(' ', '-').replace('.', '-')}.{exchange}"
        found = f"{symbol} is not how the adapter writes a share class"
        return Check(name, "failed", found, f"Write {share} in the [[strategies]] tables.")
    if not resolved.is_answered:
        return Check(name, "failed", "no whole answer in time", "Try again; a gateway just logged in is slow.")
    if len(resolved.contracts) > 1:
        listed = ", ".join(f"{each.primary_exchange or 'none'} ({each.con_id})" for each in resolved.contracts)
        found = f"expected one contract, found {len(resolved.contracts)}, listed on {listed}"
        return Check(name, "failed", found, f"Name the listing exchange after the dot: {ticker}.<exchange>.")
    if not resolved.contracts:
        found = f"the broker knows no such contract{_quoted(resolved)}"
        return Check(name, "failed", found, f"Compare ticker and listing exchange ({exchange}) with TWS.")
    contract = resolved.contracts[0]
    if not contract.isin:
        remedy = "Look it up in TWS: is it the share you mean?"
        return Check(name, "warning", f"contract {contract.con_id} without an ISIN", remedy)
    return Check(name, "ok", f"contract {contract.con_id}, {contract.isin}")


def market_data_check(symbol: str, wanted: Literal["realtime", "delayed"], answer: DataAnswer) -> Check:
    """Return whether a symbol is served with the data that the settings ask for."""
    name, word = f"market data {symbol}", _quoted(answer)
    if answer.verdict == "silent":
        remedy = "Outside trading hours that is usual; else look whether TWS shows a price, and try again."
        return Check(name, "warning", f"neither a price nor a refusal in time{word}", remedy)
    if answer.verdict == "refused" or (wanted == "realtime" and answer.verdict == "delayed"):
        found = f"expected {wanted} data, found {answer.verdict if not word else 'a refusal'}{word}"
        return Check(name, "failed", found, _data_remedy(symbol, wanted, answer))
    if answer.is_partial:
        return Check(name, "warning", f"{answer.verdict}, not from every exchange{word}", _subscribe(symbol))
    return Check(name, "ok", answer.verdict)


def _data_remedy(symbol: str, wanted: str, answer: DataAnswer) -> str:
    if answer.refusal and answer.refusal.code == COMPETING_SESSION:
        return "Log out the other session of this user (TWS, the web or a phone): it takes the live data."
    if wanted == "delayed":
        return "See the broker's word; delayed data must be allowed for this user."
    return f'{_subscribe(symbol)} Or set ib.market_data = "delayed".'


def _subscribe(symbol: str) -> str:
    exchange = symbol.rpartition(".")[2]
    package = SUBSCRIPTIONS.get(exchange, f"the data of {exchange}")
    return f"Subscribe to {package} in the Client Portal; for a paper account, share it from the live account."


def _quoted(answer: Resolved | DataAnswer | ValueAnswer) -> str:
    return f' ("{answer.refusal.code} {answer.refusal.text}")' if answer.refusal else ""
