"""Bugs: each of these fails on a5651e6."""

from decimal import Decimal
import pytest
from actors.messages import ExitReason, Halt, Side, Topic
from tests.integration.rig import Onlooker, build, run, scripted, session_bars, store_of
from tests.integration.test_components import ENTER, HOLD, SIDES, Desk, at, opening


@SIDES
def test_a_the_loss_limits_halt_does_not_lift_the_operators(tmp_path, side):
    days = [session_bars([100.0] * 390), session_bars([100.0] * 30, "2024-10-08")]

    def loss(ts):
        from datetime import date

        return Halt(ts, date(2024, 10, 7), ExitReason.LOSS_LIMIT, "loss")

    halts = Onlooker(
        {
            10: lambda a, b: a.publish_message(Topic.COMMANDS, Halt(b.ts_init, None, ExitReason.OPERATOR, "by hand")),
            12: lambda a, b: a.publish_message(Topic.COMMANDS, loss(b.ts_init)),
        }
    )
    record = run(store_of(tmp_path, AAPL=days), [opening(side, 400)], onlookers=[halts])
    assert [d.detail for d in record.decisions] == ["halted: by hand"]


@SIDES
def test_b_a_failing_rule_does_not_keep_a_position_over_the_close(tmp_path, side):
    up = [5] if side > 0 else []
    table = scripted(up=up, down=[] if up else [5], short=True, fail=range(6, 391))
    overrides = ["session.flatten_before_close_mins=5", "session.avoid_last_mins=10"]
    record = run(store_of(tmp_path, AAPL=session_bars([100.0] * 390)), [table], overrides)
    assert record.trades[0].exit_reason is ExitReason.SESSION_CLOSE


@SIDES
def test_c_resizing_a_partly_filled_stop_counts_what_it_filled(side):
    Desk(side).plays(HOLD + "Filled 2 30 -5\n Updated 2 90 > modify 2 100")


@SIDES
def test_d_a_rejected_resize_is_tried_again(side):
    Desk(side).plays(
        ENTER + "Accepted 2\n Filled 1 60\n Canceled 1 > modify 2 60\n ModifyRejected 2\n retry > modify 2 60"
    )


@SIDES
def test_e_an_entry_whose_stop_was_refused_is_cancelled(side):
    Desk(side).plays(ENTER + "Rejected 2 > cancel 1")


@SIDES
def test_f_an_exit_whose_entry_cancel_was_rejected_is_tried_again(side):
    Desk(side).plays(ENTER + "exit operator > cancel 1\n CancelRejected 1\n retry > cancel 1")


def test_g_an_actors_failure_has_its_time(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [scripted(up=[5], down=[15])])
    backtest.components.guard.limit = None
    assert backtest.run().errors[0].ts > 0


@SIDES
def test_h_a_stop_that_closes_what_filled_takes_the_rest_of_the_entry_along(side):
    desk = Desk(side)
    desk.plays(ENTER + "Accepted 2\n Filled 1 60\n Filled 2 60 -5 > cancel 1")
    assert not desk.owner.holding.is_flat


@SIDES
def test_i_the_ledger_follows_a_symbol_that_reenters_while_another_is_silent(tmp_path, side):
    frame = session_bars([100 + side * m for m in [0.0] * 14 + [-4.0] * 10], spread=0)
    tables = [opening(side, 5, 11, closing=(10,)), opening(side, 5, symbol="MSFT.NASDAQ")]
    backtest = build(
        store_of(tmp_path, AAPL=frame, MSFT=session_bars([100.0] * 7)), tables, ["risk.max_daily_loss_usd=200"]
    )
    record = backtest.run()
    print(
        [(t.symbol, t.exit_reason) for t in record.trades],
        len(record.equity),
        [(e.ts - int(frame.ts[0])) / 60e9 + 1 for e in record.equity],
    )
    assert record.loss_limit_halts == 1


def test_j_a_run_stopped_after_its_last_chunk_is_complete(tmp_path):
    backtest = build(store_of(tmp_path, AAPL=session_bars([100.0] * 30)), [scripted(up=[5])])
    assert not backtest.run(should_stop=lambda: True).was_interrupted


@SIDES
def test_k_a_late_fill_of_an_entry_that_ended_is_ours(side):
    Desk(side).plays(
        ENTER
        + "Accepted 2\n Filled 1 60\n Canceled 1 > modify 2 60\n Updated 2 60\n Filled 1 10 > modify 2 70\n Updated 2 70"
    )
