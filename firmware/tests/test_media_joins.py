"""10,000 participants come to a board and go: neither its heap nor its legs become fewer."""

import gc
import unittest

from parley.app.keys import KeyRing
from parley.app.media_task import MediaTask, Participant
from parley.app.slots import Conference
from parley.call.secure import Keys
from parley.media.bridge import Bridge, can_encrypt, pack_address
from parley.media.bridge_side import BridgeSide
from parley.media.packets import SocketPackets
from parley.wire.sdes import OFFERED_SUITES, new_crypto

LEGS, SLOTS, KEYED = 8, 4, 2
JOINS = 10000
SETTLED = 1000  # of them: then everything has been that ever will be


def random_bytes(count):
    return bytes(range(count))


class Board:
    """Its media without a network."""

    def __init__(self):
        bridge = Bridge(LEGS, SLOTS, keyed=KEYED)
        side = BridgeSide(bridge)
        self.media = MediaTask(
            bridge, SocketPackets(bridge, 1), KeyRing("optional", KEYED, side, random_bytes), side
        )
        self.conferences = [Conference(slot, 1, LEGS) for slot in range(SLOTS)]
        crypto = new_crypto("1", OFFERED_SUITES[0], bytes(30))
        self.keys = Keys(crypto, crypto) if can_encrypt() else None

    def come(self, number):
        one = Participant(None, "sip:%d@test" % number, 1, (number, number & 0xFFFF, 0), number)
        one.conference = self.conferences[number % SLOTS]
        one.direction = "sendrecv"
        one.address = pack_address("127.0.0.1", 1024 + 2 * (number % 30000))
        one.agreed_keys = self.keys if number % LEGS < KEYED else None
        self.media.join(one)

    def go(self, number):
        """The one who came `number` joins ago."""
        participants = [one for one in self.media.everybody() if one.number == number]
        self.media.leave(participants[0])

    def crowd(self, first, last):
        """All these come, each when somebody has left for him."""
        for number in range(first, last):
            if number >= LEGS:
                self.go(number - LEGS)
            self.come(number)

    def used(self):
        for _ in range(2):
            gc.collect()
        return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


class Joins(unittest.TestCase):
    def test_nothing_grows(self):
        board = Board()
        board.crowd(0, SETTLED)
        before = board.used()
        board.crowd(SETTLED, JOINS)
        self.assertTrue(board.used() <= before + 256, (before, board.used()))
        self.assertTrue(board.media.full)
        for number in range(JOINS - LEGS, JOINS):
            board.go(number)
        self.assertEqual((board.media.count, board.media.keys.count), (0, 0))
        self.assertEqual([len(one.members) for one in board.conferences], [0] * SLOTS)
        self.assertEqual((board.media.totals()["legs"], board.media.totals()["conferences"]), (0, 0))
        board.crowd(0, LEGS)  # and each place can be had again
        self.assertTrue(board.media.full)


if __name__ == "__main__":
    unittest.main()
