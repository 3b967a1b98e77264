"""INVITEs at the focus that name another call of its: Replaces (RFC 3891) and Join (RFC 3911)."""

import unittest

from app_bench import BOARD
from test_app_conference_calling import World


class ReplacesTest(unittest.TestCase):
    def setUp(self):
        self.world = World(size=2)
        self.bench = self.world.bench
        self.bob = self.bench.phone(2)
        self.theirs = self.bob.call(self.world.uri)
        self.carol = self.bench.phone(3)

    def call(self, header, call, uri=None):
        headers = ((header, call.dialog_name),)
        mine = self.carol.endpoint.invite(
            uri or self.world.uri, self.carol.offer(), self.bench.now_ms(), peer=BOARD, headers=headers
        )
        self.bench.run()
        return mine

    def test_somebody_takes_a_participant_s_place_in_a_full_conference(self):
        mine = self.call("Replaces", self.theirs)
        self.assertEqual((mine.state, self.theirs.state), ("established", "ended"))
        self.assertEqual(self.world.names(), [self.world.alice.uri, self.carol.uri])

    def test_the_last_participant_is_replaced_and_the_conference_lives(self):
        self.bob.hang_up(self.theirs)
        live = self.world.live()
        mine = self.call("Replaces", self.world.call)
        self.assertEqual((mine.state, self.world.names()), ("established", [self.carol.uri]))
        self.assertEqual(self.world.live(), live)

    def test_a_call_of_another_conference(self):
        other = self.bench.address(slot=1)
        self.bench.phone(4).call(other)
        self.call("Replaces", self.theirs, other)
        self.assertEqual(self.carol.refusal, 481)

    def test_no_such_call(self):
        headers = (("Replaces", "nothing;to-tag=1;from-tag=2"),)
        self.carol.endpoint.invite(self.world.uri, self.carol.offer(), 0, peer=BOARD, headers=headers)
        self.bench.run()
        self.assertEqual(self.carol.refusal, 481)

    def test_join_comes_in_as_anybody(self):
        self.call("Join", self.theirs)
        self.assertEqual(self.carol.refusal, 486)
        self.bob.hang_up(self.theirs)
        mine = self.call("Join", self.world.call)
        self.assertEqual((mine.state, len(self.world.names())), ("established", 2))

    def test_an_offer_we_cannot_take_replaces_nobody(self):
        headers = (("Replaces", self.theirs.dialog_name),)
        offer = self.carol.offer([("G729", 8000)])
        self.carol.endpoint.invite(self.world.uri, offer, self.bench.now_ms(), peer=BOARD, headers=headers)
        self.bench.run()
        self.assertEqual((self.carol.refusal, self.theirs.state), (488, "established"))


if __name__ == "__main__":
    unittest.main()
