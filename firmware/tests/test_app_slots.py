import unittest

from app_bench import RtpWire

from parley.app.ports import PortPool
from parley.app.slots import ENDED_REMEMBERED, Conference, SlotTable
from parley.wire.address import Allocation
from parley.wire.errors import LocalError, RemoteError


class SlotTest(unittest.TestCase):
    def setUp(self):
        self.slots = SlotTable(3)

    def test_slot_cannot_be_started_twice(self):
        self.slots.start(Allocation(0, 5, 2, 100))
        self.assertRaises(LocalError, self.slots.start, Allocation(0, 6, 2, 100))

    def test_ended_list_keeps_the_last(self):
        for generation in range(1, ENDED_REMEMBERED + 5):
            self.slots.close(0, generation)
        self.assertEqual(len(self.slots.ended), ENDED_REMEMBERED)
        self.assertEqual(self.slots.ended[-1], (0, ENDED_REMEMBERED + 4))

    def test_find(self):
        conference = self.slots.start(Allocation(1, 5, 2, 100))
        self.assertTrue(self.slots.find(1, 5) is conference)
        for slot, generation in ((1, 4), (0, 5), (3, 5), (-1, 5)):
            self.assertIsNone(self.slots.find(slot, generation))


class Somebody:
    def __init__(self, number):
        self.number = number


ALICE, BOB, CAROL = Somebody(1), Somebody(2), Somebody(3)


class MembersTest(unittest.TestCase):
    def test_size_is_kept(self):
        conference = Conference(0, 1, 2)
        conference.add(ALICE)
        self.assertFalse(conference.full)
        conference.add(BOB)
        self.assertTrue(conference.full)
        self.assertRaises(LocalError, conference.add, CAROL)
        self.assertEqual(conference.members, [ALICE, BOB])

    def test_nobody_is_in_twice(self):
        conference = Conference(0, 1, 3)
        conference.add(ALICE)
        self.assertRaises(LocalError, conference.add, ALICE)

    def test_who_leaves_is_out_and_the_rest_keep_their_order(self):
        conference = Conference(0, 1, 3)
        for name in (ALICE, BOB, CAROL):
            conference.add(name)
        conference.remove(BOB)
        self.assertEqual((conference.members, conference.count), ([ALICE, CAROL], 2))
        self.assertRaises(LocalError, conference.remove, BOB)


class PortTest(unittest.TestCase):
    def setUp(self):
        RtpWire.open_ports = []

    def test_even_ports_in_turn(self):
        pool = PortPool("h", 10001, 3, RtpWire)
        opened = [pool.open() for _ in range(3)]
        self.assertEqual([port for _socket, port in opened], [10002, 10004, 10006])
        self.assertRaises(RemoteError, pool.open)
        pool.close(opened[1][0], opened[1][1])
        pool.close(opened[0][0], opened[0][1])
        self.assertEqual(pool.open()[1], 10004)

    def test_port_taken_by_another_program_is_passed_over(self):
        RtpWire.open_ports = [10000]
        pool = PortPool("h", 10000, 2, RtpWire)
        self.assertEqual(pool.open()[1], 10002)
        self.assertRaises(RemoteError, pool.open)
        RtpWire.open_ports.remove(10000)
        self.assertEqual(pool.open()[1], 10000)


if __name__ == "__main__":
    unittest.main()
