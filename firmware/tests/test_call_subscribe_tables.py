"""The two machines of an event package's subscription are closed, as those in test_call_tables.py."""

import unittest

from test_call_tables import core, events_of, invite, pairs, states_of

from parley.call import notifier, subscriber
from parley.call.dialog import dialog_of_sent
from parley.call.event_subscription import TABLES, EventSubscription
from parley.wire.errors import LocalError

# What only a mistake of our own can cause: no NOTIFY is under way, or no such timer runs.
ILLEGAL = {
    "notifier": pairs("new", "answered, close, expire, more, news, refresh, refused, rested")
    + pairs("quiet resting due", "accept, answered, more, refused")
    + pairs("quiet flying owing leaving closing terminated", "rested")
    + pairs("flying owing leaving closing terminated", "accept")
    + pairs("terminated", "answered, expire, leave, more, refresh, refused"),
    "subscriber": pairs("asking withdrawn leaving terminated", "refresh, expire")
    + pairs("asking active pending withdrawn terminated", "unheard")
    + pairs("terminated", "told active, told pending, told terminated"),
}
ACTIONS = {"notifier": notifier.ACTIONS, "subscriber": subscriber.ACTIONS}


class SubscriptionTablesTest(unittest.TestCase):
    def test_closed(self):
        for role in TABLES:
            table, ignored, _ = TABLES[role]
            covered = list(table) + list(ignored) + ILLEGAL[role]
            for state in states_of(table):
                for event in events_of(table):
                    self.assertEqual(covered.count((state, event)), 1, f"{role}: {state}, {event}")
            self.assertEqual(len(covered), len(states_of(table)) * len(events_of(table)), role)

    def test_every_state_is_reached_and_can_end(self):
        for role in TABLES:
            table, _, start = TABLES[role]
            seen, ending = [start], ["terminated"]
            for _ in table:
                for key in table:
                    after = table[key][0]
                    if key[0] in seen and after not in seen:
                        seen.append(after)
                    if after in ending and key[0] not in ending:
                        ending.append(key[0])
            self.assertEqual(sorted(seen), sorted(states_of(table)), role)
            self.assertEqual(sorted(ending), sorted(states_of(table)), role)

    def test_every_action_exists_and_is_used(self):
        for role in TABLES:
            used = []
            for key in TABLES[role][0]:
                used.extend(TABLES[role][0][key][1])
            for action in used:
                self.assertTrue(action in ACTIONS[role], action)
            for action in ACTIONS[role]:
                self.assertTrue(action in used, action)

    def test_mistakes_and_ignored_events_change_nothing(self):
        for role in TABLES:
            for state, event in ILLEGAL[role] + TABLES[role][1]:
                home = core()
                subscription = EventSubscription(
                    home, role, dialog_of_sent(invite()), invite("SUBSCRIBE"), "conference", "", ACTIONS[role]
                )
                subscription.state = state
                if (state, event) in ILLEGAL[role]:
                    with self.assertRaises(LocalError):
                        subscription.step(event, None, 0)
                else:
                    self.assertFalse(subscription.step(event, None, 0))
                self.assertEqual(subscription.state, state)
                self.assertEqual((home.layer.outgoing, home.events, len(home.timers)), ([], [], 0))


if __name__ == "__main__":
    unittest.main()
