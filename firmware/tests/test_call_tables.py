"""The tables are closed: every (state, event) pair is handled, ignored on purpose, or our own mistake."""

import unittest

from parley.call.call import Call
from parley.call.call_actions import ACTIONS
from parley.call.call_table import CALL, CALL_IGNORED, PUBLIC_STATES
from parley.call.core import Core
from parley.call.requests import new_request
from parley.call.session_table import SESSION, SESSION_IGNORED
from parley.call.transaction import Transaction, nobody
from parley.call.transaction_tables import MACHINES
from parley.call.transaction_timers import INTERVALS
from parley.wire.errors import LocalError
from parley.wire.sip import Request


def pairs(states, events):
    return [(state, event) for state in states.split() for event in events.split(", ")]


# What only a mistake of our own can cause, per machine.
ILLEGAL = {
    "client INVITE": pairs("calling proceeding completed accepted terminated", "send request")
    + pairs("init terminated", "1xx, 2xx, final, transport error")
    + pairs("init proceeding completed accepted terminated", "timer A, timer B")
    + pairs("init calling completed accepted terminated", "timer C")
    + pairs("init calling proceeding accepted terminated", "timer D")
    + pairs("init calling proceeding completed terminated", "timer M")
    + pairs("init proceeding completed accepted terminated", "no stream"),
    "client non-INVITE": pairs("trying proceeding completed terminated", "send request")
    + pairs("init terminated", "1xx, final, transport error")
    + pairs("init completed terminated", "timer E, timer F")
    + pairs("init trying proceeding terminated", "timer K")
    + pairs("init proceeding completed terminated", "no stream"),
    "server INVITE": pairs("init completed confirmed", "send 1xx, send 2xx, send final")
    + pairs("accepted", "send 1xx, send final")
    + pairs("init terminated", "ack, transport error")
    + pairs("terminated", "request")
    + pairs("init completed confirmed accepted terminated", "timer trying")
    + pairs("init proceeding confirmed accepted terminated", "timer G, timer H")
    + pairs("init proceeding completed accepted terminated", "timer I")
    + pairs("init proceeding completed confirmed terminated", "timer L"),
    "server non-INVITE": pairs("init completed", "send 1xx, send final")
    + pairs("init terminated", "transport error")
    + pairs("terminated", "request")
    + pairs("init completed terminated", "timer answer")
    + pairs("init trying proceeding terminated", "timer J"),
}
CALLER_ONLY = "progress, early, accepted, redirect, refuse, again"
CALLEE_ONLY = "ack, cancel, send progress, send accept, send refuse"
CALL_ILLEGAL = (
    pairs("calling proceeding early withdrawn cancelling", CALLEE_ONLY)
    + pairs("answered closing established leaving", "lost")
    + pairs(
        "calling proceeding early withdrawn cancelling answered closing established leaving ended", "forward"
    )
    + pairs("incoming answered closing", CALLER_ONLY)
    + pairs("established leaving ended", CALLER_ONLY)
    + pairs("answered closing established leaving ended", "send progress, send accept, send refuse")
    + pairs("calling proceeding withdrawn ended", "bye")  # there is no dialog it could be in
    + pairs("incoming established leaving ended", "ack")  # only an expected ACK becomes an event
    + pairs("calling proceeding early withdrawn cancelling incoming leaving ended", "no ack")
    + pairs(
        "calling proceeding early withdrawn cancelling answered closing established leaving ended", "no prack"
    )
    + pairs("calling withdrawn answered closing established leaving ended", "expire")
    + pairs("calling proceeding early withdrawn cancelling incoming answered closing established", "bye done")
)

SESSION_ILLEGAL = pairs("off asking watching over", "timer refresh") + pairs("off over", "timer expiry")


def states_of(table):
    found = []
    for key in table:
        for state in (key[0], table[key][0]):
            if state not in found:
                found.append(state)
    return found


def events_of(table):
    return sorted({key[1]: True for key in table})


