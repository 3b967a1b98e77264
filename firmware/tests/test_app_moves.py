"""A conference moves to another board: REFER to everybody, BYE after it, 302 for whoever calls the old address."""

import unittest

from app_bench import Bench

from parley.app.moves import PATIENCE_MS

NEW = "sip:0123456789abcdef@127.0.1.2:5060;transport=udp"
ORDER = b'{"move": [1, 50, "%s"]}' % NEW.encode()


class MoveTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.server = self.bench.phone(9)
        self.uri = self.bench.address(slot=1, generation=50)
        self.alice, self.bob = self.bench.phone(1), self.bench.phone(2)
        self.calls = [self.alice.call(self.uri), self.bob.call(self.uri)]

    def order(self, body=ORDER):
        """Sends an order; returns the status of its answer."""
        return self.server.order(body)

    def referred(self, phone):
        return [event.subject for event in phone.events if event.kind == "referred"]

    def obey(self, phone, status=200):
        (asked,) = self.referred(phone)
        subscription = phone.endpoint.accept_refer(asked, self.bench.now_ms())
        self.bench.run()
        phone.endpoint.notify_refer(subscription, status, None, self.bench.now_ms())
        self.bench.run()

    def states(self):
        return [call.state for call in self.calls]

    def test_everybody_is_referred_and_hung_up_on_once_he_is_there(self):
        self.assertEqual(self.order(), 200)
        self.assertEqual([asked.refer_to for asked in self.referred(self.alice)], [NEW])
        self.assertEqual([asked.refer_to for asked in self.referred(self.bob)], [NEW])
        self.assertEqual(self.states(), ["established", "established"])
        self.obey(self.alice)
        self.assertEqual(self.states(), ["ended", "established"])
        self.assertIn("cause=302", self.alice.last("ended").get("Reason"))
        self.obey(self.bob)
        self.assertEqual(self.bench.slots.live(), [])
        self.assertEqual(self.bench.slots.ended, [(1, 50)])

    def test_who_refuses_or_fails_is_hung_up_on_and_may_call_again(self):
        self.order()
        self.alice.endpoint.respond(self.referred(self.alice)[0], 603, self.bench.now_ms())
        self.bench.run()
        self.obey(self.bob, 486)
        self.assertEqual(self.states(), ["ended", "ended"])
        self.assert_redirected(self.alice)

    def test_who_says_nothing_is_hung_up_on_in_time(self):
        self.order()
        self.bench.pass_ms(PATIENCE_MS - 1000)
        self.assertEqual(self.states(), ["established", "established"])
        self.bench.pass_ms(2000)
        self.assertEqual(self.states(), ["ended", "ended"])
        self.assertEqual(self.bench.sip.mover.next_deadline(), None)

    def test_calls_to_the_old_address_are_redirected_while_it_moves_and_after(self):
        self.order()
        carol = self.bench.phone(3)
        self.assert_redirected(carol)
        self.obey(self.alice)
        self.obey(self.bob)
        self.assert_redirected(carol)
        carol.call(self.bench.address(slot=1, generation=49))
        self.assertEqual(carol.refusal, 410)
        later = carol.call(self.bench.address(slot=1, generation=51))
        self.assertEqual(later.state, "established")
        self.assert_redirected(self.bench.phone(4))

    def assert_redirected(self, phone):
        phone.events.clear()
        phone.call(self.uri)
        self.assertEqual(phone.last("redirected").get("Contact"), "<%s>;isfocus" % NEW)

    def test_forged_tokens_are_no_addresses(self):
        self.order()
        carol = self.bench.phone(3)
        carol.call(self.bench.address(slot=1, generation=50, key=b"x" * 32))
        self.assertEqual(carol.refusal, 404)

    def test_a_phone_that_leaves_by_itself_is_missed_by_nobody(self):
        self.order()
        for phone, call in zip((self.alice, self.bob), self.calls):
            phone.hang_up(call)
        self.bench.pass_ms(PATIENCE_MS + 1000)
        self.assertEqual(self.bench.slots.live(), [])

    def test_bad_orders_change_nothing(self):
        self.assertEqual(self.order(b'{"move": [1, 49, "%s"]}' % NEW.encode()), 404)
        self.assertEqual(self.order(b'{"move": [1, 50, "tel:1"]}'), 416)
        bad = (b'{"move": [1, 50, "sip:nobody.example"]}', b'{"move": [1, 50]}', b'{"move": [1, 50, 7]}')
        for body in bad + (b'{"move": [1, "50", "sip:a@b"]}', b'{"end": [1, "x"]}', b'{"move": [1, 50, ""]}'):
            self.assertEqual(self.order(body), 400)
        self.assertEqual(self.referred(self.alice), [])
        self.assertEqual(len(self.bench.slots.live()), 1)


if __name__ == "__main__":
    unittest.main()
