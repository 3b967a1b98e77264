"""The ad hoc conference in memory, message by message: UE1, the server that answers 302, the board, UE2."""

import unittest

from call_network import ANSWER, OFFER, Chance, Network, Party, broken

from parley.call.caller import contacts_of

TOKEN = "sip:0a1b2c@127.0.0.1:5070;transport=udp"


class Conference:
    """Four parties with the least of an application each."""

    def __init__(self, refer_inside, **weather):
        self.refer_inside = refer_inside
        self.server = Party(5060, handlers={"incoming": self.allocate})
        self.board = Party(5070, handlers={"incoming": self.join})
        self.first = Party(5062)
        self.first.handlers = {
            "redirected": self.follow,
            "answered": self.tell_the_other,
            "refer_progress": self.note_progress,
        }
        self.second = Party(5064)
        self.second.handlers = {
            "incoming": self.join,
            "referred": self.obey,
            "answered": self.report,
            "rejected": self.report,
            "redirected": self.follow,
        }
        self.parties = [self.server, self.board, self.first, self.second]
        self.network = Network(self.parties, **weather)
        self.progress = []
        self.subscription = None
        self.between = None  # the call between the two phones, when REFER goes inside one

    def allocate(self, party, event, now_ms):
        party.endpoint.reject(
            event.subject, 302, now_ms, headers=[("Contact", "<" + TOKEN + ">;isfocus")]
        )  # M4

    def join(self, party, event, now_ms):
        contact = "<" + TOKEN + ">;isfocus" if party is self.board else None
        party.endpoint.answer(event.subject, ANSWER, now_ms, contact=contact)  # M5, M7

    def follow(self, party, event, now_ms):
        for target in contacts_of(event.message)[:1]:
            party.endpoint.invite(target, OFFER, now_ms, redirected=event.subject)

    def tell_the_other(self, party, event, now_ms):
        if event.subject.is_focus and self.refer_inside and self.between.state == "established":
            party.endpoint.refer(self.between, event.subject.remote_contact, now_ms)  # M6
        elif event.subject.is_focus:
            party.endpoint.refer_outside(self.second.uri, event.subject.remote_contact, now_ms)

    def obey(self, party, event, now_ms):
        self.subscription = party.endpoint.accept_refer(event.subject, now_ms)
        party.endpoint.invite(event.subject.refer_to, OFFER, now_ms)

    def report(self, party, event, now_ms):
        if not self.subscription.final:
            party.endpoint.notify_refer(self.subscription, event.status or 408, None, now_ms)  # M8

    def note_progress(self, party, event, now_ms):
        self.progress.append((event.status, event.final))

    def run(self, duration_ms=1000):
        if self.refer_inside:
            self.between = self.first.endpoint.invite(self.second.uri, OFFER, self.network.now_ms)
            self.network.run(duration_ms)
        self.first.endpoint.invite(self.server.uri, OFFER, self.network.now_ms)  # M2
        self.network.run(duration_ms)

    def hang_up_all(self):
        for party in self.parties:
            for call in party.endpoint.calls:
                party.endpoint.hangup(call, self.network.now_ms)
        self.network.run(400000)


class FlowTest(unittest.TestCase):
    def both_are_in(self, conference):
        joined = [(call.state, call.remote_uri) for call in conference.board.endpoint.calls]
        self.assertEqual(
            sorted(joined), [("established", conference.first.uri), ("established", conference.second.uri)]
        )
        self.assertEqual(conference.progress[-1], (200, True))

    def test_refer_outside_a_call(self):
        conference = Conference(refer_inside=False)
        conference.run()
        self.both_are_in(conference)
        short = [
            (entry[1], entry[2], entry[3].replace("SIP/2.0", "").split()[0])
            for entry in conference.network.log
        ]
        self.assertEqual(
            short,
            [
                (5062, 5060, "INVITE"),
                (5060, 5062, "302"),
                (5062, 5060, "ACK"),
                (5062, 5070, "INVITE"),
                (5070, 5062, "200"),
                (5062, 5070, "ACK"),
                (5062, 5064, "REFER"),
                (5064, 5062, "202"),
                (5064, 5062, "NOTIFY"),
                (5064, 5070, "INVITE"),
                (5062, 5064, "200"),
                (5070, 5064, "200"),
                (5064, 5070, "ACK"),
                (5064, 5062, "NOTIFY"),
                (5062, 5064, "200"),
            ],
        )
        self.assertEqual(conference.progress, [(202, False), (100, False), (200, True)])
        conference.hang_up_all()
        self.assertEqual(conference.network.pending(), 0)

    def test_refer_inside_a_call(self):
        conference = Conference(refer_inside=True)
        conference.run()
        self.both_are_in(conference)
        conference.hang_up_all()
        self.assertEqual(conference.network.pending(), 0)

    def test_refer_to_the_server_is_redirected_too(self):
        conference = Conference(refer_inside=False)
        conference.first.handlers["answered"] = lambda party, event, now: party.endpoint.refer_outside(
            conference.second.uri, conference.server.uri, now
        )
        conference.run()
        self.both_are_in(conference)

    def test_redirected_invite_keeps_its_call_id(self):
        conference = Conference(refer_inside=False)
        conference.run()
        first, second = conference.server.heard[0], conference.board.heard[0]
        self.assertEqual(second.subject.call_id, first.subject.call_id)
        self.assertEqual([event.message.cseq()[0] for event in (first, second)], [1, 2])

    def test_in_all_weathers(self):
        for seed in range(12):
            for refer_inside in (False, True):
                weather = {"seed": seed, "loss": 25, "duplicates": 20, "late": 30, "delay_ms": 20}
                conference = Conference(refer_inside, **weather)
                conference.run(90000)  # by timers alone
                self.both_are_in(conference)
                conference.hang_up_all()
                self.assertEqual(conference.network.pending(), 0, f"seed {seed}")
                for party in conference.parties:
                    self.assertEqual(party.endpoint.calls, [])

    def test_spoiled_messages(self):
        for seed in range(8):
            conference = Conference(seed % 2 == 0, seed=seed)
            chance = Chance(seed)
            conference.network.spoil = lambda data, chance=chance: (
                broken(chance, data) if chance.below(4) == 0 else data
            )
            conference.run(90000)
            conference.hang_up_all()
            conference.network.run(400000)
            self.assertEqual(conference.network.pending(), 0, f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
