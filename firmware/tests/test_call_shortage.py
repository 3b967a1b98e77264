"""A message for which a board's heap has no room is lost like one on the way: the timers of its transaction go on."""

import unittest

from call_bench import PEER, Bench
from call_network import request

from parley.call.requests import new_request
from parley.wire.sip import response_to


class Shortage:
    """Makes message.to_bytes() raise MemoryError as many times."""

    def __init__(self, message, failures):
        self.failures = failures
        self._write = message.to_bytes
        message.to_bytes = self

    def __call__(self):
        if self.failures:
            self.failures -= 1
            raise MemoryError
        return self._write()


class ShortageTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()

    def test_a_request_is_written_with_its_next_timer(self):
        message = new_request(
            "MESSAGE", "sip:b@127.0.0.1", "<sip:a@127.0.0.1>;tag=1", "<sip:b@127.0.0.1>", "c", 7
        )
        Shortage(message, 2)
        self.bench.layer.start_client(message, PEER, self.bench.tell, 0)
        self.bench.run(4000)
        self.assertEqual(self.bench.sent, [(1500, "MESSAGE"), (3500, "MESSAGE")])  # timer E: 0.5, 1.5, 3.5 s
        self.assertEqual(self.bench.counters["no memory"], 2)

    def test_a_response_is_lost_and_its_transaction_ends(self):
        transaction = self.bench.server(request("BYE", to_tag="9"))
        response = response_to(transaction.request, 200, None, "9")
        Shortage(response, 1)
        self.bench.layer.respond(transaction, response, 0)
        self.bench.run(1000)
        self.assertEqual((self.bench.sent, self.bench.counters["no memory"]), ([], 1))
        self.bench.run(32000)
        self.assertTrue(self.bench.empty())

    def test_a_transaction_half_begun_is_forgotten(self):
        def tell(transaction, event, message, now_ms):
            raise MemoryError

        self.bench.tell = tell
        for _ in range(2):  # so that the request is taken anew when it comes again
            with self.assertRaises(MemoryError):
                self.bench.server(request("OPTIONS"))
            self.assertTrue(self.bench.empty())


if __name__ == "__main__":
    unittest.main()
