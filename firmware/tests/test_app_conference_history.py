"""Random lives of conferences: people call in, are called, ring, refuse, hold, refer, are put out, leave, watch."""

import unittest

from app_bench import BOARD, Bench, RtpWire
from call_network import Chance

from parley.call.negotiate import answer_offer
from parley.wire.sdp import parse_sdp

MEMORY = bytearray(40000)  # one for all lives: so large a piece is hard to find again in a heap
STEPS = 60
PHONES = 7


class History:
    """One board, seven phones, two addresses, and chance."""

    def __init__(self, seed):
        self.chance = Chance(seed)
        self.bench = Bench(memory=MEMORY, legs=5)
        self.generation = 100
        self.uri = self.bench.address(size=4)
        self.phones = [self.bench.phone(number) for number in range(1, PHONES + 1)]

    def step(self):
        live = self.bench.slots.live()
        if not live:
            self.generation += 1
            self.uri = self.bench.address(
                size=4, generation=self.generation, expires_s=self.bench.clock.unix_s() + 60
            )
        phone = self.phones[self.chance.below(PHONES)]
        other = self.phones[self.chance.below(PHONES)]
        now_ms = self.bench.now_ms()
        calls = [call for call in phone.endpoint.calls if call.state == "established"]
        ringing = [call for call in phone.endpoint.calls if call.state == "incoming"]
        kind = self.chance.below(10)
        if ringing and kind < 4:
            self.decide(phone, ringing[0], kind, now_ms)
        elif calls and kind < 5:
            target = other.uri if kind < 4 else other.uri + ";method=BYE"
            phone.endpoint.refer(calls[0], target, now_ms)
        elif calls and kind < 8:
            phone.endpoint.hangup(calls[0], now_ms)
        elif calls and kind == 8 and calls[0].reoffer_out is None:
            direction = "sendonly" if self.chance.below(2) else "sendrecv"
            phone.endpoint.reinvite(calls[0], phone.offer(direction=direction), now_ms)
        elif kind == 9:
            phone.endpoint.subscribe(self.uri, "conference", now_ms, peer=BOARD)
        elif not phone.endpoint.calls:
            phone.endpoint.invite(self.uri, phone.offer(), now_ms, peer=BOARD)
        self.pass_ms(100 * (1 + self.chance.below(8)))

    def decide(self, phone, call, kind, now_ms):
        if kind == 0:
            phone.endpoint.reject(call, 486, now_ms)
        elif kind == 1:
            phone.endpoint.provisional(call, 180, now_ms)
        else:
            offer = parse_sdp(call.offer)
            answer = answer_offer(offer, [("PCMU", 8000)], phone.address[0], 4000, 7, 1).answer
            phone.endpoint.answer(call, answer.to_bytes(), now_ms)

    def all_leave(self):
        for phone in self.phones:
            for call in phone.endpoint.calls:
                phone.endpoint.hangup(call, self.bench.now_ms())
        self.pass_ms(1000)

    def pass_ms(self, duration_ms):
        """Time passes; what was heard is forgotten, for MicroPython's heap has an end."""
        for _ in range(0, duration_ms, 1000):
            self.bench.pass_ms(min(duration_ms, 1000))
            self.bench.registers = self.bench.registers[-1:]
            self.bench.log.lines = self.bench.log.lines[-1:]
            for phone in self.phones:
                phone.events = []


class HistoryTest(unittest.TestCase):
    def holds(self, history):
        bench = history.bench
        live = bench.slots.live()
        self.assertTrue(len(live) <= 1)
        count = sum([len(bench.media.members(one)) for one in live])
        self.assertEqual(count, bench.media.count)
        self.assertEqual(len(RtpWire.open_ports), bench.media.count)
        for conference in live:
            members = bench.media.members(conference)
            self.assertTrue(0 < len(members) <= conference.size)
            self.assertTrue(
                [one for one in members if not one.ringing], "a conference of nobody but who rings"
            )
            for participant in members:
                self.assertTrue(participant.call.user_data is participant)

    def test_nothing_is_lost_and_nothing_stays(self):
        for seed in range(1, 13):
            history = History(seed)
            for _ in range(STEPS):
                history.step()
                self.holds(history)
            history.all_leave()
            self.assertEqual((history.bench.slots.live(), history.bench.media.count), ([], 0), str(seed))
            history.pass_ms(240000)
            core = history.bench.sip.endpoint._core
            self.assertEqual((core.subscriptions, len(core.calls), core.forwards), ([], 0, {}), str(seed))
            self.assertEqual(len(core.dialogs), 0, str(seed))
            self.assertEqual(history.bench.sip._takers[2]._watchers, 0, str(seed))


if __name__ == "__main__":
    unittest.main()
