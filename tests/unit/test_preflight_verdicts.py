"""What the preflight makes of times, sessions and symbols, at the edges."""

from decimal import Decimal

import pytest

from catalog.sessions import Sessions
from config.checks.tws_answers import DataAnswer, Resolved, ValueAnswer
from config.checks.tws_wire import ContractFound, Refusal, SummaryEnd, SummaryRow
from config.checks.verdicts import (
    clock_check,
    hours_check,
    instrument_check,
    market_data_check,
    session_check,
    value_check,
    version_check,
)

NS = 1_000_000_000
SERVER_SECS = 1_795_446_000  # 2026-11-23 15:00 UTC, a Monday


@pytest.mark.parametrize(
    ("skew_secs", "verdict"),
    [
        (-5.01, "failed"),
        (-5.0, "warning"),
        (-1.01, "warning"),
        (-1.0, "ok"),
        (0.0, "ok"),
        (0.99, "ok"),  # within the second that the gateway cuts off
        (2.0, "ok"),
        (2.01, "warning"),
        (6.0, "warning"),
        (6.01, "failed"),
    ],
)
def test_clock_counts_only_what_whole_seconds_do_not_explain(skew_secs, verdict):
    now = SERVER_SECS * NS + round(skew_secs * NS)

    assert clock_check(SERVER_SECS, now, now).verdict == verdict


def test_slow_answer_is_no_wrong_clock():
    asked, answered = SERVER_SECS * NS - 2 * NS, SERVER_SECS * NS + 20 * NS

    assert clock_check(SERVER_SECS, asked, answered).verdict == "ok"


def test_wrong_clock_says_how_far_and_how_to_mend_it():
    ahead = clock_check(SERVER_SECS, SERVER_SECS * NS + 3_601 * NS, SERVER_SECS * NS + 3_601 * NS)
    behind = clock_check(SERVER_SECS, SERVER_SECS * NS - 2 * NS, SERVER_SECS * NS - 2 * NS)

    assert "at least 3,600.0 s ahead of the gateway, expected at most 1 s" in ahead.found
    assert "at least 2.0 s behind the gateway" in behind.found
    assert "timedatectl set-ntp true" in ahead.remedy


MONDAY = 1_795_392_000 * NS  # 2026-11-23 00:00 UTC
HOUR = 3_600 * NS


@pytest.mark.parametrize(
    ("since_monday", "verdict", "words"),
    [
        (12 * HOUR, "ok", "XNYS opens today at 09:30 (America/New_York)"),
        (14.5 * HOUR, "ok", "XNYS is open until 16:00"),
        (21 * HOUR - 1, "ok", "XNYS is open until 16:00"),
        (21 * HOUR, "warning", "XNYS closed at 16:00; it opens next on Tue 2026-11-24 at 09:30"),
        (-24 * HOUR, "warning", "XNYS has no session today; it opens next on Mon 2026-11-23 at 09:30"),
        (3 * 24 * HOUR + 15 * HOUR, "warning", "no session today; it opens next on Fri 2026-11-27 at 09:30"),
        (4 * 24 * HOUR + 15 * HOUR, "ok", "XNYS is open until 13:00"),
        (4 * 24 * HOUR + 20 * HOUR, "warning", "closed at 13:00; it opens next on Mon 2026-11-30 at 09:30"),
    ],
)
def test_session_says_when_the_exchange_opens(since_monday, verdict, words):
    check = session_check(Sessions("XNYS"), MONDAY + int(since_monday))

    assert check.verdict == verdict
    assert words in check.found


@pytest.mark.parametrize(("version", "verdict"), [(212, "failed"), (213, "ok"), (225, "ok"), (226, "failed")])
def test_version_outside_what_the_adapter_speaks_is_refused(version, verdict):
    check = version_check(version)

    assert check.verdict == verdict
    assert str(version) in check.found
    assert ("10.45" in check.remedy) == (verdict == "failed")


