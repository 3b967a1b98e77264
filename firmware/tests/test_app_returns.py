"""After a board's death: what it has told of its calls, and another one that calls those phones with Replaces."""

import json
import unittest

from app_bench import Bench, Randomness
from test_app_conference_calling import World

from parley.app.returns import PROBE_MS, TOLD_AT_ONCE
from parley.call.endpoint import Endpoint
from parley.wire.dialog_id import dialog_mac, parse_dialog_id

BOOT = "00c0ffee"
DEAD = ("10.0.0.7", 5060)
OLD = "sip:%s@10.0.0.7:5060;transport=udp" % ("ab" * 23)
WHO = "sip:bob smith@home.example"


def knowing(phone):
    """The phone knows Replaces from now on."""
    number = int(phone.address[0].rpartition(".")[2])
    phone.endpoint = Endpoint(
        phone.address, Randomness(200 + number), user="phone%d" % number, extensions=("replaces",)
    )
    return phone


class ToldTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.alice = knowing(self.bench.phone(1))
        self.uri = self.bench.address(slot=1, generation=50)

    def told(self, turn=0):
        return self.bench.sip.returns.told(BOOT, turn)

    def test_the_dialogs_of_phones_that_know_replaces(self):
        mine = self.alice.call(self.uri)
        self.bench.phone(2).call(self.uri)
        ((slot, generation, number, contact, name, mac),) = self.told()
        self.assertEqual((slot, generation, number), (1, 50, 1))
        self.assertIn(self.alice.uri, contact)
        found = parse_dialog_id(name)
        self.assertEqual((found.call_id, found.to_tag), (mine.call_id, mine.local_tag))
        row = [slot, generation, number, contact, name]
        key = self.bench.config.key
        self.assertEqual(mac, dialog_mac(key, BOOT, row))
        self.assertNotEqual(mac, dialog_mac(key, "00c0ffef", row))
        self.assertNotEqual(mac, dialog_mac(b"k" * 32, BOOT, row))
        self.assertNotEqual(mac, dialog_mac(key, BOOT, [1, 50, 2, contact, name]))
        self.assertIs(self.told()[0], self.told()[0])  # the MAC is made once
        self.alice.hang_up(mine)
        self.assertEqual(self.told(), [])

    def test_nobody_who_says_to_be_elsewhere_than_he_calls_from(self):
        self.alice.endpoint = Endpoint(
            ("10.0.0.66", 5060), Randomness(9), user="phone1", extensions=("replaces",)
        )
        self.assertEqual(self.alice.call(self.uri).state, "established")
        self.assertEqual(self.told(), [])

    def test_a_crowd_is_told_in_turns(self):
        bench = self.bench = Bench(legs=24, slots=2)
        uri = bench.address(size=24)
        for number in range(1, TOLD_AT_ONCE + 5):
            knowing(bench.phone(number)).call(uri)
        turns = [{row[2] for row in self.told(turn)} for turn in range(3)]
        self.assertEqual([len(turn) for turn in turns], [TOLD_AT_ONCE] * 3)
        self.assertEqual(turns[0] | turns[1], set(range(1, TOLD_AT_ONCE + 5)))


class FetchTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.bench = self.world.bench
        self.server = self.bench.phone(9)
        self.bob = knowing(self.bench.phone(2))
        self.new = self.bench.address(slot=1, generation=50)
        self.lost, self.name = self.talk_with_the_dead()

    def talk_with_the_dead(self):
        """Bob is in a call with the board at 10.0.0.7, which has gone; returns (his call, its name for him)."""
        dead = Endpoint(DEAD, Randomness(7), user="conference")
        call = self.bob.endpoint.invite(OLD, self.bob.offer(), self.bench.now_ms(), peer=DEAD)
        theirs = None
        for _ in range(4):
            for data, _peer in self.bob.endpoint.transmits():
                dead.receive(data, self.bob.address, self.bench.now_ms())
            for event in dead.events():
                if event.kind == "incoming":
                    theirs = event.subject
                    dead.answer(theirs, self.bob.offer(), self.bench.now_ms())
            for data, _peer in dead.transmits():
                self.bob.endpoint.receive(data, DEAD, self.bench.now_ms())
        self.bob.flush()
        self.assertEqual(call.state, "established")
        return call, theirs.dialog_name

    def order(self, name=None, slot=1, who=WHO, new=None, text=None):
        words = (OLD, new or self.new, self.bob.uri, name or self.name, who)
        body = {"fetch": [slot, 50, " ".join(words) if text is None else text]}
        return self.server.order(json.dumps(body).encode())

    def names(self):
        return [one for one in self.world.names() if one != self.world.alice.uri]

    def test_a_phone_that_holds_the_lost_call_takes_the_new_one_for_it(self):
        self.assertEqual(self.order(), 200)
        self.assertEqual(self.names(), [])
        self.bench.pass_ms(PROBE_MS + 200)
        invite = self.bob.last("incoming")
        self.assertEqual((invite.get("Replaces"), invite.get("Require")), (self.name, "replaces"))
        self.world.pick_up(self.bob)
        self.assertEqual((self.lost.cause, self.names()), ("replaced", [WHO]))
        self.assertEqual(self.world.live(), [(0, 100), (1, 50)])
        self.assertEqual(self.bench.sip.returns.next_deadline(), None)

    def test_while_the_old_board_answers_for_the_conference_nobody_is_fetched(self):
        for contact, fetched in (("<%s>;isfocus" % OLD, False), ("<sip:10.0.0.7>", True)):
            dead = self.bench.phone(7)
            dead.endpoint.name_contacts(lambda uri, peer, told=contact: told if uri == OLD else "")
            self.order()
            self.bench.pass_ms(PROBE_MS + 200)
            self.assertEqual(self.bob.last("incoming") is not None, fetched)
            self.bench.phones.remove(dead)

    def test_all_of_a_conference_wait_for_one_question(self):
        self.order()
        self.order(name="nobody;to-tag=1;from-tag=2", who="sip:carol@home.example")
        self.bench.pass_ms(PROBE_MS + 200)
        self.world.pick_up(self.bob)
        self.assertEqual(self.names(), [WHO])  # the other INVITE: 481, as there is no such call

    def test_who_does_not_know_replaces_does_not_ring(self):
        self.bob = self.bench.phone(3)
        self.order()
        self.bench.pass_ms(PROBE_MS + 200)
        self.assertEqual((self.bob.last("incoming"), self.names()), (None, []))
        self.assertEqual((self.world.live(), self.bench.slots.ended), ([(0, 100)], [(1, 50)]))

    def test_a_conference_that_cannot_be_begun(self):
        self.bench.sip.focus.end_conference(1, 50, self.bench.now_ms())
        self.order()
        self.bench.pass_ms(PROBE_MS + 200)
        self.assertEqual((self.bob.last("incoming"), self.world.live()), (None, [(0, 100)]))

    def test_bad_orders(self):
        forged = self.bench.address(slot=1, generation=50, key=b"x" * 32)
        self.assertEqual(self.order(text="a b c"), 400)
        self.assertEqual(self.order(slot=2), 400)
        self.assertEqual(self.order(new=forged), 404)
        self.assertEqual(self.order(text="x" * 1025), 400)
        self.assertEqual(self.server.order(b'{"fetch": [1, 50, ""]}'), 400)
        self.assertEqual(self.bench.sip.returns.next_deadline(), None)


if __name__ == "__main__":
    unittest.main()
