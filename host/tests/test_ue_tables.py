"""The user equipment's state machines: every pair of state and event is decided, every action exists."""

import pytest

from parley.wire.errors import LocalError
from parleyue import carrier_tables, flow_table, referral
from parleyue.carriers import CallCarrier, MessageCarrier, ReferCarrier
from parleyue.flow import Initiator
from parleyue.machine import Machine
from parleyue.referral import Referral

MACHINES = [
    (Initiator, flow_table.STATES, flow_table.EVENTS),
    (CallCarrier, carrier_tables.STATES, carrier_tables.EVENTS),
    (ReferCarrier, carrier_tables.REFER_STATES, carrier_tables.EVENTS),
    (MessageCarrier, carrier_tables.MESSAGE_STATES, carrier_tables.EVENTS),
    (Referral, referral.STATES, referral.EVENTS),
]
machines = pytest.mark.parametrize(
    ("machine", "states", "events"), MACHINES, ids=lambda value: getattr(value, "__name__", "")
)


@machines
def test_every_pair_stands_in_the_table_or_in_the_ignored_list_and_not_in_both(machine, states, events):
    pairs = {(state, event) for state in states for event in events}
    assert pairs - set(machine.TABLE) - machine.IGNORED == set()
    assert set(machine.TABLE) & machine.IGNORED == set()
    assert (set(machine.TABLE) | machine.IGNORED) - pairs == set()


@machines
def test_every_state_can_be_reached_and_left_but_done(machine, states, events):
    reached = {machine.START}
    for _ in states:
        reached |= {new for (state, _), (new, _) in machine.TABLE.items() if state in reached}
    assert reached == set(states)
    for state in set(states) - {"done"}:
        assert any(old == state and new != state for (old, _), (new, _) in machine.TABLE.items())


@machines
def test_every_action_is_a_method(machine, states, events):
    for _, actions in machine.TABLE.values():
        for action in actions:
            assert callable(getattr(machine, "_" + action, None)), action


def test_others_are_told_only_after_the_resource_acknowledged():
    # M6 cannot come before M5: only `joined` leads to telling, and only an answer leads to `joined`.
    assert {state for (state, _), (new, _) in flow_table.FLOW.items() if new == "telling" != state} == {
        "joined"
    }
    assert {event for (_, event), (new, _) in flow_table.FLOW.items() if new == "joined"} == {"answered"}
    assert [pair for pair, (_, actions) in flow_table.FLOW.items() if "tell_all" in actions] == [
        ("joined", "media_up")
    ]


class Toy(Machine):
    START = "off"
    TABLE = {
        ("off", "press"): ("on", ("note", "press_again")),
        ("on", "press"): ("off", ("note",)),
        ("on", "break"): ("off", ("fail",)),
    }
    IGNORED = frozenset({("off", "break")})

    def __init__(self):
        super().__init__()
        self.noted = []

    def _note(self, fact):
        self.noted.append((self.state, fact))

    def _press_again(self, fact):
        self.fire("press", "inner")
        assert self.state == "on"  # it waits for its turn

    def _fail(self, fact):
        self.fire("kick")  # never comes to its turn
        raise OSError("broken")


def test_an_event_fired_by_an_action_waits_until_the_present_one_is_done():
    toy = Toy()
    toy.fire("press", "outer")
    assert toy.noted == [("on", "outer"), ("off", "inner")]


def test_an_event_the_table_does_not_know_raises_and_changes_nothing():
    toy = Toy()
    with pytest.raises(LocalError):
        toy.fire("kick")
    assert toy.state == "off"
    toy.fire("break")
    assert toy.state == "off"
    assert toy.noted == []


def test_a_failing_action_does_not_block_the_machine():
    toy = Toy()
    toy.state = "on"
    with pytest.raises(OSError, match="broken"):
        toy.fire("break")
    toy.fire("press")
    assert toy.noted == [("on", None), ("off", "inner")]
