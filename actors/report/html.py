"""Pieces of HTML; every text that comes from data passes through ``text``."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape

from actors.report.format import exchange_time, iso_utc, usd


def text(value: object) -> str:
    """Return the value as text that HTML cannot take for markup."""
    return escape(str(value))


def section(title: str, body: str, note: str = "") -> str:
    """Return a titled part of the page; ``body`` and ``note`` are HTML."""
    hint = f'<p class="note">{note}</p>' if note else ""
    return f"<section><h2>{text(title)}</h2>{hint}{body}</section>"


def empty(words: str) -> str:
    """Return the sentence that stands where there is nothing to show."""
    return f'<p class="empty">{text(words)}</p>'


def table(heads: Sequence[str], rows: Iterable[str], kind: str = "") -> str:
    """Return a table that scrolls sideways on a narrow screen; rows are HTML, a head led by ``>`` has figures."""
    cells = "".join(_head_cell(head) for head in heads)
    body = f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table class="{kind}">{body}</table></div>'


def money_cell(amount: Decimal | float) -> str:
    """Return a signed, coloured figure that sorts by its value."""
    return f'<td class="n {tone(amount)}" data-v="{float(amount):.2f}">{usd(amount, signed=True)}</td>'


def time_cell(ts: int | None, otherwise: str = "") -> str:
    """Return the minute in New York, with the exact time in UTC as its title."""
    if ts is None:
        return f'<td data-v="9e99">{text(otherwise)}</td>'
    shown = exchange_time(ts).strftime("%Y-%m-%d %H:%M")
    return f'<td class="t" data-v="{ts // 1_000_000}" title="{iso_utc(ts)}">{shown}</td>'


def tone(amount: Decimal | float) -> str:
    """Return the class that colours a gain or a loss."""
    return "up" if amount > 0 else "down" if amount < 0 else ""


def bar(share: float) -> str:
    """Return a bar that grows from the middle; ``share`` is -1 to 1."""
    width = abs(share) * 50
    left = 50 if share >= 0 else 50 - width
    return f'<span class="bar"><i class="{tone(share)}" style="left:{left:.1f}%;width:{width:.1f}%"></i></span>'


def _head_cell(head: str) -> str:
    return f'<th class="n">{text(head[1:])}</th>' if head.startswith(">") else f"<th>{text(head)}</th>"
