"""The daily loss limit as a rule (law 8): equity marks in, a latched verdict out."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple


class LossState(NamedTuple):
    """Where the day stands after a mark; with ``is_known`` False, where it stood at the last valid one."""

    session: date
    baseline_usd: Decimal
    day_pnl_usd: Decimal
    is_breached: bool  # the limit has been hit in this session, whatever equity has done since
    is_new_breach: bool  # by this very mark
    is_known: bool  # False: the mark was not a finite number and changed nothing


class DailyLossLimit:
    """
    Latch on realised + unrealised loss since the previous session's closing mark.

    The baseline of a session is the last valid equity of the one before it, so an overnight gap counts. Breached when
    the day's P&L is at or below minus the limit; stays breached until the first valid mark of the next session.

    It only tells; flattening is its owner's. It does NOT cap the loss: a market that gaps through the limit, or moves
    between two marks, is seen too late; flattening costs spread, slippage and fees on top; marks are closes of bars,
    not what the broker would pay. Cash paid in or out counts as profit or loss. A breach is remembered across a
    restart of the process only if its owner records it and calls ``restore``.

    Parameters
    ----------
    limit_usd : Decimal
        Loss that breaches, as a positive number of USD.
    starting_equity_usd : Decimal
        Baseline of the first session marked, USD.

    """

    def __init__(self, limit_usd: Decimal, starting_equity_usd: Decimal) -> None:
        if not limit_usd.is_finite() or limit_usd <= 0:
            msg = f"Daily loss limit: expected USD above 0, was {limit_usd}; set risk.max_daily_loss_usd"
            raise ValueError(msg)
        if not starting_equity_usd.is_finite():
            msg = f"Daily loss limit: expected a finite starting equity in USD, was {starting_equity_usd}"
            raise ValueError(msg)
        self._limit_usd = limit_usd
        self._session: date | None = None
        self._baseline_usd = starting_equity_usd
        self._equity_usd = starting_equity_usd  # the last valid mark
        self._is_breached = False

    def restore(self, session: date, baseline_usd: Decimal, equity_usd: Decimal, *, is_breached: bool) -> None:
        """Go on where a journal says the day stood: its baseline, the latest mark, and whether the limit was hit."""
        self._session = session
        self._baseline_usd, self._equity_usd = baseline_usd, equity_usd
        self._is_breached = is_breached

    def mark(self, session: date, equity_usd: Decimal) -> LossState:
        """
        Take in the account's equity at a mark of ``session`` and return where the day stands.

        NaN or infinite equity changes nothing: no baseline, no latch, no new session.

        Raises
        ------
        ValueError
            If ``session`` is before one marked already.

        """
        if self._session is not None and session < self._session:
            msg = f"Daily loss limit: expected a session from {self._session} on, was {session}; mark in order of time"
            raise ValueError(msg)
        if not equity_usd.is_finite():
            return self._state(session, is_new_breach=False, is_known=False)
        if session != self._session:
            self._session = session
            self._baseline_usd = self._equity_usd
            self._is_breached = False
        self._equity_usd = equity_usd
        is_over = equity_usd - self._baseline_usd <= -self._limit_usd
        is_new_breach = is_over and not self._is_breached
        self._is_breached = self._is_breached or is_over
        return self._state(session, is_new_breach=is_new_breach, is_known=True)

    def _state(self, session: date, *, is_new_breach: bool, is_known: bool) -> LossState:
        return LossState(
            session=self._session or session,
            baseline_usd=self._baseline_usd,
            day_pnl_usd=self._equity_usd - self._baseline_usd,
            is_breached=self._is_breached,
            is_new_breach=is_new_breach,
            is_known=is_known,
        )
