"""The Python bytecode of a tick, counted: it does not depend on how many take part."""

import sys
import unittest

from app_bench import BOARD, Bench
from test_app_loop import FakePoller

from parley.app.attendant import VISITS_PER_TURN
from parley.app.loop import Loop
from parley.app.media_wire import MediaWire
from parley.app.report_wire import ReportWire
from parley.app.watchdog import Watchdog
from parley.media.packets import BatchPackets

TICKS = 250  # 5 s: everybody is reported to, registrations are refreshed


class NativeIo:
    """Stands for parley_io, which loads on MicroPython only: mixes all that is due in one call, sends nothing."""

    def __init__(self):
        self.calls = 0
        self.bridge = None

    def io_size(self):
        return 4

    def io_map(self, octets):
        return bytearray(octets)

    def io_init(self, memory):
        pass

    def io_line(self, memory, leg, fd):
        pass

    def io_receive(self, memory, bridge, fd, most):
        return 0

    def io_tick(self, memory, bridge, fd, most, phase, phases):
        self.calls += 1
        self.bridge.begin(phase, phases)
        while self.bridge.mix(64):
            pass
        return 0


class SharedSocket:
    """The board's one RTP socket."""

    def check_way(self, host, port):
        pass

    def close(self):
        pass


class Board(Bench):
    """A board whose legs share one port, with so many participants in conferences of four."""

    def __init__(self, participants):
        super().__init__(legs=1024, slots=512)
        self.io = NativeIo()
        self.io.bridge = self.bridge
        self.media._packets = BatchPackets(self.bridge, self.io, 0)
        for number in range(participants):
            phone = self.phone(number & 255)
            phone.address = ("10.0.%d.%d" % (number >> 8, number & 255), 5060)
            phone.call(self.address(slot=number // 4, size=4), phone.offer(host=phone.address[0]))
            self.phones.remove(phone)
            self.answer_last_register()
        self.loop = Loop(self.clock, FakePoller(self), self.ticker, self.media, None, Watchdog(None))
        self.loop.sip = self.sip

    def wires(self, lines):
        shared = SharedSocket()
        return MediaWire(lines, shared, 10000, ReportWire(BOARD[0], 10000, lambda host, port: self.reports))

    def answer_last_register(self):
        self.ticks_ms += 300
        before = len(self.registers)
        self.run()
        if len(self.registers) > before:
            self.answer_register()

    def opcodes(self, work):
        """How many bytecodes of the firmware `work` executes, but for those that test code does."""
        counted = [0]

        def trace(frame, event, argument):
            if "/parley/" not in frame.f_code.co_filename or "kernels_slow" in frame.f_code.co_filename:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                counted[0] += 1
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            sys.settrace(None)
        return counted[0]


@unittest.skipUnless(hasattr(sys, "settrace"), "this Python counts no bytecodes")
class Bytecode(unittest.TestCase):
    def test_of_a_tick_it_is_the_same_for_one_conference_and_for_sixteen(self):
        counts = []
        for participants in (4, 64):
            board = Board(participants)
            self.assertEqual(board.media.count, participants)
            board.loop.turn()
            counts.append([board.opcodes(board.loop.tick) for _ in range(3)])
            self.assertTrue(board.io.calls >= 3)
        self.assertTrue(counts[0][0] > 20)
        self.assertEqual(counts[0], counts[1])

    def test_of_the_attendants_turn_it_has_a_bound(self):
        """What is not in the tick: the whole second board has four times as many to look after."""
        found = []
        for participants in (10 * VISITS_PER_TURN, 40 * VISITS_PER_TURN):
            board = Board(participants)

            def turns(board=board):
                for _ in range(10):
                    board.ticks_ms += 100
                    board.sip.attendant.tick(board.now_ms())

            turns()
            board.ticks_ms += 20000  # a report is due to everybody
            found.append(board.opcodes(turns))
        self.assertTrue(found[1] <= 1.05 * found[0], found)


if __name__ == "__main__":
    unittest.main()
