"""What calls hold of a board's heap: while they last, and in the 32 s after their end (MicroPython only)."""

import gc
import unittest

from call_bench import PEER
from call_network import ANSWER, OFFER, Chance, request

from parley.call.endpoint import Endpoint

CALLS = 16
# In words of this processor, of 4 octets on a board. Measured when this was written: 379 and 216.
LIVE_WORDS = 450
ENDED_WORDS = 260


class Callee:
    """An endpoint that takes calls and is hung up on."""

    def __init__(self):
        self.endpoint = Endpoint(("127.0.0.1", 5060), Chance(1).bytes)
        self.now_ms = 0

    def receive(self, data):
        self.endpoint.receive(data, PEER, self.now_ms)
        self.endpoint.transmits()
        return self.endpoint.events()

    def start(self, number):
        """Take a call; returns what the BYE must say: its number and our tag."""
        own = {"call_id": "call-%d@127.0.0.1" % number, "from_tag": "tag-%d" % number}
        branch = "z9hG4bK-%d-" % number
        call = self.receive(request("INVITE", branch=branch + "i", body=OFFER, **own))[0].subject
        self.endpoint.answer(call, ANSWER, self.now_ms)
        self.receive(request("ACK", branch=branch + "a", to_tag=call.local_tag, **own))
        return branch, call.local_tag, own

    def stop(self, call):
        branch, tag, own = call
        self.receive(request("BYE", branch=branch + "b", to_tag=tag, number=2, **own))

    def rest(self):
        """Let every transaction end."""
        self.now_ms += 100000
        self.endpoint.tick(self.now_ms)


def words_used():
    for _ in range(2):  # what the first leaves on the stack, the second finds gone
        gc.collect()
    return gc.mem_alloc() // WORD_BYTES


if hasattr(gc, "mem_alloc"):
    import sys

    WORD_BYTES = 8 if sys.maxsize > 1 << 32 else 4


@unittest.skipUnless(hasattr(gc, "mem_alloc"), "CPython does not tell its heap")
class HeapTest(unittest.TestCase):
    def setUp(self):
        self.callee = Callee()
        self.round()  # tables grow to their size
        self.before = words_used()

    def round(self):
        for call in [self.callee.start(number) for number in range(CALLS)]:
            self.callee.stop(call)
        self.callee.rest()

    def test_a_call_under_way(self):
        calls = [self.callee.start(number) for number in range(CALLS)]
        words = (words_used() - self.before) // CALLS
        self.assertTrue(words < LIVE_WORDS, str(words))
        self.assertEqual(len(calls), CALLS)

    def test_a_call_that_has_just_ended(self):
        for call in [self.callee.start(number) for number in range(CALLS)]:
            self.callee.stop(call)
        self.assertEqual(self.callee.endpoint.pending(), 4 * CALLS)  # two transactions, a timer for each
        words = (words_used() - self.before) // CALLS
        self.assertTrue(words < ENDED_WORDS, str(words))

    def test_nothing_stays(self):
        for _ in range(4):
            self.round()
        self.assertTrue(words_used() - self.before < CALLS, str(words_used() - self.before))


if __name__ == "__main__":
    unittest.main()
