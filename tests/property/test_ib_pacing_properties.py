"""Whatever is asked for, in whatever order and however fast: no limit of IB's is crossed, nothing waits twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from catalog.ib_pacing import Pacing

REQUESTS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 5), st.floats(0, 30)), min_size=1, max_size=150
)


def paced(requests: list[tuple[str, int, float]]) -> list[tuple[float, str, int]]:
    """Send the requests as a download does: work for a while, wait as told, send."""
    pacing, now, sent = Pacing(), 0.0, []
    for symbol, words, work in requests:
        now += work
        wait = pacing.wait_secs(symbol, str(words), now)
        assert wait >= 0
        now += wait
        pacing.sent(symbol, str(words), now)
        sent.append((now, symbol, words))
    return sent


@given(REQUESTS)
def test_no_limit_is_crossed(requests) -> None:
    sent = paced(requests)

    for at, _, _ in sent:
        of_window = [other for other in sent if at <= other[0] < at + 600]
        assert len(of_window) <= 60
        burst = Counter(symbol for other, symbol, _ in sent if at <= other < at + 2)
        assert max(burst.values()) < 6
        same = Counter((symbol, words) for other, symbol, words in sent if at <= other < at + 15)
        assert max(same.values()) == 1


@given(REQUESTS)
def test_waiting_as_told_is_enough(requests) -> None:
    pacing = Pacing()
    for at, symbol, words in paced(requests):
        assert pacing.wait_secs(symbol, str(words), at) < 1e-6
        pacing.sent(symbol, str(words), at)
