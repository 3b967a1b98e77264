"""parley.app.report of a crowded board: all conferences in every report, names in turns."""

import json
import unittest

from parley.app.media_task import MediaTask, Participant
from parley.app.report import NAMED, register_body
from parley.app.slots import SlotTable
from parley.app.ticker import Ticker
from parley.wire.address import Allocation

START = ("boot", 1, "image", ["power on", ""], None)


class Config:
    board, legs, slots = "virtual", 4096, 2048
    servers = (("127.0.0.1", 5060),)


class TwoServers(Config):
    servers = (("127.0.0.1", 5060), ("127.0.0.2", 5060))


class Keys:
    limit = 0


def crowd(conferences, size, members=None):
    """(SlotTable, MediaTask) of full conferences; members: the same in each, else everybody has a name."""
    slots, media = SlotTable(Config.slots), MediaTask(keys=Keys())
    for slot in range(conferences):
        conference = slots.start(Allocation(slot, 1795918200, size, 0))
        if members is not None:
            conference.members = members
            media.count += size
            continue
        for seat in range(size):
            name = "sip:user%d@192.0.2.100:5060" % (slot * size + seat)
            conference.add(Participant(None, name, 1, number=1 + slot * size + seat))
            media.count += 1
    return slots, media


def told(slots, media, number):
    start = (START[0], number) + START[2:]
    return register_body(Config, start, 1795918200, slots, media, Ticker(), 1000)


class CrowdReport(unittest.TestCase):
    def test_a_few_are_all_named(self):
        report = json.loads(told(*crowd(NAMED // 4, 4), 5).decode())
        self.assertEqual(report["brief"], [])
        self.assertEqual([len(one[3]) for one in report["live"]], [4] * (NAMED // 4))

    def test_of_many_each_is_listed_and_named_in_turn(self):
        slots, media = crowd(300, 4)
        names = set()
        for number in range(1, 14):
            report = json.loads(told(slots, media, number).decode())
            listed = [one[0] for one in report["live"] + report["brief"]]
            self.assertEqual(sorted(listed), list(range(300)))
            self.assertTrue(all(one[3:] == [4, False] for one in report["brief"]))
            self.assertEqual(sum([len(one[3]) for one in report["live"]]), NAMED)
            names.update([uri for one in report["live"] for uri in one[3]])
        self.assertEqual(len(names), 1200)

    def test_one_large_conference_is_named_page_by_page(self):
        slots, media = crowd(1, 512)
        names, ranges, largest = [], [], 0
        for number in range(6, 12):
            body = told(slots, media, number)
            largest = max(largest, len(body))
            report = json.loads(body.decode())
            self.assertEqual((report["live"], report["brief"]), ([], [[0, 1795918200, 512, 512, False]]))
            (page,) = report["pages"]
            self.assertTrue(len(page[4]) <= NAMED)
            names += page[4]
            ranges.append((page[2], page[3]))
        self.assertEqual(len(set(names)), 512)
        self.assertEqual(ranges, [(0, 97), (97, 193), (193, 289), (289, 385), (385, 481), (481, 0)])
        self.assertTrue(largest < 4500, largest)

    def test_a_page_tells_who_is_louder_and_who_does_not_hear_whom(self):
        slots, media = crowd(1, 200)
        members = slots.live()[0].members
        plain = len(json.loads(told(slots, media, 1).decode())["pages"][0])
        members[100].gain = 512
        members[101].unheard = [3, 300]  # of whom one has left
        pages = [json.loads(told(slots, media, number).decode())["pages"][0] for number in (0, 1, 2)]
        self.assertEqual([len(page) for page in pages], [plain, plain + 2, plain])
        self.assertEqual(pages[1][plain:], [[[101, 512]], [[102, 3]]])

    def test_who_was_slow_to_come_in_is_on_the_page_of_his_number(self):
        slots, media = crowd(0, 1)
        conference = slots.start(Allocation(1, 1795918200, 512, 0))
        for number in [2, 1] + list(range(4, 200)) + [3]:
            conference.add(Participant(None, "sip:%d@a" % number, 1, number=number))
            media.count += 1
        self.assertEqual([one.number for one in conference.members], list(range(1, 200)))
        page = json.loads(told(slots, media, 0).decode())["pages"][0]
        self.assertEqual((page[2:4], page[5]), ([0, 97], list(range(1, 97))))

    def test_pages_go_round_for_each_of_several_servers(self):
        slots, media = crowd(1, 512)
        firsts = []
        for number in range(0, 12, 2):
            with_two = register_body(
                TwoServers, (START[0], number) + START[2:], 1795918200, slots, media, Ticker(), 1000
            )
            firsts.append(json.loads(with_two.decode())["pages"][0][2])
        self.assertEqual(firsts, [0, 97, 193, 289, 385, 481])

    def test_large_and_small_ones_are_all_named_in_time(self):
        slots, media = crowd(40, 4)
        large = slots.start(Allocation(40, 1795918200, 300, 0))
        for seat in range(200):
            large.add(Participant(None, "sip:large%d@192.0.2.100:5060" % seat, 1, number=1000 + seat))
            media.count += 1
        names = set()
        for number in range(200):
            report = json.loads(told(slots, media, number).decode())
            listed = [one[0] for one in report["live"] + report["brief"]]
            self.assertEqual(sorted(listed), list(range(41)))
            names.update([uri for one in report["live"] for uri in one[3]])
            names.update([uri for one in report["pages"] for uri in one[4]])
        self.assertEqual(len(names), 360)

    def test_the_largest_fits_a_message(self):
        slots, media = crowd(2048, 2, [Participant(None, "sip:x@y", 1, number=1)] * 2)
        self.assertTrue(len(told(slots, media, 1)) < 64000)


if __name__ == "__main__":
    unittest.main()
