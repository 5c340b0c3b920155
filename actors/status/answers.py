"""What the node answers to an operator's command: what happened, what is held, what still forbids entries. Pure."""

from collections.abc import Container, Sequence
from typing import Literal

from actors.journal.commands import Answer
from actors.log.news import ticker
from actors.report.format import words
from actors.status.desk_facts import SymbolFacts

EXIT_DONE, EXIT_NOT_YET, EXIT_USAGE, EXIT_REFUSED = 0, 1, 2, 3
MAX_REASON = 200  # characters
ENTERING = {"entering"}
LEAVING = {"cancelling", "closing"}  # phases in which a position has, or soon has, no stop any more
OnStop = Literal["keep_stops", "flatten"]


def reason_of(text: str) -> str:
    """Return what an operator said as one row of printable characters, "" if there is nothing to read."""
    row = "".join(sign for sign in " ".join(text.split()) if sign.isprintable()).strip()
    return row if len(row) <= MAX_REASON else f"{row[: MAX_REASON - 1]}…"


def halted(detail: str, symbols: Sequence[SymbolFacts]) -> Answer:
    """Answer a halt."""
    text = f"halted {detail}. No entry is made until `resume`; exits, stops and the trailing of stops go on."
    if entering := _in_phases(ENTERING, symbols):
        text += f" An entry under way in {entering} is not called back; `flatten` does that."
    return Answer(EXIT_DONE, f"{text}\n{holdings_text(symbols)}")


def resumed(was_halted: str, left: Sequence[str], symbols: Sequence[SymbolFacts]) -> Answer:
    """Answer a resume; ``left`` are the halts that it does not lift."""
    lifted = lifted_text(was_halted)
    if left:
        return Answer(EXIT_REFUSED, f"{lifted} Still no entries: {'; '.join(left)}.")
    objections = dict.fromkeys(facts.objection.detail for facts in symbols)
    if all(objections):
        return Answer(EXIT_DONE, f"{lifted} Entries wait for now: {'; '.join(objections)}.")
    return Answer(EXIT_DONE, f"{lifted} Entries are allowed.")


def lifted_text(was_halted: str) -> str:
    """Say what a resume did; ``was_halted`` is the operator's halt that held, "" = none."""
    return f"resumed: the halt {was_halted} is lifted." if was_halted else "no halt of an operator was there to lift."


def loss_limit_holds(detail: str) -> str:
    """Say why a resume does not lift the daily loss limit (law 8)."""
    return f"{detail}; the daily loss limit lifts by itself with the next session and by nobody's hand"


def halt_file_holds(path: object, detail: str) -> str:
    """Say what lifts the halt of a file."""
    return f"halted {detail}; remove {path}"


def stopping(on_stop: OnStop, symbols: Sequence[SymbolFacts]) -> Answer:
    """Answer a stop."""
    if on_stop == "flatten" and not all(facts.is_flat for facts in symbols):
        return Answer(
            EXIT_DONE, f'stopping; trading.on_stop = "flatten", so first all is closed.\n{holdings_text(symbols)}'
        )
    text = "stopping;"
    if leaving := _in_phases(LEAVING, symbols):
        text += f" the exit under way in {leaving} is awaited;"
    if entering := _in_phases(ENTERING, symbols):
        text += f" what has not filled of the entry in {entering} is cancelled;"
    return Answer(EXIT_DONE, f"{text} what is held stays behind its stops at the broker.\n{holdings_text(symbols)}")


def _in_phases(phases: Container[str], symbols: Sequence[SymbolFacts]) -> str:
    return ", ".join(ticker(facts.symbol) for facts in symbols if facts.phase in phases)


def refusal_to_flatten(wanted: str, symbols: Sequence[SymbolFacts]) -> Answer | None:
    """Return why nothing is to be closed for ``wanted`` ("" = all), None when something is."""
    chosen = chosen_symbols(wanted, symbols)
    if not chosen:
        known = ", ".join(facts.symbol for facts in symbols)
        return Answer(EXIT_USAGE, f"flatten: expected one of {known}, found {wanted!r}; nothing was sent.")
    if all(facts.is_flat and not facts.lock for facts in chosen):
        where = ticker(chosen[0].symbol) if wanted else "every symbol"
        return Answer(EXIT_DONE, f"nothing to flatten: {where} is flat.")
    if all(facts.is_flat or facts.lock for facts in chosen):
        locks = "; ".join(f"{ticker(facts.symbol)} {facts.lock}" for facts in chosen if facts.lock)
        return Answer(EXIT_REFUSED, f"not flattened: {locks}. What is not ours is never closed: do it at the broker.")
    return None


def chosen_symbols(wanted: str, symbols: Sequence[SymbolFacts]) -> list[SymbolFacts]:
    """Return the symbols that an operator means: AAPL, AAPL.NASDAQ, or "" for all."""
    return [facts for facts in symbols if wanted.upper() in ("", facts.symbol, ticker(facts.symbol))]


def flattened(begun: Sequence[SymbolFacts], symbols: Sequence[SymbolFacts]) -> Answer | None:
    """Answer a flatten once all is flat that may be closed, None before; ``begun`` was asked to leave, as held then."""
    if not all(facts.is_flat or facts.lock for facts in symbols):
        return None
    locked = {facts.symbol for facts in symbols if facts.lock}
    closed = shares_text([facts for facts in begun if facts.symbol not in locked])
    if not locked:
        return Answer(EXIT_DONE, f"flat: {closed} closed. `halt` shuts entries too.")
    return Answer(EXIT_REFUSED, (f"closed: {closed}. " if closed else "") + _not_closed(symbols))


def not_flat_yet(symbols: Sequence[SymbolFacts]) -> Answer:
    """Answer a flatten that takes its time."""
    leaving = [facts for facts in symbols if not (facts.is_flat or facts.lock)]
    left = "; ".join(f"{_holding_text(facts)} {_progress(facts)}" for facts in leaving)
    text = f"not flat yet: {left}. The exit goes on by itself; `status` shows how far it is."
    return Answer(EXIT_NOT_YET, f"{text} {_not_closed(symbols)}".rstrip())


def _not_closed(symbols: Sequence[SymbolFacts]) -> str:
    """Say which symbols no order is sent for, "" if there are none; what others hold of them is in the lock."""
    held = [
        f"{shares_text([facts]) if facts.quantity else ticker(facts.symbol)} ({facts.lock})"
        for facts in symbols
        if facts.lock
    ]
    return f"NOT closed: {', '.join(held)}; close {'it' if len(held) == 1 else 'them'} at the broker." if held else ""


def _progress(facts: SymbolFacts) -> str:
    return words(facts.phase) if facts.is_reachable else "leaves once the broker can be reached; its stop rests there"


def holdings_text(symbols: Sequence[SymbolFacts]) -> str:
    """Return what is held with its stops, on one line."""
    held = [_holding_text(facts) for facts in symbols if facts.quantity]
    return f"Held: {', '.join(held)}." if held else "Nothing is held."


def shares_text(symbols: Sequence[SymbolFacts]) -> str:
    """Return shares by symbol; an entry that has not filled is one of 0."""
    return ", ".join(f"{ticker(facts.symbol)} {facts.quantity:+}" for facts in symbols)


def _holding_text(facts: SymbolFacts) -> str:
    stop = "NO STOP" if facts.stop_trigger is None else f"stop {facts.stop_trigger}"
    return f"{ticker(facts.symbol)} {facts.quantity:+} ({stop})"
