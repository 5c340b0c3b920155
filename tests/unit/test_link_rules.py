"""The states of the link: each step told once, up only once what came back was compared or had its time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.link.heard import AdapterBack, AdapterLost, Beat, Connected, Deaf, Lost, Notice, OrderStreamEnded
from actors.link.link_rules import LinkRules
from actors.messages import LinkState

SECOND = 1_000_000_000
SETTLE_SECS = 10
UP, DEGRADED, DOWN = LinkState.UP, LinkState.DEGRADED, LinkState.DOWN
LINE = "Connectivity has been lost."


class Line:
    """Rules that have been up for a minute, the clock in seconds, and the codes told."""

    def __init__(self, *, is_heard: bool = True) -> None:
        self.rules = LinkRules(SETTLE_SECS)
        self.now = 1_000.0
        self.told: list[str] = []
        if is_heard:
            self.hears(Connected())
            self.waits(60)

    def hears(self, *heard) -> LinkState:
        for each in heard:
            self._note(self.rules.hear(each, self._ns))
        return self.rules.state

    def compares(self, *, agrees: bool = True) -> LinkState:
        self._note(self.rules.compared(self._ns, agrees=agrees))
        return self.rules.state

    def refuses(self) -> LinkState:
        self._note(self.rules.refused(self._ns))
        return self.rules.state

    def waits(self, secs: float) -> LinkState:
        for _ in range(int(secs * 4)):
            self.now += 0.25
            self._note(self.rules.look(self._ns))
        return self.rules.state

    @property
    def _ns(self) -> int:
        return int(self.now * SECOND)

    def _note(self, alerts) -> None:
        self.told += [alert.code for alert in alerts]


def test_it_is_up_from_the_start_and_nothing_is_told():
    line = Line()

    assert line.rules.state is UP
    assert line.told == []


@pytest.mark.parametrize(
    ("gone", "back"),
    [
        ([Lost("reset")], [Connected()]),
        ([AdapterLost()], [AdapterBack()]),
        ([Lost("reset"), AdapterLost()], [Connected(), AdapterBack()]),
        ([AdapterLost(), Lost("reset")], [AdapterBack(), Connected()]),
        ([Lost("no answer for 5 s")], [Deaf("client id 2 is in use")]),
    ],
)
def test_a_loss_is_down_until_all_is_back_and_the_books_agree(gone, back):
    line = Line()
    assert line.hears(*gone) is DOWN
    assert line.waits(3) is DOWN
    assert line.compares() is DOWN
    assert line.hears(*back[:-1]) is DOWN
    assert line.hears(back[-1]) is DEGRADED
    assert line.compares(agrees=False) is DEGRADED
    assert line.compares() is UP
    assert [code for code in line.told if code != "link_unwatched"] == ["link_lost", "link_back"]


def test_books_that_do_not_agree_hold_it_back_for_the_engines_checks_and_no_longer():
    line = Line()
    line.hears(Lost("reset"), Connected())

    assert line.compares(agrees=False) is DEGRADED
    assert line.waits(SETTLE_SECS - 0.5) is DEGRADED
    assert line.waits(1) is UP


def test_the_time_to_settle_counts_from_what_came_back_last():
    line = Line()
    line.hears(Lost("reset"), AdapterLost(), Connected())
    line.waits(8)
    line.hears(AdapterBack())

    assert line.waits(SETTLE_SECS - 0.5) is DEGRADED
    assert line.waits(1) is UP


def test_a_return_says_how_long_it_was_away():
    rules = LinkRules(SETTLE_SECS)
    rules.hear(Connected(), 0)
    rules.hear(Lost("reset"), 100 * SECOND)
    rules.hear(Connected(), 141 * SECOND)
    [back] = rules.compared(142 * SECOND, agrees=True)

    assert back.code == "link_back"
    assert "after 42 s" in back.text


@pytest.mark.parametrize("code", [1100, 2110])
@pytest.mark.parametrize("back", [1101, 1102])
def test_a_gateway_without_its_own_line_is_degraded_until_it_has_one(code, back):
    line = Line()
    assert line.hears(Notice(code, LINE)) is DEGRADED
    assert line.waits(60) is DEGRADED
    assert line.compares() is DEGRADED
    assert LINE in line.rules.detail
    assert line.hears(Notice(back, "restored")) is DEGRADED
    assert line.compares() is UP
    assert line.told == ["link_degraded", "link_back"]
    assert line.rules.has_lost_data is (back == 1101)


def test_a_connection_made_anew_forgets_what_the_one_before_said_of_line_and_farms():
    line = Line()
    line.hears(Notice(1100, LINE), Notice(2103, "broken:usfarm"), Lost("reset"), Connected())

    assert line.compares() is UP
    assert line.rules.farms == {}


@pytest.mark.parametrize(("broken", "back"), [(2103, 2104), (2103, 2108), (2105, 2106), (2105, 2107)])
def test_a_broken_farm_leaves_the_state_alone_and_is_told_once(broken, back):
    line = Line()
    for _ in range(2):
        assert line.hears(Notice(broken, "connection is broken:usfarm")) is UP
    assert list(line.rules.farms) == ["usfarm"]
    line.hears(Notice(back, "connection is OK:another"))
    assert list(line.rules.farms) == ["usfarm"]
    for _ in range(2):
        line.hears(Notice(back, "connection is OK:usfarm"))
    assert line.rules.farms == {}
    assert line.told == ["farm_down", "farm_back"]


def test_a_history_farm_that_is_back_says_nothing_of_a_broken_data_farm_of_its_name():
    line = Line()
    line.hears(Notice(2103, "broken:usfarm"), Notice(2106, "OK:usfarm"))

    assert list(line.rules.farms) == ["usfarm"]


def test_the_farm_of_definitions_and_heartbeats_change_nothing():
    line = Line()
    line.hears(Notice(2157, "broken:secdefnj"), Notice(2158, "OK:secdefnj"), Beat(0.01))

    assert (line.rules.state, line.told, line.rules.farms) == (UP, [], {})


@pytest.mark.parametrize("why", [Lost("nothing answers"), Deaf("client id 2 is in use")])
def test_an_ear_that_never_heard_anything_is_told_once_and_holds_nothing(why):
    line = Line(is_heard=False)
    line.hears(why, why)

    assert line.waits(60) is UP
    assert line.told == ["link_unwatched"]
    line.hears(Connected(), Lost("reset"))
    assert line.rules.state is DOWN


def test_an_order_stream_that_ended_is_final():
    line = Line()
    assert line.hears(OrderStreamEnded("it ended"), OrderStreamEnded("it ended")) is DEGRADED
    line.hears(Lost("reset"), Connected())
    line.compares()

    assert line.waits(60) is not UP
    assert line.rules.is_dead
    assert line.told.count("order_stream_dead") == 1


def test_refusals_of_an_adapter_that_should_be_ready_are_final():
    line = Line()
    assert line.refuses() is DEGRADED
    line.waits(1)
    assert not line.rules.is_dead
    assert line.waits(2) is DEGRADED
    assert line.rules.is_dead
    assert line.told == ["link_degraded", "order_stream_dead"]


@pytest.mark.parametrize("gone", [Lost("reset"), AdapterLost(), Notice(1100, LINE)])
def test_a_refusal_that_a_loss_explains_is_none(gone):
    line = Line()
    line.refuses()
    line.waits(1)
    line.hears(gone)
    line.waits(30)

    assert not line.rules.is_dead


def test_a_refusal_soon_after_the_return_is_a_race_and_ends_in_being_up_again():
    """The owner that was refused sends again when it hears that the link is up."""
    line = Line()
    line.hears(Lost("reset"), Connected())
    assert line.compares() is UP
    line.waits(1)
    assert line.refuses() is DEGRADED
    assert line.waits(SETTLE_SECS) is UP
    assert not line.rules.is_dead
    line.waits(1)
    line.refuses()
    line.waits(3)
    assert line.rules.is_dead


def test_an_adapter_that_gave_up_is_dead_only_once_the_gateway_is_back():
    line = Line()
    line.hears(Lost("reset"), AdapterLost())
    line.waits(600)
    assert not line.rules.is_dead
    line.hears(Connected())
    line.waits(44)
    assert not line.rules.is_dead
    line.waits(2)
    assert line.rules.is_dead
    assert line.told == ["link_lost", "order_stream_dead"]


HEARD = st.sampled_from(
    [
        Connected(),
        Lost("reset"),
        Deaf("taken"),
        AdapterLost(),
        AdapterBack(),
        OrderStreamEnded("ended"),
        Notice(1100, LINE),
        Notice(1101, "back"),
        Notice(1102, "back"),
        Notice(2103, "broken:usfarm"),
        Notice(2104, "OK:usfarm"),
    ]
)
STEPS = st.lists(st.one_of(HEARD, st.booleans(), st.just("refused"), st.floats(0.25, 40)), max_size=40)


@given(STEPS)
def test_whatever_happens_each_change_is_told_once_and_up_needs_everything_back(steps):
    line = Line()
    lost = adapter_lost = line_lost = False
    for step in steps:
        if isinstance(step, bool):
            line.compares(agrees=step)
        elif isinstance(step, float):
            line.waits(step)
        elif step == "refused":
            line.refuses()
        else:
            line.hears(step)
            lost = isinstance(step, Lost) or (lost and not isinstance(step, Connected | Deaf))
            adapter_lost = isinstance(step, AdapterLost) or (adapter_lost and not isinstance(step, AdapterBack))
            code = step.code if isinstance(step, Notice) else 0
            is_repaired = isinstance(step, Connected | Deaf) or code in (1101, 1102)
            line_lost = code == 1100 or (line_lost and not is_repaired)
        assert (line.rules.state is DOWN) is (lost or adapter_lost)
        if line.rules.state is UP:
            assert not line_lost
            assert not line.rules.is_dead
        assert bool(line.rules.detail) is (line.rules.state is not UP)
    ways = [code for code in line.told if code in ("link_lost", "link_degraded", "link_back")]
    assert ("link_back", "link_back") not in pairwise(["link_back", *ways])


@given(STEPS)
def test_an_outage_that_ends_is_over_within_the_time_to_settle(steps):
    line = Line()
    for step in steps:
        if not isinstance(step, bool | float) and step != "refused" and not isinstance(step, OrderStreamEnded):
            line.hears(step)
    line.hears(Notice(1102, "back"), Connected(), AdapterBack())

    assert line.waits(SETTLE_SECS + 1) is UP
