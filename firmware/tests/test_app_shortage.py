"""A heap without room costs the board the message that it was about, and nothing else.

Where memory runs out is chosen by what the parts are given from outside: randomness, socket, body of the REGISTER.
"""

import unittest

from app_bench import Bench, RtpWire


class Scarce:
    """Does what `work` does, but raises MemoryError on the next `failures` occasions."""

    def __init__(self, work):
        self.work = work
        self.failures = 0

    def __call__(self, *arguments):
        if self.failures:
            self.failures -= 1
            raise MemoryError
        return self.work(*arguments)


def scarce_once(work):
    """A method's stand-in that fails the first time."""
    failures = [MemoryError()]

    def call(*arguments, **options):
        if failures:
            raise failures.pop()
        return work(*arguments, **options)

    return call


class ShortageTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.counters = self.bench.sip.endpoint.counters

    def dropped(self):
        return self.counters.get("no memory", 0)

    def test_a_request_that_cannot_be_taken_is_taken_when_it_is_sent_again(self):
        self.bench.sip.endpoint._core.random_bytes = scarce = Scarce(
            self.bench.sip.endpoint._core.random_bytes
        )
        scarce.failures = 1
        alice = self.bench.phone(1)
        call = alice.call(self.bench.address(slot=1, generation=50))
        self.assertEqual((call.state, self.dropped()), ("calling", 1))
        self.bench.pass_ms(600)
        self.assertEqual((call.state, self.dropped()), ("established", 1))

    def test_a_caller_there_is_no_room_for_is_told_so_and_leaves_nothing(self):
        focus = self.bench.sip.focus
        focus._random_bytes = Scarce(focus._random_bytes)
        focus._random_bytes.failures = 1
        uri = self.bench.address(slot=1, generation=50)
        refused = self.bench.phone(1)
        refused.call(uri)
        self.assertEqual((refused.refusal, self.dropped()), (503, 1))
        self.assertEqual([one for one in self.bench.rtp if one.port in one.open_ports], [])
        self.assertEqual(self.bench.slots.live(), [])
        self.assertEqual(self.bench.phone(2).call(uri).state, "established")

    def test_a_caller_who_is_half_way_in_leaves_nothing(self):
        sip, uri_number = self.bench.sip, 100
        points = (
            (self.bench.slots, "start"),
            (sip.focus._events, "started"),
            (self.bench.media, "join"),
            (sip.endpoint, "answer"),
            (sip.focus._events, "changed"),
            (sip.trail, "note"),
        )
        alice = self.bench.phone(1)
        for thing, name in points:
            setattr(thing, name, scarce_once(getattr(thing, name)))
            uri_number += 1
            call = alice.call(self.bench.address(slot=1, generation=uri_number))
            left = (call.state, self.bench.media.count, self.bench.slots.live(), RtpWire.open_ports)
            self.assertEqual(left, ("ended", 0, [], []), name)
        self.assertEqual(self.dropped(), len(points))
        self.assertEqual(alice.call(self.bench.address(slot=1, generation=500)).state, "established")

    def test_a_registration_comes_round_to_it_again(self):
        self.bench.sip.servers._body = body = Scarce(self.bench.sip.servers._body)
        body.failures = 2
        before = len(self.bench.registers)
        self.bench.pass_ms(6100)  # 3 s to the refresh, 1 s and 2 s of rest
        self.assertEqual(self.dropped(), 2)
        self.assertEqual(len(self.bench.registers), before + 1)
        self.assertEqual(len(self.bench.sip.endpoint._core.layer.clients), 1)

    def test_a_datagram_there_is_no_room_for_waits_in_the_socket(self):
        self.bench.wire.receive = receive = Scarce(self.bench.wire.receive)
        alice = self.bench.phone(1)
        receive.failures = 1
        call = alice.call(self.bench.address(slot=1, generation=50))
        self.assertEqual((call.state, self.dropped()), ("established", 1))


if __name__ == "__main__":
    unittest.main()
