"""A stop that ends by itself: the telephone is told where it is put back, and that it rests again."""

from nautilus_trader.model import ClientOrderId

from actors.alerts.rules import AlertPolicy, AlertRules
from tests.integration.rig import SIDES, Onlooker, build, opening, session_bars, store_of


@SIDES
def test_a_lost_stop_tells_where_it_is_put_back_and_its_end_is_told_whatever_is_chosen(tmp_path, side):
    """The second time it is not put back, and nothing is told as if it were; nor of the next round trip's own stop."""
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 50)), [opening(side, 2, 30)])
    strategy = backtest.components.strategies[0]
    cancel = lambda *_: strategy.cancel_order(ClientOrderId(strategy.owner.holding.stop_id))  # noqa: E731
    backtest.engine.add_actor(Onlooker({10: cancel, 20: cancel}))
    record = backtest.run()
    backtest.dispose()

    stop, lost = f"{100 - 5 * side}.00", "AAPL.NASDAQ: the protective stop ended by itself (OrderCanceled) with"
    assert len(record.trades) == 2
    assert [(one.code, one.text) for one in record.alerts if one.code != "unprotected"] == [
        ("stop_lost", f"{lost} {100 * side} held; it is put back at {stop}"),
        ("stop_restored", f"AAPL.NASDAQ: a stop rests again at {stop} for 100 shares"),
        ("stop_lost", f"{lost} {100 * side} held"),
    ]
    rules = AlertRules(AlertPolicy(min_level="critical"))
    sent = [one.code for one in record.alerts if rules.admit(one, one.ts)]
    assert sent == ["stop_lost", "stop_restored", "stop_lost", "unprotected"]
