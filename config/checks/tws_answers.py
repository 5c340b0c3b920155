"""What the answers of a gateway add up to: the value of the account, contracts, the market data it serves; no I/O."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from config.checks.tws_wire import (
    NET_LIQUIDATION,
    ContractFound,
    ContractsEnd,
    DataKind,
    Message,
    Refusal,
    SummaryEnd,
    SummaryRow,
    Tick,
)

_PRICE_TICKS: Final = {1, 2, 4, 6, 7, 9, 14, 37}  # bid, ask, last, high, low, close, open, mark
_DELAYED_TICKS: Final = {66, 67, 68, 72, 73, 75, 76}  # the same, 15 minutes late
_DELAYED_KINDS: Final = {3, 4}
_PARTLY_SUBSCRIBED: Final = {10090, 10091}  # not on every exchange; prices follow
MAX_AMOUNT_DIGITS: Final = 15  # before the point; beyond, it is no account's value (unset is 1.79…E308)
_DELAYED_FOLLOWS: Final = 10167  # not subscribed; delayed prices follow

DataVerdict = Literal["realtime", "delayed", "refused", "silent"]


@dataclass(slots=True)
class ValueAnswer:
    """What the gateway says an account is worth; the rows of other accounts are passed over."""

    account: str
    row: SummaryRow | None = None
    refusal: Refusal | None = None
    is_answered: bool = False

    @property
    def amount(self) -> Decimal | None:
        """The value in the currency of the row; None when there is none, or no number."""
        try:
            amount = Decimal(self.row.value if self.row else "")
        except InvalidOperation:
            return None
        return amount if amount.is_finite() and amount.adjusted() < MAX_AMOUNT_DIGITS else None

    def take(self, message: Message) -> None:
        match message:
            case SummaryRow(account=self.account, tag=tag) if tag == NET_LIQUIDATION:
                self.row = message
                self.is_answered = True
            case Refusal():
                self.refusal = message
                self.is_answered = True
            case SummaryEnd():
                self.is_answered = True


@dataclass(slots=True)
class Resolved:
    """What the gateway says of a symbol."""

    contracts: list[ContractFound] = field(default_factory=list)
    refusal: Refusal | None = None
    is_answered: bool = False

    def take(self, message: Message) -> None:
        match message:
            case ContractFound():
                self.contracts.append(message)
            case Refusal():
                self.refusal = message
                self.is_answered = True
            case ContractsEnd():
                self.is_answered = True


@dataclass(slots=True)
class DataAnswer:
    """Which market data a symbol is served with, and the broker's word when it speaks of subscriptions."""

    verdict: DataVerdict = "silent"
    refusal: Refusal | None = None

    @property
    def is_partial(self) -> bool:
        """Whether prices come from some of the exchanges only."""
        return self.refusal is not None and self.refusal.code in _PARTLY_SUBSCRIBED

    def take(self, message: Message) -> None:
        match message:
            case Tick(tick_type=tick_type) if tick_type in _PRICE_TICKS and self.verdict == "silent":
                self.verdict = "realtime"
            case Tick(tick_type=tick_type) if tick_type in _DELAYED_TICKS and self.verdict == "silent":
                self.verdict = "delayed"
            case DataKind(kind=kind) if kind in _DELAYED_KINDS:
                self.verdict = "delayed"
            case Refusal(code=code):
                self.refusal = message
                if code == _DELAYED_FOLLOWS:
                    self.verdict = "delayed"
                elif code not in _PARTLY_SUBSCRIBED:
                    self.verdict = "refused"