def test_extended_hours_are_refused_with_the_reason():
    check = hours_check("extended")

    assert check.verdict == "failed"
    assert "market orders and stops sleep outside regular hours at IB" in check.found
    assert 'Set session.hours = "regular"' in check.remedy
    assert [hours_check(hours).verdict for hours in ("regular", "any")] == ["ok", "ok"]


def row(value="100000.00", currency="USD", account="DU1", tag="NetLiquidation"):
    return SummaryRow(1, account, tag, value, currency)


def valued(*messages):
    answer = ValueAnswer("DU1")
    for message in messages:
        answer.take(message)
    return answer


@pytest.mark.parametrize(
    ("value", "amount"), [("1234567.89", "1234567.89"), ("0.01", "0.01"), ("1.23456789E7", "12345678.9")]
)
def test_value_above_zero_in_dollars_is_good(value, amount):
    answer = valued(row(value))

    assert value_check(answer).verdict == "ok"
    assert answer.amount == Decimal(amount)
    assert value_check(valued(row("1234567.89"))).found == "1,234,567.89 USD"


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([row("0.00")], "expected more than 0 USD, found 0.00 USD"),
        ([row("-12.50")], "expected more than 0 USD, found -12.50 USD"),
        ([row(currency="EUR")], "found 100,000.00 EUR; the limits of this program are in USD"),
        ([row(currency="BASE")], "found 100,000.00 BASE"),
        ([row(currency="")], "found 100,000.00 (no currency)"),
        ([row("")], 'expected an amount, found ""'),
        ([row("n/a")], 'expected an amount, found "n/a"'),
        ([row("NaN")], 'expected an amount, found "NaN"'),
        ([row("Infinity")], 'expected an amount, found "Infinity"'),
        ([row("1.7976931348623157E308")], "expected an amount"),  # how the broker writes "unset"
        ([row("1E999999999")], "expected an amount"),
        ([SummaryEnd(1)], "expected the value of DU1, found none"),
        ([row(account="DU2"), row(tag="BuyingPower"), SummaryEnd(1)], "expected the value of DU1, found none"),
        ([Refusal(1, 322, "Maximum number of requests")], 'a refusal ("322 Maximum number of requests")'),
        ([row(account="DU2")], "no answer in time"),
        ([], "no answer in time"),
    ],
)
def test_value_that_is_not_known_in_dollars_fails(messages, words):
    check = value_check(valued(*messages))

    assert check.verdict == "failed"
    assert words in check.found
    assert check.remedy


@pytest.mark.parametrize("symbol", ["BRK.B.NYSE", "BRK B.NYSE"])
def test_share_class_is_written_as_the_adapter_reads_it(symbol):
    found = Resolved([ContractFound(1, 7, "NYSE", "US0846707026")], is_answered=True)

    check = instrument_check(symbol, found)

    assert check.verdict == "failed"
    assert "Write BRK-B.NYSE" in check.remedy
    assert instrument_check("BRK-B.NYSE", found).verdict == "ok"


@pytest.mark.parametrize(
    ("symbol", "package"),
    [
        ("AAPL.NASDAQ", "NASDAQ (Network C/UTP)"),
        ("IBM.NYSE", "NYSE (Network A/CTA)"),
        ("SPY.ARCA", "(Network B)"),
        ("X.IEX", "the data of IEX"),
    ],
)
def test_data_that_is_missing_names_the_package_of_its_exchange(symbol, package):
    check = market_data_check(symbol, "realtime", DataAnswer("refused", Refusal(1, 354, "not subscribed")))

    assert package in check.remedy


def test_delayed_data_that_is_refused_is_not_mended_by_asking_for_delayed_data():
    check = market_data_check("AAPL.NASDAQ", "delayed", DataAnswer("refused", Refusal(1, 10168, "not enabled")))

    assert check.verdict == "failed"
    assert 'ib.market_data = "delayed"' not in check.remedy
