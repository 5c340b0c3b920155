"""The strategies of a session as status and control see them: what each holds, and what forbids it to enter."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from actors.ledger import Ledger
from actors.messages import OrderRole
from actors.status.desk_facts import Objection, SymbolFacts, WorkingOrder
from actors.status.pulse import DeskView
from strategies.holding import Holding
from strategies.signal_strategy import SignalStrategy


def desk_view(strategies: Sequence[SignalStrategy], ledger: Ledger) -> DeskView:
    """Return how the strategies and the account are asked."""
    return DeskView(_symbols_of(strategies), lambda: _account(ledger))


def _account(ledger: Ledger) -> tuple[Decimal, Decimal, Decimal]:
    view = ledger.view()
    return view.equity_usd, ledger.account.cash_usd, view.gross_exposure_usd


def _symbols_of(strategies: Sequence[SignalStrategy]) -> Callable[[int], list[SymbolFacts]]:
    return lambda ts: [_facts(strategy, ts) for strategy in strategies]


def _facts(strategy: SignalStrategy, ts: int) -> SymbolFacts:
    holding = strategy.owner.holding
    verdict = strategy.objection(ts)
    return SymbolFacts(
        symbol=strategy.setup.symbol,
        quantity=holding.quantity,
        phase=holding.phase,
        rule=holding.rule.rpartition(":")[2],
        average_price=holding.average_price,
        last_close=strategy.owner.market,
        last_bar_ts=strategy.last_ts,
        stop_trigger=holding.stop_trigger if holding.is_stop_resting else None,
        stop_shares=holding.stop_open if holding.is_stop_resting else 0,
        was_raised=holding.was_raised,
        exit_reason=holding.exit_reason,
        lock=strategy.lock,
        is_reachable=strategy.owner.is_reachable,
        objection=Objection() if verdict.is_allowed else Objection(verdict.reason, verdict.detail),
        orders=_orders(holding),
    )


def _orders(holding: Holding) -> tuple[WorkingOrder, ...]:
    return tuple(
        WorkingOrder(
            order_id,
            holding.roles[order_id],
            shares,
            holding.stop_trigger if holding.roles[order_id] is OrderRole.STOP else None,
        )
        for order_id, shares in holding.working.items()
    )
