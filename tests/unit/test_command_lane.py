"""One cancel or change at a time: who leaves when."""

from strategies.command_lane import PATIENCE_NS, CommandLane


class Counter:
    """The lane, its clock, and what has left."""

    def __init__(self) -> None:
        self.now_ns, self.left = 0, []
        self.lane = CommandLane(is_serial=True)

    def now(self) -> int:
        return self.now_ns

    def asks(self, *order_ids: str) -> None:
        for order_id in order_ids:
            self.lane.send(order_id, lambda order_id=order_id: self.left.append(order_id), self.now)


def test_each_leaves_when_the_one_before_is_answered() -> None:
    counter = Counter()
    counter.asks("A", "B", "C")
    counter.lane.answered("C", counter.now)
    assert counter.left == ["A"]
    counter.lane.answered("A", counter.now)
    assert counter.left == ["A", "B"]


def test_what_waits_for_an_answer_that_never_comes_leaves_though_nobody_asks_for_more() -> None:
    counter = Counter()
    counter.asks("A", "B", "C")
    counter.now_ns = PATIENCE_NS
    counter.lane.look(counter.now)
    assert counter.left == ["A"]
    counter.now_ns += 1
    counter.lane.look(counter.now)
    assert counter.left == ["A", "B"]
    counter.lane.answered("A", counter.now)  # too late to count for B
    assert counter.left == ["A", "B"]


def test_a_lane_without_a_queue_looks_in_vain() -> None:
    counter = Counter()
    counter.lane.look(counter.now)
    counter.asks("A")
    counter.now_ns = 10 * PATIENCE_NS
    counter.lane.look(counter.now)
    counter.asks("B")
    assert counter.left == ["A", "B"]
