"""The ledger after an outage: what was missed comes symbol by symbol, the account is one."""

from decimal import Decimal

from nautilus_trader.model import Bar, BarType, Price, Quantity

from actors.ledger import Ledger
from actors.messages import MissedBar, OrderFilled, OrderRole, Side
from catalog.sessions import Sessions
from tests.integration.rig import AAPL, MSFT, SIDES, session_bars

FRIDAY, MONDAY = (session_bars([100.0] * 390, day)["ts"].to_list() for day in ("2024-10-04", "2024-10-07"))


class HandLedger(Ledger):
    """A ledger without a node that holds two positions since Friday's open; it remembers what it says."""

    def __init__(self, sides: dict[str, Side]) -> None:
        self.said = []
        super().__init__({s: f"{s}-1-MINUTE-LAST-EXTERNAL" for s in sides}, Decimal(100_000), Sessions(), 5)
        for symbol, side in sides.items():
            price, order = Decimal(100), (f"{symbol}-1", f"O-{symbol}", f"E-{symbol}", OrderRole.ENTRY)
            self.on_fill(OrderFilled(FRIDAY[0], symbol, "rule", *order, side, 100, price, 0, 100 * side, None, price))

    def publish_message(self, _topic, message) -> None:
        self.said.append(message)

    def hear_bars(self, _bar_type) -> None:
        """Nobody sends any."""

    def missed(self, symbol: str, times: list[int], price: int) -> None:
        for ts in times:
            self.on_missed_bar(MissedBar(ts, symbol, *[Decimal(price)] * 5))

    def hears(self, symbol: str, ts: int, price: int) -> None:
        prices = [Price.from_decimal_dp(Decimal(price), 2)] * 4
        self.on_bar(Bar(BarType.from_str(f"{symbol}-1-MINUTE-LAST-EXTERNAL"), *prices, Quantity.from_int(1), ts, ts))


@SIDES
def test_a_hedge_that_the_market_moved_over_a_weekends_outage_is_no_loss(side):
    ledger = HandLedger({AAPL: side, MSFT: Side(side.opposite)})
    for ts in FRIDAY[1:380]:
        ledger.missed(AAPL, [ts], 100)
        ledger.missed(MSFT, [ts], 100)
    for symbol in (AAPL, MSFT):
        ledger.missed(symbol, [*FRIDAY[380:], *MONDAY[:3]], 100 - 20 * side)
        ledger.hears(symbol, MONDAY[3], 100 - 20 * side)

    assert {mark.equity_usd for mark in ledger.said} == {100_000}
    assert [mark.ts for mark in ledger.equity] == sorted(mark.ts for mark in ledger.equity)
    assert ledger.equity[-1].ts == MONDAY[3]
