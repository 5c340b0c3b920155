"""Orders that work at the broker though the engine holds them as ended: which, and from when on it is believed."""

from actors.link.book_rules import LASTING_NS, RECENT_NS
from actors.link.heard import WorkingOrder
from actors.link.stray_orders import StrayOrders

AAPL, MSFT = "AAPL.NASDAQ", "MSFT.NASDAQ"
STOP, OTHER = WorkingOrder(AAPL, "O-2", "PERM-2"), WorkingOrder(MSFT, "O-4", "PERM-4")


def hear(strays: StrayOrders, now_ns: int, *working: WorkingOrder, ended: tuple[str, ...] = ("O-2", "O-4")) -> None:
    strays.hear(working, lambda client_order_id: client_order_id in ended, now_ns)


def test_what_the_engine_holds_as_open_is_no_stray():
    strays = StrayOrders()
    for now_ns in (0, 2 * LASTING_NS):
        hear(strays, now_ns, STOP, OTHER, ended=("O-4",))

    assert strays.lasting(LASTING_NS) == [OTHER]


def test_a_stray_is_told_once_it_is_no_mere_lag_and_of_its_symbol_alone():
    strays = StrayOrders()
    hear(strays, 0, STOP)
    hear(strays, RECENT_NS, STOP)
    assert strays.told(AAPL) == []

    hear(strays, RECENT_NS + 1, STOP)
    assert strays.told(AAPL) == ["the broker works O-2 (PERM-2), NautilusTrader holds it as ended"]
    assert strays.told(MSFT) == []
    assert strays.lasting(LASTING_NS) == []


def test_one_that_was_away_in_between_is_counted_anew():
    strays = StrayOrders()
    hear(strays, 0, STOP, OTHER)
    hear(strays, 1, OTHER)
    hear(strays, 2 * LASTING_NS, STOP, OTHER)

    assert strays.lasting(LASTING_NS) == [OTHER]


def test_nothing_lasts_over_a_loss_of_the_link():
    strays = StrayOrders()
    hear(strays, 0, STOP)
    strays.forget()
    hear(strays, 2 * LASTING_NS, STOP)

    assert strays.lasting(0) == []
