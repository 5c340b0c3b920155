"""What clients ask, read from the wire; the bars that form; the moves that nobody planned; the lines people read."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.codec import BadFrame, decode_request, encode, length_of, schema
from tests.gateway.forming import FormingBar
from tests.gateway.model import Execution, MarketBar, Order, Price, Refused, Status
from tests.gateway.requests import history_request, order_from
from tests.gateway.shocks import Shocks
from tests.gateway.telling import Telling

SYMBOL = "AAPL.NASDAQ"
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
OPEN = 1_795_444_200 * SECOND  # 2026-11-23 09:30 New York
TICK = Decimal("0.01")


def history(**fields: Any) -> Any:
    defaults = {"reqId": 1, "barSizeSetting": "1 min", "duration": "1 D"}
    return history_request(schema("HistoricalDataRequest")(**(defaults | fields)))


def order(**fields: Any) -> Order:
    defaults = {"action": "BUY", "totalQuantity": "10", "tif": "DAY", "transmit": True}
    message = schema("PlaceOrderRequest")(orderId=5, order=schema("Order")(**(defaults | fields)))
    return order_from(message, 1, SYMBOL)


def piece(number: int, open_: str, high: str, low: str, close: str, volume: int = 100) -> MarketBar:
    prices = map(Decimal, (open_, high, low, close))
    return MarketBar(SYMBOL, 5, OPEN + number * 5 * SECOND, *prices, volume)


@pytest.mark.parametrize(
    ("duration", "step", "count"),
    [
        ("1 D", "1 min", 390),
        ("2 D", "5 mins", 156),
        ("18000 S", "1 min", 300),
        ("1 S", "1 min", 1),
        ("1 W", "1 hour", 32),
    ],
)
def test_a_duration_is_so_many_bars_of_trading(duration: str, step: str, count: int) -> None:
    assert history(duration=duration, barSizeSetting=step).count == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("20261123 14:30:00 UTC", OPEN),
        ("20261123-14:30:00", OPEN),
        ("20261123 09:30:00 US/Eastern", OPEN),
    ],
)
def test_an_end_is_now_or_a_time_in_some_zone(text: str, expected: int | None) -> None:
    assert history(endDateTime=text).end_ns == expected


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"duration": "soon"}, 321),
        ({"duration": "3 X"}, 321),
        ({"barSizeSetting": "7 min"}, 321),
        ({"endDateTime": "tomorrow"}, 10314),
    ],
)
def test_bars_asked_for_wrongly_are_refused(fields: dict[str, Any], code: int) -> None:
    with pytest.raises(Refused) as refused:
        history(**fields)
    assert refused.value.code == code


def test_a_price_that_is_not_set_or_zero_is_none() -> None:
    market = order(orderType="MKT", lmtPrice=0.0, auxPrice=0.0)
    assert (market.limit_price, market.stop_price, market.trail_amount) == (None, None, None)


def test_each_type_of_order_finds_its_prices() -> None:
    assert order(orderType="LMT", lmtPrice=100.05).limit_price == Decimal("100.05")
    assert order(orderType="STP", auxPrice=99.1).stop_price == Decimal("99.1")
    by_amount = order(orderType="TRAIL", auxPrice=2.5, trailStopPrice=97.5)
    assert (by_amount.trail_amount, by_amount.stop_price) == (Decimal("2.5"), Decimal("97.5"))
    assert order(orderType="TRAIL", trailingPercent=5.0).trail_pct == Decimal("5.0")


def test_transmit_is_off_when_it_is_absent() -> None:
    message = schema("PlaceOrderRequest")(
        orderId=5, order=schema("Order")(action="BUY", totalQuantity="1", orderType="MKT")
    )
    assert not order_from(message, 1, SYMBOL).is_transmitted


def test_a_frame_is_read_back_as_it_was_written() -> None:
    message = schema("StartApiRequest")(clientId=7)
    frame = encode(message)
    assert length_of(frame[:4]) == len(frame) - 4
    assert decode_request(frame[4:]) == message


@pytest.mark.parametrize("payload", [b"", b"\0\0", b"\0\0\3\xe7", b"\0\0\0\xcb\xff\xff"])
def test_what_is_no_message_is_a_bad_frame(payload: bytes) -> None:
    with pytest.raises(BadFrame, match="Expected"):
        decode_request(payload)


def test_an_endless_frame_is_not_awaited() -> None:
    with pytest.raises(BadFrame, match="at most"):
        length_of(b"\xff\xff\xff\xff")


# Bars that form


def test_a_bar_forms_piece_by_piece_and_the_next_begins_with_the_first_piece_after_its_close() -> None:
    bar = FormingBar([OPEN + MINUTE, OPEN + 2 * MINUTE], 60)
    bar.add(piece(1, "100", "102", "99", "101"))
    formed = bar.add(piece(12, "101", "101", "98", "98.5"))
    assert (formed.ts, formed.open, formed.high, formed.low, formed.close, formed.volume) == (
        OPEN + MINUTE,
        Decimal(100),
        Decimal(102),
        Decimal(98),
        Decimal("98.5"),
        200,
    )
    following = bar.add(piece(13, "97", "97", "97", "97"))
    assert (following.ts, following.open, following.volume) == (OPEN + 2 * MINUTE, Decimal(97), 100)


def test_the_successor_of_a_bar_lies_where_the_next_trade_is() -> None:
    bar = FormingBar([OPEN + number * MINUTE for number in range(1, 6)], 60)
    bar.add(piece(12, "101", "101", "98", "98.5"))
    gap = bar.successor(OPEN + 3 * MINUTE + 5 * SECOND)
    assert (gap.ts, gap.open, gap.close, gap.volume) == (OPEN + 4 * MINUTE, Decimal("98.5"), Decimal("98.5"), 0)
    assert bar.successor(None).ts == OPEN + 2 * MINUTE


# Moves that nobody planned


def test_a_shock_moves_what_comes_after_it_and_nothing_else() -> None:
    shocks = Shocks()
    shocks.add(SYMBOL, OPEN, Decimal("0.9"))
    before, after = (Price(SYMBOL, OPEN + offset, Decimal("100.05"), 1, is_jump=False) for offset in (0, 1))
    assert shocks.price(before, TICK) == before
    assert shocks.price(after, TICK) == replace(after, price=Decimal("90.05"), is_jump=True)
    other = replace(after, symbol="MSFT.NASDAQ")
    assert shocks.price(other, TICK) == other
    assert shocks.bar(piece(1, "100", "110", "90", "100"), TICK) == piece(1, "90", "99", "81", "90")


# Lines for people


def test_orders_and_fills_are_told_once_each_with_the_time_of_the_session() -> None:
    lines: list[str] = []
    telling = Telling(lines.append)
    stop = replace(order(orderType="STP", auxPrice=99.1, action="SELL"), perm_id=7)
    telling.order_changed(stop, OPEN)
    telling.order_changed(replace(stop, status=Status.SUBMITTED), OPEN)
    telling.order_changed(replace(stop, stop_price=Decimal("99.5")), OPEN + MINUTE)
    filled = replace(stop, status=Status.FILLED, filled=10)
    telling.executed(_execution(filled), OPEN + 2 * MINUTE)
    telling.order_changed(filled, OPEN + 2 * MINUTE)
    assert lines == [
        "09:30:00  order   7  sell 10 AAPL.NASDAQ, stop 99.1",
        "09:31:00  change  7  sell 10 AAPL.NASDAQ, stop 99.5",
        "09:32:00  fill    7  sold 10 AAPL.NASDAQ at 99.49, commission $1.00",
    ]


def _execution(order: Order) -> Execution:
    price = Decimal("99.49")
    return Execution("1", order, OPEN, 10, price, 10, price, Decimal(1), Decimal(0))


def test_a_market_and_a_limit_order_read_as_people_say_them() -> None:
    lines: list[str] = []
    telling = Telling(lines.append)
    telling.order_changed(replace(order(orderType="MKT"), perm_id=1), OPEN)
    telling.order_changed(replace(order(orderType="LMT", lmtPrice=9.5), perm_id=2), OPEN)
    telling.order_changed(replace(order(orderType="TRAIL"), perm_id=3, stop_price=Decimal(9)), OPEN)
    telling.order_changed(replace(order(orderType="MKT"), perm_id=1, status=Status.CANCELLED), OPEN)
    assert [line.split("  ", 3)[3] for line in lines] == [
        "buy 10 AAPL.NASDAQ at market",
        "buy 10 AAPL.NASDAQ at 9.5 or better",
        "buy 10 AAPL.NASDAQ, trailing stop 9",
        "cancelled",
    ]
