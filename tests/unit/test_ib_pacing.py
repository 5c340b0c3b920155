"""How fast IB is asked: its three limits, and the pauses after it said no."""

import pytest

from catalog.ib_pacing import IN_BURST, IN_WINDOW, RETRY_SECS, Pacing, retry_secs

AAPL, MSFT = "AAPL.NASDAQ", "MSFT.NASDAQ"


def asked(*requests: tuple[float, str, str]) -> Pacing:
    pacing = Pacing()
    for at, symbol, words in requests:
        pacing.sent(symbol, words, at)
    return pacing


def test_first_request_leaves_at_once() -> None:
    assert Pacing().wait_secs(AAPL, "Monday", 1_000.0) == 0


def test_same_words_wait_for_fifteen_seconds_and_other_words_do_not() -> None:
    pacing = asked((100.0, AAPL, "Monday"))

    assert pacing.wait_secs(AAPL, "Monday", 104.0) == pytest.approx(11.5)
    assert pacing.wait_secs(AAPL, "Tuesday", 104.0) == 0
    assert pacing.wait_secs(MSFT, "Monday", 104.0) == 0
    assert pacing.wait_secs(AAPL, "Monday", 115.5) == 0


def test_sixth_request_of_a_stock_within_two_seconds_waits() -> None:
    pacing = asked(*((100.0 + number / 10, AAPL, str(number)) for number in range(IN_BURST)))

    assert pacing.wait_secs(AAPL, "next", 100.5) == pytest.approx(2.0)  # 2.5 s after the first of the five
    assert pacing.wait_secs(MSFT, "next", 100.5) == 0
    assert pacing.wait_secs(AAPL, "next", 102.5) == 0


def test_sixty_first_request_waits_until_the_first_is_ten_minutes_old() -> None:
    pacing = asked(*((float(number), f"S{number}.NYSE", "Monday") for number in range(IN_WINDOW)))

    assert pacing.wait_secs(AAPL, "Monday", 60.0) == pytest.approx(540.5)
    assert pacing.wait_secs(AAPL, "Monday", 600.5) == 0


def test_pauses_after_refusals_grow_and_end() -> None:
    pauses = [retry_secs(refusals) for refusals in range(1, len(RETRY_SECS) + 2)]

    assert pauses == [60, 120, 300, 600, None]


def test_third_sixty_wait_as_the_second_did() -> None:
    pacing, now, sent = Pacing(), 0.0, []
    for number in range(3 * IN_WINDOW):
        now += pacing.wait_secs(f"S{number}.NYSE", "Monday", now)
        pacing.sent(f"S{number}.NYSE", "Monday", now)
        sent.append(now)

    assert [sent[0], sent[IN_WINDOW], sent[2 * IN_WINDOW]] == [0, 600.5, 1_201]
