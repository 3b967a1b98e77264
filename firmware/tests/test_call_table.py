"""parley.call.table against a dict, and a queue of timers against a sorted list."""

import unittest

from parley.call.table import MOST_PER_SHELF, Table
from parley.call.timers import TimerQueue


class Draw:
    """The same numbers on both Pythons. randrange as `random` has it."""

    def __init__(self, seed):
        self._state = seed

    def randrange(self, bound):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % bound


class Owner:
    def __init__(self):
        self.fired = []

    def on_timer(self, name, now_ms):
        self.fired.append((name, now_ms))


class Tables(unittest.TestCase):
    def test_it_does_what_a_dict_does(self):
        draw = Draw(6)
        for keys in (30, 1000):
            table, model = Table(), {}
            for step in range(3000):
                key = ("a%d" % draw.randrange(keys), draw.randrange(2))
                what = draw.randrange(4)
                if what < 2:
                    table[key] = model[key] = step
                elif what == 2:
                    self.assertEqual(table.pop(key, -1), model.pop(key, -1))
                self.assertEqual((table.get(key), key in table), (model.get(key), key in model))
                self.assertEqual(len(table), len(model))
            self.assertEqual(sorted(table.values()), sorted(model.values()))

    def test_no_shelf_is_large(self):
        table = Table()
        for number in range(4000):
            table[number] = table["z9hG4bK%d" % number] = number
        self.assertTrue(max([len(shelf) for shelf in table._shelves]) < 3 * MOST_PER_SHELF)


class Queue(unittest.TestCase):
    def test_thousands_fire_in_order_and_no_heap_is_large(self):
        draw = Draw(7)
        queue, owner, model = TimerQueue(), Owner(), []
        for number in range(3000):
            deadline_ms = draw.randrange(180000)
            model.append((deadline_ms, queue.start(owner, "t%d" % number, deadline_ms), "t%d" % number))
        for number in range(0, 3000, 3):
            queue.cancel(model[number][1])
        left = sorted([entry for place, entry in enumerate(model) if place % 3])
        self.assertTrue(max([len(heap) for heap in queue._heaps.values()]) < 100)
        for now_ms in range(0, 180000, 1500):
            queue.fire_due(now_ms)
            due = [entry for entry in left if entry[0] <= now_ms]
            left = left[len(due) :]
            self.assertEqual(owner.fired, [(entry[2], now_ms) for entry in due])
            self.assertEqual(queue.next_deadline(), left[0][0] if left else None)
            owner.fired = []
        self.assertTrue(queue._entries <= 2 * len(queue) + 64)


if __name__ == "__main__":
    unittest.main()
