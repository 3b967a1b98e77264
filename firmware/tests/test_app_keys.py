"""parley.app.keys: who may encrypt."""

import unittest

from attendant_bench import Room

from parley.app.keys import KeyRing
from parley.call.secure import Keys
from parley.media.bridge import can_encrypt
from parley.wire.errors import RemoteError
from parley.wire.sdes import new_crypto


def keys_of(number):
    suite = "AES_CM_128_HMAC_SHA1_80"
    return Keys(
        new_crypto("1", suite, bytes([number] * 30)), new_crypto("1", suite, bytes([number + 1] * 30))
    )


def refusal(ask, *arguments):
    """Status of the refusal."""
    try:
        ask(*arguments)
    except RemoteError as error:
        return error.status
    return 0


@unittest.skipUnless(can_encrypt(), "plain Python kernels do not encrypt")
class Ring(unittest.TestCase):
    def test_no_more_than_the_limit(self):
        room = Room()
        ring = KeyRing("optional", 1, room.side, room.random)
        one, other = room.participants[0], room.participants[1]
        self.assertEqual(ring.stand(one).policy, "optional")
        ring.settle(one, keys_of(1))
        self.assertEqual(
            (ring.count, ring.stand(one).policy, ring.stand(other).policy), (1, "optional", "off")
        )
        never = KeyRing("required", 0, room.side, room.random)
        self.assertEqual(refusal(never.stand, other), 488)
        self.assertEqual(refusal(never.check, other, keys_of(1)), 488)
        never.check(other, None)
        demanding = KeyRing("required", 1, room.side, room.random)
        demanding.count = 1
        self.assertEqual(refusal(demanding.stand, other), 486)
        self.assertEqual(demanding.stand(one).policy, "required")
        ring.leave(one)
        self.assertEqual((ring.count, ring.stand(other).policy), (0, "optional"))

    def test_the_bridge_has_what_was_settled(self):
        room = Room()
        ring = KeyRing("optional", 2, room.side, room.random)
        one = room.participants[0]

        def ssrc():
            return room.side.figures(0).ssrc_out

        ring.settle(one, keys_of(1))
        first = ssrc()
        self.assertTrue(first != 1000)
        room.rtp(0, 0, bytes(160))
        self.assertEqual(room.bridge.stats(0)["forged"], 1)
        ring.settle(one, keys_of(1))  # the same again, as on hold
        self.assertEqual(ssrc(), first)
        ring.settle(one, keys_of(7))
        self.assertTrue(ssrc() != first)
        ring.settle(one, None)
        room.rtp(0, 0, bytes(160))
        self.assertEqual((room.bridge.stats(0)["forged"], ring.count), (1, 0))


if __name__ == "__main__":
    unittest.main()