class TablesTest(unittest.TestCase):
    def closed(self, name, table, ignored, illegal):
        covered = list(table) + list(ignored) + list(illegal)
        for state in states_of(table):
            for event in events_of(table):
                count = covered.count((state, event))
                self.assertEqual(count, 1, f"{name}: {state}, {event}: {count} times")
        self.assertEqual(len(covered), len(states_of(table)) * len(events_of(table)), name)

    def reached(self, name, table, starts):
        seen = list(starts)
        for _ in table:
            for key in table:
                after = table[key][0]
                if key[0] in seen and after not in seen:
                    seen.append(after)
        self.assertEqual(sorted(seen), sorted(states_of(table)), name)

    def test_transaction_tables_are_closed(self):
        for kind in MACHINES:
            table, ignored = MACHINES[kind]
            self.closed(kind, table, ignored, ILLEGAL[kind])

    def test_call_table_is_closed(self):
        self.closed("call", CALL, CALL_IGNORED, CALL_ILLEGAL)

    def test_session_table_is_closed(self):
        self.closed("session", SESSION, SESSION_IGNORED, SESSION_ILLEGAL)
        self.reached("session", SESSION, ["off"])

    def test_no_state_is_unreachable(self):
        for kind in MACHINES:
            self.reached(kind, MACHINES[kind][0], ["init"])
        self.reached("call", CALL, ["calling", "incoming"])

    def test_every_state_can_end(self):
        for name, table, end in [(kind, MACHINES[kind][0], "terminated") for kind in MACHINES] + [
            ("", CALL, "ended")
        ]:
            ending = [end]
            for _ in table:
                for key in table:
                    if table[key][0] in ending and key[0] not in ending:
                        ending.append(key[0])
            self.assertEqual(sorted(ending), sorted(states_of(table)), name)

    def test_every_action_exists(self):
        for key in CALL:
            for action in CALL[key][1]:
                self.assertTrue(action in ACTIONS, action)
        used = []
        for key in CALL:
            used.extend(CALL[key][1])
        for action in ACTIONS:
            self.assertTrue(action in used, action)
        for kind in MACHINES:
            for key in MACHINES[kind][0]:
                for action in MACHINES[kind][0][key][1]:
                    verb, _, timer = action.partition(" ")
                    if verb in ("start", "stop", "double", "slow"):
                        self.assertTrue(timer in INTERVALS, action)

    def test_after_pass_memory_is_freed_and_nothing_else(self):
        for kind in MACHINES:
            for key in MACHINES[kind][0]:
                actions = list(MACHINES[kind][0][key][1])
                after = actions[actions.index("pass") + 1 :] if "pass" in actions else []
                self.assertTrue(all(action.startswith("keep ") for action in after), str(key))

    def test_public_states(self):
        for state in states_of(CALL):
            known = (
                "calling",
                "proceeding",
                "early",
                "incoming",
                "answered",
                "established",
                "ending",
                "ended",
            )
            self.assertTrue(PUBLIC_STATES.get(state, state) in known, state)


def core():
    return Core(("127.0.0.1", 5060), bytes, "parley", "test", (), "", 100, False)


def invite(method="INVITE"):
    message = new_request(method, "sip:b@127.0.0.1", "<sip:a@127.0.0.1>;tag=1", "<sip:b@127.0.0.1>", "c", 1)
    message.add("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx")
    return message


class MistakesTest(unittest.TestCase):
    def test_illegal_transaction_events_change_nothing(self):
        for kind in ILLEGAL:
            for state, event in ILLEGAL[kind]:
                home = core()
                transaction = Transaction(home.layer, kind, ("k",), invite(), ("127.0.0.1", 5070), nobody)
                transaction.state = state
                with self.assertRaises(LocalError):
                    transaction.step(event, None, 0)
                self.assertEqual(transaction.state, state)
                self.assertEqual((home.layer.outgoing, len(home.timers)), ([], 0))

    def test_ignored_transaction_events_change_nothing_but_a_counter(self):
        for kind in MACHINES:
            for state, event in MACHINES[kind][1]:
                home = core()
                transaction = Transaction(home.layer, kind, ("k",), invite(), ("127.0.0.1", 5070), nobody)
                transaction.state = state
                self.assertFalse(transaction.step(event, None, 0))
                self.assertEqual(transaction.state, state)
                self.assertEqual((home.layer.outgoing, len(home.timers)), ([], 0))
                self.assertEqual(home.counters, {"ignored " + event: 1})

    def call(self, phase):
        home = core()
        message = Request("INVITE", "sip:b@127.0.0.1", invite().headers)
        call = Call(home, "uac" if phase in ("calling", "early") else "uas", message, ("127.0.0.1", 5070), 1)
        call.phase = phase
        return home, call

    def test_illegal_call_events_change_nothing(self):
        for phase, event in CALL_ILLEGAL:
            home, call = self.call(phase)
            with self.assertRaises(LocalError):
                call.step(event, None, 0)
            self.assertEqual(call.phase, phase)
            self.assertEqual((home.layer.outgoing, home.events, len(home.timers)), ([], [], 0))

    def test_ignored_call_events_change_nothing_but_a_counter(self):
        for phase, event in CALL_IGNORED:
            home, call = self.call(phase)
            self.assertFalse(call.step(event, None, 0))
            self.assertEqual((call.phase, call.cause), (phase, ""))
            self.assertEqual((home.layer.outgoing, home.events, len(home.timers)), ([], [], 0))
            self.assertEqual(home.counters, {"call ignored " + event: 1})

    def test_unknown_events(self):
        _, call = self.call("established")
        with self.assertRaises(LocalError):
            call.step("sneeze", None, 0)
        self.assertEqual(call.phase, "established")


if __name__ == "__main__":
    unittest.main()
