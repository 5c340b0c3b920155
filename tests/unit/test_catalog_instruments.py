import pytest

from catalog.instruments import make_bar_type, make_equity, parse_step, split_bar_type


@pytest.mark.parametrize("symbol", ["AAPL.NASDAQ", "BRK.B.NYSE", "BRK B.NYSE", "BF-B.NYSE"])
def test_equity_of_a_symbol_has_a_cent_tick(symbol: str) -> None:
    equity = make_equity(symbol)

    assert str(equity.id) == symbol
    assert (str(equity.price_increment), equity.price_precision, str(equity.lot_size)) == ("0.01", 2, "1")
    assert (str(equity.quote_currency), equity.ts_event, equity.ts_init) == ("USD", 0, 0)


@pytest.mark.parametrize("symbol", ["AAPL", "aapl.nasdaq", ".NASDAQ", "AAPL.", "", "AAPL.NASDAQ-1-MINUTE"])
def test_symbol_of_another_form_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match=r"Expected SYMBOL\.VENUE in capitals such as AAPL\.NASDAQ, was"):
        make_equity(symbol)


@pytest.mark.parametrize(
    ("step", "secs"),
    [("5-SECOND", 5), ("30-SECOND", 30), ("1-MINUTE", 60), ("20-MINUTE", 1200), ("1-HOUR", 3600), ("1-DAY", 86400)],
)
def test_bar_type_of_a_step_is_external_last_and_splits_again(step: str, secs: int) -> None:
    bar_type, found = make_bar_type("BRK-B.NYSE", step)

    assert (str(bar_type), found) == (f"BRK-B.NYSE-{step}-LAST-EXTERNAL", secs)
    assert split_bar_type(str(bar_type)) == ("BRK-B.NYSE", step)


@pytest.mark.parametrize(
    "step", ["7-MINUTE", "60-MINUTE", "90-SECOND", "2-DAY", "0-MINUTE", "1-minute", "MINUTE", "1-TICK"]
)
def test_step_of_another_form_is_refused_with_the_valid_ones(step: str) -> None:
    with pytest.raises(ValueError, match=f"such as 5-SECOND, 1-MINUTE, 1-HOUR or 1-DAY .* was '{step}'"):
        parse_step(step)
