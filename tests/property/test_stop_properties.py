"""Stops and trailing: on the grid, on the losing side, never looser, the same for long and short."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Side
from actors.trailing_rules import TrailingRule, TrailingStopConfig
from catalog.indicators import AverageTrueRange
from strategies.stops import clamp_to_market, is_tighter, protective_stop, tightened

sides = st.sampled_from(Side)
ticks = st.sampled_from([Decimal("0.0001"), Decimal("0.01"), Decimal("0.05")])
prices = st.decimals(min_value=1, max_value=5_000, places=4)
distances = st.decimals(min_value=0, max_value=6_000, places=5)


@given(side=sides, close=prices, distance=distances, tick=ticks)
def test_protective_stop_is_on_a_tick_on_the_losing_side_and_far_enough(side, close, distance, tick):
    stop = protective_stop(side, close, distance, tick)

    assert stop % tick == 0
    assert stop > 0
    gap = (close - stop) * side
    assert gap >= tick
    assert gap >= distance or stop == tick  # a long stop has no room below one tick
    assert gap <= max(distance, tick) + tick


@given(side=sides, steps=st.integers(2, 100_000), distance_steps=st.integers(0, 200_000), tick=ticks)
def test_protective_stop_long_and_short_mirror_each_other(side, steps, distance_steps, tick):
    close = steps * tick
    distance = min(distance_steps, steps - 1) * tick

    stop = protective_stop(side, close, distance, tick)

    assert close - protective_stop(side.opposite, close, distance, tick) == stop - close


@given(side=sides, current=prices, candidate=prices, market=prices, tick=ticks)
def test_tightened_law_3_only_ever_tightens_and_keeps_a_tick_from_the_market(side, current, candidate, market, tick):
    trigger = tightened(side, current, candidate, market, tick)

    if trigger is None:
        # Nothing on the grid between the stop and the candidate (or the market) was left to take.
        assert not is_tighter(side, current, clamp_to_market(side, candidate, market, tick))
        return
    assert (trigger - current) * side > 0
    assert (market - trigger) * side >= tick
    assert (candidate - trigger) * side >= 0
    assert trigger % tick == 0


@given(side=sides, candidate=prices, market=prices, tick=ticks)
def test_clamp_to_market_takes_no_more_than_it_must(side, candidate, market, tick):
    trigger = clamp_to_market(side, candidate, market, tick)

    nearer = trigger + side * tick
    assert (candidate - nearer) * side < 0 or (market - nearer) * side < tick


@st.composite
def bars(draw):
    """Bars of a wandering price, as moves from the close before: (up, down, close) in ticks."""
    return draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(-300, 300)), max_size=40))


def follow(side, config, moves, confirmed):
    """Run a rule over a path about 1 000 (mirrored for a short); yield each close, stop before and trigger asked."""
    tick, entry = Decimal("0.01"), Decimal(1_000)
    atr = AverageTrueRange(config.atr_period)
    rule = TrailingRule(config, side, entry, tick, entry - side * 50, atr)
    steps = 0
    for (up, down, move), is_confirmed in zip(moves, confirmed, strict=False):
        steps += move
        best, worst, close = (entry + side * tick * at for at in (steps + up, steps - down, steps))
        high, low = max(best, worst), min(best, worst)
        atr.update(float(high), float(low), float(close))
        trigger = rule.update(float(high), float(low), float(close))
        yield close, rule.current_stop, trigger
        if trigger is not None and is_confirmed:
            rule.current_stop = trigger


configs = st.builds(
    TrailingStopConfig,
    kind=st.sampled_from(["percent", "atr"]),
    distance_pct=st.decimals(min_value="0.05", max_value=5, places=2),
    activate_after_pct=st.decimals(min_value=0, max_value=1, places=2),
    min_step_bps=st.integers(0, 20),
    atr_period=st.integers(2, 5),
    atr_multiple=st.decimals(min_value="0.1", max_value=3, places=1),
)
answers = st.lists(st.booleans(), min_size=40, max_size=40)


@given(side=sides, config=configs, moves=bars(), confirmed=answers)
def test_trailing_rule_tightens_by_at_least_the_step_and_keeps_a_tick(side, config, moves, confirmed):
    for close, stop, trigger in follow(side, config, moves, confirmed):
        if trigger is not None:
            assert (trigger - stop) * side >= max(close * config.min_step_bps / 10_000, Decimal("0.01"))
            assert (close - trigger) * side >= Decimal("0.01")
            assert trigger % Decimal("0.01") == 0


@given(side=sides, config=configs, moves=bars())
def test_trailing_rule_whose_asks_are_met_makes_a_strictly_monotone_stop(side, config, moves):
    asked = [trigger * side for _, _, trigger in follow(side, config, moves, [True] * 40) if trigger is not None]

    assert asked == sorted(set(asked))


@given(config=configs, moves=bars(), confirmed=answers)
def test_trailing_rule_by_atr_mirrors_long_and_short(config, moves, confirmed):
    # The step is a share of the close, so it is not the same on both sides of 1 000.
    config = config.model_copy(update={"kind": "atr", "activate_after_pct": Decimal(0), "min_step_bps": Decimal(0)})

    longs, shorts = (
        [
            None if trigger is None else (trigger - 1_000) * side
            for _, _, trigger in follow(side, config, moves, confirmed)
        ]
        for side in Side
    )

    assert longs == shorts
