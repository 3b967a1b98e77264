"""Conferences of three through a network that loses SIP datagrams: RFC timers alone have to do it (RFC 3261 17).

Everybody is an endpoint: a server that redirects, a board, and three phones with many calls each. The first phone
asks the server, calls the board, and refers the two others to it; they call it and tell the first one.
"""

import unittest

from call_network import ANSWER, HOST, OFFER, Network, Party

BOARD = "sip:token@" + HOST + ":5060;transport=udp"
SERVER = "sip:conference@" + HOST + ":5070"
AT_ONCE = 10  # as many as the small heap of a test under MicroPython bears
TALK_MS = 110000  # by then whoever can be there is there: a REFER may take 32 s, and what it asks for 64
END_MS = 400000  # by then nobody waits for anything any more


def redirect(party, event, now_ms):
    contact = [("Contact", "<" + BOARD + ">;isfocus")]
    party.endpoint.reject(event.subject, 302, now_ms, headers=contact)


def answer(party, event, now_ms):
    party.endpoint.answer(event.subject, ANSWER, now_ms)


class Forgetful(list):
    """A list that nothing stays in: what 200 conferences say is more than a small heap holds."""

    def append(self, entry):
        pass


class First:
    """The phone that begins: what became of each of its conferences."""

    def __init__(self, others):
        self.others = others
        self.party = Party(5062)
        self.party.handlers = {
            "redirected": self.redirected,
            "answered": self.answered,
            "rejected": self.rejected,
            "refer_progress": self.progress,
        }
        self.calls = []  # with the board
        self.failed = []  # (what, why)
        self.joined = 0  # others, by their NOTIFY

    def ask(self, now_ms):
        self.party.endpoint.invite(SERVER, OFFER, now_ms)

    def redirected(self, party, event, now_ms):
        party.endpoint.invite(BOARD, OFFER, now_ms, redirected=event.subject)

    def answered(self, party, event, now_ms):
        self.calls.append(event.subject)
        for other in self.others:
            party.endpoint.refer_outside(other.party.uri, "<" + BOARD + ">", now_ms)

    def rejected(self, party, event, now_ms):
        self.failed.append(("INVITE", event.text))

    def progress(self, party, event, now_ms):
        if event.final and event.status == 200:
            self.joined += 1
        elif event.final:
            self.failed.append(("REFER", event.text or event.status))


class Other:
    """A phone that is referred."""

    def __init__(self, port):
        self.party = Party(port)
        self.party.handlers = {
            "referred": self.referred,
            "answered": self.answered,
            "rejected": self.rejected,
        }
        self.calls = []
        self.failed = []

    def referred(self, party, event, now_ms):
        subscription = party.endpoint.accept_refer(event.subject, now_ms)
        call = party.endpoint.invite(event.subject.refer_to, OFFER, now_ms)
        call.user_data = subscription

    def answered(self, party, event, now_ms):
        self.calls.append(event.subject)
        party.endpoint.notify_refer(event.subject.user_data, 200, None, now_ms)

    def rejected(self, party, event, now_ms):
        self.failed.append(("INVITE", event.text))
        party.endpoint.notify_refer(event.subject.user_data, 408, None, now_ms)


class World:
    def __init__(self, seed, loss):
        self.others = [Other(5063), Other(5064)]
        self.first = First(self.others)
        self.phones = [self.first] + self.others
        self.server = Party(5070, handlers={"incoming": redirect})
        self.board = Party(5060, handlers={"incoming": answer})
        parties = [phone.party for phone in self.phones] + [self.server, self.board]
        self.network = Network(parties, seed=seed, loss=loss, delay_ms=10)
        self.network.log = Forgetful()
        for party in parties:
            party.heard = Forgetful()

    def hold(self, count):
        """Hold so many conferences at once, to their end; returns how many there were for all three."""
        network = self.network
        before = self.first.joined
        for phone in self.phones:
            phone.calls = []
        for _ in range(count):
            self.first.ask(network.now_ms)
            network.run(37)
        network.run(TALK_MS)
        talking = [len(phone.calls) for phone in self.phones]
        alive = len([call for call in self.board.endpoint.calls if call.state == "established"])
        told = self.first.joined - before
        for phone in self.phones:
            for call in phone.party.endpoint.calls:  # those too that are being made yet
                phone.party.endpoint.hangup(call, network.now_ms)
        network.run(END_MS)
        return talking, alive, told

    def reasons(self):
        return sorted({str(why): True for phone in self.phones for _, why in phone.failed})


class LossTest(unittest.TestCase):
    def test_twenty_per_cent(self):
        """200 of 200 conferences of 3 are set up and torn down; nothing is left of them."""
        world = World(seed=7, loss=20)
        for _ in range(200 // AT_ONCE):
            talking, alive, told = world.hold(AT_ONCE)
            self.assertEqual((talking, alive, told), ([AT_ONCE] * 3, 3 * AT_ONCE, 2 * AT_ONCE))
            self.assertEqual(world.network.pending(), 0)
        self.assertEqual(world.reasons(), [])
        for party in [phone.party for phone in world.phones]:
            self.assertEqual(party.endpoint.counters.get("timeout", 0), 0)
            self.assertTrue(party.endpoint.counters["retransmitted"] > 100)

    def test_thirty_per_cent_and_far_beyond(self):
        """Who does not get through hears of a timeout, on both sides, and nothing is left."""
        for seed, loss in ((3, 30), (4, 60)):
            world = World(seed=seed, loss=loss)
            for _ in range(6):
                talking, alive, _ = world.hold(AT_ONCE)
                self.assertTrue(alive <= sum(talking), str((alive, talking)))
                self.assertEqual(world.network.pending(), 0)
                for party in (world.board, world.server):
                    self.assertEqual(party.endpoint.calls, [])
            for why in world.reasons():
                self.assertTrue(why in ("timeout", "no answer", "408", "expired", "noresource"), why)
            self.assertEqual(loss > 50, len(world.reasons()) > 0)


if __name__ == "__main__":
    unittest.main()
