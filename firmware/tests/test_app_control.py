import unittest

from app_bench import BOARD, Bench

from parley.wire.address import derive


class ControlTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.alice = self.bench.phone(1)
        self.bob = self.bench.phone(2)
        self.server = self.bench.phone(9)
        self.uri = self.bench.address(slot=1, generation=50)
        self.calls = [self.alice.call(self.uri), self.bob.call(self.uri)]

    def order(self, body, **login):
        """Sends an order; returns the status of its answer."""
        return self.server.order(body, **login)

    def test_end_hangs_up_on_everybody(self):
        self.assertEqual(self.order(b'{"end": [1, 50]}'), 200)
        self.assertEqual([call.state for call in self.calls], ["ended", "ended"])
        self.assertEqual(self.bench.slots.live(), [])
        self.assertEqual(self.bench.slots.ended, [(1, 50)])
        self.alice.call(self.uri)
        self.assertEqual(self.alice.refusal, 410)

    def test_end_twice_is_no_mistake(self):
        self.assertEqual(self.order(b'{"end": [1, 50]}'), 200)
        self.assertEqual(self.order(b'{"end": [1, 50]}'), 200)
        self.assertEqual(self.bench.slots.ended, [(1, 50)])

    def test_other_conferences_go_on(self):
        carol = self.bench.phone(3)
        call = carol.call(self.bench.address(slot=2, generation=60))
        self.order(b'{"end": [1, 50]}')
        self.assertEqual(call.state, "established")
        self.assertEqual(len(self.bench.slots.live()), 1)

    def test_another_generation_does_not_end_the_live_one(self):
        self.assertEqual(self.order(b'{"end": [1, 49]}'), 200)
        self.assertEqual(len(self.bench.slots.live()), 1)
        self.assertEqual(self.calls[0].state, "established")

    def test_address_that_was_only_offered_is_closed(self):
        self.assertEqual(self.order(b'{"end": [3, 70]}'), 200)
        self.alice.call(self.bench.address(slot=3, generation=70))
        self.assertEqual(self.alice.refusal, 410)

    def test_slot_that_is_not_there(self):
        self.assertEqual(self.order(b'{"end": [4, 1]}'), 404)

    def test_wrong_credentials(self):
        self.assertEqual(self.order(b'{"end": [1, 50]}', password="guess"), 403)
        self.assertEqual(self.order(b'{"end": [1, 50]}', username="mallory"), 403)
        register = derive(self.bench.config.key, "register")
        self.assertEqual(self.order(b'{"end": [1, 50]}', password=register), 403)
        self.assertEqual(len(self.bench.slots.live()), 1)

    def test_no_credentials_are_asked_for(self):
        self.server.endpoint.request(
            "MESSAGE",
            "sip:%s:%d" % BOARD,
            0,
            headers=[("Content-Type", "application/json")],
            body=b'{"end": [1, 50]}',
        )
        self.bench.run()
        response = self.server.last("response")
        self.assertEqual(response.status, 401)
        self.assertIn('realm="virtual-1"', response.get("WWW-Authenticate"))
        self.assertEqual(len(self.bench.slots.live()), 1)

    def test_nonsense(self):
        for body in (b"", b"x", b"[]", b"{}", b'{"end": 1}', b'{"end": [1]}', b'{"end": ["1", 50]}', b"\xff"):
            self.assertEqual(self.order(body), 400, body)
        self.assertEqual(self.order(b'{"end": [-1, 50]}'), 400)
        self.assertEqual(len(self.bench.slots.live()), 1)


if __name__ == "__main__":
    unittest.main()
