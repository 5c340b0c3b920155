"""Whatever clients, people and the market do to the gateway's book, in any order: shares and money add up."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.model import OrderType, Refused, Status
from tests.unit.gateway_floor import AAPL, CASH_USD, CLIENT, MSFT, Floor, make_order

sides = st.booleans()
symbols = st.sampled_from([AAPL, MSFT])
quantities = st.integers(1, 900)
prices = st.integers(9_000, 11_000).map(lambda cents: Decimal(cents) / 100)
kinds = st.sampled_from(["MKT", "LMT", "STP", "TRAIL"])
lives = st.sampled_from(["DAY", "GTC"])
PRECISION = Decimal("1e-15")

actions = st.one_of(
    st.tuples(st.just("print"), symbols, prices, st.booleans()),
    st.tuples(st.just("print"), symbols, prices, st.booleans()),
    st.tuples(st.just("order"), symbols, sides, quantities, kinds, prices, lives),
    st.tuples(st.just("bracket"), symbols, sides, quantities, kinds, prices, prices, lives),
    st.tuples(st.just("modify"), st.integers(1, 12), quantities, prices),
    st.tuples(st.just("cancel"), st.integers(1, 12)),
    st.tuples(st.just("by hand"), symbols, sides, quantities, prices),
    st.tuples(st.just("parts"), st.integers(1, 4)),
    st.tuples(st.just("withhold"), symbols),
    st.tuples(st.just("release")),
    st.tuples(st.just("end of day")),
)
runs = st.lists(actions, min_size=5, max_size=40)


class Run(Floor):
    """A floor that acts by name, and notes at which print each order was placed and filled."""

    def __init__(self) -> None:
        super().__init__()
        self.orders = []
        self.printed = {}  # symbol -> its last prints
        self.ticks = 0
        self.filled_at = {}  # permanent id -> number of the print that filled it first
        self.over = set()  # permanent ids of which the end was told

    def order_changed(self, order) -> None:
        super().order_changed(order)
        assert order.is_transmitted or order.status is Status.CANCELLED
        assert order.perm_id not in self.over, "told again after its end"
        if order.is_done:
            self.over.add(order.perm_id)

    def executed(self, execution) -> None:
        super().executed(execution)
        self.filled_at.setdefault(execution.order.perm_id, self.ticks)

    def act(self, name: str, *args) -> None:
        try:
            getattr(self, "do_" + name.replace(" ", "_"))(*args)
        except Refused:
            assert name in ("modify", "cancel")

    def terms(self, kind: str, price: Decimal) -> dict[str, Decimal]:
        field = {"LMT": "limit_price", "STP": "stop_price", "TRAIL": "trail_pct"}.get(kind)
        return {field: price if kind != "TRAIL" else price / 50} if field else {}

    def add(self, is_buy, quantity, kind, price, **terms):
        order = make_order(len(self.orders) + 1, is_buy, quantity, kind, **self.terms(kind, price), **terms)
        self.orders.append(order)
        self.book.place(order)
        return order.order_id

    def do_print(self, symbol, price, walks) -> None:
        before = {order.perm_id: order.stop_price for order in self.orders if order.type is OrderType.TRAIL}
        self.ticks += 1
        already = len(self.fills)
        self.prints(price, symbol=symbol, walks=walks)
        bounds = sorted({price, self.printed.get(symbol, price)})
        assert all(bounds[0] <= fill.price <= bounds[-1] for fill in self.fills[already:])
        self.printed[symbol] = price
        for order in self.orders:
            if before.get(order.perm_id) is not None:
                assert (
                    (order.stop_price <= before[order.perm_id])
                    if order.is_buy
                    else (order.stop_price >= before[order.perm_id])
                )

    def do_order(self, symbol, is_buy, quantity, kind, price, life) -> None:
        self.add(is_buy, quantity, kind, price, symbol=symbol, time_in_force=life)

    def do_bracket(self, symbol, is_buy, quantity, kind, price, exit_price, life) -> None:
        terms = {"symbol": symbol, "time_in_force": life}
        parent = self.add(is_buy, quantity, kind, price, is_transmitted=False, **terms)
        self.add(not is_buy, quantity, "STP", exit_price, parent_id=parent, is_transmitted=False, **terms)
        self.add(not is_buy, quantity, "LMT", exit_price, parent_id=parent, **terms)

    def do_modify(self, order_id, quantity, price) -> None:
        known = self.book.find(CLIENT, order_id)
        kind, is_buy, symbol = (known.type, known.is_buy, known.symbol) if known else ("MKT", True, AAPL)
        self.book.modify(make_order(order_id, is_buy, quantity, kind, symbol=symbol, **self.terms(kind, price)))

    def do_cancel(self, order_id) -> None:
        self.book.cancel(CLIENT, order_id)

    def do_by_hand(self, symbol, is_buy, quantity, price) -> None:
        self.orders.append(self.book.trade_by_hand(symbol, is_buy, quantity, price))

    def do_parts(self, parts) -> None:
        self.book.parts = parts

    def do_withhold(self, symbol) -> None:
        self.book.withheld.add(symbol)

    def do_release(self) -> None:
        self.book.withheld.clear()

    def do_end_of_day(self) -> None:
        self.book.end_of_day()


def ran(steps) -> Run:
    run = Run()
    for step in steps:
        run.act(*step)
    return run


@given(runs)
def test_cash_and_positions_are_what_the_fills_say(steps):
    run = ran(steps)
    shares, cash, fees = Counter(), CASH_USD, Decimal(0)
    for fill in run.fills:
        signed = fill.quantity if fill.order.is_buy else -fill.quantity
        shares[fill.order.symbol] += signed
        cash -= signed * fill.price + fill.commission_usd
        fees += fill.commission_usd

    book = run.book
    assert book.cash_usd == cash
    assert {each.symbol: each.quantity for each in book.positions()} == {s: n for s, n in shares.items() if n}
    assert fees == sum(
        min(max(Decimal(1), order.filled * Decimal("0.005")), order.filled * order.average_price / 100).quantize(
            Decimal("0.01"), "ROUND_HALF_UP"
        )
        for order in run.orders
    )


@given(runs)
def test_what_was_won_is_realized_or_unrealized(steps):
    book = ran(steps).book

    won = sum(book.realized_usd(symbol) + book.unrealized_usd(symbol) for symbol in (AAPL, MSFT))

    assert abs(book.equity_usd() - CASH_USD - won) < PRECISION
    told = sum((each.realized_pnl_usd for each in book.executions()), Decimal(0))
    assert abs(told - sum(book.realized_usd(symbol) for symbol in (AAPL, MSFT))) < PRECISION


@given(runs)
def test_an_order_never_fills_beyond_its_quantity_nor_twice(steps):
    run = ran(steps)
    filled = Counter()
    for fill in run.book.executions():
        filled[fill.order.perm_id] += fill.quantity
        assert fill.quantity > 0
        assert fill.cumulative == filled[fill.order.perm_id]

    assert len({fill.exec_id for fill in run.fills}) == len(run.fills)
    for order in run.orders:
        assert order.filled == filled[order.perm_id] <= order.quantity
        assert (order.status is Status.FILLED) == (order.remaining == 0)
        assert (order.completed > 0) == order.is_done


@given(runs)
def test_of_the_exits_of_a_bracket_at_most_one_fills_and_only_after_its_entry(steps):
    run = ran(steps)
    exits = [order for order in run.orders if order.parent_id]

    by_parent = Counter(order.parent_id for order in exits if order.filled)
    assert all(number == 1 for number in by_parent.values())
    for order in exits:
        parent = run.book.find(CLIENT, order.parent_id)
        assert not order.filled or run.filled_at[parent.perm_id] < run.filled_at[order.perm_id]
        assert not (parent.status is Status.CANCELLED and not parent.filled and not order.is_done)


@given(runs)
def test_every_order_is_open_or_completed(steps):
    run = ran(steps)
    parked = [order for order in run.orders if not order.is_transmitted and not order.is_done]

    kept = [*run.book.open_orders(), *run.book.completed_orders(), *parked]

    assert sorted(order.perm_id for order in kept) == sorted(order.perm_id for order in run.orders)
