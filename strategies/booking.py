"""Books the fills of one symbol into its round trip, with what each cost, and tells of them."""

from decimal import Decimal

from nautilus_trader.model import OrderFilled, OrderSide

from actors.messages import OrderRole, Side
from catalog.fees import FixedPlanFees
from strategies.commissions import Commissions
from strategies.holding import Holding
from strategies.owner_voice import OwnerVoice


class Booking:
    """
    Takes every fill of a symbol, in order.

    Parameters
    ----------
    voice : OwnerVoice
        Tells of fills, and of a commission that was not told.
    fees : FixedPlanFees | None
        The broker's price list; None = a simulated exchange, which always tells.

    """

    def __init__(self, voice: OwnerVoice, fees: FixedPlanFees | None) -> None:
        self._voice = voice
        self._commissions = Commissions(fees)

    def book(self, holding: Holding, role: OrderRole, fill: OrderFilled, last_close: Decimal, ts: int) -> None:
        """Book a fill; ``last_close`` is what the position is marked at, ``ts`` the event time of the fill."""
        order_id, shares, price = fill.client_order_id.value, int(fill.last_qty), fill.last_px.as_decimal()
        told = None if fill.commission is None else fill.commission.as_decimal()
        commission, is_estimate = self._commissions.of(order_id, shares, price, told)
        bought = Side.LONG if fill.order_side == OrderSide.BUY else Side.SHORT
        holding.filled(order_id, bought, shares, price, commission)
        self._voice.filled(holding, role, fill, commission, last_close)
        if is_estimate:
            text = f"{role} order {order_id}: no commission told for {shares} at {price}, booked {commission} USD"
            self._voice.alert(ts, "commission_missing", text)
